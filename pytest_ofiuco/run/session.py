"""A matrix session from pytest's configuration: reads options, plans the cells, registers the controller."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pytest_ofiuco.errors import OfiucoError, UsageError
from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import StartUp
from pytest_ofiuco.run.cells import Narrowing, SessionPlan
from pytest_ofiuco.run.controller import Controller
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.planner import Planner
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.proxies import without_cell
from pytest_ofiuco.run.tolerance import known_options
from pytest_ofiuco.store.cache import Store


def register(config: pytest.Config, own_marks: frozenset[str]) -> None:
    """Plan the session and make it a matrix session.

    Raises:
        pytest.UsageError: what an ``OfiucoError`` says.
    """
    try:
        _refuse(config)
        jobs = _jobs(config.getoption("--ofiuco-jobs"))
        store = Store.default(os.environ)
        narrowing = Narrowing(
            cells=tuple(config.getoption("--ofiuco-cell") or ()),
            pythons=tuple(config.getoption("--ofiuco-python") or ()),
            platforms=tuple(config.getoption("--ofiuco-platform") or ()),
            variants=tuple(config.getoption("--ofiuco-variant") or ()),
        )
        planner = Planner(
            store=store,
            directory=project_directory(config),
            lock=config.getoption("--ofiuco-lock"),
            narrowing=narrowing,
            locked=config.getoption("--ofiuco-locked"),
            offline=config.getoption("--ofiuco-offline"),
            refresh=config.getoption("--ofiuco-refresh"),
        )
        session_plan = planner.plan()
        arguments = Arguments.read(config.invocation_params.args, session_plan.all_names)
        session_plan = _meant(session_plan, arguments, config)
        controller = _controller(config, session_plan, arguments, jobs, planner, own_marks)
    except OfiucoError as error:
        raise pytest.UsageError(error.render().removeprefix("error: ")) from error
    config.pluginmanager.register(controller, "ofiuco-controller")


def project_directory(config: pytest.Config) -> Path:
    """The nearest folder with a pyproject.toml, from where pytest was started upwards; else the rootdir."""
    start = config.invocation_params.dir
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return config.rootpath


def _meant(session_plan: SessionPlan, arguments: Arguments, config: pytest.Config) -> SessionPlan:
    """Without the cells that the command line leaves out by naming tests in others.

    What looks like a file and is none may be the value of an option that only the cells know.
    """
    start = config.invocation_params.dir
    without = [each for each in config.args if without_cell(each, session_plan.all_names)[1] is None]
    has_positional = any(config.option.pyargs or (start / each.partition("::")[0]).exists() for each in without)
    cells = [
        planned for planned in session_plan.cells if arguments.wants(planned.cell.name, has_positional=has_positional)
    ]
    if not cells:
        raise UsageError("no cell is left of the matrix: the tests named on the command line are in other cells")
    return replace(session_plan, cells=tuple(cells))


def _refuse(config: pytest.Config) -> None:
    for option in ("usepdb", "trace"):
        if getattr(config.option, option, False):
            raise UsageError(
                "--pdb and --trace need a terminal of their own, which a cell's worker does not have",
                "leave out --ofiuco-matrix to debug in the environment that you are in",
            )


def _jobs(given: str | None) -> int:
    if given in (None, "auto"):
        available = getattr(os, "sched_getaffinity", None)
        return max(1, len(available(0)) if available else os.cpu_count() or 1)
    assert given is not None
    if not given.isdecimal() or int(given) < 1:
        raise UsageError(f"--ofiuco-jobs {given}: not a number of cells", "give a number from 1 on, or auto")
    return int(given)


def _controller(
    config: pytest.Config,
    session_plan: SessionPlan,
    arguments: Arguments,
    jobs: int,
    planner: Planner,
    own_marks: frozenset[str],
) -> Controller:
    def launcher(controller: Controller) -> Launcher:
        return Launcher(
            post=controller.post,
            preparer=planner.preparer,
            progress=partial(_progress, config),
            arguments=arguments,
            extra_arguments=_extra_arguments(config),
            start_up=_start_up(config),
            jobs=jobs,
            bytecode=planner.store.bytecode,
            catches_output=config.option.capture != "no",
            measures_coverage=measures_coverage(config),
            remember=planner.remember,
        )

    return Controller(config, session_plan, jobs, launcher, own_marks)


def _progress(config: pytest.Config, total: int) -> PreparationProgress:
    """A bar on a terminal, plain lines elsewhere, nothing with ``-q``."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    quiet = config.get_verbosity() < 0
    terminal = sys.stdout if reporter is not None and sys.stdout.isatty() and not quiet else None

    def write_line(line: str) -> None:
        if reporter is not None and not quiet:
            reporter.write_line(line)

    return PreparationProgress(total, write_line, terminal)


def _start_up(config: pytest.Config) -> StartUp:
    program = sys.argv[0]
    return StartUp(
        directory=config.invocation_params.dir,
        program=program,
        is_module=Path(program).name == "__main__.py",
        options=known_options(config),
        markers=[line for line in config.getini("markers") if line.endswith("(ofiuco)")],
    )


def measures_coverage(config: pytest.Config) -> bool:
    """Whether pytest-cov is asked to measure, on the command line or in the settings."""
    given = (*os.environ.get("PYTEST_ADDOPTS", "").split(), *config.getini("addopts"), *config.invocation_params.args)
    return any(each == "--cov" or each.startswith("--cov=") for each in given)


def _extra_arguments(config: pytest.Config) -> list[str]:
    """The controller's own root and settings file, which fewer arguments might lead a worker away from."""
    extra = ["-p", "no:ofiuco", f"--rootdir={config.rootpath}"]
    if config.inipath is not None:
        extra += ["-c", str(config.inipath)]
    return extra

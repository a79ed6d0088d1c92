"""A matrix session from pytest's configuration: reads options, plans the cells, registers the controller."""

from __future__ import annotations

import gc
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.errors import OfiucoError, UsageError
from pytest_ofiuco.run.ahead import STARTED, HeadStart
from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import CellRun, StartUp
from pytest_ofiuco.run.cells import SessionPlan
from pytest_ofiuco.run.controller import Controller
from pytest_ofiuco.run.inspection.inspections import Inspections
from pytest_ofiuco.run.inspection.items import Wanted, asked
from pytest_ofiuco.run.inspection.verdicts import Verdict, Verdicts
from pytest_ofiuco.run.interrupts import Interrupts
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.messages import Asked
from pytest_ofiuco.run.planner import Planner
from pytest_ofiuco.run.preparation import Prepared, PrepareFailed
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.proxies import without_cell
from pytest_ofiuco.run.replay import Replay
from pytest_ofiuco.run.report import terminal
from pytest_ofiuco.run.reports import Reports
from pytest_ofiuco.run.scheduler import Scheduler
from pytest_ofiuco.run.tolerance import known_options, plugins_here
from pytest_ofiuco.run.workers import Worker

if TYPE_CHECKING:
    from pytest_ofiuco.run.coverage import Coverage  # most sessions measure nothing
    from pytest_ofiuco.run.page.file import PageFile  # most sessions write none
    from pytest_ofiuco.run.recording import Recording


def register(config: pytest.Config, own_marks: frozenset[str]) -> None:
    """Plan the session and make it a matrix session.

    Raises:
        pytest.UsageError: what an ``OfiucoError`` says.
    """
    try:
        start = config.stash.get(STARTED, None) or HeadStart(config, config.option)
        page = _page(config)
        session_plan = start.planner.plan()
        arguments = Arguments.read(config.invocation_params.args, session_plan.all_names)
        session_plan, wanted = _meant(session_plan, arguments, config)
        recording = _recording(config, is_shard=start.sharding is not None)
        if start.sharding is not None:
            session_plan = start.sharding.narrowed(session_plan)
        if start.is_debugged:
            _debug(config, session_plan)
        controller = _controller(config, session_plan, arguments, start, own_marks, wanted)
    except OfiucoError as error:
        raise pytest.UsageError(error.render().removeprefix("error: ")) from error
    config.pluginmanager.register(controller, "ofiuco-controller")
    interrupts = Interrupts(controller.launcher.kill, controller.scheduler.running, controller.notes)
    config.pluginmanager.register(interrupts, "ofiuco-interrupts")
    if getattr(config.option, "xmlpath", None):
        config.pluginmanager.register(controller.junit, "ofiuco-junit")
    config.add_cleanup(gc.unfreeze)
    if getattr(config.option, "cacheclear", False) and config.cache is not None:
        shutil.rmtree(config.cache._cachedir / "ofiuco", ignore_errors=True)  # the cells' own
    reports = Reports(config, session_plan, lambda: [run.tally for run in controller.runs.values()])
    config.pluginmanager.register(reports, "ofiuco-reports")
    for plugin in (start.sharding, recording):
        if plugin is not None:
            config.pluginmanager.register(plugin)
    if start.spawner.coverage is not None:
        config.pluginmanager.register(_coverage(config, controller, start), "ofiuco-coverage")
    if page is not None:
        from pytest_ofiuco.run.page.record import Record

        config.pluginmanager.register(Record(config, session_plan, page, controller.executions), "ofiuco-page")


def _debug(config: pytest.Config, session_plan: SessionPlan) -> None:
    from pytest_ofiuco.run.debugging import Debugged, give_terminal, only_one

    only_one(session_plan)
    give_terminal(config)
    config.pluginmanager.register(Debugged(), "ofiuco-debugged")


def _page(config: pytest.Config) -> PageFile | None:
    """Where the session's page goes, if one is wanted."""
    given = config.getoption("--ofiuco-html")
    if given is None:
        return None
    from pytest_ofiuco.run.page.file import PageFile

    return PageFile.prepare(given, config.invocation_params.dir)


def _recording(config: pytest.Config, *, is_shard: bool) -> Recording | None:
    """What records the durations of tests, if that is wanted."""
    if config.getoption("--ofiuco-record-durations") is None:
        return None
    from pytest_ofiuco.run.recording import Recording

    return Recording.prepare(config, is_shard=is_shard)


def _coverage(config: pytest.Config, controller: Controller, start: HeadStart) -> Coverage:
    """What makes one report of the cells' coverage."""
    from pytest_ofiuco.run.coverage import Coverage

    return Coverage(
        config,
        spawner=start.spawner,
        project=start.planner.directory,
        runs=controller.runs,
        end_workers=controller.launcher.close,
        notes=controller.notes,
    )


def _meant(session_plan: SessionPlan, arguments: Arguments, config: pytest.Config) -> tuple[SessionPlan, Wanted]:
    """Without the cells that the command line leaves out by naming tests in others; and what is inspected.

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
    names = (planned.cell.name for planned in cells)
    only = [name for name in names if not arguments.wants_tests(name, has_positional=has_positional)]
    return replace(session_plan, cells=tuple(cells)), asked(config, arguments, only)


def _controller(
    config: pytest.Config,
    session_plan: SessionPlan,
    arguments: Arguments,
    start: HeadStart,
    own_marks: frozenset[str],
    wanted: Wanted,
) -> Controller:
    def post(name: str, outcome: Prepared | PrepareFailed | Verdict) -> None:
        start.events.put((name, outcome))

    launcher = Launcher(
        post=post,
        spawner=start.spawner,
        preparer=start.planner.preparer,
        progress=partial(_progress, config),
        arguments=arguments,
        extra_arguments=_extra_arguments(config),
        start_up=_start_up(config, start),
        jobs=start.jobs.count,
        ahead=start.ahead,
        remember=start.planner.remember,
    )

    def schedule(runs: Iterable[CellRun], replay: Replay) -> Scheduler:
        return Scheduler(
            runs, jobs=start.jobs, launcher=launcher, replay=replay, group=start.group, limits=start.limits
        )

    def answer(cell: Cell, worker: Worker, asked: Asked) -> None:
        from pytest_ofiuco.run.answering import of_session  # most sessions are asked nothing

        of_session(config, start.planner, start.spawner, launcher.warnings).answer(cell, worker, asked)

    return Controller(
        config,
        session_plan,
        events=start.events,
        launcher=launcher,
        schedule=schedule,
        own_marks=own_marks,
        inspections=Inspections(wanted=wanted, verdicts=_verdicts(start.planner), post=post),
        answer=answer,
    )


def _verdicts(planner: Planner) -> Verdicts:
    return Verdicts(planner.store, planner.directory, planner.lock, planner.load, refresh=planner.refresh)


def _progress(config: pytest.Config, total: int) -> PreparationProgress:
    """A bar on a terminal, plain lines elsewhere, nothing with ``-q``."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    quiet = config.get_verbosity() < 0
    terminal = sys.stdout if reporter is not None and sys.stdout.isatty() and not quiet else None

    def write_line(line: str) -> None:
        if reporter is not None and not quiet:
            reporter.write_line(line)

    return PreparationProgress(total, write_line, terminal)


def _start_up(config: pytest.Config, start: HeadStart) -> StartUp:
    program = sys.argv[0]
    return StartUp(
        directory=config.invocation_params.dir,
        program=program,
        is_module=Path(program).name == "__main__.py",
        options=known_options(config),
        markers=[line for line in config.getini("markers") if line.endswith("(ofiuco)")],
        plugins=plugins_here(config),
        is_debugged=start.is_debugged,
        jobs=start.jobs.count,
        terminal=partial(terminal, config),
        testrun=start.testrun,
    )


def _extra_arguments(config: pytest.Config) -> list[str]:
    """The controller's own root and settings file, which fewer arguments might lead a worker away from."""
    extra = ["-p", "no:ofiuco", f"--rootdir={config.rootpath}"]
    if config.inipath is not None:
        extra += ["-c", str(config.inipath)]
    return extra

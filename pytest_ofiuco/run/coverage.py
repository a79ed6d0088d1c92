"""pytest-cov in a matrix: every cell's workers measure, and one report is made of it at the end.

The workers' data goes to a folder of the session's. A cell's own pytest-cov combines it and reports, in a process of
its own: the versions are the project's, and the controller's environment needs none.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco import worker
from pytest_ofiuco.run.cellrun import CellRun
from pytest_ofiuco.run.gateway import UNSET
from pytest_ofiuco.run.spawning import DATA, Spawner
from pytest_ofiuco.run.variables import cell_variables
from pytest_ofiuco.worker.coverage import RECORD, SAVED

_OWN_VARIABLES = ("COVERAGE_PROCESS_", "COV_CORE_")
"""They would have the process that reports measured, too."""


def new_folder() -> Path:
    """Where a session's data goes, until it ends."""
    folder = Path(tempfile.mkdtemp(prefix="ofiuco-coverage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def with_remedy(errors: Sequence[str], lock_format: str) -> tuple[str, ...]:
    """What a cell says that has no pytest-cov, and how it gets one."""
    from pytest_ofiuco.run.plan import how_to_add

    remedy = f"`{how_to_add('pytest-cov', lock_format)}`, or select its group with `test-groups` in [tool.ofiuco]"
    hint = f"hint: --cov needs pytest-cov in the cell: {remedy}"
    return tuple(f"{error.rstrip()}\n{hint}" for error in errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one worker has left: what it was asked for, and its data files; ``is_whole``: it has saved all."""

    run: CellRun
    asked: Mapping[str, Any]
    files: tuple[Path, ...]
    is_whole: bool

    @classmethod
    def read(cls, run: CellRun, folder: Path) -> Measured | None:
        """``None`` where pytest-cov did not measure."""
        try:
            asked = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        files = sorted(folder.glob(f"{DATA}*"))
        return cls(
            run=run,
            asked=asked,
            files=tuple(each for each in files if not each.name.endswith("-journal")),
            is_whole=bool(asked["options"].get("no_cov")) or (folder / SAVED).exists(),
        )


class Coverage:
    """The plugin object of a session that measures."""

    def __init__(
        self,
        config: pytest.Config,
        *,
        spawner: Spawner,
        project: Path,
        runs: Mapping[str, CellRun],
        end_workers: Callable[[], None],
        notes: list[str],
    ) -> None:
        """``end_workers`` returns when none writes any more; ``notes`` are said at the end."""
        assert spawner.coverage is not None
        self.config, self.project, self.folder, self.bytecode = config, project, spawner.coverage, spawner.bytecode
        self.runs, self.end_workers, self.notes = runs, end_workers, notes
        self.summary: list[Any] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """As pytest-cov: nothing is reported of a session that is cut short."""
        result = yield
        self.end_workers()
        measured = self.measured()
        self.remark(measured)
        if measured:
            self.report(session, measured)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        _say(terminalreporter, self.summary)

    def pytest_unconfigure(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def measured(self) -> list[Measured]:
        """What each worker has left, by cells in their order."""
        found = []
        for run in self.runs.values():
            folders = sorted((self.folder / run.cell.name).glob("*"), key=lambda each: int(each.name))
            found += [Measured.read(run, folder) for folder in folders]
        return [each for each in found if each is not None]

    def remark(self, measured: Sequence[Measured]) -> None:
        """Say what is missing."""
        asked = {each.run.cell.name for each in measured}
        lost = [each.run.cell.name for each in measured if not each.is_whole]
        for name in dict.fromkeys(lost):
            count = lost.count(name)
            said = "a worker ended before its data was saved"
            if count > 1:
                said = f"{count} workers ended before their data was saved"
            self.notes.append(f"coverage of {name} is incomplete: {said}")
        for name, run in self.runs.items():
            if run.ran and name not in asked:
                is_far = run.environment is not None and run.environment.host is not None
                why = "what another machine measures stays there" if is_far else "pytest-cov did not measure there"
                self.notes.append(f"coverage of {name} is missing: {why}")

    def report(self, session: pytest.Session, measured: Sequence[Measured]) -> None:
        """Have a cell report, and say what it says."""
        reporter = max(measured, key=lambda each: (_is_native(each.run), each.run.cell.target.python.version))
        try:
            answer = self.ask(reporter, self.request(session, reporter, measured))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self.notes.append(f"coverage could not be reported: {_reason(error)}")
            session.testsfailed += 1
            return
        for name in dict.fromkeys(answer["unreadable"]):
            self.notes.append(f"coverage of {name} is incomplete: a worker ended while its data was being saved")
        session.testsfailed = answer["testsfailed"]
        self.summary = answer["summary"]
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            _say(terminal, answer["loop"])

    def request(self, session: pytest.Session, reporter: Measured, measured: Sequence[Measured]) -> dict[str, Any]:
        """What the process that reports needs to know; its own environment's files come first."""
        ordered = sorted(measured, key=lambda each: each.run is not reporter.run)
        descriptions = {each.run.cell.name: each.asked["description"] for each in measured if each.files}
        return {
            "options": reporter.asked["options"],
            "path": reporter.asked["path"],
            "project": str(self.project),
            "worker": os.path.realpath(os.path.dirname(worker.__file__)),
            "installed": list(dict.fromkeys(root for each in ordered for root in each.asked["installed"])),
            "data": [{"cell": each.run.cell.name, "file": str(file)} for each in ordered for file in each.files],
            "descriptions": [f"{name}: {said}" for name, said in sorted(descriptions.items())],
            "testsfailed": session.testsfailed,
        }

    def ask(self, reporter: Measured, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run the reporting text in a cell.

        Raises:
            OSError: its interpreter does not start.
            subprocess.SubprocessError: it failed.
            ValueError: its answer is none.
        """
        environment = reporter.run.environment
        assert environment is not None
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in UNSET and not name.startswith(_OWN_VARIABLES)
        }
        own = cell_variables(environment, reporter.run.cell.name, kept.get("PATH", ""), "", None)
        bytecode = f"pycache_prefix={self.bytecode}"
        done = subprocess.run(
            [*environment.launcher, str(environment.python), "-X", bytecode, "-c", worker.text("combining")],
            input=json.dumps(request),
            cwd=self.config.invocation_params.dir,
            env={**kept, **own, "COLUMNS": str(shutil.get_terminal_size().columns), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        self.warn(done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def warn(self, said: str) -> None:
        """What coverage warns of goes where it would have gone."""
        if said:
            os.write(2, said.encode())


def _is_native(run: CellRun) -> bool:
    return run.cell.platform == "host"


def _say(reporter: Any, calls: Sequence[Any]) -> None:
    for method, arguments, markup in calls:
        getattr(reporter, method)(*arguments, **markup)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.strip().splitlines()
        return lines[-1] if lines else f"its process ended with exit status {error.returncode}"
    return str(error)

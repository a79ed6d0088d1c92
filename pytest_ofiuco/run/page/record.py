"""The plugin object that hears what a matrix session reports, and writes the page of it at the session's end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

import pytest

from pytest_ofiuco.run.cells import PlannedCell, SessionPlan
from pytest_ofiuco.run.page.document import document
from pytest_ofiuco.run.page.file import PageFile, assets
from pytest_ofiuco.run.page.reading import Report, label_of, message_of, outcome_of, subtest_of, text_of
from pytest_ofiuco.run.page.results import RERUN, CellFacts, Part, Result, SessionFacts, TestRow, Warned, outweighing
from pytest_ofiuco.run.page.texts import clean
from pytest_ofiuco.run.proxies import ProxyItem

_CELL = "ofiuco"
"""The node id, before the cell's name, of what is reported of a cell as a whole."""


class _Heard:
    """What has been reported of a test in a cell so far."""

    __slots__ = ("message", "outcome", "output", "parts", "seconds")

    def __init__(self) -> None:
        self.outcome, self.seconds, self.message = "not run", 0.0, ""
        self.parts: list[Part] = []
        self.output: dict[tuple[str, str], None] = {}

    def result(self) -> Result:
        return Result(
            outcome=self.outcome,
            seconds=self.seconds,
            message=self.message,
            parts=tuple(self.parts),
            output=tuple(self.output),
        )


class Record:
    """Hears a session and writes its page."""

    def __init__(self, config: pytest.Config, plan: SessionPlan, page: PageFile, executions: Mapping[str, str]) -> None:
        """``executions`` are what has run the cells, by their names."""
        self.config, self.plan, self.page, self.executions = config, plan, page, executions
        self.rows: dict[str, dict[str, _Heard]] = {}
        self.problems: dict[str, list[tuple[str, str]]] = {planned.cell.name: [] for planned in plan.cells}
        self.warned: dict[tuple[str, str, str], list[str]] = {}
        self.texts: dict[str, str] = {}
        self.began, self.started, self.interrupt, self.said = time.monotonic(), datetime.now(), "", ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A cell that cannot take part, or a file that could not be collected in one."""
        nodeid, cell = self.split(report.nodeid)
        if cell is None or report.passed:
            return
        if nodeid == _CELL:
            outcome, text = outcome_of(report), message_of(report) if report.skipped else text_of(report)
            self.problems[cell].append((outcome, text))
        else:
            self.hear(report, nodeid, cell)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is selected, in its order."""
        for item in session.items:
            if isinstance(item, ProxyItem):
                self.rows.setdefault(item.remote.nodeid, {})[item.cell.name] = _Heard()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's part in a cell."""
        nodeid, cell = self.split(report.nodeid)
        if cell is not None:
            self.hear(report, nodeid, cell)

    def hear(self, report: Report, nodeid: str, cell: str) -> None:
        """Add a report to what is known of its test."""
        heard = self.rows.setdefault(nodeid, {}).setdefault(cell, _Heard())
        outcome, subtest = outcome_of(report), subtest_of(report)
        heard.seconds += float(getattr(report, "duration", 0.0)) if subtest is None else 0.0
        for title, content in report.sections:
            heard.output[title, self.once(clean(str(content)))] = None
        if outcome != "passed" or subtest is not None:
            text = self.once(text_of(report)) if outcome != "passed" else ""
            part = Part(label=label_of(report), outcome=outcome, text=text)
            if report.when != "collect" or part not in heard.parts:  # several collectors read one file
                heard.parts.append(part)
        if subtest is None or outcome in ("failed", "error"):  # what a subtest skips is not its test's outcome
            before, heard.outcome = heard.outcome, outweighing((heard.outcome, outcome))
            if before != heard.outcome and outcome not in ("passed", RERUN):
                heard.message = self.once(message_of(report))

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        """A warning, of a test, a file or a cell."""
        _, cell = self.split(nodeid)
        place = f"{warning_message.filename}:{warning_message.lineno}"
        key = (warning_message.category.__name__, clean(str(warning_message.message)), place)
        self.warned.setdefault(key, []).append(cell or "")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, or pytest's own decision to stop."""
        self.interrupt = str(excinfo.value) or "interrupted"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page, unless nothing was meant to run."""
        if self.config.option.collectonly:
            return
        ending = str(session.shouldfail or session.shouldstop or self.interrupt)
        try:
            self.page.write(self.document(ending))
        except OSError as error:
            self.said = f"could not write {self.page.given}: {error.strerror or error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        else:
            self.said = f"wrote {self.page.given}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the page is."""
        if self.said:
            terminalreporter.write_line(f"ofiuco: {self.said}", red=not self.said.startswith("wrote"))

    def document(self, ending: str) -> str:
        """The page of what has been heard."""
        lock = self.plan.lock
        count = f"{lock.packages} package{'' if lock.packages == 1 else 's'}"
        session = SessionFacts(
            title=self.config.rootpath.name or "session",
            lock=f"{lock.path} ({lock.format} {lock.version}, {count})",
            started=self.started.astimezone().isoformat(timespec="seconds"),
            seconds=time.monotonic() - self.began,
            ending=clean(ending),
            made_by=f"pytest-ofiuco {version('pytest-ofiuco')}, pytest {pytest.__version__}",
        )
        cells = [
            cell_facts(planned, self.problems[planned.cell.name], self.executions.get(planned.cell.name, ""))
            for planned in self.plan.cells
        ]
        rows = [
            TestRow(nodeid=clean(nodeid), results={cell: heard.result() for cell, heard in row.items()})
            for nodeid, row in self.rows.items()
        ]
        return document(session, cells, rows, warnings_of(self.warned, self.problems), assets())

    def split(self, nodeid: str) -> tuple[str, str | None]:
        """A node id without the cell at its end, and that cell's name."""
        head, _, name = nodeid.removesuffix("]").rpartition("[")
        return (head, name) if nodeid.endswith("]") and name in self.problems else (nodeid, None)

    def once(self, text: str) -> str:
        """The same text in the same place of memory: a traceback may be that of many tests."""
        return self.texts.setdefault(text, text)


def cell_facts(planned: PlannedCell, problems: Iterable[tuple[str, str]], execution: str) -> CellFacts:
    """What a planned cell consists of, and what has run it."""
    cell = planned.cell
    return CellFacts(
        name=cell.name,
        python=str(cell.target.python),
        platform=cell.platform,
        tag=str(cell.target.platform),
        execution=execution,
        variant=cell.variant,
        markers=cell.target.environment,
        packages=dict(sorted(planned.versions.items())),
        problems=tuple(problems),
    )


def warnings_of(warned: Mapping[tuple[str, str, str], list[str]], cells: Iterable[str]) -> list[Warned]:
    """Each warning once, with its cells in the order of the matrix."""
    order = list(cells)
    return [
        Warned(
            category=category,
            text=text,
            place=place,
            count=len(names),
            cells=tuple(name for name in order if name in set(names)),
        )
        for (category, text, place), names in sorted(warned.items())
    ]

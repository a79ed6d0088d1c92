"""FAILURES and ERRORS, written by a real terminal reporter."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest

from pytest_ofiuco.run.told.grouping import Session
from pytest_ofiuco.run.told.sections import grouped_sections
from tests.run.told.reports import CELLS, collect_report, report, session

ONE, TWO, THREE = CELLS


class Terminal:
    """A terminal reporter that has seen these reports."""

    def __init__(self, pytester: pytest.Pytester, *arguments: str) -> None:
        from _pytest.terminal import TerminalReporter

        config = pytester.parseconfigure("-p", "no:cacheprovider", *arguments)
        self.file = StringIO()
        self.reporter: Any = TerminalReporter(config, self.file)
        self.reporter._tw.fullwidth = 80

    def shows(self, stats: dict[str, Sequence[Any]], made: Session | None = None) -> list[str]:
        """The lines of both sections, rules as they are."""
        self.reporter.stats.update(stats)
        before = {outcome: list(reports) for outcome, reports in stats.items()}
        with grouped_sections(self.reporter, (made or session(self.reporter.stats)).grouped):
            self.reporter.summary_errors()
            self.reporter.summary_failures()
        assert {outcome: self.reporter.stats[outcome] for outcome in before} == before
        assert "summary_failures" not in vars(self.reporter)
        return self.file.getvalue().splitlines()


def is_title(line: str, text: str) -> bool:
    return line.strip("_=") == f" {text} "


def test_one_failure_of_all_cells_is_written_once(pytester: pytest.Pytester) -> None:
    lines = Terminal(pytester).shows({"failed": [report(TWO), report(THREE), report(ONE)]})
    assert is_title(lines[0], "FAILURES")
    assert is_title(lines[1], "test_area in all 3 cells")
    assert lines[2:] == [
        "fails in: py310-host, py312-host, py313-host",
        "    def test_area():",
        ">       assert 0",
        "E       AssertionError: no two",
        "",
        "test_a.py:3: AssertionError",
    ]


def test_one_failing_cell_stands_out(pytester: pytest.Pytester) -> None:
    lines = Terminal(pytester).shows({"failed": [report(ONE)], "passed": [report(THREE, outcome="passed")]})
    assert is_title(lines[1], "test_area[py310-host]")
    assert lines[2:6] == [
        "fails in: py310-host",
        "passes in: py313-host",
        "what differs: Python 3.10.13 (3.13.0 where it passes)",
        "    def test_area():",
    ]


def test_several_differences_stand_below_one_another(pytester: pytest.Pytester) -> None:
    terminal = Terminal(pytester)
    made = session(terminal.reporter.stats)
    object.__setattr__(made.cells[ONE], "versions", {"tomli": "2.5"})
    lines = terminal.shows({"failed": [report(ONE)], "passed": [report(TWO, outcome="passed")]}, made)
    assert lines[4:6] == [
        "what differs: Python 3.10.13 (3.12.1 where it passes)",
        "              tomli 2.5 (none where it passes)",
    ]


def test_errors_say_at_what(pytester: pytest.Pytester) -> None:
    errors = [
        *(collect_report(cell, "test_b.py:1: in <module>\nE   ImportError: nope") for cell in CELLS),
        *(report(cell, when="setup") for cell in CELLS[:2]),
        report(THREE, when="teardown"),
    ]
    lines = Terminal(pytester).shows({"error": errors})
    titles = [line.strip("_= ") for line in lines if line[:1] in "_=" and line]
    assert titles == [
        "ERRORS",
        "ERROR collecting test_b.py in all 3 cells",
        "ERROR at setup of test_area in 2 of 3 cells",
        "ERROR at teardown of test_area[py313-host]",
    ]


def test_where_only_one_cell_has_the_test_it_reads_as_plain_pytest(pytester: pytest.Pytester) -> None:
    reports = [report(ONE), report(TWO, "test_a.py::test_other")]
    grouped = Terminal(pytester).shows({"failed": reports})
    terminal = Terminal(pytester)
    terminal.reporter.stats["failed"] = reports
    terminal.reporter.summary_failures()
    assert grouped == terminal.file.getvalue().splitlines()


def test_captured_output_is_that_of_the_first_cell(pytester: pytest.Pytester) -> None:
    reports = [report(cell, sections=[("Captured stdout call", f"this is {cell[:5]}\n")]) for cell in CELLS]
    lines = Terminal(pytester).shows({"failed": reports})
    assert lines[2:4] == [
        "fails in: py310-host, py312-host, py313-host",
        "captured output is of py310-host, it differs in: py312-host, py313-host",
    ]
    assert lines[-2:] == [" Captured stdout call ".center(80, "-"), "this is py310"]


def test_a_line_a_failure(pytester: pytest.Pytester) -> None:
    reports = [report(cell) for cell in CELLS]
    other, passed = "test_a.py::test_other", [report(TWO, "test_a.py::test_other", "passed")]
    alone = report(THREE, "test_a.py::test_alone")
    stats: dict[str, Sequence[Any]] = {"failed": [*reports, report(ONE, other), alone], "passed": passed}
    lines = Terminal(pytester, "--tb=line").shows(stats)
    assert [line for line in lines if line.startswith("/project")] == [
        "/project/test_a.py:3: AssertionError: no two [all 3 cells]",
        "/project/test_a.py:3: AssertionError: no two [1 of 2 cells: py310-host]",
        "/project/test_a.py:3: AssertionError: no two",
    ]
    assert not any("fails in" in line for line in lines)


def test_no_traceback_no_section(pytester: pytest.Pytester) -> None:
    stats: dict[str, Sequence[Any]] = {"failed": [report(ONE)], "error": [report(TWO, when="setup")]}
    assert Terminal(pytester, "--tb=no").shows(stats) == []


def test_many_cells_are_wrapped_whole(pytester: pytest.Pytester) -> None:
    cells = [f"py3{minor}-aws_lambda" for minor in range(10, 50)]
    terminal = Terminal(pytester)
    lines = terminal.shows({"failed": [report(cell) for cell in cells]}, session(terminal.reporter.stats, cells))
    listed = lines[2 : lines.index("    def test_area():")]
    assert max(map(len, listed)) <= 80
    assert " ".join(each.strip() for each in listed) == f"fails in: {', '.join(cells)}"


def test_a_terminal_of_another_build_writes_what_it_would(pytester: pytest.Pytester) -> None:
    class Other:
        stats = ()

        def summary_failures(self) -> None:
            """As it likes."""

    other = Other()
    with grouped_sections(other, session({}).grouped):
        assert "summary_failures" not in vars(other)
    with grouped_sections(object(), session({}).grouped):
        pass


def test_reports_of_subclasses_keep_what_is_theirs(pytester: pytest.Pytester) -> None:
    class SubtestReport(pytest.TestReport):
        @property
        def head_line(self) -> str:
            return f"{super().head_line} (number=1)"

    reports = [report(cell) for cell in CELLS]
    for each in reports:
        each.__class__ = SubtestReport
    lines = Terminal(pytester).shows({"failed": reports})
    assert is_title(lines[1], "test_area (number=1) in all 3 cells")

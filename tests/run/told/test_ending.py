"""What is told to GitHub, and where it is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.run.cells import LockFacts, PlannedCell, SessionPlan
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.told.ending import Ending, facts_of, traceback_of
from pytest_ofiuco.run.told.markdown import LIMIT
from tests.run.fakes import make_cell
from tests.run.told.reports import CELLS, report, session

CELL = make_cell()
PLAN = SessionPlan(
    lock=LockFacts(path="uv.lock", format="uv", version="1.3", packages=9),
    cells=(PlannedCell(cell=CELL, versions={"a": "1"}), PlannedCell(cell=make_cell("py312"), skip="no launcher")),
    all_names=("py310-host", "py312-host"),
    warnings=(),
)


class Lines:
    """A terminal reporter that keeps lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write_line(self, line: str, **markup: bool) -> None:
        self.lines.append(line)


@pytest.fixture
def config(pytester: pytest.Pytester) -> pytest.Config:
    return pytester.parseconfig()


def told(config: pytest.Config, stats: dict[str, Any], **environ: str) -> list[str]:
    reporter = Lines()
    tallies = [Tally("py310-host", Counter(failed=1), 1.0)]
    ending = Ending(config=config, reporter=reporter, plan=PLAN, tallies=tallies, session=session(stats))
    ending.tell_github(environ)
    return reporter.lines


def test_annotations_are_seen_from_the_workspace(config: pytest.Config) -> None:
    failed = report(CELLS[0], text="test_a.py:3: AssertionError")
    (line,) = told(config, {"failed": [failed]}, GITHUB_WORKSPACE=str(config.rootpath.parent))
    assert line.startswith(f"::error file={config.rootpath.name}/test_a.py,line=3,title=test_area in py310-host::")


def test_errors_come_first(config: pytest.Config) -> None:
    stats = {"failed": [report(CELLS[0])], "error": [report(CELLS[0], "test_a.py::test_b", when="setup")]}
    assert [line.partition("title=")[2].partition(" ")[0] for line in told(config, stats)] == ["test_b", "test_area"]


def test_another_plugin_annotates(config: pytest.Config) -> None:
    config.pluginmanager.register(object(), "pytest_github_actions_annotate_failures")
    assert told(config, {"failed": [report(CELLS[0])]}) == []


def test_another_plugin_that_is_blocked_does_not(config: pytest.Config) -> None:
    config.pluginmanager.set_blocked("pytest_github_actions_annotate_failures")
    assert len(told(config, {"failed": [report(CELLS[0])]})) == 1


def test_the_summary_is_appended_within_what_is_left(config: pytest.Config, tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n", encoding="utf-8")
    assert told(config, {}, GITHUB_STEP_SUMMARY=str(file)) == []
    text = file.read_text(encoding="utf-8")
    assert text.startswith("before\n## ofiuco matrix\n")
    assert "| py310-host | 0 | **1** | 0 | 1.0s |  |" in text
    file.write_bytes(b"x" * LIMIT)
    assert told(config, {}, GITHUB_STEP_SUMMARY=str(file)) == []
    assert file.stat().st_size == LIMIT


def test_a_summary_that_cannot_be_written_is_a_warning(config: pytest.Config, tmp_path: Path) -> None:
    assert told(config, {}, GITHUB_STEP_SUMMARY=str(tmp_path)) == [
        f"ofiuco: the job summary cannot be written to {tmp_path}: Is a directory"
    ]


def test_the_facts_of_cells_that_run() -> None:
    (fact,) = facts_of(PLAN).values()
    assert (fact.name, fact.python, fact.platform, fact.variant) == ("py310-host", "3.10", "host", None)
    assert fact.versions == {"a": "1"}
    variant = replace(PLAN.cells[0], cell=replace(CELL, variant="a2"))
    assert facts_of(replace(PLAN, cells=(variant,)))["py310-host"].variant == "a2"


def test_a_report_is_written_with_its_indentation() -> None:
    failed = report(CELLS[0], text="\n    def test_a():\n>       assert 0\n")
    assert traceback_of(failed) == "    def test_a():\n>       assert 0"

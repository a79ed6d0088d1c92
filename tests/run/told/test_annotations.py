"""GitHub's workflow commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.run.told.annotations import LIMIT, Places, command, workflow_commands
from pytest_ofiuco.run.told.grouping import Group
from tests.run.told.reports import CELLS, collect_report, groups, report

ONE, TWO, THREE = CELLS
PLACES = Places(directory="/work/repo/part/tests", root="/work/repo/part", workspace="/work/repo")


def one(*reports: Any, outcome: str = "failed", **stats: Any) -> list[Group]:
    return groups({outcome: reports, **stats}, outcome)


def test_a_failure_of_all_cells_is_one_annotation() -> None:
    found = workflow_commands(one(*(report(cell) for cell in CELLS)), PLACES)
    assert found == [
        "::error file=part/tests/test_a.py,line=3,title=test_area in all 3 cells::"
        "AssertionError: no two%0A%0Afails in: py310-host, py312-host, py313-host"
    ]


def test_what_differs_is_said() -> None:
    found = workflow_commands(one(report(ONE), passed=[report(TWO, outcome="passed")]), PLACES)
    assert found == [
        "::error file=part/tests/test_a.py,line=3,title=test_area in py310-host::"
        "AssertionError: no two%0A%0Afails in: py310-host%0Apasses in: py312-host%0A"
        "what differs: Python 3.10.13 (3.12.1 where it passes)"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("src/a.py:7: in x\n../lib/b.py:8: ValueError", "file=part/lib/b.py,line=8", id="the last line"),
        pytest.param("/work/repo/c.py:9: ValueError", "file=c.py,line=9", id="an absolute path"),
        pytest.param("a.py:7: in x\n/elsewhere/b.py:8: ValueError", "file=part/tests/a.py,line=7", id="outside"),
        pytest.param("/elsewhere/b.py:8: ValueError", "file=part/test_a.py,line=2", id="the test's own line"),
    ],
)
def test_the_place_is_the_last_in_the_workspace(text: str, expected: str) -> None:
    (found,) = workflow_commands(one(report(ONE, text=text)), PLACES)
    assert found.startswith(f"::error {expected},title=")


def test_without_a_workspace_there_is_no_file() -> None:
    nowhere = Places(directory="/work", root="/work", workspace="")
    assert workflow_commands(one(report(ONE)), nowhere) == [
        "::error title=test_area in py310-host::AssertionError: no two"
    ]


def test_what_could_not_be_collected(tmp_path: Path) -> None:
    (tmp_path / "test_b.py").touch()
    here = Places(directory=str(tmp_path), root=str(tmp_path), workspace=str(tmp_path))
    texts = ["test_b.py:1: in <module>\nE   ImportError: nope", "every word", "no wheel\nfits"]
    files = ["test_b.py", "test_b.py", "ofiuco"]
    reports = [collect_report(cell, *each) for cell, *each in zip(CELLS, texts, files, strict=True)]
    found = workflow_commands(one(*reports, outcome="error"), here)
    assert [each.partition("%0A%0A")[0] for each in found] == [
        "::error file=test_b.py,line=1,title=test_b.py in py310-host::ImportError: nope",
        "::error file=test_b.py,title=test_b.py in py312-host::every word",
        "::error title=ofiuco in py313-host::no wheel%0Afits",
    ]


def test_everything_is_escaped() -> None:
    said = "100% of\r\n::error::\x1b[31mx\x1b[0m"
    (found,) = workflow_commands(one(report(ONE, "a,b:c.py::test_a[50%:1,2]", said=said)), PLACES)
    title = "test_a[50%25%3A1%2C2] in py310-host"
    assert found == f"::error file=part/tests/test_a.py,line=3,title={title}::100%25 of%0D%0A::error::x"
    assert command("notice", {"title": "a\nb"}, "%0A") == "::notice title=a%0Ab::%250A"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(0, [], id="all"),
        pytest.param(1, ["::notice title=pytest-ofiuco::1 more failure: GitHub shows 10 of a step"], id="one more"),
        pytest.param(5, ["::notice title=pytest-ofiuco::5 more failures: GitHub shows 10 of a step"], id="more"),
    ],
)
def test_no_more_than_github_shows(more: int, expected: list[str]) -> None:
    failed = [report(cell, f"test_a.py::test_{number}") for number in range(LIMIT + more) for cell in CELLS]
    found = workflow_commands(one(*failed), PLACES)
    assert found[LIMIT:] == expected
    assert all(each.startswith("::error ") for each in found[:LIMIT])


def test_long_messages_are_cut() -> None:
    (found,) = workflow_commands(one(report(ONE, said="x" * 100_000)), PLACES)
    assert len(found) < 4200
    assert found.endswith("x%0A… cut off")

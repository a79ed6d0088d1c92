"""Results to make pages of, and what is in a page's data."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from pytest_ofiuco.run.page.document import document
from pytest_ofiuco.run.page.file import assets
from pytest_ofiuco.run.page.results import CellFacts, Part, Result, SessionFacts, TestRow, Warned

HOSTILE = (
    "</script><script>document.title='taken'</script><!-- <img src=x onerror=\"document.title='taken'\">\u2028&amp;"
)
TRACEBACK = """\
    def test_area(square):
>       assert area(square) == 4
E       AssertionError: assert 5 == 4
E        +  where 5 = area(<Square 2>)

tests/test_geometry.py:16: AssertionError"""

SESSION = SessionFacts(
    title="geo-lookup",
    lock="poetry.lock (poetry 2.1, 29 packages)",
    started="2026-05-04T13:20:25+00:00",
    seconds=74.2,
    ending="",
    made_by="pytest-ofiuco, pytest",
)
WARNING = Warned(
    category="DeprecationWarning", text="utcnow() is deprecated", place="lookup.py:12", count=4, cells=("py312-host",)
)


def cell(name: str, python: str, **changes: Any) -> CellFacts:
    """A cell of this machine's platform."""
    fields: dict[str, Any] = {
        "name": name,
        "python": python,
        "platform": "host",
        "tag": "manylinux_2_36_x86_64",
        "markers": {"platform_machine": "x86_64", "python_version": python[:4]},
        "packages": {"django": "5.0.1", "numpy": "2.3.1", "pytest": "9.2.0"},
    }
    return CellFacts(**{**fields, **changes})


CELLS = (
    cell("py310-host", "3.10.13", packages={"numpy": "2.2.6", "pytest": "9.2.0", "tomli": "2.5.0", "django": "5.0.1"}),
    cell("py312-host", "3.12.4"),
    cell(
        "py312-aws_lambda",
        "3.12",
        platform="aws_lambda",
        tag="manylinux_2_34_aarch64",
        markers={"platform_machine": "aarch64", "python_version": "3.12"},
        problems=(("skipped", "aws_lambda does not run on this machine"),),
    ),
    cell("py312-host-django4.2.4", "3.12.4", variant="django4.2.4", packages={"django": "4.2.4", "pytest": "9.2.0"}),
)
RUNNING = tuple(each.name for each in CELLS if not each.problems)


def failed(text: str = TRACEBACK, **changes: Any) -> Result:
    """A failure in the test's own code."""
    parts = (Part(label="call", outcome="failed", text=text),)
    return Result(
        **{"outcome": "failed", "seconds": 0.25, "message": "AssertionError: assert 5 == 4", "parts": parts, **changes}
    )


def passed(**changes: Any) -> Result:
    """A test that passed."""
    return Result(**{"outcome": "passed", "seconds": 0.012, **changes})


def everywhere(nodeid: str, result: Result) -> TestRow:
    """A test with one result in all cells that run."""
    return TestRow(nodeid=nodeid, results=dict.fromkeys(RUNNING, result))


SKIPPED = Result(
    outcome="skipped",
    message="needs a GPU",
    parts=(Part(label="setup", outcome="skipped", text="a.py:3: needs a GPU"),),
)
AGAIN = (Part(label="call", outcome="rerun", text=TRACEBACK),)
COLOURED = (("Captured stdout call", f"\x1b[1;32mgreen\x1b[0m \x1b[38;5;208morange\x1b[m plain\n{HOSTILE}"),)
ROWS = (
    everywhere("tests/test_geometry.py::test_area[1-metres]", failed(output=COLOURED)),
    everywhere("tests/test_geometry.py::test_perimeter", passed(output=(("Captured stdout call", "round\n"),))),
    TestRow(
        nodeid="tests/test_geometry.py::TestLookup::test_union",
        results={RUNNING[0]: failed(), RUNNING[1]: passed(), RUNNING[2]: passed()},
    ),
    TestRow(
        nodeid="tests/test_kinds.py::test_database",
        results={RUNNING[0]: passed(), RUNNING[1]: failed(outcome="error", message="RuntimeError: gone")},
    ),
    everywhere("tests/test_kinds.py::test_gpu", SKIPPED),
    everywhere("tests/test_kinds.py::test_expected", Result(outcome="xfailed", message="known")),
    everywhere("tests/test_kinds.py::test_unexpected", Result(outcome="xpassed")),
    everywhere("tests/test_kinds.py::test_flaky", passed(parts=AGAIN)),
    everywhere("tests/test_last.py::test_last", Result(outcome="not run")),
)


def page(rows: Sequence[TestRow] = ROWS, **changes: Any) -> str:
    """A page of these tests."""
    session = changes.get("session", SESSION)
    return document(session, changes.get("cells", CELLS), rows, changes.get("warnings", (WARNING,)), assets())


def many(number: int, names: Sequence[str]) -> tuple[TestRow, ...]:
    """This many tests in ten files, every twentieth of which fails."""
    return tuple(
        TestRow(
            nodeid=f"tests/test_{index * 10 // number}.py::test_number_{index}",
            results=dict.fromkeys(names, passed() if index % 20 else failed()),
        )
        for index in range(number)
    )


def data_of(text: str) -> dict[str, Any]:
    """The data in a page."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    read: dict[str, Any] = json.loads(found)
    return read

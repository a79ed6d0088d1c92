"""Reports of failures as cells send them, and sessions made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from pytest_ofiuco.run.differences import CellFacts
from pytest_ofiuco.run.told.grouping import Group, Session

CELLS = ("py310-host", "py312-host", "py313-host")
PYTHONS = {"py310-host": "3.10.13", "py312-host": "3.12.1", "py313-host": "3.13.0"}


@dataclass
class Crash:
    """Where an exception came from, and what it said."""

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"


class Repr:
    """A traceback as pytest's own: it writes itself and knows the crash."""

    def __init__(self, text: str, message: str) -> None:
        self.text, self.reprcrash = text, Crash("/project/test_a.py", 3, message)

    def toterminal(self, out: Any) -> None:
        out.line(self.text)

    def __str__(self) -> str:
        return self.text


def report(
    cell: str, test: str = "test_a.py::test_area", outcome: str = "failed", when: str = "call", **changes: Any
) -> pytest.TestReport:
    """A test's report; ``said`` and ``text`` make its traceback."""
    said = changes.pop("said", "AssertionError: no two")
    text = changes.pop("text", f"    def test_area():\n>       assert 0\nE       {said}\n\ntest_a.py:3: AssertionError")
    path, _, name = test.partition("::")
    return pytest.TestReport(
        nodeid=f"{test}[{cell}]",
        location=(path, 1, f"{name}[{cell}]"),
        keywords={},
        outcome=cast(Any, outcome),
        longrepr=cast(Any, Repr(text, said) if outcome == "failed" else None),
        when=cast(Any, when),
        sections=changes.pop("sections", ()),
        **changes,
    )


def collect_report(cell: str, text: str, file: str = "test_b.py") -> pytest.CollectReport:
    """A collector's report whose traceback is text."""
    return pytest.CollectReport(nodeid=f"{file}[{cell}]", outcome="failed", longrepr=text, result=[])


def facts(names: Sequence[str] = CELLS) -> dict[str, CellFacts]:
    """The cells, by name."""
    return {name: CellFacts(name=name, python=PYTHONS.get(name, name), platform="host") for name in names}


def session(stats: Mapping[str, Sequence[Any]], cells: Sequence[str] = CELLS, items: Sequence[str] = ()) -> Session:
    """A session of these reports."""
    return Session(cells=facts(cells), items=items, stats=stats, write=lambda each: str(each.longreprtext))


def groups(stats: Mapping[str, Sequence[Any]], outcome: str = "failed", **changes: Any) -> list[Group]:
    """The groups of a session, no other report among them."""
    found = session(stats, **changes).grouped(outcome)
    assert all(isinstance(each, Group) for each in found)
    return cast("list[Group]", found)

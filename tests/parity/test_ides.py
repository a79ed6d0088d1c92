"""What programs that show tests do: list them, give the node ids back, and listen with a plugin of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.parity.conftest import MATRIX, SAME, NewTrio, Trio

pytestmark = pytest.mark.e2e

FILES = {
    "pack/test_a.py": """
        import unittest
        import pytest

        class TestA:
            @pytest.mark.slow
            @pytest.mark.parametrize("value", [1, "a b"])
            def test_value(self, value): assert value
        class TestUnit(unittest.TestCase):
            def test_unit(self): pass
        def test_bad(): assert 0
        @pytest.mark.skip(reason="not now")
        def test_skipped(): pass
    """,
    "test_doc.py": 'def double():\n    """\n    >>> 1 + 1\n    2\n    """\ndef test_x(): pass\n',
    "test_broken.py": "import no_such_module",
}
LISTENER = """
import json, os
import pytest

def tell(**fields):
    with open(os.environ["LISTENER_OUT"], "a") as file:
        file.write(json.dumps(fields) + "\\n")

def pytest_collection_finish(session):
    for item in session.items:
        above = item.listchain()[:-1]
        tell(
            kind="item", id=item.nodeid, name=item.name, path=str(item.path), location=item.location,
            above=[(each.name, each.nodeid, str(each.path)) for each in above],
            classes=[each.name for each in above if isinstance(each, pytest.Class)],
            marks=[each.name for each in item.own_markers], original=getattr(item, "originalname", None),
            parameters=item.callspec.id if hasattr(item, "callspec") else None,
        )

def pytest_collectreport(report):
    if report.failed:
        tell(kind="broken", id=report.nodeid, text=report.longreprtext.splitlines()[-1])

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_protocol(item):
    tell(kind="begins", id=item.nodeid)
    yield

def pytest_runtest_logreport(report):
    if report.when == "call" or report.skipped:
        tell(kind="report", id=report.nodeid, outcome=report.outcome, location=report.location)

def pytest_report_teststatus(report):
    if report.when == "call":
        tell(kind="status", id=report.nodeid)

def pytest_sessionfinish(session, exitstatus):
    tell(kind="ends", code=int(exitstatus))
"""
NOT_THE_CELLS = ("-p", "listener", "-p", "no:cacheprovider")


class Listened:
    """Sessions with a plugin that lies outside the project and of every environment, as an IDE's own does."""

    def __init__(self, trio: Trio, folder: Path) -> None:
        self.trio, self.out = trio, folder / "out.jsonl"
        (folder / "listener.py").write_text(LISTENER, encoding="utf-8")
        self.variables = {"PYTHONPATH": str(folder), "LISTENER_OUT": str(self.out)}

    def matrix(self, *arguments: str) -> list[dict[str, Any]]:
        return self._heard(lambda: self.trio.matrix(*NOT_THE_CELLS, *arguments, variables=self.variables), MATRIX)

    def plain(self, *arguments: str) -> list[dict[str, Any]]:
        return self._heard(lambda: self.trio.plain(SAME, *NOT_THE_CELLS, *arguments, variables=self.variables), SAME)

    def _heard(self, session: Any, copy: str) -> list[dict[str, Any]]:
        self.out.write_text("")
        session()
        lines = self.out.read_text(encoding="utf-8").replace(str(self.trio.at(copy)), "HERE").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def listened(new_trio: NewTrio, tmp_path_factory: pytest.TempPathFactory) -> Listened:
    trio = new_trio()
    trio.settings('markers = ["slow"]')
    trio.write(FILES)
    return Listened(trio, tmp_path_factory.mktemp("ide"))


def of_kind(heard: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in each.items() if key != "kind"} for each in heard if each["kind"] == kind]


def in_cell(heard: list[dict[str, Any]], cell: str) -> list[dict[str, Any]]:
    """What is said of a cell's tests, without its name."""
    return [json.loads(json.dumps(each).replace(f"[{cell}]", "")) for each in heard if f"[{cell}]" in each["id"]]


@pytest.fixture(scope="module")
def found(listened: Listened) -> list[dict[str, Any]]:
    """What is discovered as VS Code does it."""
    return listened.matrix("--rootdir", ".", "--collect-only", "--doctest-modules")


def test_tests_are_discovered(listened: Listened, found: list[dict[str, Any]]) -> None:
    """Every attribute that a tree of tests is made of, though a file cannot be imported; and the exit code."""
    plain = listened.plain("--rootdir", ".", "--collect-only", "--doctest-modules")
    items = of_kind(plain, "item")
    assert [each["classes"] for each in items[:3]] == [["TestA"], ["TestA"], ["TestUnit"]]
    assert items[1]["parameters"] == "a b"
    assert len(items) == 7
    for cell in listened.trio.kind.cells:
        assert in_cell(of_kind(found, "item"), cell) == items
        assert {each["id"] for each in in_cell(of_kind(found, "broken"), cell)} == {"test_broken.py"}
    assert of_kind(found, "ends") == of_kind(plain, "ends") == [{"code": 2}]


def test_node_ids_are_given_back(listened: Listened, found: list[dict[str, Any]]) -> None:
    """Chosen tests of chosen cells run, and are told one by one as they begin and end."""
    ids = [each["id"] for each in of_kind(found, "item") if "test_doc" not in each["id"]]
    chosen = [each for each in ids if SAME in each] + [ids[0]]
    heard = listened.matrix("--rootdir", ".", *chosen)
    plain = listened.plain("--rootdir", ".", *(each.replace(f"[{SAME}]", "") for each in chosen[:-1]))
    assert {each["id"] for each in of_kind(heard, "status")} == {each for each in chosen if "skipped" not in each}
    for kind in ("item", "begins", "report"):
        assert in_cell(of_kind(heard, kind), SAME) == of_kind(plain, kind), kind
        assert len([each for each in of_kind(heard, kind) if SAME not in each["id"]]) == 1
    assert of_kind(heard, "ends") == of_kind(plain, "ends") == [{"code": 1}]


def test_a_list_in_a_file(listened: Listened) -> None:
    """``--collect-only -q`` into a file, which scripts read: node ids that run as they are, and nothing between."""
    listing = listened.trio.matrix("--collect-only", "-q", "pack", "test_doc.py", *NOT_THE_CELLS[2:])
    assert listing.code == 0
    listed = [line for line in listing.lines if "::" in line]
    plain = listened.trio.plain(SAME, "--collect-only", "-q", "pack", "test_doc.py", *NOT_THE_CELLS[2:])
    expected = [line for line in plain.lines if "::" in line]
    assert [each.replace(f"[{SAME}]", "") for each in listed if SAME in each] == expected
    assert listing.lines[: len(listed)] == listed

"""Reports → groups."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ofiuco.run.told.grouping import NOT_RUN, OTHERWISE, PASSED
from tests.run.told.reports import CELLS, collect_report, groups, report, session

ONE, TWO, THREE = CELLS


def described(
    stats: dict[str, Any], outcome: str = "failed", **changes: Any
) -> list[tuple[str, tuple[str, ...], dict[str, str]]]:
    return [(each.first.test, each.cells, dict(each.elsewhere)) for each in groups(stats, outcome, **changes)]


def test_one_failure_in_all_cells_is_one_in_the_order_of_the_matrix() -> None:
    stats = {"failed": [report(TWO), report(ONE), report(THREE)]}
    (group,) = groups(stats)
    assert group.cells == CELLS
    assert group.first.report is stats["failed"][1]
    assert (group.first.title, group.is_everywhere, group.where()) == ("test_area", True, "all 3 cells")
    assert group.places() == [("fails in", CELLS)]


def test_one_failing_cell_is_told_from_those_where_it_passes() -> None:
    stats = {"failed": [report(TWO)], "passed": [report(ONE, outcome="passed"), report(THREE, outcome="passed")]}
    (group,) = groups(stats)
    assert group.where() == TWO
    assert group.places() == [("fails in", (TWO,)), ("passes in", (ONE, THREE))]
    assert [str(each) for each in group.differences] == ["Python 3.12.1 (3.10.13, 3.13.0 where it passes)"]


def test_different_failures_of_a_test_are_groups_of_their_own() -> None:
    stats = {"failed": [report(ONE), report(TWO, said="ValueError: 2"), report(THREE)]}
    assert described(stats) == [
        ("test_a.py::test_area", (ONE, THREE), {TWO: OTHERWISE}),
        ("test_a.py::test_area", (TWO,), {ONE: OTHERWISE, THREE: OTHERWISE}),
    ]
    assert [each.where() for each in groups(stats)] == ["2 of 3 cells", TWO]
    assert [each.differences for each in groups(stats)] == [(), ()]


def test_how_it_ended_elsewhere() -> None:
    items = [f"test_a.py::test_area[{cell}]" for cell in (*CELLS, "py314-host", "py39-host")]
    stats: dict[str, list[Any]] = {
        "failed": [report(ONE)],
        "skipped": [report(TWO, outcome="skipped")],
        "error": [report(THREE, when="setup")],
        "xfailed": [report("py314-host", outcome="skipped")],
        "warnings": [SimpleNamespace(nodeid=items[0])],
    }
    (group,) = groups(stats, cells=(*CELLS, "py314-host", "py39-host", "py38-host"), items=items)
    assert group.places() == [
        ("fails in", (ONE,)),
        ("fails otherwise in", (THREE,)),
        ("skipped in", (TWO,)),
        ("xfailed in", ("py314-host",)),
        ("not run in", ("py39-host",)),
    ]
    assert group.ended(NOT_RUN) == ("py39-host",)
    assert group.where() == ONE


def test_a_cell_that_the_test_is_not_in_does_not_count() -> None:
    (group,) = groups({"failed": [report(TWO), report(THREE)]})
    assert group.where() == "all 2 cells"


def test_a_test_that_passes_and_fails_to_tear_down_does_not_pass_there() -> None:
    stats = {
        "error": [report(ONE, when="teardown")],
        "passed": [report(ONE, outcome="passed"), report(TWO, outcome="passed")],
    }
    assert described(stats, "error") == [("test_a.py::test_area", (ONE,), {TWO: PASSED})]


def test_setup_and_teardown_of_one_test_are_two_errors() -> None:
    stats = {"error": [report(ONE, when="setup"), report(ONE, when="teardown")]}
    assert len(groups(stats, "error")) == 2


@pytest.mark.parametrize("first", ["126", "88"], ids=["as shown", "in another Python"])
def test_a_file_that_cannot_be_collected_is_one_error(first: str) -> None:
    text = (
        "ImportError while importing '/project/test_b.py'.\n{}\ntest_b.py:1: in <module>\nE   ModuleNotFoundError: nope"
    )
    one = text.format("/pythons/3.10/lib/python3.10/importlib/__init__.py:126: in import_module")
    other = text.format(f"/pythons/3.13/lib/python3.13/importlib/__init__.py:{first}: in import_module\n    ^^^^")
    (group,) = groups({"error": [collect_report(ONE, one), collect_report(THREE, other)]}, "error")
    assert (group.first.said, group.first.places) == (
        "ModuleNotFoundError: nope",
        (("test_b.py", 1),),
    )
    assert group.places() == [("fails in", (ONE, THREE)), ("not in", (TWO,))]
    assert [str(each) for each in group.differences] == ["Python 3.10.13, 3.13.0 (3.12.1 where it passes)"]


def test_a_cell_that_could_not_take_part_collected_nothing() -> None:
    lost = collect_report(TWO, "error: no wheel", file="ofiuco")
    found = described({"error": [collect_report(ONE, "E   one"), lost]}, "error")
    assert found == [
        ("test_b.py", (ONE,), {TWO: NOT_RUN, THREE: PASSED}),
        ("ofiuco", (TWO,), {ONE: PASSED, THREE: PASSED}),
    ]


def test_captured_output_that_differs_is_known() -> None:
    outputs = {ONE: "hello 0x7f39a4daa370", TWO: "hello 0x7efcb5a45980", THREE: "hello 3.13"}
    stats = {"failed": [report(cell, sections=[("Captured stdout call", text)]) for cell, text in outputs.items()]}
    (group,) = groups(stats)
    assert group.unlike == (THREE,)


def test_groups_are_in_the_order_of_the_items() -> None:
    tests = ["test_a.py::test_z", "test_a.py::test_m", "test_a.py::test_a"]
    stats = {"failed": [report(cell, test) for cell in (TWO, ONE) for test in reversed(tests)]}
    items = [f"{test}[{cell}]" for test in tests for cell in CELLS]
    assert [each.first.test for each in groups(stats, items=items)] == tests


def test_a_report_of_no_cell_stays_as_it_is() -> None:
    stranger = SimpleNamespace(nodeid="somewhere")
    odd = pytest.TestReport("elsewhere[a]", ("", None, ""), {}, "failed", "text", "call")
    found = session({"failed": [report(ONE), stranger, odd]}).grouped("failed")
    assert found[:2] == [stranger, odd]
    assert len(found) == 3


def test_a_failure_twice_in_a_cell_is_one_there() -> None:
    (group,) = groups({"failed": [report(ONE), report(ONE)]})
    assert group.cells == (ONE,)


def test_without_places_in_the_text_the_crash_has_one() -> None:
    (group,) = groups({"failed": [report(ONE, text="E   AssertionError: no two")]})
    assert group.first.places == (("/project/test_a.py", 3),)


def test_nothing_failed() -> None:
    assert session({}).grouped("failed") == []

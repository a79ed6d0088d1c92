"""Proxy items: names, selection, order."""

from __future__ import annotations

import types
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_ofiuco.run.proxies import Forest, ProxyItem, interleaved, with_cell, without_cell
from pytest_ofiuco.run.replay import HAS_PARSED_IDS
from tests.run.fakes import make_cell, remote_item

CELLS = ("py310-host", "py313-host")
CELL = make_cell("py313")

names = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1).map(lambda each: f"a.py::{each}")


@given(names, st.sampled_from(CELLS))
def test_a_cell_put_on_comes_off_again(name: str, cell: str) -> None:
    assert without_cell(with_cell(name, cell), CELLS) == (name, cell)


@pytest.mark.parametrize(
    "argument",
    ["a.py::test", "a.py::test[1]", "a.py::test[py399-host]", "tests[py310-host]", "a.py::test[py310-host]x"],
)
def test_without_a_cell_nothing_comes_off(argument: str) -> None:
    assert without_cell(argument, CELLS) == (argument, None)


def test_a_proxy_holds_nothing_that_nobody_has_asked_for(session: pytest.Session) -> None:
    item = Forest(session).item(remote_item("a.py::test"), CELL, 0)
    before = set(vars(item))
    assert not before & {"keywords", "own_markers", "extra_keyword_matches", "user_properties", "originalname"}
    assert not hasattr(item, "callspec")
    assert not hasattr(item, "no_such_thing")
    assert (item.own_markers, item.user_properties) == ([], [])
    assert item.user_properties is item.user_properties
    item.stash[pytest.StashKey[int]()] = 1
    assert {item: 1}[item] == 1


@pytest.mark.skipif(not HAS_PARSED_IDS, reason="this pytest does not parse node ids")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names)
def test_a_node_id_is_what_pytest_makes_of_it(session: pytest.Session, name: str) -> None:
    item = Forest(session).item(remote_item(name), CELL, 0)
    report = pytest.TestReport(item.nodeid, item.location, {}, "passed", None, "call")
    assert vars(report)["_id"] == item.__getattr__("_id")
    assert str(item.__getattr__("_id")) == item.nodeid


def test_a_proxy_is_an_item_that_pytest_can_select_by(session: pytest.Session) -> None:
    remote = remote_item(
        "tests/test_a.py::TestArea::test_square[2]",
        path="/project/tests/test_a.py",
        chain=(
            ("Dir", "tests", "/project/tests"),
            ("Module", "test_a.py", "/project/tests/test_a.py"),
            ("Class", "TestArea", "/project/tests/test_a.py"),
        ),
        markers=(("slow", ("by day",), {"reason": "no"}),),
        names=("slow_one",),
    )
    item = Forest(session).item(remote, CELL, 7)
    assert item.nodeid == "tests/test_a.py::TestArea::test_square[2][py313-host]"
    assert item.name == "test_square[2][py313-host]"
    assert item.index == 7
    assert item.location[2].endswith("test_square[2][py313-host]")
    assert item.reportinfo()[2] == item.location[2]
    assert item.path == Path("/project/tests/test_a.py")
    assert item.originalname == "test_square"
    assert item.callspec.id == "2"
    mark = item.get_closest_marker("slow")
    assert mark is not None
    assert (mark.args, mark.kwargs) == (("by day",), {"reason": "no"})
    assert {"slow", "slow_one"} <= set(item.keywords)
    assert item.extra_keyword_matches == {"slow_one"}
    assert [repr(node) for node in item.listchain()[1:]] == [
        "<Dir tests>",
        "<Module test_a.py>",
        "<Class TestArea>",
        "<Function test_square[2][py313-host]>",
    ]


def test_cells_share_collectors(session: pytest.Session) -> None:
    forest = Forest(session)
    first = forest.item(remote_item("a.py::test"), make_cell("py310"), 0)
    second = forest.item(remote_item("a.py::test"), CELL, 0)
    other = forest.item(remote_item("b.py::test"), CELL, 1)
    assert first.parent is second.parent
    assert other.parent is not first.parent
    assert isinstance(first.parent, pytest.File)


@pytest.mark.parametrize(
    ("kind", "name"), [("DoctestTextfile", "README.rst"), ("YamlFile", "a.yaml"), ("Module", "a.py")]
)
def test_a_file_is_a_file_whoever_collected_it(session: pytest.Session, kind: str, name: str) -> None:
    remote = remote_item(f"{name}::x", chain=((kind, name, f"/project/{name}"),))
    assert isinstance(Forest(session).item(remote, CELL, 0).parent, pytest.File)


def test_collectors_have_nothing_more_to_collect(session: pytest.Session) -> None:
    chain = (("Dir", "d", "/d"), ("Module", "a.py", "/d/a.py"), ("UnitTestCase", "T", "/d/a.py"))
    item = Forest(session).item(remote_item("d/a.py::T::test", chain=chain), CELL, 0)
    assert [list(node.collect()) for node in item.listchain()[1:-1] if isinstance(node, pytest.Collector)] == [
        [],
        [],
        [],
    ]


def test_a_proxy_never_runs_itself(session: pytest.Session) -> None:
    with pytest.raises(AssertionError, match="runs in its cell"):
        Forest(session).item(remote_item("a.py::test"), CELL, 0).runtest()


def collections(*tests: Sequence[str]) -> list[list[ProxyItem]]:
    """Items as far as their order matters: which test, which cell."""
    found = [
        [types.SimpleNamespace(remote=types.SimpleNamespace(nodeid=test), cell=cell) for test in each]
        for cell, each in enumerate(tests)
    ]
    return cast("list[list[ProxyItem]]", found)


def ordered(*tests: Sequence[str]) -> list[str]:
    return [f"{item.remote.nodeid}{item.cell}" for item in interleaved(collections(*tests))]


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        pytest.param(("abc", "abc"), "a0 a1 b0 b1 c0 c1", id="the same"),
        pytest.param(("abc", "ac"), "a0 a1 b0 c0 c1", id="one lacks one"),
        pytest.param(("ac", "abc"), "a0 a1 b1 c0 c1", id="the first lacks one"),
        pytest.param(("a", "b", "ab"), "a0 a2 b1 b2", id="the third orders what the others do not know"),
        pytest.param(("ab", "ba"), "a0 b0 b1 a1", id="different orders"),
        pytest.param(("", "a"), "a1", id="an empty cell"),
        pytest.param(("aab", "ab"), "a0 a1 a0 b0 b1", id="a test twice"),
        pytest.param((), "", id="none"),
    ],
)
def test_a_tests_cells_stand_side_by_side(tests: Sequence[str], expected: str) -> None:
    assert " ".join(ordered(*tests)) == expected


some_tests = st.lists(st.sampled_from("abcdef"), max_size=8)


@given(st.lists(some_tests, max_size=4))
def test_every_item_comes_once_and_in_its_cells_order(tests: list[list[str]]) -> None:
    found = interleaved(collections(*tests))
    for cell, expected in enumerate(tests):
        assert [item.remote.nodeid for item in found if cast(int, item.cell) == cell] == expected
    assert len(found) == sum(map(len, tests))


@given(st.lists(st.sets(st.sampled_from("abcdef")), max_size=4))
def test_where_orders_agree_no_test_is_torn_apart(tests: list[set[str]]) -> None:
    found = [item.remote.nodeid for item in interleaved(collections(*map(sorted, tests)))]
    assert [test for index, test in enumerate(found) if not index or found[index - 1] != test] == list(
        dict.fromkeys(found)
    )

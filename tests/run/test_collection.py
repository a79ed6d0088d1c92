"""What a session says of tests that are named with a cell that has none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ofiuco.run.collection import Collection

CELLS = ("py310-host", "py313-host")


def collection(*given: str) -> Collection:
    anything: Any = SimpleNamespace(
        invocation_params=SimpleNamespace(args=given), all_names=CELLS, fail_cell=lambda *_: None
    )
    return Collection(
        config=anything, plan=anything, runs={}, scheduler=anything, replay=anything, own_marks=frozenset(), notes=[]
    )


def run(name: str, *nodeids: str, errors: Sequence[str] = ()) -> Any:
    items = [SimpleNamespace(nodeid=nodeid) for nodeid in nodeids]
    return SimpleNamespace(
        cell=SimpleNamespace(name=name), items=items, errors=tuple(errors), tally=SimpleNamespace(remark="")
    )


def notes(given: Sequence[str], collected: Mapping[str, Sequence[str]], chosen: Mapping[str, Sequence[str]]) -> Any:
    made = collection(*given)
    tests: Any = {
        name: [SimpleNamespace(remote=SimpleNamespace(nodeid=nodeid)) for nodeid in nodeids]
        for name, nodeids in chosen.items()
    }
    made.note_homeless([run(name, *nodeids) for name, nodeids in collected.items()], tests)
    return made.notes


@pytest.mark.parametrize(
    ("given", "collected", "chosen", "said"),
    [
        pytest.param(
            ["a.py::test_x[py310-host]"],
            {"py310-host": ["tests/a.py::test_x[1]", "tests/a.py::test_x[2]"]},
            {"py310-host": []},
            ["a.py::test_x is not in py310-host, by its marks"],
            id="in one cell",
        ),
        pytest.param(
            ["a.py::test_x[py310-host]", "a.py::test_x[py313-host]"],
            {name: ["a.py::test_x"] for name in CELLS},
            {name: [] for name in CELLS},
            ["a.py::test_x is not in py310-host, py313-host, by its marks"],
            id="in each",
        ),
        pytest.param(
            ["a.py::T[py310-host]"],
            {"py310-host": ["a.py::T::test_x", "a.py::T::test_y"]},
            {"py310-host": ["a.py::T::test_x"]},
            [],
            id="of a class something is",
        ),
        pytest.param(
            ["a.py"],
            {name: ["a.py::test_x", "a.py::test_y"] for name in CELLS},
            {"py310-host": ["a.py::test_x"], "py313-host": []},
            ["1 test is in no cell, by the marks: a.py::test_y"],
            id="named without a cell",
        ),
    ],
)
def test_tests_that_their_marks_keep_out_of_the_named_cell(
    given: Sequence[str], collected: Mapping[str, Sequence[str]], chosen: Mapping[str, Sequence[str]], said: list[str]
) -> None:
    assert notes(given, collected, chosen) == said


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        pytest.param(
            "a.py::test_x[1][py399-host]", "no cell is called py399-host: there are py310-host, py313-host", id="a cell"
        ),
        pytest.param(
            "a.py::test_x[2]", "a test is named with or without its cell at the end: py310-host, py313-host", id="none"
        ),
        pytest.param(
            "a.py::test_y[py399-host]",
            "a test is named with or without its cell at the end: py310-host, py313-host",
            id="what is found",
        ),
    ],
)
def test_a_cell_that_is_not_there(argument: str, hint: str) -> None:
    absent = "not found: /p/a.py::test_x\n(no match in any of [<Module a.py>])\n"
    made = collection(argument)
    refused = [run(name, errors=[absent]) for name in CELLS]
    object.__setattr__(made, "runs", {each.cell.name: each for each in refused})
    with pytest.raises(pytest.UsageError) as caught:
        made.check_arguments([])
    assert caught.value.args == (absent, hint)


def test_a_cell_that_is_not_there_beside_one_that_is() -> None:
    made = collection("a.py::test_x[py399-host]", "a.py::test_x[py310-host]")
    runs = [run("py310-host", "a.py::test_x"), run("py313-host", errors=["not found: /p/a.py::test_x"])]
    object.__setattr__(made, "runs", {each.cell.name: each for each in runs})
    made.check_arguments(runs[:1])
    assert made.notes == [
        "no cell is called py399-host: there are py310-host, py313-host",
        "py313-host: not found: /p/a.py::test_x",
    ]

"""The parts of the worker that need no gateway."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco import worker
from pytest_ofiuco.worker import remote


def test_the_text_that_is_sent_is_the_module() -> None:
    assert worker.source() == Path(remote.__file__).read_text(encoding="utf-8")
    assert worker.PROTOCOL == remote.PROTOCOL


def test_it_is_read_by_the_oldest_python() -> None:
    ast.parse(worker.source(), feature_version=(3, 8))


def test_imported_anywhere_else_it_does_nothing() -> None:
    namespace: dict[str, Any] = {"__name__": "elsewhere"}
    exec(compile(worker.source(), "remote", "exec"), namespace)
    assert callable(namespace["main"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (1.5, 1.5),
        ("text", "text"),
        ((1, {2: (3,)}), [1, {"2": [3]}]),
        (frozenset({1}), [1]),
        (Path("a"), repr(Path("a"))),
        (int, "<class 'int'>"),
    ],
)
def test_values_become_plain(value: object, expected: object) -> None:
    assert remote.plain(value) == expected
    json.dumps(remote.plain(value))


def test_an_item_is_described(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = slow")
    (item, *_) = pytester.getitems(
        """
        import pytest

        @pytest.mark.slow(1, why=object)
        class TestArea:
            @pytest.mark.parametrize("side", [2])
            def test_square(self, side):
                "squares"
        """
    )
    described = json.loads(json.dumps(remote.describe(item)))
    assert described["nodeid"].endswith("::TestArea::test_square[2]")
    assert described["name"] == "test_square[2]"
    assert described["type"] == "Function"
    assert described["originalname"] == "test_square"
    assert described["parameters"] == "2"
    assert described["doc"] == "squares"
    assert [each["type"] for each in described["chain"]][-2:] == ["Module", "Class"]
    marks = {each["name"]: each for each in described["markers"]}
    assert marks["slow"]["args"] == [1]
    assert marks["slow"]["kwargs"] == {"why": "<class 'object'>"}


def test_a_cell_shows_its_name() -> None:
    fields: dict[str, Any] = {
        "name": "py312-host",
        "python": "3.12",
        "platform": "host",
        "variant": None,
        "resolution": {},
    }
    assert repr(remote.Cell(fields)) == "<ofiuco cell py312-host>"

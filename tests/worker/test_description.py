"""Tests in plain values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.worker.description import describe, plain
from pytest_ofiuco.worker.fixtures import Cell


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
    assert plain(value) == expected
    json.dumps(plain(value))


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
    described = json.loads(json.dumps(describe(item)))
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
    assert repr(Cell(fields)) == "<ofiuco cell py312-host>"

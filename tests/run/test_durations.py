"""Recorded durations: what is known, what is guessed, and the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.durations import Durations, parse, read

KNOWN = Durations(
    seconds={
        "py310": {"test_a.py::test_a": 1.5, "test_a.py::test_b": 0.25},
        "py311": {"test_a.py::test_a": 2.5},
        "py312": {"test_a.py::test_a": 0.00001},
    }
)
FILE = """\
{"version": 1, "seconds": {
"py310": {
"test_a.py::test_a": 1.5000,
"test_a.py::test_b": 0.2500
},
"py311": {
"test_a.py::test_a": 2.5000
},
"py312": {
"test_a.py::test_a": 0.0000
}
}}
"""


@pytest.mark.parametrize(
    ("cell", "test", "weight"),
    [
        pytest.param("py310", "test_a.py::test_a", 1_500_000, id="recorded"),
        pytest.param("py312", "test_a.py::test_a", 500, id="what a test takes at least"),
        pytest.param("py313", "test_a.py::test_a", 1_500_000, id="as in other cells"),
        pytest.param("py310", "test_a.py::test_c", 875_000, id="as most tests"),
    ],
)
def test_the_weight_of_a_test(cell: str, test: str, weight: int) -> None:
    assert KNOWN.weight(cell, test) == weight


def test_the_weights_of_cells() -> None:
    assert KNOWN.of_cells(["py310", "py311", "py313"]) == {"py310": 1_750_000, "py311": 2_500_000, "py313": 1_750_000}
    nothing = Durations(seconds={"py310": {}})
    assert nothing.of_cells(["py310", "py311"]) == {"py310": 1, "py311": 1}
    assert nothing.weight("py310", "test_a.py::test_a") == 500


def test_the_file() -> None:
    assert KNOWN.render() == FILE
    assert parse(FILE, "durations.json").render() == FILE
    assert parse(Durations(seconds={}).render(), "durations.json").seconds == {}
    reversed_order = {
        cell: dict(reversed(list(tests.items()))) for cell, tests in reversed(list(KNOWN.seconds.items()))
    }
    assert Durations(seconds=reversed_order).render() == FILE


def test_newer_durations_count_and_those_of_tests_that_are_gone_go() -> None:
    newer = KNOWN.with_those({"py311": {"test_a.py::test_a": 3.0}, "py313": {"test_a.py::test_a": 1.0}})
    assert newer.seconds["py310"] == KNOWN.seconds["py310"]
    assert newer.seconds["py311"] == {"test_a.py::test_a": 3.0}
    kept = newer.of_those_only({"py310": {"test_a.py::test_b", "test_a.py::test_new"}})
    assert kept.seconds == {**newer.seconds, "py310": {"test_a.py::test_b": 0.25}}


def test_a_folder_holds_what_shards_have_left(tmp_path: Path) -> None:
    (tmp_path / "2.json").write_text(Durations(seconds={"py310": {"a": 2.0, "b": 1.0}}).render(), encoding="utf-8")
    (tmp_path / "1.json").write_text(Durations(seconds={"py310": {"a": 1.0, "c": 1.0}}).render(), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    assert read(".", tmp_path).seconds == {"py310": {"a": 2.0, "b": 1.0, "c": 1.0}}
    assert read(str(tmp_path), Path("elsewhere")).seconds["py310"]["a"] == 2.0


def test_a_folder_without_a_file_is_no_division(tmp_path: Path) -> None:
    (tmp_path / "times").mkdir()
    with pytest.raises(UsageError) as caught:
        read("times", tmp_path)
    assert str(caught.value) == "--ofiuco-durations times: no *.json in this folder"
    assert caught.value.hint == "record one: pytest --ofiuco-matrix --ofiuco-record-durations times/1.json"


REMEDY = "restore it from version control, or name a file that --ofiuco-record-durations has written"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            b"{", "it is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
        ),
        pytest.param(b"\xff", "it is no text"),
        pytest.param(b"[]", "it is not of version 1"),
        pytest.param(b'{"version": 2}', "it is not of version 1"),
        pytest.param(b'{"version": 1, "seconds": []}', "it has no tests by cell"),
        pytest.param(b'{"version": 1, "seconds": {"py310": 1}}', "it has no tests by cell"),
        *(
            pytest.param(
                b'{"version": 1, "seconds": {"py310": {"a": %s}}}' % value, "py310: a: is not a number of seconds"
            )
            for value in (b"-1", b"NaN", b"Infinity", b"true", b'"1"', b"null")
        ),
    ],
)
def test_a_broken_file(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "times.json").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read("times.json", tmp_path)
    assert str(caught.value) == f"times.json: not a file of recorded durations: {reason}"
    assert caught.value.hint == REMEDY


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read("times.json", tmp_path)
    assert str(caught.value) == "--ofiuco-durations times.json: no such file"
    assert caught.value.hint == "record it: pytest --ofiuco-matrix --ofiuco-record-durations times.json"

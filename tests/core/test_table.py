"""TOML tables that know where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packaging.markers import Marker

from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError, shown

TABLE = parse(
    b"""
text = "a"
number = 1
truth = true
name = "Ruamel.Yaml"
bad = "-"
url = "https://files.example.org/a"
broken = "http://["
marker = "sys_platform == 'linux'"
no-marker = "sys_platform ="
specifiers = ">=3.8"
no-specifiers = "=>3.8"
texts = ["a", "b"]
mixed = ["a", 1]

[table]
inner = 1

[[tables]]
[[tables]]
inner = [[1]]
""",
    "x.lock",
)


def test_values() -> None:
    assert TABLE.text("text") == TABLE.required_text("text") == "a"
    assert TABLE.integer("number") == 1
    assert TABLE.boolean("truth") is True
    assert TABLE.name() == "ruamel-yaml"
    assert TABLE.location("url") == TABLE.required_location("url") == "https://files.example.org/a"
    assert TABLE.marker("marker") == Marker("sys_platform == 'linux'")
    assert str(TABLE.specifiers("specifiers")) == ">=3.8"
    assert TABLE.texts("texts") == ("a", "b")
    assert TABLE.array("mixed") == ["a", 1]
    assert TABLE.table("table").integer("inner") == 1
    assert [table.at for table in TABLE.tables("tables")] == ["tables[0]", "tables[1]"]
    assert "text" in TABLE
    assert "other" not in TABLE
    assert next(iter(TABLE)) == "text"


def test_values_that_are_not_there() -> None:
    assert TABLE.text("other") is None
    assert TABLE.integer("other") is None
    assert TABLE.marker("other") is None
    assert TABLE.location("other") is None
    assert TABLE.specifiers("other") is None
    assert TABLE.boolean("other") is False
    assert TABLE.boolean("other", default=True) is True
    assert TABLE.texts("other") == ()
    assert TABLE.tables("other") == TABLE.array("other") == []
    assert list(TABLE.table("other")) == []


@pytest.mark.parametrize(
    ("get", "message"),
    [
        pytest.param(lambda t: t.text("number"), "number: expected a string, found an integer", id="text"),
        pytest.param(lambda t: t.required_text("other"), "other: required, and missing", id="missing"),
        pytest.param(lambda t: t.integer("truth"), "truth: expected an integer, found a boolean", id="no integer"),
        pytest.param(lambda t: t.boolean("number"), "number: expected a boolean, found an integer", id="boolean"),
        pytest.param(lambda t: t.table("texts"), "texts: expected a table, found an array", id="table"),
        pytest.param(lambda t: t.tables("table"), "table: expected an array, found a table", id="tables"),
        pytest.param(lambda t: t.tables("texts"), "texts[0]: expected a table, found a string", id="no tables"),
        pytest.param(lambda t: t.texts("text"), "text: expected an array, found a string", id="texts"),
        pytest.param(lambda t: t.texts("mixed"), "mixed[1]: expected a string, found an integer", id="mixed"),
        pytest.param(lambda t: t.array("table"), "table: expected an array, found a table", id="array"),
        pytest.param(lambda t: t.name("bad"), "bad: '-' is not a project name", id="name"),
        pytest.param(lambda t: t.location("broken"), "broken: cannot read 'http://[': Invalid IPv6 URL", id="location"),
        pytest.param(
            lambda t: t.marker("no-marker"),
            "no-marker: cannot read 'sys_platform =': Expected marker operator, one of <=, <, !=, ==, >=, >, ~=, ===,"
            " in, not in",
            id="marker",
        ),
        pytest.param(
            lambda t: t.specifiers("no-specifiers"),
            "no-specifiers: cannot read '=>3.8': Invalid specifier: '=>3.8'",
            id="specifiers",
        ),
        pytest.param(
            lambda t: t.table("table").text("inner"),
            "table.inner: expected a string, found an integer",
            id="in a table",
        ),
        pytest.param(
            lambda t: t.tables("tables")[1].texts("inner"),
            "tables[1].inner[0]: expected a string, found an array",
            id="in an array of tables",
        ),
        pytest.param(
            lambda t: t.tables("tables")[0].text("name") or t.tables("tables")[0].name(),
            "tables[0].name: required, and missing",
            id="name missing",
        ),
    ],
)
def test_wrong(get: Callable[[Table], Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        get(TABLE)
    assert str(caught.value) == f"x.lock: {message}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"a = ", "x.lock: not valid TOML: ", id="TOML"),
        pytest.param(b"a = 'x'\xff", "x.lock: byte 7: not UTF-8", id="UTF-8"),
        pytest.param(b"a = " + b"[" * 100_000, "x.lock: not valid TOML: nested too deeply", id="depth"),
        pytest.param(b"<<<<<<< HEAD\n", "x.lock: not valid TOML: ", id="a merge conflict"),
    ],
)
def test_unreadable(content: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(content, "x.lock")
    assert str(caught.value).startswith(message)
    assert caught.value.hint
    assert "version control" in caught.value.hint


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b"\xef\xbb\xbfa = 1", "x.lock").integer("a") == 1


def test_a_marker_nested_beyond_reason() -> None:
    text = "(" * 10_000 + "sys_platform == 'linux'" + ")" * 10_000
    with pytest.raises(InputError, match="nested too deeply"):
        Table({"marker": text}, file="x.lock").marker("marker")


def test_numbers_beyond_measure() -> None:
    """More digits than Python reads or writes."""
    with pytest.raises(InputError) as caught:
        parse(b"a = " + b"1" * 5000, "a.toml")
    assert str(caught.value).startswith("a.toml: not valid TOML: ")
    table = parse(b"a = 0x" + b"f" * 5000, "a.toml")
    with pytest.raises(InputError) as caught:
        table.integer("a")
    assert str(caught.value) == "a.toml: a: an integer of more than 64 bits"
    assert shown(table.data["a"]) == "a number of too many digits"


def test_long_values_are_cut_and_passwords_left_out() -> None:
    url = "http://user:secret@[" + "x" * 5000
    with pytest.raises(InputError) as caught:
        parse(f'url = "{url}"'.encode(), "a.toml").location("url")
    assert str(caught.value).startswith("a.toml: url: cannot read 'http://…@[xxx")
    assert len(str(caught.value)) < 250

"""The TOML that is written reads back as it was."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ofiuco.export import toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    texts | st.booleans(), lambda each: st.lists(each, max_size=3) | st.dictionaries(texts, each, max_size=3)
)
tables = st.dictionaries(texts, values, max_size=4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", '"plain"', id="plain"),
        pytest.param('a == "b"', "'a == \"b\"'", id="quotes"),
        pytest.param("""a == "b" or c == 'd'""", '''"a == \\"b\\" or c == 'd'"''', id="both kinds of quotes"),
        pytest.param("C:\\x", '"C:\\\\x"', id="backslash"),
        pytest.param('"\n\t\x00\x7f', '"\\"\\n\\t\\u0000\\u007F"', id="control characters"),
        pytest.param("Größe 🐍", '"Größe 🐍"', id="other characters"),
    ],
)
def test_string(text: str, expected: str) -> None:
    assert toml.string(text) == expected


def test_document() -> None:
    assert toml.document({"a": "b", "c d": ["e"]}, "f", [{"g": True, "h": [{"i": {"j": ["k", False]}}]}, {}]) == (
        'a = "b"\n"c d" = [\n    "e",\n]\n\n[[f]]\ng = true\nh = [\n    { i = { j = ["k", false] } },\n]\n\n[[f]]\n'
    )


@given(tables, st.lists(tables, max_size=3))
def test_it_reads_back(head: dict[str, toml.Value], rows: list[dict[str, toml.Value]]) -> None:
    head.pop("rows", None)
    assert tomllib.loads(toml.document(head, "rows", rows)) == {**head, "rows": rows}

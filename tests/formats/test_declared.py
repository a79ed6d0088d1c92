"""Direct dependencies, as pyproject.toml declares them."""

from __future__ import annotations

import pytest

from pytest_ofiuco.formats.declared import declared
from tests.locks import table

STANDARD = """
[project]
name = "a"
dependencies = ["b[x]>=1", "c; sys_platform == 'win32'"]
[project.optional-dependencies]
more = ["d"]
[dependency-groups]
dev = ["e", { include-group = "lint" }]
lint = ["f"]
"""


@pytest.mark.parametrize(
    ("text", "groups", "extras", "names"),
    [
        pytest.param(STANDARD, ["main"], [], ["b", "c"], id="main"),
        pytest.param(STANDARD, ["main", "dev"], ["more"], ["b", "c", "e", "f", "d"], id="groups and extras"),
        pytest.param(STANDARD, ["nothing"], ["nothing"], [], id="none of that name"),
        pytest.param("[tool.poetry.dependencies]\npython = '*'\nb = '*'", ["main"], [], ["b"], id="poetry"),
        pytest.param("[project]\nname = 'a'", ["main"], [], None, id="not said"),
        pytest.param("[project]\ndynamic = ['dependencies']\n[dependency-groups]\n", ["main"], [], None, id="dynamic"),
        pytest.param(
            "[project]\ndynamic = ['dependencies']\n[tool.poetry.dependencies]\nb = '*'",
            ["main"],
            [],
            ["b"],
            id="dynamic, and Poetry's",
        ),
    ],
)
def test_names(text: str, groups: list[str], extras: list[str], names: list[str] | None) -> None:
    found = declared(table(text), groups, extras)
    assert names == (None if found is None else [each.name for each in found])


def test_extras_and_markers_are_kept() -> None:
    found = declared(table(STANDARD), ["main"], [])
    assert found is not None
    assert [(each.extras, str(each.marker)) for each in found] == [
        (("x",), "None"),
        ((), 'sys_platform == "win32"'),
    ]

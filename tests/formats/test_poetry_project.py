"""What pyproject.toml asks Poetry for."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats._poetry_dependency import Declared
from pytest_ofiuco.formats._poetry_project import group_names, optional_groups, read, says_what_is_wanted
from tests.locks import table


def shown(each: Declared) -> str:
    extras = f"[{','.join(each.extras)}]" if each.extras else ""
    specifiers = "|".join(str(one) for one in each.specifiers)
    origin = (
        f" from {each.origin.kind} {each.origin.place} {each.origin.reference or ''}".rstrip() if each.origin else ""
    )
    return f"{each.name}{extras}{specifiers}{origin}" + (f"; {each.marker}" if each.marker else "")


def groups(text: str) -> dict[str, list[str]]:
    return {name: [shown(each) for each in found] for name, found in read(table(text)).groups.items()}


def extras(text: str) -> dict[str, list[str]]:
    return {name: [shown(each) for each in found] for name, found in read(table(text)).extras.items()}


ENRICHED = """
[tool.poetry.dependencies]
python = "^3.8"
a = [{ source = "own", platform = "linux" }, { version = "<2", platform = "win32", source = "pypi" }]
b = { git = "https://example.org/b.git", tag = "v1" }
c = "*"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(
            "[tool.poetry.dependencies]\nPython = '^3.8'\nA_a = '^1.0'\nb = {version = '*', extras = ['X_y']}\n"
            "c = {version = '*', optional = true}\nd = [{version = '<1', python = '<3.9'}, '>=1']",
            ["a-a<2,>=1.0", "b[x-y]", 'd<1; python_version < "3.9"', "d>=1"],
            id="[tool.poetry]",
        ),
        pytest.param(
            "[tool.poetry.dependencies]\na = {path = '../a', develop = true}\nb = {file = 'b.whl'}\n"
            "c = {url = 'https://example.org/c.zip'}\nd = {git = 'https://example.org/d', rev = 'abc'}\n"
            "e = {version = '1', source = 'own'}\nf = {version = '1', python = '<empty>'}",
            [
                "a from path ../a",
                "b from path b.whl",
                "c from url https://example.org/c.zip",
                "d from git https://example.org/d abc",
                "e==1 from index own",
            ],
            id="origins",
        ),
        pytest.param(
            "[project]\ndependencies = ['A.a[x] >=1; sys_platform == \"linux\"', 'b']",
            ['a-a[x]>=1; sys_platform == "linux"', "b"],
            id="[project]",
        ),
        pytest.param(
            "[project]\ndependencies = ['a @ git+https://example.org/a@main#subdirectory=sub', "
            "'b @ git+ssh://git@example.org/b', 'c @ https://example.org/c.zip']",
            [
                "a from git https://example.org/a main",
                "b from git ssh://git@example.org/b",
                "c from url https://example.org/c.zip",
            ],
            id="[project], origins",
        ),
        pytest.param(
            "[project]\ndependencies = ['a[x]>=1', 'b; python_version < \"3\"']" + ENRICHED,
            [
                'a[x]>=1 from index own; sys_platform == "linux"',
                'a[x]<2,>=1 from index pypi; sys_platform == "win32"',
                'b from git https://example.org/b.git v1; python_version < "3"',
            ],
            id="[project], with what [tool.poetry] adds",
        ),
        pytest.param(
            "[project]\ndependencies = []\n[tool.poetry.dependencies]\na = '*'", ["a"], id="an empty [project] list"
        ),
        pytest.param(
            "[project]\ndynamic = ['dependencies']\n[project.optional-dependencies]\nx = ['b']\n"
            "[tool.poetry.dependencies]\na = '*'\nb = {version = '*', optional = true}",
            ["a"],
            id="dynamic dependencies",
        ),
        pytest.param(
            "[project.optional-dependencies]\nx = ['b']\n[tool.poetry.dependencies]\na = '*'",
            [],
            id="dependencies that are not dynamic",
        ),
    ],
)
def test_main(text: str, expected: list[str]) -> None:
    assert groups(text) == {"main": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "[tool.poetry.dependencies]\nA = {version = '1', optional = true}\nb = '*'\n"
            "[tool.poetry.extras]\nX_x = ['a', 'B', 'unknown']",
            {"x-x": ["a==1", "b"]},
            id="[tool.poetry]",
        ),
        pytest.param(
            "[project.optional-dependencies]\nX = ['a>=1']\n[tool.poetry.dependencies]\n"
            "a = {source = 'own', optional = true}\n[tool.poetry.extras]\ny = ['a']",
            {"x": ["a>=1 from index own"]},
            id="[project]",
        ),
        pytest.param("[project.optional-dependencies]\nx = []", {"x": []}, id="an extra of nothing"),
    ],
)
def test_extras(text: str, expected: dict[str, list[str]]) -> None:
    assert extras(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "[tool.poetry.group.Dev_Tools.dependencies]\na = '*'\nb = {version = '*', optional = true}",
            {"dev-tools": ["a"]},
            id="[tool.poetry.group]",
        ),
        pytest.param(
            "[tool.poetry.dev-dependencies]\na = '*'\n[tool.poetry.group.dev.dependencies]\nb = '*'",
            {"dev": ["b", "a"]},
            id="[tool.poetry.dev-dependencies]",
        ),
        pytest.param(
            "[dependency-groups]\nTest = ['a>=1', {include-group = 'base'}, {include-group = 'more'}]\n"
            + "base = ['b']\n[tool.poetry.group.more.dependencies]\nc = '*'",
            {"more": ["c"], "test": ["a>=1", "b", "c"], "base": ["b"]},
            id="PEP 735",
        ),
        pytest.param(
            "[dependency-groups]\ntest = ['a']\n[tool.poetry.group.test.dependencies]\na = {source = 'own'}\nb = '*'",
            {"test": ["a from index own"]},
            id="PEP 735, with what [tool.poetry] adds",
        ),
        pytest.param(
            "[tool.poetry.group.all]\ninclude-groups = ['a', 'b']\n[tool.poetry.group.a.dependencies]\nx = '*'\n"
            "[tool.poetry.group.b]\ninclude-groups = ['a']",
            {"all": ["x"], "a": ["x"], "b": ["x"]},
            id="include-groups",
        ),
    ],
)
def test_groups(text: str, expected: dict[str, list[str]]) -> None:
    assert groups(text) == {"main": [], **expected}
    assert group_names(table(text)) == tuple(expected)


def test_optional_groups() -> None:
    text = "[tool.poetry.group.Docs_all]\noptional = true\n[tool.poetry.group.dev.dependencies]\na = '*'"
    assert optional_groups(table(text)) == {"docs-all"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("[project]\nname = 'a'\n[tool.poetry]\nname = 'a'", False, id="a name"),
        pytest.param("[project]\ndependencies = []", True, id="[project]"),
        pytest.param("[project.optional-dependencies]", True, id="extras"),
        pytest.param("[dependency-groups]", True, id="PEP 735"),
        pytest.param("[tool.poetry.dependencies]\npython = '*'", True, id="[tool.poetry]"),
        pytest.param("[tool.poetry.dev-dependencies]", True, id="dev-dependencies"),
        pytest.param("[tool.poetry.group.a]", True, id="group"),
    ],
)
def test_says_what_is_wanted(text: str, expected: bool) -> None:
    assert says_what_is_wanted(table(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[project]\ndependencies = ['a', '>=1']",
            "project.dependencies[1]: '>=1' is not a requirement (PEP 508)",
            id="a requirement",
        ),
        pytest.param(
            "[dependency-groups]\na = [1]",
            "dependency-groups.a[0]: expected a requirement or {include-group = …}",
            id="an inclusion",
        ),
        pytest.param(
            "[dependency-groups]\na = [{include-group = 'b'}]",
            "dependency-groups.a[0]: there is no group 'b' to include",
            id="an unknown group",
        ),
        pytest.param(
            "[dependency-groups]\na = [{include-group = 'B'}]\nb = [{include-group = 'a'}]",
            "dependency-groups.b[0]: group 'a' includes itself",
            id="a circle",
        ),
        pytest.param(
            "[tool.poetry.group.a]\ninclude-groups = ['a']",
            "tool.poetry.group.a.include-groups: group 'a' includes itself",
            id="itself",
        ),
        pytest.param(
            "[tool.poetry.dependencies]\na = 1",
            "tool.poetry.dependencies.a: expected a version constraint or a table",
            id="a number",
        ),
        pytest.param(
            "[tool.poetry.dependencies]\na = [{version = '1'}, {python = 'x'}]",
            "tool.poetry.dependencies.a[1].python: 'x' is not a version constraint",
            id="a Python",
        ),
    ],
)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(table(text))
    assert str(caught.value) == f"pyproject.toml: {message}"

"""A pdm.lock without inherited metadata: what is wanted is what pyproject.toml says."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, InputError, NotLockedError
from tests.formats.pdm_locks import ANY, entry, graph, names, resolved
from tests.targets import LINUX_X86_64, WINDOWS, target

SHOP = """
[project]
name = "Shop"
dependencies = ["a>=1", "c[x]; sys_platform == 'win32'", "-e ./d", "shop"]
[project.optional-dependencies]
one = ["one"]
two = ["shop[one]", "two ; extra == 'two'"]
[dependency-groups]
test = ["b"]
dev = [{include-group = "Test"}, "shop[two]"]
[tool.pdm.dev-dependencies]
local = ["-e file:///${PROJECT_ROOT}/d", "e @ file:///${PROJECT_ROOT}/e"]
"""
SHOP_ENTRIES = (
    entry("a", more="dependencies = [\"b<2; python_version >= '3.12'\"]"),
    entry("b"),
    entry("c"),
    entry("c", more='extras = ["x"]\ndependencies = ["y", "c==1.0"]'),
    entry("dd", more='path = "./d"\neditable = true'),
    entry("e", more='path = "./e"'),
    *map(entry, ("one", "two", "y")),
)


@pytest.mark.parametrize(
    ("here", "groups", "extras", "expected"),
    [
        pytest.param(LINUX_X86_64, ["main"], (), ["a", "b"], id="main"),
        pytest.param(target("3.11", "linux_x86_64"), ["main"], (), ["a"], id="another Python"),
        pytest.param(WINDOWS, ["main"], (), ["a", "b", "c", "y"], id="extras of a package"),
        pytest.param(LINUX_X86_64, ["test"], (), ["b"], id="a group"),
        pytest.param(LINUX_X86_64, ["test"], ("one",), ["b", "one"], id="an extra"),
        pytest.param(LINUX_X86_64, ["test"], ("two",), ["b", "one", "two"], id="an extra that includes another"),
        pytest.param(LINUX_X86_64, ["local"], (), ["dd", "e"], id="paths"),
        pytest.param(LINUX_X86_64, None, (), ["a", "b", "dd", "e", "one"], id="default"),
    ],
)
def test_graph(here: Target, groups: list[str] | None, extras: tuple[str, ...], expected: list[str]) -> None:
    lock = graph(*SHOP_ENTRIES, pyproject=SHOP)
    assert (lock.shape, lock.warnings) == ("graph", ())
    assert names(lock, here, groups=groups, extras=extras) == expected


@pytest.mark.parametrize(
    ("written", "place", "expected"),
    [
        pytest.param("./lib", 'path = "./lib"', "a", id="a path"),
        pytest.param("./lib[x] ; os_name == 'posix'", 'path = "./lib"', "a", id="a path with extras and a marker"),
        pytest.param("file:///${PROJECT_ROOT}/lib", 'path = "./lib"', "a", id="a URL below the project"),
        pytest.param("{root:uri}/lib", 'path = "./lib"', "a", id="a URL as Hatch writes it"),
        pytest.param("-e git+https://example.org/r.git@v1", 'git = "https://example.org/r.git"', "a", id="a commit"),
        pytest.param("https://files.example.org/x.zip", 'url = "https://files.example.org/x.zip"', "a", id="a URL"),
        pytest.param("-e ./else#subdirectory=b&egg=a[x]", 'path = "./lib"', "a", id="a name in the fragment"),
        pytest.param("./dist/a-1.0-py3-none-any.whl", 'path = "./lib"', "a", id="a name in a wheel's"),
        pytest.param("./dist/a-1.0.tar.gz", 'path = "./lib"', "a", id="a name in an archive's"),
        pytest.param("git+https://example.org/a.git@main", 'path = "./lib"', "a", id="a name in a repository's"),
    ],
)
def test_requirements_without_a_name(written: str, place: str, expected: str) -> None:
    pyproject = f'[tool.pdm.dev-dependencies]\nlocal = ["{written}"]'
    lock = graph(entry("a", more=f'{place}\nrevision = "abc"'), pyproject=pyproject)
    assert names(lock, groups=["local"]) == [expected]


def test_a_requirement_that_is_not_locked() -> None:
    lock = graph(entry("a"), pyproject='[dependency-groups]\ndev = ["b"]')
    with pytest.raises(NotLockedError) as caught:
        resolved(lock)
    assert str(caught.value) == (
        "pdm.lock: pyproject.toml: dependency-groups.dev[0]: the project depends on b, which is not locked"
    )


def test_excluded_requirements() -> None:
    pyproject = '[project]\ndependencies = ["a", "b"]\n[tool.pdm.resolution]\nexcludes = ["b"]'
    assert names(graph(entry("a"), entry("b"), pyproject=pyproject)) == ["a"]


@pytest.mark.parametrize(
    ("dependency", "python", "version"),
    [
        pytest.param("a<2", "3.12", "1.0", id="by version"),
        pytest.param("a", "3.8", "1.0", id="by Python"),
    ],
)
def test_versions_in_a_graph(dependency: str, python: str, version: str) -> None:
    newer = entry("a", "2.0").replace(">=3.8", ">=3.10")
    lock = graph(entry("a"), newer, pyproject=f'[project]\ndependencies = ["{dependency}"]')
    assert resolved(lock, target(python, "linux_x86_64")).versions() == {"a": version}


@pytest.mark.parametrize(
    "said", ["marker = \"sys_platform == '{}'\"", "marker = \"sys_platform == '{}'\"\nrequires_python = ''"]
)
def test_markers_in_a_graph(said: str) -> None:
    entries = [
        f'[[package]]\nname = "a"\nversion = "{number}"\n{said.format(system)}\nfiles = [{{file = "a-{number}.zip"}}]'
        for number, system in ((1, "linux"), (2, "win32"))
    ]
    lock = graph(*entries, pyproject='[project]\ndependencies = ["a"]')
    assert resolved(lock, WINDOWS).versions() == {"a": "2"}


def test_several_targets_in_a_graph() -> None:
    targets = ANY + ANY.replace("3.8", "3.12")
    lock = graph(entry("a"), entry("a", "2.0"), pyproject='[project]\ndependencies = ["a"]', targets=targets)
    assert lock.warnings == (
        "pdm.lock: locked for several targets without inherit_metadata: which version is for which target it does not"
        " say; lock again (`pdm lock --strategy inherit_metadata`)",
    )
    with pytest.raises(AmbiguousError):
        resolved(lock)


def test_a_graph_without_a_project() -> None:
    with pytest.raises(InputError) as caught:
        graph(entry("a"), pyproject="")
    assert caught.value.render() == (
        "error: pdm.lock: metadata.strategy: without inherit_metadata a lock does not say what is wanted, and"
        " pyproject.toml declares no dependencies\n"
        "hint: put the project's pyproject.toml beside it, or lock again: `pdm lock --strategy inherit_metadata`"
    )


def test_an_empty_graph_without_a_project() -> None:
    assert names(graph(pyproject="")) == []


@pytest.mark.parametrize(
    ("pyproject", "message"),
    [
        pytest.param(
            '[dependency-groups]\ndev = [{include-group = "x"}]',
            "dependency-groups.dev[0]: includes 'x', which is not there",
            id="an unknown group",
        ),
        pytest.param(
            '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "A"}]',
            "dependency-groups.b[0]: includes 'a', which includes it",
            id="a cycle",
        ),
        pytest.param(
            '[project]\nname = "p"\n[project.optional-dependencies]\na = ["p[a]"]',
            "project.optional-dependencies.a[0]: includes 'a', which includes it",
            id="an extra that includes itself",
        ),
        pytest.param(
            "[dependency-groups]\ndev = [{}]",
            "dependency-groups.dev[0].include-group: required, and missing",
            id="an empty table",
        ),
        pytest.param(
            "[dependency-groups]\ndev = [1]",
            "dependency-groups.dev[0]: expected a requirement or a table",
            id="a number",
        ),
        pytest.param(
            '[project]\ndependencies = ["a b"]',
            "project.dependencies[0]: 'a b' is not a requirement",
            id="no requirement",
        ),
        pytest.param(
            '[project]\ndependencies = "a"', "project.dependencies: expected an array, found a string", id="a string"
        ),
    ],
)
def test_wrong_projects(pyproject: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        graph(entry("a"), pyproject=pyproject)
    assert str(caught.value) == f"pyproject.toml: {message}"

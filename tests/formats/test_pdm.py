"""pdm.lock 4.x: groups, extras, versions, and what is wrong."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import InputError, LockVersionError, UnknownNameError
from tests.formats.pdm_locks import STAR, entry, metadata, names, read, resolved, targets
from tests.locks import read_lock

# Groups and extras of the project

GROUPS = '[project]\nname = "project"\n[project.optional-dependencies]\nCLI = []\n[dependency-groups]\nDev_Tools = []\n'
GROUPED = (
    entry("a"),
    entry("click", groups='["cli", "default"]'),
    entry("pytest", groups='["test"]'),
    entry("ruff", groups='["dev-tools", "test"]'),
    entry("always", groups="[]"),
)


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(["main"], (), ["a", "always", "click"], id="main"),
        pytest.param(["test"], (), ["always", "pytest", "ruff"], id="a group alone"),
        pytest.param(["Dev-Tools"], ("cli",), ["always", "click", "ruff"], id="a group and an extra"),
        pytest.param(None, (), ["a", "always", "click", "pytest", "ruff"], id="default"),
    ],
)
def test_groups(groups: list[str] | None, extras: tuple[str, ...], expected: list[str]) -> None:
    lock = read(*GROUPED, pyproject=f"{GROUPS}[tool.pdm.dev-dependencies]\ntest = []")
    assert names(lock, groups=groups, extras=extras) == expected


@pytest.mark.parametrize(
    ("locked", "pyproject", "groups", "extras", "default"),
    [
        pytest.param("", GROUPS, ["main", "dev-tools", "test"], ["cli"], ("dev-tools", "main"), id="all there are"),
        pytest.param('groups = ["default"]', GROUPS, ["main"], [], ("main",), id="a part, locked"),
        pytest.param('groups = ["Dev.tools"]', GROUPS, ["dev-tools"], [], ("dev-tools",), id="not even main"),
        pytest.param(
            "groups = []", GROUPS, ["main", "dev-tools", "test"], ["cli"], ("dev-tools", "main"), id="no names"
        ),
        pytest.param(
            'groups = ["default", "cli", "test"]', "", ["main", "cli", "test"], [], ("main",), id="no pyproject.toml"
        ),
    ],
)
def test_groups_that_are_locked(
    locked: str, pyproject: str, groups: list[str], extras: list[str], default: tuple[str, ...]
) -> None:
    lock = read(*GROUPED, head=metadata(more=locked), pyproject=pyproject)
    assert (list(lock.groups), list(lock.extras), lock.selection().groups) == (groups, extras, default)


def test_a_group_that_is_not_locked() -> None:
    lock = read(*GROUPED, head=metadata(more='groups = ["default"]'), pyproject=GROUPS)
    with pytest.raises(UnknownNameError):
        lock.selection(groups=["dev-tools"])


def test_excluded_packages() -> None:
    lock = read(
        entry("a", more='dependencies = ["b", "c"]'),
        entry("b"),
        entry("c"),
        pyproject='[tool.pdm.resolution]\nexcludes = ["B"]',
    )
    assert {pin.name: pin.dependencies for pin in resolved(lock).packages} == {"a": ("c",), "c": ()}


def test_sources_of_the_project() -> None:
    sources = "".join(
        f'[[tool.pdm.source]]\nname = "{number}"\n{each}\n'
        for number, each in enumerate(
            (
                'url = "https://index.example.org/simple"',
                'url = "https://files.example.org/links"\ntype = "find_links"',
                'url = "https://${TOKEN}@index.example.org/own"',
                "verify_ssl = false",
            )
        )
    )
    lock = read(entry("a"), pyproject=sources)
    assert lock.indexes == ("https://index.example.org/simple",)
    assert lock.find_links == ("https://files.example.org/links",)


# Versions


@pytest.mark.parametrize("version", ["4", "4.1", "4.5.0", "4.5.9"])
def test_versions_that_are_known(version: str) -> None:
    lock = read(entry("a"), head=metadata(version=version))
    assert (lock.version, lock.warnings) == (version, ())


def test_a_newer_minor_version_is_read_with_a_warning() -> None:
    lock = read(entry("a"), head=metadata(version="4.6"))
    assert (names(lock), lock.warnings) == (["a"], ("pdm.lock: lock_version 4.6 is newer than 4.5.1, read as 4.5.1",))


@pytest.mark.parametrize("version", ["3.1", "5.0"])
def test_versions_that_are_not_known(version: str) -> None:
    with pytest.raises(LockVersionError) as caught:
        read(entry("a"), head=metadata(version=version))
    assert caught.value.render() == (
        f"error: pdm.lock: metadata.lock_version: version {version} of this format is not known (known: pdm.lock 4.x)\n"
        "hint: lock the project again with a tool that writes pdm.lock 4.x, or update pytest-ofiuco"
    )


# What is wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(metadata(version="x"), "metadata.lock_version: 'x' is not a version", id="lock_version"),
        pytest.param(f"[metadata]\n{STAR}", "metadata.lock_version: required, and missing", id="no lock_version"),
        pytest.param(
            metadata("strategy = 1\n"), "metadata.strategy: expected an array, found an integer", id="strategy"
        ),
        pytest.param(metadata(more='groups = ["-"]'), "metadata.groups: '-' is not a project name", id="groups"),
        pytest.param(
            metadata(more='groups = ["default", "main"]'),
            "metadata.groups: a group 'main', which here is the name of what the project itself depends on",
            id="a group main",
        ),
        pytest.param(
            metadata(targets=targets('requires_python = "x"')),
            "metadata.targets[0].requires_python: 'x' is not a version constraint",
            id="requires_python",
        ),
        pytest.param(
            metadata(targets=targets("platform = 'a\"'")),
            'metadata.targets[0].platform: cannot read \'sys_platform == "a""\': Expected end of marker expression',
            id="platform",
        ),
        pytest.param(
            metadata() + '[[package]]\nversion = "1.0"', "package[0].name: required, and missing", id="no name"
        ),
        pytest.param(
            metadata() + entry("a", more='marker = "x"'),
            "package[0].marker: package a: cannot read 'x': Expected a marker variable or quoted string",
            id="marker",
        ),
        pytest.param(
            metadata() + entry("a", more='dependencies = ["b", "=="]'),
            "package[0].dependencies[1]: package a: '==' is not a requirement",
            id="a dependency",
        ),
        pytest.param(
            metadata() + entry("a", more='dependencies = ["./"]'),
            "package[0].dependencies[0]: package a: './' is not a requirement",
            id="a place without a name",
        ),
        pytest.param(
            metadata() + entry("a", more='git = "https://example.org/a"'),
            "package[0].revision: package a: required, and missing",
            id="no revision",
        ),
        pytest.param(
            metadata() + entry("a", files="{}"), "package[0].files[0].file: package a: required, and missing", id="file"
        ),
        pytest.param(
            metadata() + entry("a", files="1"),
            "package[0].files[0]: package a: expected a table, found an integer",
            id="files",
        ),
    ],
)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_lock("pdm.lock", text)
    assert str(caught.value) == f"pdm.lock: {message}"

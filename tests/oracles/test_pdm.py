"""pdm.lock beside ``pdm export``, beside the pylock.toml that pdm made of it, and with and without its metadata."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import PackageSdist, PackageWheel, Pylock

from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import PlatformNotAdmittedError
from pytest_ofiuco.store.project import load
from tests.oracles.conftest import CORPUS, Run, Tools
from tests.oracles.exported import PLATFORMS, assert_same, exported, file_of, filenames
from tests.targets import target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.e2e

MADE = CORPUS.parent / "pdm"
EXPORT = ("export", "--format", "requirements", "--no-extras")
PYTHONS = {
    "pdm-demo": ("3.8", "3.10", "3.12", "3.13"),
    "unearth": ("3.9", "3.10", "3.12", "3.13"),
    "shop": ("3.9", "3.10", "3.12", "3.13"),
    "targets": ("3.9", "3.11", "3.12", "3.13"),
}

ADMITTED = {
    "manylinux_2_28_x86_64": ("3.10", "3.12", "3.13"),
    "musllinux_1_2_x86_64": ("3.10", "3.12", "3.13"),
    "macosx_14_0_arm64": ("3.12", "3.13"),
    "win_amd64": ("3.9", "3.10", "3.12", "3.13"),
}
"""What `platforms/pdm.lock` is made for; libc families are a matter of files."""


def cells(*projects: str) -> list[Any]:
    return [
        pytest.param(project, python, platform, id=f"{project}-{python}-{platform}")
        for project in projects
        for python in PYTHONS[project]
        for platform in PLATFORMS
    ]


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the projects that pdm may write into."""
    directory = tmp_path_factory.mktemp("pdm", numbered=False)
    for project in (CORPUS / "pdm-demo", CORPUS / "unearth", *MADE.iterdir()):
        if project.is_dir():
            shutil.copytree(project, directory / project.name)
    return directory


def check(
    directory: Path,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...] | None,
    extras: tuple[str, ...],
    tools: Tools,
    run: Run,
) -> None:
    lock = load(directory, "pdm.lock").lock
    assert (lock.shape, lock.stale, lock.warnings) == ("star", "", ())
    text = run([str(tools.pdm), *EXPORT, *options], directory)
    here = target(python, platform)
    selection = lock.selection(groups=groups, extras=extras)
    assert_same(lock, here, selection, exported(text, here, {}), filenames(directory / "pdm.lock"))


@pytest.mark.parametrize(
    ("options", "groups"),
    [pytest.param(("--prod",), ("main",), id="main"), pytest.param(("--dev",), None, id="default")],
)
@pytest.mark.parametrize(("project", "python", "platform"), cells("pdm-demo", "unearth"))
def test_groups(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...] | None,
    locked: Path,
    tools: Tools,
    run: Run,
) -> None:
    """pdm installs what is locked, extras too, unless told of groups; then ``default`` and those for development."""
    check(locked / project, python, platform, options, groups, (), tools, run)


@pytest.mark.parametrize(
    ("options", "groups", "extras"),
    [
        pytest.param(("--prod", "--group", "keyring"), ("main",), ("keyring",), id="an extra"),
        pytest.param(("--no-default", "--group", "doc"), ("doc",), (), id="one group alone"),
        pytest.param((), ("main", "doc", "test"), ("keyring", "legacy"), id="everything"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), cells("unearth"))
def test_chosen_groups_and_extras(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    locked: Path,
    tools: Tools,
    run: Run,
) -> None:
    check(locked / project, python, platform, options, groups, extras, tools, run)


@pytest.mark.parametrize(
    ("options", "groups", "extras"),
    [
        pytest.param(("--prod",), ("main",), (), id="main"),
        pytest.param(("--without", "local"), ("main", "dev-tools", "test"), ("all", "cli"), id="all but a path"),
        pytest.param(("--group", "test"), ("main", "test"), (), id="a group"),
        pytest.param(("--no-default", "--group", "dev-tools"), ("dev-tools",), (), id="a group that includes another"),
        pytest.param(("--prod", "--group", "all"), ("main",), ("all",), id="an extra that includes another"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), cells("shop", "targets"))
def test_extras_of_packages_and_several_targets(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    locked: Path,
    tools: Tools,
    run: Run,
) -> None:
    check(locked / project, python, platform, options, groups, extras, tools, run)


@pytest.mark.parametrize(
    ("python", "platform"),
    [
        pytest.param(python, platform, id=f"{python}-{platform}")
        for platform, pythons in ADMITTED.items()
        for python in pythons
    ],
)
def test_platforms(python: str, platform: str, locked: Path, tools: Tools, run: Run) -> None:
    groups = ("main", "dev-tools", "test")
    check(locked / "platforms", python, platform, ("--without", "local"), groups, ("all", "cli"), tools, run)


@pytest.mark.parametrize(
    ("python", "platform"),
    [
        pytest.param(python, platform, id=f"{python}-{platform}")
        for platform in PLATFORMS
        for python in ("3.9", "3.10", "3.12", "3.13")
        if python not in ADMITTED.get(platform, ())
    ],
)
def test_platforms_that_a_lock_is_not_made_for(python: str, platform: str) -> None:
    """pdm exports such a lock, and refuses to install it."""
    lock = load(MADE / "platforms", "pdm.lock").lock
    with pytest.raises(PlatformNotAdmittedError):
        resolve(lock, target(python, platform), lock.selection())


@pytest.mark.parametrize(
    ("groups", "extras"),
    [
        pytest.param(("main",), (), id="main"),
        pytest.param(("test",), (), id="test"),
        pytest.param(("dev-tools", "local"), (), id="groups"),
        pytest.param(("main",), ("all",), id="an extra"),
        pytest.param(None, (), id="default"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), cells("shop"))
def test_with_and_without_inherited_metadata(
    project: str, python: str, platform: str, groups: tuple[str, ...] | None, extras: tuple[str, ...]
) -> None:
    """pdm exports no lock without; the same project's lock with them must have the same answer."""
    here = target(python, platform)
    star, graph = (load(MADE / project, name).lock for name in ("pdm.lock", "graph.lock"))
    assert (graph.format, graph.shape, graph.stale, graph.warnings) == ("pdm", "graph", "", ())
    assert (list(graph.groups), graph.default_groups) == (list(star.groups), star.default_groups)
    assert list(graph.extras) == list(star.extras)
    first, second = (resolve(each, here, each.selection(groups=groups, extras=extras)) for each in (star, graph))
    assert first.packages == second.packages


@pytest.mark.parametrize(
    ("extras", "groups"),
    [
        pytest.param((), ("default",), id="default"),
        pytest.param(("security",), ("default",), id="an extra"),
        pytest.param(("security", "tests"), ("default",), id="two extras"),
        pytest.param(("tests",), (), id="an extra alone"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), cells("pdm-demo"))
def test_the_pylock_that_pdm_made_of_it(
    project: str, python: str, platform: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    directory, here = CORPUS / project, target(python, platform)
    document = tomllib.loads((directory / "pylock.toml").read_text(encoding="utf-8"))
    selected = Pylock.from_dict(document).select(
        environment=here.environment,  # type: ignore[arg-type]
        tags=here.tags,
        extras=extras,
        dependency_groups=groups,
    )
    answer = {}
    for package, source in selected:
        assert isinstance(source, PackageWheel | PackageSdist)
        answer[package.name] = str(package.version), source.hashes["sha256"]
    lock, pylock = load(directory, "pdm.lock").lock, load(directory, "pylock.toml").lock
    ours = lock.selection(groups=("main",) if groups else (), extras=extras)
    theirs = pylock.selection(groups=groups, extras=extras)
    for found in (resolve(lock, here, ours), resolve(pylock, here, theirs)):
        assert {pin.name: (pin.version, file_of(pin.artifact)) for pin in found.packages} == answer

"""poetry.lock beside ``poetry export``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.conftest import Run, Tools
from tests.oracles.exported import PLATFORMS, assert_same, exported, filenames, locked, paths
from tests.targets import target

pytestmark = pytest.mark.e2e

EXPORT = ("export", "--quiet", "--format", "requirements.txt")
PYTHONS = {
    "rich": ("3.8", "3.9", "3.10", "3.12", "3.13", "pypy3.10"),
    "ofiuco-sphinx": ("3.12", "3.12.4", "3.13", "3.14"),
    "ofiuco-torch": ("3.12", "3.12.4", "3.13", "3.14"),
    "ofiuco-torch-assets": ("3.10", "3.11", "3.12", "3.13"),
}
CELLS = [
    pytest.param(project, python, platform, id=f"{project}-{python}-{platform}")
    for project, pythons in PYTHONS.items()
    for python in pythons
    for platform in PLATFORMS
]
RICH_CELLS = [cell for cell in CELLS if cell.values[0] == "rich"]


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
    lock = locked(directory, "poetry.lock")
    file = directory / "poetry.lock"
    text = run([str(tools.poetry), *EXPORT, *options, "--output", "/dev/stdout"], directory)
    here = target(python, platform)
    selection = lock.selection(groups=groups, extras=extras)
    assert_same(lock, here, selection, exported(text, here, paths(file)), filenames(file))


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        pytest.param((), ("main",), id="main"),
        pytest.param(("--all-groups",), None, id="default"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), CELLS)
def test_groups(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...] | None,
    projects: Path,
    tools: Tools,
    run: Run,
) -> None:
    """Poetry installs every group that is not optional, as none here is; it exports main alone unless told more."""
    check(projects / project, python, platform, options, groups, (), tools, run)


@pytest.mark.parametrize(
    ("options", "groups", "extras"),
    [
        pytest.param(("--only", "dev"), ("dev",), (), id="one group alone"),
        pytest.param(("--extras", "jupyter"), ("main",), ("jupyter",), id="an extra"),
        pytest.param(("--with", "dev", "--all-extras"), ("main", "dev"), ("jupyter",), id="a group and an extra"),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), RICH_CELLS)
def test_chosen_groups_and_extras(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    projects: Path,
    tools: Tools,
    run: Run,
) -> None:
    check(projects / project, python, platform, options, groups, extras, tools, run)

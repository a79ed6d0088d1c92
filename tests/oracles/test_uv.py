"""uv.lock beside ``uv export``."""

from __future__ import annotations

import pytest

from tests.oracles.conftest import CORPUS, Run, Tools
from tests.oracles.exported import PLATFORMS, assert_same, exported, filenames, locked
from tests.targets import target

pytestmark = pytest.mark.e2e

EXPORT = ("export", "--quiet", "--offline", "--frozen", "--no-emit-project", "--format", "requirements-txt")
PYTHONS = {
    "flask": ("3.10", "3.11", "3.12", "3.13", "3.13t"),
    "click": ("3.10", "3.11", "3.12", "3.14"),
    "ofiuco-sphinx": ("3.12", "3.12.4", "3.13", "3.14"),
}
DEFAULT = pytest.param((), None, (), id="default")
MAIN = pytest.param(("--no-default-groups",), ("main",), (), id="main")
CELLS = [
    pytest.param(project, python, platform, id=f"{project}-{python}-{platform}")
    for project, pythons in PYTHONS.items()
    for python in pythons
    for platform in PLATFORMS
]
FLASK_CELLS = [cell for cell in CELLS if cell.values[0] == "flask"]


@pytest.mark.parametrize(("options", "groups", "extras"), [DEFAULT, MAIN])
@pytest.mark.parametrize(("project", "python", "platform"), CELLS)
def test_groups_by_default_and_none(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...] | None,
    extras: tuple[str, ...],
    tools: Tools,
    run: Run,
) -> None:
    directory = CORPUS / project
    lock = locked(directory, "uv.lock")
    text = run([str(tools.uv), *EXPORT, *options], directory)
    here = target(python, platform)
    selection = lock.selection(groups=groups, extras=extras)
    assert_same(lock, here, selection, exported(text, here, {}), filenames(directory / "uv.lock"))


@pytest.mark.parametrize(("project", "python", "platform"), CELLS)
def test_everything(project: str, python: str, platform: str, tools: Tools, run: Run) -> None:
    directory = CORPUS / project
    lock = locked(directory, "uv.lock")
    text = run([str(tools.uv), *EXPORT, "--all-groups", "--all-extras"], directory)
    here = target(python, platform)
    selection = lock.selection(all_groups=True, all_extras=True)
    assert_same(lock, here, selection, exported(text, here, {}), filenames(directory / "uv.lock"))


@pytest.mark.parametrize(
    ("options", "groups", "extras"),
    [
        pytest.param(("--only-group", "typing"), ("typing",), (), id="one group alone"),
        pytest.param(
            ("--no-default-groups", "--group", "tests", "--group", "docs"), ("main", "tests", "docs"), (), id="groups"
        ),
        pytest.param(("--no-default-groups", "--extra", "async"), ("main",), ("async",), id="an extra"),
        pytest.param(
            ("--no-default-groups", "--group", "gha-update", "--extra", "dotenv"),
            ("main", "gha-update"),
            ("dotenv",),
            id="a group and an extra",
        ),
    ],
)
@pytest.mark.parametrize(("project", "python", "platform"), FLASK_CELLS)
def test_chosen_groups_and_extras(
    project: str,
    python: str,
    platform: str,
    options: tuple[str, ...],
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    tools: Tools,
    run: Run,
) -> None:
    directory = CORPUS / project
    lock = locked(directory, "uv.lock")
    text = run([str(tools.uv), *EXPORT, *options], directory)
    here = target(python, platform)
    selection = lock.selection(groups=groups, extras=extras)
    assert_same(lock, here, selection, exported(text, here, {}), filenames(directory / "uv.lock"))

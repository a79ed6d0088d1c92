"""uv.lock beside ``uv export``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.core.resolve import resolve
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


MEMBERS = {
    "one": 'dependencies = ["two[more]"]\n[project.optional-dependencies]\nplus = ["three"]\n',
    "two": "[project.optional-dependencies]\nmore = [\"three; sys_platform == 'win32'\"]\n",
    "three": "[tool.uv]\npackage = false\n",
    "four": '[dependency-groups]\ndev = ["two"]\n[build-system]\nrequires = ["x"]\nbuild-backend = "x"\n',
}


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, tools: Tools, run: Run) -> Path:
    """A workspace whose root is no project, locked by uv."""
    directory = tmp_path_factory.mktemp("workspace", numbered=False)
    sources = "".join(f"{name} = {{ workspace = true }}\n" for name in MEMBERS)
    settings = f'[tool.uv.workspace]\nmembers = ["*"]\n[tool.uv.sources]\n{sources}'
    (directory / "pyproject.toml").write_text(f'[dependency-groups]\nlint = ["one"]\n{settings}', encoding="utf-8")
    for name, rest in MEMBERS.items():
        project = f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n{rest}'
        (directory / name).mkdir()
        (directory / name / "pyproject.toml").write_text(project, encoding="utf-8")
    run([str(tools.uv), "lock", "--quiet", "--offline"], directory)
    return directory


@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "win_amd64"])
@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        pytest.param((), {}, id="default"),
        pytest.param(("--no-default-groups",), {"groups": ["main"]}, id="main"),
        pytest.param(("--only-group", "lint"), {"groups": ["lint"]}, id="one group alone"),
        pytest.param(("--only-group", "dev"), {"groups": ["dev"]}, id="one group of a member alone"),
        pytest.param(("--extra", "plus"), {"extras": ["plus"]}, id="an extra"),
        pytest.param(("--all-groups", "--all-extras"), {"all_groups": True, "all_extras": True}, id="everything"),
    ],
)
def test_a_workspace_whose_root_is_no_project(
    options: tuple[str, ...], chosen: Mapping[str, Any], platform: str, workspace: Path, tools: Tools, run: Run
) -> None:
    """There is no project to leave out: every member that is a package is installed."""
    lock, here = locked(workspace, "uv.lock"), target("3.12", platform)
    text = run([str(tools.uv), *EXPORT, *options], workspace).replace("-e ./", "-e file:///")
    answer = exported(text, here, {name: name for name in MEMBERS})
    assert list(resolve(lock, here, lock.selection(**chosen)).versions()) == sorted(answer)

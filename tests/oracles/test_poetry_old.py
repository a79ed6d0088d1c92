"""Older poetry.lock formats beside Poetry: what it would install from them, and what the same entries say in 2.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from pytest_ofiuco.core.lock import Lock, Selection
from pytest_ofiuco.core.resolve import Pin, one_version_each, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import NoArtifactError
from pytest_ofiuco.store.project import load
from tests.oracles.conftest import CORPUS, Run, Tools
from tests.oracles.exported import exported, paths
from tests.oracles.old_poetry_locks import VERSIONS, rewritten, to_toml
from tests.targets import target

pytestmark = pytest.mark.e2e

T = TypeVar("T")

SOLVE = Path(__file__).with_name("poetry_solve_lock.py")
WRITTEN = Path(__file__).parent.parent / "data" / "poetry"
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_14_0_arm64",
    "macosx_14_0_x86_64",
    "win_amd64",
    "win32",
)
PYTHONS = {
    "rich": ("3.8", "3.10", "3.12", "3.13"),
    "ofiuco-sphinx": ("3.12", "3.13"),
    "ofiuco-torch": ("3.12", "3.13"),
    "ofiuco-torch-assets": ("3.10", "3.11", "3.12", "3.13"),
}
CONVERTED = [(project, version) for project in PYTHONS for version in VERSIONS]

NOT_OF_THE_FORMAT: Mapping[str, frozenset[str]] = {
    # Poetry 2.1 locked it for main with no marker, though only an extra leads there.
    "rich": frozenset({"typing-extensions"}),
    # Without markers of entries Poetry takes the higher one on every platform.
    "ofiuco-torch": frozenset({"torch", "torchvision", "triton"}),
    "ofiuco-torch-assets": frozenset({"torchvision"}),
}
"""Packages of which an older format cannot say what 2.1 says. What Poetry takes is asked of Poetry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a lock."""

    here: Target
    selection: Selection

    def __str__(self) -> str:
        return f"{self.here} {self.selection}"


def questions(lock: Lock, pythons: tuple[str, ...]) -> list[Question]:
    """Each group alone, all default groups, and those with all extras, everywhere."""
    selections = [lock.selection(), lock.selection(all_extras=True)]
    selections += [lock.selection(groups=[group]) for group in lock.groups]
    return [
        Question(here=target(python, platform), selection=each)
        for python in pythons
        for platform in PLATFORMS
        for each in selections
    ]


def walked(lock: Lock, question: Question) -> dict[str, str | None]:
    """Versions by name, whether or not there is a file for the target."""
    walk = Walk(lock, question.here, question.selection)
    walk.check_target()
    walk.reach()
    return {name: package.version for name, package in one_version_each(walk).items()}


def solved(directory: Path, asked: list[Question], tools: Tools, run: Run) -> list[dict[str, str]]:
    """What Poetry would install."""
    written = [
        {
            "environment": dict(each.here.environment),
            "groups": each.selection.groups,
            "extras": each.selection.extras,
        }
        for each in asked
    ]
    found: list[dict[str, str]] = json.loads(
        run([str(tools.poetry_python), str(SOLVE), json.dumps(written)], directory)
    )
    return found


@pytest.fixture(scope="session")
def converted(projects: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus in older formats: PROJECT/VERSION."""
    folder = tmp_path_factory.mktemp("converted", numbered=False)
    for project, version in CONVERTED:
        directory = folder / project / version
        directory.mkdir(parents=True)
        for each in (projects / project).iterdir():
            if each.name not in ("poetry.lock", "uv.lock"):
                (directory / each.name).symlink_to(each)
        text = to_toml(rewritten(CORPUS / project / "poetry.lock", version))
        (directory / "poetry.lock").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("project", "version"), CONVERTED)
def test_what_poetry_installs(project: str, version: str, converted: Path, tools: Tools, run: Run) -> None:
    directory = converted / project / version
    lock = load(directory, "poetry.lock").lock
    asked = questions(lock, PYTHONS[project])
    for question, answer in zip(asked, solved(directory, asked, tools, run), strict=True):
        assert walked(lock, question) == answer, question


@pytest.mark.parametrize("poetry", ["1.1.15", "1.2.2", "1.8.5"])
def test_what_poetry_installs_from_locks_that_poetries_wrote(poetry: str, tools: Tools, run: Run) -> None:
    directory = WRITTEN / poetry
    lock = load(directory, "poetry.lock").lock
    asked = questions(lock, ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13"))
    for question, answer in zip(asked, solved(directory, asked, tools, run), strict=True):
        assert walked(lock, question) == answer, question


def test_markers_of_entries(tools: Tools, run: Run) -> None:
    """Poetry 1.0 tells by a marker of colorama's entry that it is for Windows alone; Poetry 2 does not read it."""
    lock = load(WRITTEN / "1.0.10", "poetry.lock").lock
    asked = questions(lock, ("3.8", "3.10", "3.12"))
    for question, answer in zip(asked, solved(WRITTEN / "1.0.10", asked, tools, run), strict=True):
        if question.here.platform.os != "windows":
            answer.pop("colorama", None)
        assert walked(lock, question) == answer, question


@pytest.mark.parametrize(("project", "version"), CONVERTED)
def test_the_same_entries_in_a_newer_format(project: str, version: str, converted: Path) -> None:
    old = load(converted / project / version, "poetry.lock").lock
    new = load(CORPUS / project, "poetry.lock").lock
    assert (old.default_groups, sorted(old.groups), sorted(old.extras)) == (
        new.default_groups,
        sorted(new.groups),
        sorted(new.extras),
    )
    apart = NOT_OF_THE_FORMAT.get(project, frozenset())
    for question in questions(new, PYTHONS[project]):
        ours, theirs = walked(old, question), walked(new, question)
        assert without(apart, ours) == without(apart, theirs), question
        both = pins(old, question), pins(new, question)
        if all(both):
            assert without(apart, both[0]) == without(apart, both[1]), question


def without(names: frozenset[str], found: Mapping[str, T]) -> dict[str, T]:
    return {name: each for name, each in found.items() if name not in names}


def pins(lock: Lock, question: Question) -> dict[str, Pin]:
    """What is pinned; nothing where there is no file for the target."""
    try:
        return {pin.name: pin for pin in resolve(lock, question.here, question.selection).packages}
    except NoArtifactError:
        return {}


@pytest.mark.parametrize("python", PYTHONS["rich"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_poetry_exports(python: str, platform: str, converted: Path, tools: Tools, run: Run) -> None:
    directory = converted / "rich" / "2.0"
    lock = load(directory, "poetry.lock").lock
    command = ("export", "--quiet", "--format", "requirements.txt", "--with", "dev", "--output", "/dev/stdout")
    here = target(python, platform)
    answer = exported(run([str(tools.poetry), *command], directory), here, paths(directory / "poetry.lock"))
    found = walked(lock, Question(here=here, selection=lock.selection()))
    assert found == {name: each.version for name, each in answer.items()}


URLLIB3 = """\
[[package]]
name = "botocore"
version = "1.31.85"
description = ""
optional = true
python-versions = ">=3.7"
files = []

[package.dependencies]
urllib3 = [
    {version = ">=1.25.4,<1.27", markers = "python_version < \\"3.10\\""},
    {version = ">=1.25.4,<2.1", markers = "python_version >= \\"3.10\\""},
]

[[package]]
name = "urllib3"
version = "1.26.20"
description = ""
optional = false
python-versions = "*"
files = []

[[package]]
name = "urllib3"
version = "2.0.7"
description = ""
optional = false
python-versions = ">=3.7"
files = []

[extras]
s3 = ["botocore"]

[metadata]
lock-version = "2.0"
python-versions = "^3.8"
content-hash = "0"
"""

WANTS_URLLIB3 = """\
[tool.poetry]
name = "x"
version = "1"
description = ""
authors = []

[tool.poetry.dependencies]
python = "^3.8"
urllib3 = ">=1.25,<3"
botocore = {version = "^1.31", optional = true}

[tool.poetry.group.dev.dependencies]
urllib3 = "*"

[tool.poetry.extras]
s3 = ["botocore"]
"""


def test_an_extra_that_is_not_wanted_decides_a_version_too(tmp_path: Path, tools: Tools, run: Run) -> None:
    (tmp_path / "poetry.lock").write_text(URLLIB3, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(WANTS_URLLIB3, encoding="utf-8")
    lock = load(tmp_path, "poetry.lock").lock
    asked = questions(lock, ("3.8", "3.9", "3.10", "3.12"))
    for question, answer in zip(asked, solved(tmp_path, asked, tools, run), strict=True):
        assert walked(lock, question) == answer, question

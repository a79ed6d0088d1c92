"""pylock.toml beside ``packaging.pylock.Pylock.select``, and the lock that it was exported from beside both."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import (
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockSelectError,
)
from packaging.tags import Tag

from pytest_ofiuco import formats
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.source import filename_of
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.core.target import Target
from tests.locks import included
from tests.oracles.conftest import CORPUS, Run, Tools
from tests.oracles.exported import NOTHING, PLATFORMS, file_of, fits, locked, refusal, with_stand_ins
from tests.targets import target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.e2e

DIRECTORIES = ("sample", "sample_hatchling")
"""Source trees of a lock: PEP 751 forbids a version, which poetry.lock has."""
EXPORTER = Path(__file__).with_name("poetry_export_pylock.py")
UV_EXPORT = ("export", "--quiet", "--offline", "--frozen", "--no-emit-project", "--format", "pylock.toml")
Answer = dict[str, tuple[str | None, str | None]]


def cells(pythons: Mapping[str, Iterable[str]]) -> list[Any]:
    return [
        pytest.param(project, python, platform, id=f"{project}-{python}-{platform}")
        for project, versions in pythons.items()
        for python in versions
        for platform in PLATFORMS
    ]


def selected(document: dict[str, Any], here: Target) -> tuple[Answer, set[str]]:
    """Versions and files by name as ``packaging`` selects them, and the packages of which no file fits.

    ``packaging`` refuses these too, save for a wheel given as an archive, whose tags it does not read. They get a
    stand-in, so that the rest of the answer can be seen.
    """
    tags = frozenset(here.tags)
    answer: Answer = {}
    refused = False
    for package, source in Pylock.from_dict(_with_stand_ins(document, tags)).select(
        environment=here.environment,  # type: ignore[arg-type]
        tags=here.tags,
    ):
        file = _file_of(source)
        refused = refused or file == NOTHING
        if isinstance(source, PackageArchive) and not fits(filename_of(source.url or source.path or ""), tags):
            file = NOTHING
        answer[package.name] = str(package.version) if package.version is not None else None, file
    if refused:
        untouched = Pylock.from_dict(document)
        with pytest.raises(PylockSelectError, match="No wheel found matching the provided tags"):
            list(untouched.select(environment=here.environment, tags=here.tags))  # type: ignore[arg-type]
    return answer, {name for name, (_, file) in answer.items() if file == NOTHING}


def _with_stand_ins(document: dict[str, Any], tags: frozenset[Tag]) -> dict[str, Any]:
    """The document with an sdist for each entry that has only wheels, none of which fits."""
    packages = []
    for package in document["packages"]:
        wheels = [each.get("name") or filename_of(each["url"]) for each in package.get("wheels", ())]
        lacks = wheels and "sdist" not in package and not any(fits(each, tags) for each in wheels)
        path = f"{package['name']}-{package.get('version', 0)}.tar.gz"
        stand_in = {"path": path, "hashes": {"sha256": NOTHING}}
        packages.append({**package, "sdist": stand_in} if lacks else package)
    return {**document, "packages": packages}


def _file_of(source: object) -> str:
    match source:
        case PackageWheel() | PackageSdist() | PackageArchive():
            return source.hashes["sha256"]
        case PackageVcs():
            return source.commit_id
        case PackageDirectory():
            return source.path
    raise AssertionError(source)


def resolved(lock: Lock, here: Target, groups: tuple[str, ...] | None, misfits: set[str]) -> Answer:
    """Our answer; where no file of some package fits, first the error that says so."""
    selection = lock.selection(groups=groups)
    if misfits:
        error = refusal(lock, here, selection)
        assert error.package in misfits, f"{error}; without a fitting file: {sorted(misfits)}"
    pins = resolve(with_stand_ins(lock, misfits), here, selection).packages
    return {pin.name: (pin.version, file_of(pin.artifact)) for pin in pins}


@cache
def document_of(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@cache
def exported(text: str) -> Lock:
    return formats.read(text.encode(), "pylock.toml", Table({}, file="pyproject.toml"), included({}))


@pytest.mark.parametrize(
    ("project", "python", "platform"), cells({"pex-issue-2887": ("3.12", "3.13", "3.13t", "3.14")})
)
def test_a_pylock_from_the_wild(project: str, python: str, platform: str) -> None:
    """Nine of its entries, for macOS on x86_64 alone, have no file; ``packaging`` refuses the file for them.

    Here it sees a wheel in them that fits nothing.
    """
    directory = CORPUS / project
    document = tomllib.loads((directory / "pylock.toml").read_text(encoding="utf-8"))
    kinds = {"wheels", "sdist", "vcs", "directory", "archive"}
    hollow = [each for each in document["packages"] if kinds.isdisjoint(each)]
    assert len(hollow) == 9
    for each in hollow:
        name = f"{each['name'].replace('-', '_')}-{each['version']}-py2-none-any.whl"
        each["wheels"] = [{"url": f"https://files.example.org/{name}", "hashes": {"sha256": NOTHING}}]
    here = target(python, platform)
    answer, misfits = selected(document, here)
    assert platform != "macosx_14_0_x86_64" or misfits.issuperset(each["name"] for each in hollow)
    assert resolved(locked(directory), here, None, misfits) == answer


@pytest.mark.parametrize(
    ("project", "python", "platform"),
    cells(
        {
            "flask": ("3.10", "3.11", "3.12", "3.13", "pypy3.11"),
            "click": ("3.10", "3.11", "3.12", "3.13"),
            "ofiuco-sphinx": ("3.12", "3.12.4", "3.13", "3.14"),
        }
    ),
)
def test_uv_lock_and_its_export(project: str, python: str, platform: str, tools: Tools, run: Run) -> None:
    directory = CORPUS / project
    text = run([str(tools.uv), *UV_EXPORT], directory)
    here = target(python, platform)
    answer, misfits = selected(document_of(text), here)
    assert resolved(exported(text), here, None, misfits) == answer
    assert resolved(locked(directory, "uv.lock"), here, None, misfits) == answer


@pytest.mark.parametrize(
    ("project", "python", "platform"),
    cells(
        {
            "rich": ("3.8", "3.10", "3.12", "3.13"),
            "ofiuco-sphinx": ("3.12", "3.12.4", "3.13", "3.14"),
            "ofiuco-torch": ("3.12", "3.12.4", "3.13", "3.14"),
            "ofiuco-torch-assets": ("3.10", "3.11", "3.12", "3.13"),
        }
    ),
)
def test_poetry_lock_and_its_export(
    project: str, python: str, platform: str, projects: Path, tools: Tools, run: Run
) -> None:
    directory = projects / project
    text = run([str(tools.poetry_python), str(EXPORTER), "main", ""], directory)
    here = target(python, platform)
    answer, misfits = selected(document_of(text), here)
    assert resolved(exported(text), here, None, misfits) == answer
    pins = resolved(locked(directory, "poetry.lock"), here, ("main",), misfits)
    assert {name: (None if file in DIRECTORIES else version, file) for name, (version, file) in pins.items()} == answer

"""requirements.txt beside pip's choice, its markers as ``packaging`` has them, and the lock it was exported from."""

from __future__ import annotations

import json
import venv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Sdist, Vcs, Wheel, sha256_of
from pytest_ofiuco.core.lock import Lock, Package, Selection
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import NoArtifactError, PythonNotAdmittedError
from pytest_ofiuco.formats import read
from pytest_ofiuco.store.project import load
from tests.locks import included, table
from tests.oracles.conftest import CORPUS, Run, Tools
from tests.oracles.exported import exported, file_of, filenames
from tests.targets import target

pytestmark = pytest.mark.e2e

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_17_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_14_0_arm64",
    "macosx_13_0_x86_64",
    "win_amd64",
)
CELLS = [pytest.param(python, platform, id=f"{python}-{platform}") for python in PYTHONS for platform in PLATFORMS]

Compiled = Callable[[str], Path]


@pytest.fixture(scope="session")
def compiled(tools: Tools, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The folder of a requirements.txt that uv compiles for every platform, once each."""
    known: dict[str, Path] = {}

    def compiled(wanted: str) -> Path:
        if wanted not in known:
            folder = known[wanted] = tmp_path_factory.mktemp("compiled")
            (folder / "requirements.in").write_text(wanted)
            options = ("--universal", "--generate-hashes", "--python-version", "3.10", "--quiet")
            files = ("requirements.in", "--output-file", "requirements.txt")
            run([str(tools.uv), "pip", "compile", *options, *files], folder)
        return known[wanted]

    return compiled


# pip


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """pip, alone."""
    folder = tmp_path_factory.mktemp("pip")
    venv.create(folder, with_pip=True)
    return [str(folder / "bin" / "python"), "-m", "pip"]


def _tags_for_pip(where: Target) -> list[str]:
    """The target as pip's options: each platform tag, best first, and the ABIs."""
    platforms = dict.fromkeys(tag.platform for tag in where.tags if tag.platform != "any")
    abis = (f"cp{where.python.text.replace('.', '')}", "abi3", "none")
    options = ["--python-version", where.python.text, "--implementation", "cp"]
    return [*options, *(f"--platform={each}" for each in platforms), *(f"--abi={each}" for each in abis)]


@pytest.mark.parametrize(
    ("python", "platform"),
    [
        ("3.10", "manylinux_2_28_x86_64"),
        ("3.12", "manylinux_2_17_aarch64"),
        ("3.13", "musllinux_1_2_x86_64"),
        ("3.11", "macosx_14_0_arm64"),
        ("3.12", "win_amd64"),
    ],
)
def test_pip_takes_the_same_files(python: str, platform: str, compiled: Compiled, pip: list[str], run: Run) -> None:
    folder = compiled("markupsafe\ncharset-normalizer\npyyaml\ncertifi\nmsgpack\n")
    here = target(python, platform)
    options = [
        "--dry-run",
        "--quiet",
        "--ignore-installed",
        "--report=-",
        "--no-deps",
        "--require-hashes",
        "--target=t",
    ]
    command = [*pip, "install", *options, "--only-binary=:all:", *_tags_for_pip(here), "-r", "requirements.txt"]
    report = json.loads(run(command, folder))
    lock = load(folder).lock
    ours = {pin.name: file_of(pin.artifact) for pin in resolve(lock, here, lock.selection()).packages}
    theirs = {
        canonicalize_name(each["metadata"]["name"]): each["download_info"]["archive_info"]["hashes"]["sha256"]
        for each in report["install"]
    }
    assert ours == theirs


# Markers


@pytest.mark.parametrize(("python", "platform"), CELLS)
def test_versions_are_those_whose_markers_hold(python: str, platform: str, compiled: Compiled) -> None:
    folder = compiled("numpy\nrequests[socks]\npytest\nipython\ncolorama ; sys_platform == 'win32'\n")
    here = target(python, platform)
    answer = exported((folder / "requirements.txt").read_text(), here, {})
    lock = load(folder).lock
    resolution = resolve(lock, here, lock.selection())
    assert resolution.versions() == {name: each.version for name, each in answer.items()}
    for pin in resolution.packages:
        assert file_of(pin.artifact) in answer[pin.name].hashes


# The lock that was exported


def _named(lock: Lock, names: Mapping[str, str]) -> Lock:
    """The lock with the files that another lock names."""
    return replace(lock, packages=tuple(_with_files(each, names) for each in lock.packages))


def _with_files(package: Package, names: Mapping[str, str]) -> Package:
    files = [(names[digest], (("sha256", digest),)) for _, digest in package.unnamed]
    return replace(
        package,
        wheels=tuple(Wheel(filename=name, hashes=hashes) for name, hashes in files if name.endswith(".whl")),
        sdist=next((Sdist(filename=name, hashes=hashes) for name, hashes in files if not name.endswith(".whl")), None),
    )


def _answer(lock: Lock, here: Target, selection: Selection) -> dict[str, tuple[str | None, str | None]] | str:
    """Versions and files by name, no version where only a commit is exported; the kind of error, where there is one."""
    try:
        pins = resolve(lock, here, selection).packages
    except (NoArtifactError, PythonNotAdmittedError) as error:
        return type(error).__name__
    return {pin.name: (None if isinstance(pin.artifact, Vcs) else pin.version, file_of(pin.artifact)) for pin in pins}


@pytest.mark.parametrize("project", ["flask", "click", "ofiuco-sphinx"])
@pytest.mark.parametrize(("python", "platform"), CELLS)
def test_an_export_resolves_as_its_lock(project: str, python: str, platform: str, tools: Tools, run: Run) -> None:
    directory = CORPUS / project
    options = ("--quiet", "--offline", "--frozen", "--no-emit-project", "--format", "requirements-txt")
    text = run([str(tools.uv), "export", *options], directory)
    here = target(python, platform)
    own = load(directory, "uv.lock").lock
    pyproject = table((directory / "pyproject.toml").read_text(encoding="utf-8"))
    export = _named(read(text.encode(), "requirements.txt", pyproject, included({})), filenames(directory / "uv.lock"))
    assert _answer(export, here, export.selection()) == _answer(own, here, own.selection())
    assert any(sha256_of(each.hashes) for package in export.packages for each in package.wheels)

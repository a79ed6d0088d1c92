"""Locks that are cut off exactly between two entries: as TOML there is nothing wrong with them, and a part is gone."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from pytest_ofiuco import formats
from pytest_ofiuco.core.check import Subject, check
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError, NotLockedError, OfiucoError
from tests.locks import included, read_lock, table
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

DATA = Path(__file__).parent.parent / "data"
LOCKS = [str(path.relative_to(DATA)) for path in sorted(DATA.rglob("*.lock"))]
TARGETS = (
    LINUX_X86_64,
    MACOS_ARM64,
    WINDOWS,
    target("3.8", "manylinux_2_28_x86_64"),
    target("3.10", "manylinux_2_28_x86_64"),
    target("3.10", "win_amd64"),
)


def read(name: str, size: int | None = None) -> Lock:
    path = DATA / name
    beside = path.parent / "pyproject.toml"
    pyproject = parse(beside.read_bytes(), beside.name) if beside.exists() else Table({}, file=beside.name)
    return formats.read(path.read_bytes()[:size], path.name, pyproject, included({}))


def entries(name: str) -> list[int]:
    """Where entries begin; of many some."""
    found = [each.start() for each in re.finditer(rb"(?m)^\[\[package\]\]", (DATA / name).read_bytes())]
    return found[1 :: len(found) // 12 + 1]


def outcomes(name: str, size: int | None = None) -> list[str]:
    """What each target gets, or the error."""
    try:
        lock = read(name, size)
    except InputError as error:
        return [str(error)]
    found = []
    for here in TARGETS:
        try:
            selection = lock.selection(all_groups=not lock.conflicts)
            found.append(str(resolve(lock, here, selection).versions()))
        except OfiucoError as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_between_entries(name: str) -> None:
    whole = outcomes(name)
    for size in entries(name):
        found = outcomes(name, size)
        assert any("cut off" in each or "not locked" in each for each in found) or found == whole, size


PDM = """[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:{0}"

[[package]]
name = "a"
version = "1.0"
groups = ["default"]
files = [{{file = "a-1.0-py3-none-any.whl", hash = "sha256:{0}"}}]
"""
PDM_PROJECT = """[project]
requires-python = ">=3.9"
dependencies = ["a", "b", "c; sys_platform == 'win32'", "d @ https://files.example.org/e-1.0.zip"]
"""
POETRY = """[[package]]
name = "a"
version = "1.0"
groups = ["main"]
files = [{file = "a-1.0-py3-none-any.whl", hash = "sha256:00"}]

[package.dependencies]
project = "*"
b = "*"

[metadata]
lock-version = "2.1"
"""
UV_WORKSPACE = """version = 1

[manifest]
members = ["a", "b"]

[[package]]
name = "a"
version = "1.0"
source = { editable = "." }
"""
UV_PACKAGES = """version = 1

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://index.example.org" }
"""
RESTORE = "restore the file from version control, or lock the project again"


def resolved(lock: Lock) -> Resolution:
    return resolve(lock, LINUX_X86_64, lock.selection())


@pytest.mark.parametrize(
    ("name", "text", "pyproject", "message"),
    [
        pytest.param(
            "poetry.lock",
            POETRY.partition("[metadata]")[0],
            "",
            f"error: poetry.lock: metadata: required, and missing: the file is cut off\nhint: {RESTORE}",
            id="poetry.lock: [metadata] comes last",
        ),
        pytest.param(
            "poetry.lock",
            POETRY,
            "[project]\nname = 'project'",
            "error: poetry.lock: package[0].dependencies.b: a 1.0 depends on b, which is not locked\n"
            "hint: lock the project again: this lock is incomplete",
            id="poetry.lock: an entry is gone",
        ),
        pytest.param(
            "uv.lock",
            UV_WORKSPACE,
            "",
            f"error: uv.lock: manifest.members[1]: 'b' has no entry: the file is cut off\nhint: {RESTORE}",
            id="uv.lock: a member of the workspace",
        ),
        pytest.param(
            "uv.lock",
            UV_PACKAGES,
            "",
            "error: uv.lock: package: none is the project's own: the file is cut off, or of another project\n"
            f"hint: {RESTORE}",
            id="uv.lock: the project's own entry",
        ),
        pytest.param(
            "requirements.txt",
            "a==1.0 \\\n",
            "",
            "error: requirements.txt: line 1: the file ends within a line that goes on\n"
            "hint: restore it from version control",
            id="requirements.txt: within a line",
        ),
    ],
)
def test_messages(name: str, text: str, pyproject: str, message: str) -> None:
    with pytest.raises((InputError, NotLockedError)) as caught:
        resolved(read_lock(name, text, pyproject))
    assert caught.value.render() == message


def pdm(pyproject: str) -> Lock:
    """A lock of this project, by its hash, that has the first of its packages."""
    hashed = {
        "sources": [],
        "dependencies": table(pyproject).table("project").array("dependencies"),
        "dev-dependencies": {},
        "optional-dependencies": {},
        "requires-python": ">=3.9",
        "resolution": {},
    }
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()
    return read_lock("pdm.lock", PDM.format(digest), pyproject)


def test_what_a_project_requires_of_pdm() -> None:
    """A star does not say it; where the hash says that it is this project's, it is asked for what that requires."""
    lock = pdm(PDM_PROJECT)
    for here, lost in ((LINUX_X86_64, {"b"}), (WINDOWS, {"b", "c"})):
        report = check(lock, [Subject(name="x", target=here, selection=lock.selection())])
        expected = {f"the project depends on {each}, which is not locked, in x" for each in lost}
        assert {each.message for each in report.findings} == expected
    with pytest.raises(NotLockedError, match=r"pyproject\.toml: project\.dependencies\[1\]: the project depends on b"):
        resolved(lock)


def test_one_of_two_entries_of_a_name() -> None:
    """The last entry of torch is gone, and the one before it is not for macOS: that is no reason to go without."""
    name = "torch/pdm/pdm.lock"
    lock = read(name, entries(name)[-1])
    assert resolve(lock, LINUX_X86_64, lock.selection()).versions()["torch"] == "2.7.0+cu128"
    with pytest.raises(NotLockedError) as caught:
        resolve(lock, target("3.12", "macosx_14_0_arm64"), lock.selection())
    assert caught.value.render() == (
        "error: pdm.lock: pyproject.toml: project.dependencies[0]: the project depends on torch, which is not locked\n"
        "hint: lock the project again: this lock is incomplete"
    )


@pytest.mark.parametrize("wrong", ["b !", "p[x]"], ids=["no requirement", "no such extra"])
def test_requirements_that_pdm_would_refuse(wrong: str) -> None:
    lock = pdm(f'[project]\nname = "p"\nrequires-python = ">=3.9"\ndependencies = ["a", "c", "{wrong}"]')
    assert not lock.stale
    assert resolved(lock).versions() == {"a": "1.0"}


def test_a_script_of_uv() -> None:
    """``uv lock --script``: no entry is the project's, and the manifest says what the script requires."""
    text = UV_PACKAGES.replace("1\n", "1\n[manifest]\nrequirements = [{ name = 'a', specifier = '>=1' }]\n", 1)
    lock = read_lock("script.py.lock", text + 'wheels = [{ url = "https://files.example.org/a-1.0-py3-none-any.whl" }]')
    assert resolved(lock).versions() == {"a": "1.0"}

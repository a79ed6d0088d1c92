"""What a build starts from, and the fingerprint that says whether it has changed.

A fingerprint is had without building, downloading or asking anyone, since the key of an environment is made of
them: the sha256 of an archive, a commit, the content of a source tree. An editable install depends on the files
that say how to build it and on where packages lie, not on the code; of pyproject.toml, on the tables that a build
backend reads.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, sha256_of, unknown
from pytest_ofiuco.core.table import parse
from pytest_ofiuco.errors import InputError, UnhashedError
from pytest_ofiuco.store.cache import digest
from pytest_ofiuco.store.witness import Witness, layout

_BUILD_FILES = ("setup.py", "setup.cfg", "hatch.toml", "hatch_build.py", "build.py", "MANIFEST.in")
_BLIND_TABLES = frozenset(
    {
        "basedpyright",
        "bandit",
        "black",
        "codespell",
        "commitizen",
        "coverage",
        "flake8",
        "importlinter",
        "interrogate",
        "isort",
        "mypy",
        "nox",
        "ofiuco",
        "pylint",
        "pyright",
        "pytest",
        "ruff",
        "towncrier",
        "tox",
        "ty",
        "vulture",
    }
)
"""Tables of tools that build nothing: a change there rebuilds nothing."""

_PASSED_OVER = frozenset({"__pycache__", "cdk.out", "htmlcov", "node_modules"})
_LEFT_BY_BUILDS = frozenset({"build", "dist"})
_LEFT_BY_RUNS = ("*.pyc", ".coverage", ".coverage.*", ".DS_Store")
"""Files that tests and file managers leave: one session must not be the reason to build in the next."""

_REPORTS = ("coverage.xml", "coverage.json", "coverage.lcov", "lcov.info", "junit.xml", "report.html", "report.xml")
"""Such files, too, where they lie beside pyproject.toml; below they may be a package's own."""

_MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""What is in virtual environments and in caches."""

_CHUNK = 1 << 20


def fingerprint(artifact: Artifact, lock_file: str, lock_directory: Path) -> list[str]:
    """What decides the files that ``artifact`` installs, as JSON.

    Raises:
        UnhashedError: the lock has no sha256 for a file.
        InputError: a source tree cannot be read.
    """
    match artifact:
        case Wheel() | Sdist() | Archive():
            sha256 = sha256_of(artifact.hashes)
            if sha256 is None:
                raise UnhashedError(lock_file, artifact.filename)
            return [artifact.kind, sha256, getattr(artifact, "subdirectory", None) or ""]
        case Vcs():
            return ["vcs", artifact.type, artifact.commit, artifact.subdirectory or ""]
        case Directory():
            return _directory_fingerprint(artifact, lock_directory)
        case _:
            unknown(artifact)


def watch(artifact: Directory, lock_directory: Path, witness: Witness) -> None:
    """Have a witness see everything that decides the fingerprint of a source tree.

    Raises:
        InputError: there is none.
        OSError: it cannot be read.
    """
    path = tree_of(artifact, lock_directory)
    if not artifact.editable:
        witness.tree(path)
        return
    witness.end(path)
    witness.layout(path)
    pyproject = path / "pyproject.toml"
    files = [pyproject, *(path / name for name in _BUILD_FILES)]
    if witness.is_file(pyproject):
        table = parse(witness.content(pyproject), str(pyproject))
        for folder in table.table("build-system").array("backend-path"):
            files.extend(path / str(folder) / name for name in witness.names_in(path / str(folder), "*.py"))
    for file in files:
        if witness.is_file(file):
            witness.content(file)


def tree_of(artifact: Directory, lock_directory: Path) -> Path:
    """The absolute path of a source tree.

    Raises:
        InputError: there is none.
    """
    path = Path(os.path.abspath(lock_directory / artifact.path / (artifact.subdirectory or "")))
    if not path.is_dir():
        raise InputError(str(path), "", "no such folder, but the lock has a package there")
    return path


def name_of(project: Path) -> str:
    """What the project in this folder calls itself; the folder's name where it does not say.

    Raises:
        InputError: its pyproject.toml cannot be read.
    """
    content = _content(project / "pyproject.toml")
    if content is None:
        return project.name
    table = parse(content, str(project / "pyproject.toml"))
    for own in (table.table("project"), table.table("tool").table("poetry")):
        if "name" in own:
            return own.name()
    return project.name


def _directory_fingerprint(artifact: Directory, lock_directory: Path) -> list[str]:
    path = tree_of(artifact, lock_directory)
    if artifact.editable:
        return ["editable", os.path.realpath(path), _build_files_hash(path), *layout(str(path))]
    try:
        return ["directory", str(path), tree_hash(path)]
    except OSError as error:
        raise InputError(str(error.filename or path), "", f"cannot be read: {error.strerror}") from error


def _build_files_hash(path: Path) -> str:
    parts: dict[str, object] = {}
    pyproject = _content(path / "pyproject.toml")
    backend_path: list[str] = []
    if pyproject is not None:
        table = parse(pyproject, str(path / "pyproject.toml"))
        backend_path = [str(each) for each in table.table("build-system").array("backend-path")]
        parts["pyproject.toml"] = _what_builds_read(dict(table.data))
    in_tree = [
        str(script.relative_to(path)) for folder in backend_path for script in sorted((path / folder).glob("*.py"))
    ]
    for name in (*_BUILD_FILES, *in_tree):
        content = _content(path / name)
        if content is not None:
            parts[name] = hashlib.sha256(content).hexdigest()
    return digest(parts)


def _what_builds_read(pyproject: dict[str, Any]) -> str:
    tools = pyproject.pop("tool", None)
    if isinstance(tools, dict):
        read = {name: table for name, table in tools.items() if name not in _BLIND_TABLES}
        pyproject |= {"tool": read} if read else {}
    pyproject.pop("dependency-groups", None)
    return json.dumps(pyproject, sort_keys=True, default=str)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}") from error


def tree_hash(tree: str | Path) -> str:
    """The sha256 of the names and contents of the files in a source tree that may matter to a build.

    Raises:
        OSError: one of them cannot be read.
    """
    return _hash(Path(tree), _files(Path(tree), is_root=True), set()).hex()


def _hash(folder: Path, files: Iterable[Path], seen: set[str]) -> bytes:
    """Of links, where they lead, and what is there if that is in no folder that was ``seen``."""
    seen.add(os.path.realpath(folder))
    hasher = hashlib.sha256()
    for file in files:
        hasher.update(str(file.relative_to(folder)).encode("utf-8", "surrogateescape") + b"\0")
        if file.is_symlink():
            hasher.update(os.fsencode(os.readlink(file)))
            end = os.path.realpath(file)
            if any(end == each or end.startswith(each + os.sep) for each in seen):
                continue
        if file.is_dir():
            hasher.update(_hash(file, _files(file), seen))
        elif file.is_file():
            hasher.update(_content_hash(file))
            hasher.update(b"x" if os.access(file, os.X_OK) else b"-")
    return hasher.digest()


def _content_hash(file: Path) -> bytes:
    hasher = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            hasher.update(chunk)
    return hasher.digest()


def _files(folder: Path, *, is_root: bool = False) -> Iterator[Path]:
    """The files that may matter, and links, sorted.

    Without dot-folders, virtual environments, caches and what builds leave.
    """
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            name = entry.name
            is_left = name in _PASSED_OVER or name.startswith(".") or name.endswith(".egg-info")
            is_left = is_left or (is_root and name in _LEFT_BY_BUILDS)
            if is_left or any((entry / mark).exists() for mark in _MARKS):
                continue
            if not entry.is_symlink():
                yield from _files(entry)
                continue
        elif _is_left_by_runs(entry.name, is_root=is_root) or not (entry.is_symlink() or entry.is_file()):
            continue
        yield entry


def _is_left_by_runs(name: str, *, is_root: bool) -> bool:
    return (is_root and name in _REPORTS) or any(fnmatchcase(name, pattern) for pattern in _LEFT_BY_RUNS)

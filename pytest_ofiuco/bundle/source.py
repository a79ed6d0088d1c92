"""The code of a project that is no package: what can be imported from ``src`` in its folder, or from the folder.

Tests, caches, virtual environments, what builds leave and hidden files are no part of it. ``include`` in
[tool.ofiuco.zip] names what ships instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.core.unshipped import TESTS, is_unshipped
from pytest_ofiuco.errors import InputError, UsageError, shown

_NO_CODE = frozenset(
    {"build", "dist", "docs", "node_modules", "site-packages", "testing", "venv", "__pycache__"} | TESTS
)
_COMPILED = (".pyc", ".pyo")
_LARGE = 32 << 20
"""Bytes above which a file is not held in memory."""


def entries(directory: Path, package: str, include: tuple[str, ...], site: str) -> Iterator[Entry]:
    """Every file that ships, under the name ``package``; paths in the zip begin with ``site``.

    Raises:
        UsageError: something that is included is not there.
        InputError: a file cannot be read.
    """
    try:
        for root, path in files(directory, include):
            name = site + path.relative_to(root).as_posix()
            is_script = _is_executable(path)
            if path.stat().st_size > _LARGE:
                yield Entry.of_file(name, package, path, executable=is_script)
            else:
                yield Entry.of(name, package, path.read_bytes(), executable=is_script)
    except OSError as error:
        raise _unreadable(error, directory) from error


def files(directory: Path, include: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    """Every file that ships, after the folder that it is imported from.

    Raises:
        UsageError: something that is included is not there.
        InputError: it is neither a file nor a folder, or a folder cannot be read.
    """
    try:
        yield from _included(directory, include) if include else _importable(directory)
    except OSError as error:
        raise _unreadable(error, directory) from error


def _unreadable(error: OSError, directory: Path) -> InputError:
    hint = "give yourself the right to read it"
    return InputError(str(error.filename or directory), "", f"cannot be read: {error.strerror}", hint)


def _is_executable(path: Path) -> bool:
    """Whether a file says itself that it is one: the mode depends on the machine."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _included(directory: Path, include: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    for each in include:
        path = directory / each
        if not path.exists():
            hint = "correct `include` in [tool.ofiuco.zip]"
            raise UsageError(f"include {shown(each)}: there is no such file or folder in the project", hint)
        if path.is_file():
            yield path.parent, path
        elif not path.is_dir():
            raise InputError(str(path), "", "neither a file nor a folder", "correct `include` in [tool.ofiuco.zip]")
        elif path.resolve() == directory.resolve() or path == directory / "src":
            yield from ((path, file) for file in _files(path))
        else:
            yield from ((path.parent, file) for file in _files(path, (os.path.realpath(directory),)))


def folder(directory: Path) -> Path:
    """Where a project's modules and packages lie: ``src``, where that has any and is no package itself, else the top.

    Raises:
        OSError: a folder cannot be read.
    """
    source = directory / "src"
    if not source.is_dir() or (source / "__init__.py").exists():
        return directory
    return next((source for _ in _tops(source, _above(directory, source))), directory)


def _importable(directory: Path) -> Iterator[tuple[Path, Path]]:
    """Modules and packages, each with the folder that it is imported from."""
    root = folder(directory)
    above = _above(directory, root)
    for path in _tops(root, above):
        if path == directory / "src" and not (path / "__init__.py").exists():
            continue  # nothing in it can be imported
        yield from ((root, file) for file in (_files(path, above) if path.is_dir() else (path,)))


def _above(directory: Path, root: Path) -> tuple[str, ...]:
    return os.path.realpath(directory), os.path.realpath(root)


def _tops(root: Path, above: tuple[str, ...]) -> Iterator[Path]:
    """The modules and the folders of packages in a folder."""
    for path in sorted(root.iterdir()):
        name = path.name
        if name.startswith(".") or name in _NO_CODE or is_unshipped(name):
            continue
        if path.is_dir():
            if name.isidentifier() and _has_modules(path, above):
                yield path
        elif path.suffix == ".py" and path.stem.isidentifier() and path.is_file():
            yield path


def _has_modules(folder: Path, above: tuple[str, ...]) -> bool:
    """Whether there is something to import: in a folder of folders, too (namespace packages)."""
    if (folder / "pyvenv.cfg").exists():
        return False
    return any(path.suffix == ".py" for path in _files(folder, above))


def _files(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """The files of a folder: of links what they lead to, but for those that lead to a folder ``above``, or nowhere."""
    real = os.path.realpath(folder)
    if real in above:
        return
    folders = []
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.startswith("."):
            continue
        if path.is_dir():
            if name not in ("__pycache__", *TESTS) and not name.endswith(".egg-info"):
                folders.append(path)
        elif not name.endswith(_COMPILED) and path.is_file():
            yield path
    for path in folders:
        yield from _files(path, (*above, real))

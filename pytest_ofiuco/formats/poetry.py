"""poetry.lock, lock-version 1.x and 2.x (https://python-poetry.org/docs/).

From 2.1 on a star: each entry says when it is wanted. Before, a graph: pyproject.toml says where to start.
"""

from __future__ import annotations

import hashlib

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import LockVersionError, shown
from pytest_ofiuco.formats import _poetry_graph, _poetry_star
from pytest_ofiuco.formats._constraint import alternatives
from pytest_ofiuco.formats._poetry_entry import package, shared_files
from pytest_ofiuco.formats._poetry_project import optional_groups
from pytest_ofiuco.formats._stale import poetry_is_stale

_STAR = Version("2.1")
"""The first version whose entries say when they are wanted."""

_LOCK_AGAIN = "restore the file from version control, or lock the project again"

_NEWEST = {1: Version("1.1"), 2: _STAR}
"""The newest version that is known, of each major version."""


def read(document: Table, content: bytes, pyproject: Table) -> Lock:
    """Read a poetry.lock; ``pyproject`` tells which groups are optional and, before 2.1, what is wanted at all.

    Raises:
        InputError: something in it is not as Poetry writes it, or nothing says what is wanted.
        LockVersionError: its lock-version is neither 1.x nor 2.x.
    """
    metadata = document.table("metadata")
    if not metadata.data:  # Poetry writes it last, and reads no lock without it
        raise metadata.wrong("", "required, and missing: the file is cut off", _LOCK_AGAIN)
    version, warnings = _version(document, metadata)
    tables = document.tables("package")
    shared = shared_files(metadata)
    is_star = version >= _STAR
    packages = tuple(package(table, shared, is_star=is_star) for table in tables)
    if is_star:
        groups = _poetry_star.roots(tables, packages, pyproject)
        extras = _poetry_star.extras(document)
    else:
        graph = _poetry_graph.read(document, tables, packages, pyproject)
        packages, groups, extras = graph.packages, graph.groups, graph.extras
        warnings += graph.warnings
    optional = optional_groups(pyproject)
    text = metadata.text("python-versions") or ""
    is_stale = poetry_is_stale(document, content, pyproject, is_old=not is_star)
    return Lock(
        format="poetry",
        version=metadata.text("lock-version") or str(version),
        path=document.file,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="star" if is_star else "graph",
        packages=packages,
        groups=groups,
        default_groups=tuple(name for name in groups if name not in optional),
        extras=extras,
        requires_python=_python_versions(metadata, text),
        requires_python_text=text,
        stale=f"out of date with {pyproject.file}" if is_stale else "",
        relock="poetry lock",
        warnings=warnings,
        takes_highest=not is_star,
    )


def _version(document: Table, metadata: Table) -> tuple[Version, tuple[str, ...]]:
    """The version, and what there is to say of it; the first locks have none."""
    text = metadata.text("lock-version") or "1.0"
    try:
        version = grammar.version(text)
    except InvalidVersion as error:
        raise metadata.wrong("lock-version", f"{shown(text)} is not a version") from error
    newest = _NEWEST.get(version.major)
    if newest is None or version.epoch:
        raise LockVersionError(document.file, "metadata.lock-version", text, "poetry.lock 1.x and 2.x")
    if version > newest:
        return version, (f"{document.file}: lock-version {text} is newer than {newest}, read as {newest}",)
    return version, ()


def _python_versions(metadata: Table, text: str) -> tuple[SpecifierSet, ...]:
    if not text:
        return ()
    try:
        return alternatives(text)
    except ValueError as error:
        raise metadata.wrong("python-versions", str(error)) from error

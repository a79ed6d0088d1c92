"""Readers: the text of a lock → ``Lock``. They know formats, not files.

A reader is imported when a lock of its format is read: a command that resolves starts often, and reads one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.core.table import parse as parse_toml
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats._requires_python import of_project

Format = Literal["uv", "poetry", "pylock", "pdm"]

_BY_NAME: dict[str, Format] = {
    "uv.lock": "uv",
    "poetry.lock": "poetry",
    "pylock.toml": "pylock",
    "pdm.lock": "pdm",
}

DEFAULT_NAMES = tuple(_BY_NAME)
"""What is looked for beside a project that names no lock, in this order."""

REQUIREMENTS = "requirements.txt"
"""What is looked for after these; it is a lock only where ``requirements.has_hashes``."""

Include = Callable[[str], bytes]
"""Gives the content of a file that a lock names by its path, relative to the lock (``-r other.txt``)."""

Parse = Callable[[bytes, str], Table]
"""Gives the root table of a TOML document and takes its name for messages."""


def read(content: bytes, name: str, pyproject: Table, include: Include, parse: Parse = parse_toml) -> Lock:
    """Read a lock; its format is told by its name, else by its content.

    Where the lock does not say which Pythons it is for (pip's does not), it is for those that the project admits.

    Args:
        content: the file's bytes.
        name: the path as the user would write it, for messages and output.
        pyproject: the root table of the pyproject.toml beside it, empty where there is none.
        include: what gives the files that the lock names; it raises ``InputError`` where there is none.
        parse: what parses TOML, or knows what that would give.

    Raises:
        InputError, LockVersionError: it is not a lock that can be read.
    """
    lock = replace(_read(content, name, pyproject, include, parse), project=_project(pyproject))
    if lock.requires_python:
        return lock
    admitted, text = of_project(pyproject)
    if not admitted:
        return lock
    return replace(lock, requires_python=admitted, requires_python_text=text, requires_python_file=pyproject.file)


def _project(pyproject: Table) -> str:
    tables = (pyproject.table("project"), pyproject.table("tool").table("poetry"))
    return canonicalize_name(next(filter(None, (each.text("name") for each in tables)), ""))


def _read(content: bytes, name: str, pyproject: Table, include: Include, parse: Parse) -> Lock:
    base = name.replace("\\", "/").rpartition("/")[2]
    if not base.endswith((".txt", ".in")):
        try:
            document = parse(content, name)
        except InputError:
            if base in _BY_NAME or base.endswith(".toml") or not _are_requirements(content):
                raise
        else:
            return _read_document(document, base, content, pyproject)
    from pytest_ofiuco.formats import requirements

    return requirements.read(content, name, include)


def _are_requirements(content: bytes) -> bool:
    from pytest_ofiuco.formats import requirements

    return requirements.looks_like(content)


def _read_document(document: Table, base: str, content: bytes, pyproject: Table) -> Lock:
    match _format(document, base):
        case "uv":
            from pytest_ofiuco.formats import uv

            return uv.read(document, content, pyproject)
        case "poetry":
            from pytest_ofiuco.formats import poetry

            return poetry.read(document, content, pyproject)
        case "pdm":
            from pytest_ofiuco.formats import pdm

            return pdm.read(document, content, pyproject)
        case _:  # pylock
            from pytest_ofiuco.formats import pylock

            return pylock.read(document, content, pyproject)


def _format(document: Table, base: str) -> Format:
    if base in _BY_NAME:
        return _BY_NAME[base]
    if base.startswith("pylock.") and base.endswith(".toml"):
        return "pylock"
    if "lock-version" in document and "packages" in document:
        return "pylock"
    if not {"lock_version", "strategy"}.isdisjoint(document.table("metadata")):
        return "pdm"
    if "package" in document and "metadata" in document:
        return "poetry"
    if "version" in document and ("package" in document or "requires-python" in document):
        return "uv"
    raise InputError(
        document.file,
        "",
        "not a lock of a known format",
        f"give a lock that one of these tools wrote: {', '.join((*DEFAULT_NAMES, REQUIREMENTS))}",
    )

"""Readers: the text of a lock → ``Lock``. They know formats, not files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats import poetry, pylock, uv
from pytest_ofiuco.formats._requires_python import of_project

Reader = Callable[[Table, bytes, Table], Lock]

_BY_NAME = MappingProxyType({"poetry.lock": poetry.read, "uv.lock": uv.read, "pylock.toml": pylock.read})

DEFAULT_NAMES = ("uv.lock", "poetry.lock", "pylock.toml")
"""What is looked for beside a project that names no lock, in this order."""

Include = Callable[[str], bytes]
"""Gives the content of a file that a lock names by its path, relative to the lock (``-r other.txt``)."""


def read(content: bytes, name: str, pyproject: Table, include: Include) -> Lock:
    """Read a lock; its format is told by its name, else by its content.

    Where the lock does not say which Pythons it is for (pip's does not), it is for those that the project admits.

    Args:
        content: the file's bytes.
        name: the path as the user would write it, for messages and output.
        pyproject: the root table of the pyproject.toml beside it, empty where there is none.
        include: what gives the files that the lock names; it raises ``InputError`` where there is none.

    Raises:
        InputError, LockVersionError: it is not a lock that can be read.
    """
    document = parse(content, name)
    lock = _reader(document, name)(document, content, pyproject)
    if lock.requires_python:
        return lock
    admitted, text = of_project(pyproject)
    if not admitted:
        return lock
    return replace(lock, requires_python=admitted, requires_python_text=text, requires_python_file=pyproject.file)


def _reader(document: Table, name: str) -> Reader:
    base = name.replace("\\", "/").rpartition("/")[2]
    if base in _BY_NAME:
        return _BY_NAME[base]
    if base.startswith("pylock.") and base.endswith(".toml"):
        return pylock.read
    if "lock-version" in document and "packages" in document:
        return pylock.read
    if "package" in document and "metadata" in document:
        return poetry.read
    if "version" in document and ("package" in document or "requires-python" in document):
        return uv.read
    raise InputError(
        name,
        "",
        "not a lock of a known format",
        f"give a lock that one of these tools wrote: {', '.join(DEFAULT_NAMES)}",
    )

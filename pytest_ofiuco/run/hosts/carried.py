"""What of us runs on another machine: this package and those that the store needs there, all of them pure Python.

What asks indexes (pypi-simple needs pydantic, which is compiled) stays here: locked files are fetched here.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.specifiers import SpecifierSet

import pytest_ofiuco

_DISTRIBUTIONS = (
    "certifi",
    "distlib",
    "filelock",
    "idna",
    "installer",
    "packaging",
    "platformdirs",
    "pyproject-hooks",
    "python-discovery",
    "tomli",
    "typing-extensions",
    "urllib3",
    "virtualenv",
)
_FIRST = 10
"""The minor version of the oldest Python that this package itself runs on."""

_COMPILED = (".pyc", ".so", ".pyd")
_LEFT = ("cli", "page", "told")
"""What of this package nobody needs there."""


@cache
def oldest_python() -> tuple[int, int]:
    """The oldest Python that runs it: one that everything admits, as it is installed for the Python that runs here.

    Below 3.11 a reader of TOML has to come along, and more of typing.
    """
    admitted = [SpecifierSet(distribution(each).metadata["Requires-Python"] or "") for each in _versions()]
    first = _FIRST if _versions().keys() >= {"tomli", "typing-extensions"} else _FIRST + 1
    minors = range(first, sys.version_info[1] + 1)
    return 3, next((each for each in minors if all(f"3.{each}" in one for one in admitted)), sys.version_info[1])


@cache
def digest() -> str:
    """Names what is carried: our own files by their content, the others by their versions."""
    hasher = hashlib.sha256(repr(sorted(_versions().items())).encode())
    for name, path in _own():
        hasher.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()[:24]


def archive() -> bytes:
    """All of it, as a zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, path in (*_own(), *_others()):
            file.write(path, name)
    return content.getvalue()


@cache
def _versions() -> dict[str, str]:
    found = {}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = distribution(name).version
        except PackageNotFoundError:  # it belongs to another version of what needs it, or of Python
            continue
    return found


def _own() -> Iterator[tuple[str, Path]]:
    root = Path(pytest_ofiuco.__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if not set(name.parts[:-1]).intersection(_LEFT):
            yield f"{root.name}/{name.as_posix()}", path


def _others() -> Iterator[tuple[str, Path]]:
    for each in _versions():
        for file in distribution(each).files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.suffix not in _COMPILED and path.is_file():
                yield file.as_posix(), path

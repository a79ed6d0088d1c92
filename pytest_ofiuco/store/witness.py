"""What was read of the file system while something was worked out, and whether all of that is still so.

Files count by content, folders by the names that a pattern finds in them: what is told again without being worked out
again must not depend on clocks. Only for interpreters, whose answers are remembered that way, mtime and size stand.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

_PRESENT = ""
"""Stands for the content of a file that is there and was not read."""

Path = str | os.PathLike[str]


class Witness:
    """Reads, and remembers what it saw. ``files``: sha256 by absolute path, ``None`` where there is none."""

    def __init__(self) -> None:
        self.files: dict[str, str | None] = {}
        self.names: list[tuple[str, str, list[str]]] = []
        self.trees: dict[str, str] = {}
        self.stamps: dict[str, Sequence[int] | None] = {}

    def content(self, path: Path) -> bytes:
        """What is in a file.

        Raises:
            OSError: it cannot be read.
        """
        absolute = os.path.abspath(path)
        try:
            with open(absolute, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            self.files[absolute] = None
            raise
        self.files[absolute] = _sha256(content)
        return content

    def is_file(self, path: Path) -> bool:
        """Whether there is a file."""
        absolute = os.path.abspath(path)
        is_there = os.path.isfile(absolute)
        if self.files.get(absolute) in (None, _PRESENT):
            self.files[absolute] = _PRESENT if is_there else None
        return is_there

    def names_in(self, folder: Path, pattern: str) -> list[str]:
        """The names in a folder that a pattern fits, sorted."""
        found = _names_in(os.path.abspath(folder), pattern)
        self.names.append((os.path.abspath(folder), pattern, found))
        return found

    def stamp(self, path: Path) -> None:
        """Remember mtime and size of an executable, or mtime of a folder."""
        self.stamps[os.path.abspath(path)] = _stamp(os.path.abspath(path))

    def document(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "files": self.files,
            "names": [list(each) for each in self.names],
            "trees": self.trees,
            "stamps": self.stamps,
        }


def still_holds(document: Mapping[str, Any]) -> bool:
    """Whether everything is as a witness saw it; not where the document is none of a witness."""
    match document:
        case {"files": dict(files), "names": list(names), "trees": dict(trees), "stamps": dict(stamps)}:
            return (
                all(_stamp(path) == stamp for path, stamp in stamps.items())
                and all(_is_as_seen(path, seen) for path, seen in files.items())
                and all(_names_in(folder, pattern) == found for folder, pattern, found in names)
                and all(_tree(path) == seen for path, seen in trees.items())
            )
        case _:
            return False


def _is_as_seen(path: str, seen: object) -> bool:
    if not seen:
        return os.path.isfile(path) == (seen == _PRESENT)
    try:
        with open(path, "rb") as file:
            return _sha256(file.read()) == seen
    except OSError:
        return False


def _tree(path: str) -> str | None:
    from pytest_ofiuco.store.sources import tree_hash  # few locks have a folder that is installed as it is

    try:
        return tree_hash(path)
    except OSError:
        return None


def _names_in(folder: str, pattern: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if fnmatchcase(name, pattern))
    except OSError:
        return []


def _stamp(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return [status.st_mtime_ns, status.st_size]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

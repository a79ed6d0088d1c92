"""What was read of the file system while something was worked out, and whether all of that is still so.

Files count by content, folders by the names that a pattern finds in them: what is told again without being worked out
again must not depend on clocks. Only for interpreters, whose answers are remembered that way, mtime and size stand.
Links count by where they end: another folder may have the same files, and others beside them. What is seen twice counts
as it was the first time: whatever came of that may not hold for what is there since.
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
    """Reads, and remembers what it saw. ``files``: sha256 by absolute path, ``None`` where there is none to read.

    ``is_lasting``: everything that counts was seen here; else nothing can be told the next time.
    """

    def __init__(self) -> None:
        self.is_lasting = True
        self.files: dict[str, str | None] = {}
        self.names: list[tuple[str, str, list[str]]] = []
        self.trees: dict[str, str] = {}
        self.layouts: dict[str, list[str]] = {}
        self.ends: dict[str, str] = {}
        self.stamps: dict[str, Sequence[object] | None] = {}

    def content(self, path: Path) -> bytes:
        """What is in a file.

        Raises:
            OSError: it cannot be read.
        """
        absolute = os.path.abspath(path)
        try:
            with open(absolute, "rb") as file:
                content = file.read()
        except OSError:
            self.files.setdefault(absolute, None)
            raise
        if self.files.get(absolute, _PRESENT) == _PRESENT:
            self.files[absolute] = _sha256(content)
        return content

    def is_file(self, path: Path) -> bool:
        """Whether there is a file."""
        absolute = os.path.abspath(path)
        is_there = os.path.isfile(absolute)
        self.files.setdefault(absolute, _PRESENT if is_there else None)
        return is_there

    def names_in(self, folder: Path, pattern: str) -> list[str]:
        """The names in a folder that a pattern fits, sorted."""
        found = _names_in(os.path.abspath(folder), pattern)
        self.names.append((os.path.abspath(folder), pattern, found))
        return found

    def tree(self, path: Path) -> None:
        """See all of a source tree.

        Raises:
            OSError: a file of it cannot be read.
        """
        from pytest_ofiuco.store.sources import tree_hash  # few locks have a folder that is installed as it is

        absolute = os.path.abspath(path)
        if absolute not in self.trees:
            self.trees[absolute] = tree_hash(absolute)

    def layout(self, tree: Path) -> None:
        """Remember which packages lie where in a source tree."""
        absolute = os.path.abspath(tree)
        self.layouts.setdefault(absolute, layout(absolute))

    def end(self, path: Path) -> None:
        """Remember where the links in a path lead."""
        absolute = os.path.abspath(path)
        self.ends.setdefault(absolute, os.path.realpath(absolute))

    def stamp(self, path: Path) -> None:
        """Remember the end, mtime and size of an executable or a folder."""
        absolute = os.path.abspath(path)
        self.stamps.setdefault(absolute, stamp(absolute))

    def document(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "files": self.files,
            "names": [list(each) for each in self.names],
            "trees": self.trees,
            "layouts": self.layouts,
            "ends": self.ends,
            "stamps": self.stamps,
        }


def still_holds(document: Mapping[str, Any]) -> bool:
    """Whether everything is as a witness saw it; not where the document is none of a witness."""
    match document:
        case {
            "files": dict(files),
            "names": list(names),
            "trees": dict(trees),
            "layouts": dict(layouts),
            "ends": dict(ends),
            "stamps": dict(stamps),
        }:
            return (
                all(stamp(path) == seen for path, seen in stamps.items())
                and all(os.path.realpath(path) == seen for path, seen in ends.items())
                and all(_is_as_seen(path, seen) for path, seen in files.items())
                and all(_names_in(folder, pattern) == found for folder, pattern, found in names)
                and all(layout(path) == seen for path, seen in layouts.items())
                and all(_tree(path) == seen for path, seen in trees.items())
            )
        case _:
            return False


def layout(tree: str) -> list[str]:
    """The packages beside pyproject.toml, and the packages and modules in ``src``: what backends find by themselves."""
    beside = [name for name in _entries(tree) if os.path.isfile(os.path.join(tree, name, "__init__.py"))]
    source = os.path.join(tree, "src")
    within = [name for name in _entries(source) if name.endswith(".py") or os.path.isdir(os.path.join(source, name))]
    return [*beside, *(f"src/{name}" for name in within if not name.endswith((".egg-info", "__pycache__")))]


def stamp(path: str) -> list[object] | None:
    """Where the links in a path end, and the mtime and size of what is there; ``None`` where nothing is.

    Copies may have the mtime and size of what they are made of, and some systems give everything the same time.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a path that no system can have
        return None
    return [os.path.realpath(path), status.st_mtime_ns, status.st_size]


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
    return [name for name in _entries(folder) if fnmatchcase(name, pattern)]


def _entries(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

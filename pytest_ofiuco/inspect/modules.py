"""The modules of a tree by their dotted names, as Python's path finder sees them."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_ofiuco.core.unshipped import TESTS, is_unshipped
from pytest_ofiuco.inspect.tree import Member, Package, Tree, member_of

_NOT_SHIPPED = TESTS | {"testing", "docs", "doc", "examples", "benchmarks", "build", "dist", "node_modules"}
_EXTENSIONS = (".so", ".pyd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module; ``member`` is its source, where it has one. A namespace is a folder without ``__init__``."""

    name: str
    kind: Literal["source", "code", "namespace"]
    is_package: bool
    is_own: bool
    owner: Package | None = None
    member: Member | None = None


def linked_folders(folder: Path, tree: Tree) -> tuple[Path, ...]:
    """The folders that .pth files of an environment name: those of editable installs.

    https://docs.python.org/3/library/site.html
    """
    found: dict[Path, None] = {}
    for root in tree.roots:
        for file in sorted((folder / root).glob("*.pth")):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                text = line.strip()
                is_path = text and "\0" not in text and not text.startswith(("#", "import ", "import\t"))
                if is_path and (folder / root / text).is_dir():
                    found[folder / root / text] = None
    return tuple(found)


def modules_of(tree: Tree, own: frozenset[str]) -> dict[str, Module]:
    """Those of a tree; ``own`` are the normalized names of packages, or of top folders, of the project itself."""
    found: dict[str, Module] = {}
    for member in tree.members:
        root = max((root for root in tree.roots if member.path.startswith(root)), key=len, default=None)
        if root is not None:
            owner = tree.owners[member.path]
            _add(found, member.path.removeprefix(root), member, owner, is_own=owner.name in own)
    return found


def modules_in(folder: Path, shown: str = "") -> dict[str, Module]:
    """The project's own modules in a folder of its sources, without its tests and what setup needs.

    ``shown`` is what stands before their paths in messages.
    """
    return modules_from((path, folder / path, posixpath.join(shown, path)) for path in sources_in(folder))


def modules_from(files: Iterable[tuple[str, Path, str]]) -> dict[str, Module]:
    """The project's own modules among files: each by its path as imports see it, where it is, and how it is named."""
    found: dict[str, Module] = {}
    for path, file, shown in files:
        status = file.stat()
        if stat.S_ISREG(status.st_mode):
            member = member_of(shown, os.fspath(file), status.st_size)
            _add(found, path, member, None, is_own=True)
    return found


def sources_in(top: Path) -> Iterator[str]:
    """The files among a folder's that ``modules_in`` looks at, in their order."""
    for folder, files in _walked(top):
        for name in files:
            if not (folder == top and is_unshipped(name)) and os.path.exists(folder / name):
                yield (folder.relative_to(top) / name).as_posix()


def folders_in(top: Path) -> Iterator[Path]:
    """The folders that ``modules_in`` looks into, those without a file, too, and the virtual environments it skips."""
    for folder, _ in _walked(top):
        yield folder


def _walked(top: Path) -> Iterator[tuple[Path, list[str]]]:
    for folder, names, files in os.walk(top):
        is_top = Path(folder) == top
        names[:] = sorted(name for name in names if name.isidentifier() and not (is_top and name in _NOT_SHIPPED))
        is_environment = "pyvenv.cfg" in files
        if is_environment:
            names.clear()
        yield Path(folder), [] if is_environment else sorted(files)


def _add(found: dict[str, Module], path: str, member: Member, owner: Package | None, *, is_own: bool) -> None:
    *folders, file = path.split("/")
    stem, _, suffix = file.partition(".")
    is_source = suffix == "py"
    is_code = file.endswith(_EXTENSIONS) or suffix == "pyc"
    if not (is_source or is_code) or not all(part.isidentifier() for part in (*folders, stem)):
        return
    is_package = stem == "__init__" and bool(folders)
    name = ".".join(folders if is_package else (*folders, stem))
    known = found.get(name)
    if known is None or known.kind == "namespace" or (known.kind == "code" and is_source):
        found[name] = Module(
            name=name,
            kind="source" if is_source else "code",
            is_package=is_package,
            is_own=is_own,
            owner=owner,
            member=member if is_source else None,
        )
    for depth in range(1, len(folders) + 1):
        parent = ".".join(folders[:depth])
        space = Module(name=parent, kind="namespace", is_package=True, is_own=is_own, owner=owner)
        if found.setdefault(parent, space).kind == "namespace":
            found[parent] = space if found[parent].owner != owner and is_own else found[parent]

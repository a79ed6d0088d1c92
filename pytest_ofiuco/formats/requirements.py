"""requirements.txt with hashes, as ``pip-compile``, ``uv pip compile`` and the exports of uv, Poetry and PDM write it.

https://pip.pypa.io/en/stable/reference/requirements-file-format/. A star: every line is wanted, where its marker holds.
The hashes of a line do not tell which files they are of: ``Package.unnamed`` keeps them until an index has been asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.table import parse
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats._requirement import Pinned, Surroundings, parsed
from pytest_ofiuco.formats._requirements_file import joined, lines
from pytest_ofiuco.formats._requirements_tree import Constraint, Kind, Tree

FORMAT = "requirements"
_COMPILE_AGAIN = "compile the file again"


def read(content: bytes, name: str, include: Callable[[str], bytes]) -> Lock:
    """Read a requirements file and those that it includes.

    Raises:
        InputError: one of them cannot be read, or a line in it is not pinned.
    """
    tree = Tree(name, Surroundings(root=_root(name), name_in=lambda path: _name_in(include, path)), include)
    tree.read(content)
    entries = _entries(tree)
    wanted = _dependencies(tree)
    return Lock(
        format=FORMAT,
        version="1",
        path=name,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="star",
        packages=tuple(_package(pin, wanted.get(pin.name, ()), tree.excluded(pin.name)) for pin in entries.values()),
        groups={MAIN: (*_edges(tree, entries), *_contradictions(tree))},
        flat=True,
        indexes=tuple(tree.indexes),
        find_links=tuple(tree.find_links),
        warnings=tuple(tree.warnings),
    )


def has_hashes(content: bytes) -> bool:
    """Whether a requirements.txt that nobody has named is a lock: a line of it has a hash."""
    with suppress(InputError):
        return any(name == "--hash" for line in lines(content, "", "") for name, _ in line.split()[1])
    return False


def looks_like(content: bytes) -> bool:
    """Whether what has no telling name is a requirements file: it begins with a requirement or an option."""
    with suppress(InputError):
        first = next(iter(lines(content, "", "")), None)
        return first is not None and (first.text.startswith("-") or parsed(first.split()[0]) is not None)
    return False


def _root(name: str) -> str:
    """The way from the lock's folder to the project's, where the lock's name leads down from there."""
    parts = name.replace("\\", "/").split("/")[:-1]
    is_below = ":" not in name and not {"", ".."} & set(parts)
    return "/".join([".."] * len([part for part in parts if part != "."])) if is_below else ""


def _name_in(include: Callable[[str], bytes], folder: str) -> NormalizedName | None:
    path = joined(folder, "pyproject.toml")
    try:
        pyproject = parse(include(path), path)
    except InputError:
        return None
    for table in (pyproject.table("project"), pyproject.table("tool").table("poetry")):
        if "name" in table:
            return table.name()
    return None


_Key = tuple[NormalizedName, str | None, object]


def _key(pinned: Pinned) -> _Key:
    return pinned.name, pinned.version, pinned.direct


def _entries(tree: Tree) -> dict[_Key, Pinned]:
    """One entry a package, version and place, with the hashes that all of its lines and constraints have in common."""
    found: dict[_Key, Pinned] = {}
    for pin in tree.pins:
        known = found.setdefault(_key(pin), pin)
        found[_key(pin)] = replace(known, digests=_common(known, pin.digests))
    constraints = _by_name(tree)
    for key, pin in found.items():
        if pin.direct is None:
            on_it = constraints.get(pin.name, ())
            locked = {digest for each in on_it if each.pins(pin) for digest in each.digests}
            pin = found[key] = replace(pin, digests=_common(pin, tuple(sorted(locked))))
        if tree.requires_hashes and not pin.digests and not _is_hashed(pin):
            raise pin.line.error("it has no hash, and --require-hashes is given", _COMPILE_AGAIN, pin.name)
    return found


def _is_hashed(pin: Pinned) -> bool:
    return bool(pin.direct is not None and getattr(pin.direct, "hashes", ()))


def _common(pin: Pinned, digests: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if not pin.digests or not digests:
        return pin.digests or digests
    common = tuple(digest for digest in pin.digests if digest in digests)
    if not common:
        raise pin.line.error("it has other hashes in another line or constraint", _COMPILE_AGAIN, pin.name)
    return common


def _edges(tree: Tree, entries: dict[_Key, Pinned]) -> list[Dependency]:
    return [
        Dependency(
            name=pin.name, at=pin.line.at, marker=pin.marker, extras=pin.extras, source=entries[_key(pin)].line.at
        )
        for pin in tree.pins
    ]


def _contradictions(tree: Tree) -> list[Dependency]:
    """Edges that lead nowhere, for the targets where a line's marker and that of a constraint against it hold."""
    constraints = _by_name(tree)
    return [
        Dependency(
            name=pin.name,
            at=each.line.at,
            marker=_both(pin.marker, each.marker),
            version=str(each.specifiers),
        )
        for pin in tree.pins
        for each in constraints.get(pin.name, ())
        if not each.admits(pin)
    ]


def _by_name(tree: Tree) -> dict[NormalizedName, list[Constraint]]:
    found: dict[NormalizedName, list[Constraint]] = {}
    for each in tree.constraints:
        found.setdefault(each.name, []).append(each)
    return found


def _both(first: Marker | None, second: Marker | None) -> Marker | None:
    return Marker(f"({first}) and ({second})") if first and second else first or second


def _dependencies(tree: Tree) -> dict[NormalizedName, tuple[Dependency, ...]]:
    """Who wants whom, as the comments have it."""
    found: dict[NormalizedName, dict[NormalizedName, Dependency]] = {}
    for pin in tree.pins:
        for written in pin.line.wanted_by:
            owner = parsed(written)
            if owner is not None:
                edge = Dependency(name=pin.name, at=pin.line.at)
                found.setdefault(canonicalize_name(owner.name), {}).setdefault(pin.name, edge)
    return {name: tuple(edges.values()) for name, edges in found.items()}


def _package(pin: Pinned, dependencies: tuple[Dependency, ...], excluded: frozenset[Kind]) -> Package:
    direct = pin.direct
    return Package(
        name=pin.name,
        version=pin.version,
        at=pin.line.at,
        source=pin.line.at,
        wheels=(direct,) if isinstance(direct, Wheel) else (),
        direct=None if isinstance(direct, Wheel) else direct,
        is_unnamed=direct is None,
        unnamed=pin.digests,
        excluded=excluded if direct is None else frozenset(),
        dependencies=dependencies,
    )

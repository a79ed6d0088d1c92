"""pdm.lock, lock_version 4.x (https://pdm-project.org/latest/usage/lockfile/).

With the strategy ``inherit_metadata``, pdm's default, a star: each entry says in which groups it is wanted and under
which marker, transitively. Without it a graph, whose roots are the requirements in pyproject.toml.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.satisfiable import can_hold
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError, LockVersionError, shown
from pytest_ofiuco.formats import _pdm_project
from pytest_ofiuco.formats._pdm_entry import Entry, entry_of, hashes_by_entry, merged
from pytest_ofiuco.formats._pdm_project import DEFAULT, Project
from pytest_ofiuco.formats._pdm_stale import is_stale
from pytest_ofiuco.formats._pdm_target import Targets, targets_of

_KNOWN = Version("4.5.1")
_STAR = "inherit_metadata"

Edges = Mapping[str, tuple[Dependency, ...]]


def read(document: Table, content: bytes, pyproject: Table) -> Lock:
    """Read a pdm.lock; ``pyproject`` tells extras from groups and, for a graph, what is wanted.

    ``requires_python`` of an entry is what its package says of itself: pdm has minded it when it locked. In a graph it
    tells entries of one name apart.

    Raises:
        InputError: something in it is not as pdm writes it.
        LockVersionError: its lock_version is not 4.x.
    """
    metadata = document.table("metadata")
    version, warnings = _version(document, metadata)
    project = _pdm_project.read(pyproject)
    files = hashes_by_entry(metadata)
    tables = [table for table in document.tables("package") if table.name() not in project.excluded]
    entries = [entry_of(table, files, project.excluded) for table in tables]
    packages, merged_into = merged(entries)
    stale = is_stale(metadata, pyproject)
    is_star = _STAR in metadata.texts("strategy")
    if is_star:
        packages = tuple(replace(each, forks=()) for each in packages)
        wanted, always = _groups_of_star(entries, merged_into)
        if metadata.text("content_hash") and not stale:
            wanted = _with_lost(wanted, entries, project)
    else:
        wanted, always = _groups_of_graph(document, entries, project), ()
    groups, extras = _selectable(metadata, wanted, project)
    targets = targets_of(metadata)
    return Lock(
        format="pdm",
        version=version,
        path=document.file,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="star" if is_star else "graph",
        packages=packages,
        always=always,
        groups=groups,
        default_groups=tuple(name for name in groups if name == MAIN or name in project.development),
        extras=extras,
        requires_python=targets.requires_python,
        requires_python_text=targets.requires_python_text,
        environments=targets.environments,
        indexes=project.indexes,
        find_links=project.find_links,
        stale=f"out of date with {pyproject.file}" if stale else "",
        relock="pdm lock",
        warnings=(*warnings, *_untold(document, metadata, targets, packages)),
    )


def _version(document: Table, metadata: Table) -> tuple[str, tuple[str, ...]]:
    """The first number says whether it can be read, the second whether all of it will be understood."""
    text = metadata.required_text("lock_version")
    try:
        version = grammar.version(text)
    except InvalidVersion as error:
        raise metadata.wrong("lock_version", f"{shown(text)} is not a version") from error
    if version.major != _KNOWN.major:
        raise LockVersionError(document.file, "metadata.lock_version", text, f"pdm.lock {_KNOWN.major}.x")
    if version.release[:2] > _KNOWN.release[:2]:
        return text, (f"{document.file}: lock_version {text} is newer than {_KNOWN}, read as {_KNOWN}",)
    return text, ()


def _untold(document: Table, metadata: Table, targets: Targets, packages: Sequence[Package]) -> Iterator[str]:
    """What the lock should say and does not.

    Locks before 4.5 that are not cross-platform do not name the platform they were made on.
    """
    strategy = metadata.texts("strategy")
    is_cross_platform = metadata.boolean("cross_platform", default=True)
    if "strategy" in metadata:
        is_cross_platform = is_cross_platform and "cross_platform" in strategy
    if not targets.number and not is_cross_platform:
        yield f"{document.file}: locked for the one platform that it was made on, which it does not name"
    if _STAR not in strategy and targets.number > 1 and len({each.name for each in packages}) < len(packages):
        yield (
            f"{document.file}: locked for several targets without {_STAR}: which version is for which target it does"
            f" not say; lock again (`pdm lock --strategy {_STAR}`)"
        )


def _groups_of_star(entries: Sequence[Entry], packages: Sequence[Package]) -> tuple[Edges, tuple[Dependency, ...]]:
    """Root edges by group, and those of the entries that name no group: they are wanted whatever is selected."""
    groups: dict[str, list[Dependency]] = {}
    always: list[Dependency] = []
    for entry, package in zip(entries, packages, strict=True):
        edge = Dependency(
            name=package.name,
            at=entry.table.at,
            marker=entry.marker,
            extras=entry.extras,
            source=package.source,
        )
        for group in entry.groups:
            groups.setdefault(group, []).append(edge)
        if not entry.groups:
            always.append(edge)
    return {name: tuple(edges) for name, edges in groups.items()}, tuple(always)


def _with_lost(wanted: Edges, entries: Sequence[Entry], project: Project) -> Edges:
    """The root edges, with those that lead nowhere: of a file that is cut off the last entries are gone."""
    markers: dict[str, list[Marker | None]] = {}
    for entry in entries:
        markers.setdefault(entry.name, []).append(entry.marker)
    try:
        declared = project.roots(entries, named_only=True)
    except InputError:  # pdm would not have locked it: it minds less than this when it reads a star
        return wanted
    lost = {
        group: tuple(_led_nowhere(edge) for edge in edges if not _is_met(edge.marker, markers.get(edge.name, ())))
        for group, edges in declared.items()
    }
    return {group: (*wanted.get(group, ()), *lost.get(group, ())) for group in dict.fromkeys((*wanted, *lost))}


def _is_met(wanted: Marker | None, markers: Iterable[Marker | None]) -> bool:
    """Whether an entry with one of these markers may be there where a requirement holds."""
    return any(wanted is None or marker is None or can_hold(Marker(f"({wanted}) and ({marker})")) for marker in markers)


def _led_nowhere(edge: Dependency) -> Dependency:
    """An edge that no other entry of its name is for."""
    return replace(edge, source=f"{edge.at}: lost")


def _groups_of_graph(document: Table, entries: Sequence[Entry], project: Project) -> Edges:
    if entries and not project.is_declared:
        raise document.wrong(
            "metadata.strategy",
            f"without {_STAR} a lock does not say what is wanted, and {project.file} declares no dependencies",
            f"put the project's {project.file} beside it, or lock again: `pdm lock --strategy {_STAR}`",
        )
    return project.roots(entries)


def _selectable(metadata: Table, wanted: Edges, project: Project) -> tuple[Edges, Edges]:
    """Groups and extras: those that the lock names, since pdm may lock a part of a project's; else all there are."""
    locked = [metadata.normalized("groups", name) for name in metadata.texts("groups")]
    names = list(dict.fromkeys(locked or (DEFAULT, *project.names, *wanted)))
    groups: dict[str, tuple[Dependency, ...]] = {}
    extras: dict[str, tuple[Dependency, ...]] = {}
    for name in names:
        if name == DEFAULT:
            groups[MAIN] = wanted.get(name, ())
        elif name in project.optional:
            extras[name] = wanted.get(name, ())
        elif canonicalize_name(name) == MAIN:
            reason = f"a group {shown(name)}, which here is the name of what the project itself depends on"
            raise metadata.wrong("groups", reason, "give the group another name, and lock again")
        else:
            groups[name] = wanted.get(name, ())
    return groups, extras

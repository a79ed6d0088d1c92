"""poetry.lock 2.1: each entry says in which groups it is wanted and under which marker, transitively.

pyproject.toml tells which extras the project asks of its dependencies, and which groups are optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import MAIN, Dependency, Package
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._markers import extras_marker
from pytest_ofiuco.formats._poetry_project import group_names, poetry_tables

Edges = Mapping[str, tuple[Dependency, ...]]


def roots(tables: Sequence[Table], packages: Sequence[Package], pyproject: Table) -> Edges:
    """Root edges by normalized group: Poetry writes names normalized into the lock, people as they like elsewhere.

    Raises:
        InputError: an entry does not say in which groups it is wanted.
    """
    requested = _requested_extras(pyproject)
    groups: dict[str, list[Dependency]] = {MAIN: []}
    for table, package in zip(tables, packages, strict=True):
        for group, marker in _wanted(table):
            edge = Dependency(
                name=package.name,
                at=package.at,
                marker=marker,
                extras=requested.get(package.name, ()),
                source=package.source,
            )
            groups.setdefault(canonicalize_name(group), []).append(edge)
    for group in group_names(pyproject):
        groups.setdefault(group, [])
    return {name: tuple(edges) for name, edges in groups.items()}


def extras(document: Table) -> Edges:
    """The project's extras; the entries' markers say what they add."""
    return {canonicalize_name(name): () for name in document.table("extras")}


def _wanted(table: Table) -> Iterator[tuple[str, Marker | None]]:
    """The groups of an entry, each with the marker under which it is wanted; no key for a group means always."""
    groups = table.texts("groups")
    if not groups:
        raise table.wrong("groups", "required, and missing")
    markers = table.data.get("markers")
    if markers is None:
        yield from ((group, None) for group in groups)
        return
    if isinstance(markers, str):
        marker = extras_marker(table, "markers")
        yield from ((group, marker) for group in groups)
        return
    by_group = table.table("markers")
    for group in groups:
        yield group, extras_marker(by_group, group)


def _requested_extras(pyproject: Table) -> Mapping[NormalizedName, tuple[NormalizedName, ...]]:
    """The extras that the project asks of its direct dependencies, in all of its groups.

    They decide no more than what is said to depend on what, so that a requirement that cannot be read is passed over.
    """
    found: dict[NormalizedName, set[NormalizedName]] = {}
    project = pyproject.table("project")
    optional = project.table("optional-dependencies")
    groups = pyproject.table("dependency-groups")
    written = [*project.texts("dependencies")]
    written += [each for extra in optional for each in optional.texts(extra)]
    written += [each for group in groups for each in groups.array(group) if isinstance(each, str)]
    for text in written:
        try:
            requirement = grammar.requirement(text)
        except InvalidRequirement:
            continue
        found.setdefault(canonicalize_name(requirement.name), set()).update(map(canonicalize_name, requirement.extras))
    for table in poetry_tables(pyproject):
        for name, extras in _poetry_extras(table):
            found.setdefault(name, set()).update(extras)
    return {name: tuple(sorted(extras)) for name, extras in found.items() if extras}


def _poetry_extras(table: Table) -> Iterator[tuple[NormalizedName, tuple[NormalizedName, ...]]]:
    for name in table:
        value = table.data[name]
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                inner = Table(each, file=table.file, at=table.path(name))
                yield canonicalize_name(name), tuple(canonicalize_name(extra) for extra in inner.texts("extras"))

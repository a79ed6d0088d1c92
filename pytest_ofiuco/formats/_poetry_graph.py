"""poetry.lock 1.0, 1.1 and 2.0: what is wanted is what can be reached from what pyproject.toml names.

Poetry before 2.0 works it out anew on every machine: it solves once more, with the lock's entries as all there is to
choose from. Where that leaves a choice, it takes the highest version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import MAIN, Dependency, Package
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats import _poetry_project
from pytest_ofiuco.formats._inclusion import with_included
from pytest_ofiuco.formats._poetry_dependency import Declared, Origin, marker_of
from pytest_ofiuco.formats._poetry_entry import edge
from pytest_ofiuco.formats._poetry_marker import all_of, any_of
from pytest_ofiuco.formats._poetry_project import Project

Edges = Mapping[str, tuple[Dependency, ...]]

_NEVER_LOCKED = frozenset(map(canonicalize_name, ("setuptools", "distribute", "pip", "wheel")))
"""What Poetry 1.0 and 1.1 leave out of a lock, whatever depends on it: the environment has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The packages with edges that lead to entries, and the root edges by group and by extra."""

    packages: tuple[Package, ...]
    groups: Edges
    extras: Edges
    warnings: tuple[str, ...] = ()


def read(document: Table, tables: Sequence[Table], packages: Sequence[Package], pyproject: Table) -> Graph:
    """What a lock says together with the pyproject.toml beside it.

    Raises:
        InputError: nothing says what is wanted, or something is not as Poetry writes it.
    """
    warnings: tuple[str, ...] = ()
    ways = _Ways(tables, packages)
    if _poetry_project.says_what_is_wanted(pyproject) or not tables:
        project = _poetry_project.read(pyproject)
        groups, extras = _groups(project, ways), _extras(project, ways)
    else:
        _check_categories(document, tables, pyproject)
        groups, extras = _by_category(tables), {}
        what = "every entry of a category is taken for wanted"
        warnings = (f"{document.file}: {pyproject.file} names no dependencies: {what}",)
        project = Project(name="", groups={}, extras={})
    for name, edges in _locked_extras(document).items():
        extras.setdefault(name, edges)
    dropped = frozenset((canonicalize_name(project.name), *_NEVER_LOCKED)) - ways.names
    return Graph(
        packages=tuple(ways.package(each, dropped) for each in packages),
        groups={name: tuple(ways.refined(edges)) for name, edges in groups.items()},
        extras={name: tuple(ways.refined(edges)) for name, edges in extras.items()},
        warnings=warnings,
    )


def _groups(project: Project, ways: _Ways) -> dict[str, tuple[Dependency, ...]]:
    return {name: tuple(ways.root(each) for each in found) for name, found in project.groups.items()}


def _extras(project: Project, ways: _Ways) -> dict[str, tuple[Dependency, ...]]:
    return {name: tuple(ways.root(each) for each in _with_own_extras(project, name)) for name in project.extras}


def _with_own_extras(project: Project, extra: str) -> Iterator[Declared]:
    """What an extra adds: where it asks for other extras of the project, what they add."""

    def asked(name: str) -> Iterator[tuple[str, None]]:
        for each in project.extras.get(name, ()):
            if each.name == project.name:
                yield from ((other, None) for other in each.extras)

    for name in with_included(extra, asked, None):
        yield from (each for each in project.extras.get(name, ()) if each.name != project.name)


def _check_categories(document: Table, tables: Sequence[Table], pyproject: Table) -> None:
    if any("category" not in table for table in tables):
        raise document.wrong(
            "metadata.lock-version",
            f"this format does not say what is wanted, and {pyproject.file} names no dependencies",
            f"put the project's {pyproject.file} beside it, or lock the project again with Poetry 2",
        )


def _by_category(tables: Iterable[Table]) -> dict[str, tuple[Dependency, ...]]:
    found: dict[str, dict[NormalizedName, Dependency]] = {MAIN: {}}
    for table in tables:
        if not table.boolean("optional"):
            name = table.name()
            category = canonicalize_name(table.required_text("category"))
            found.setdefault(category, {}).setdefault(name, Dependency(name=name, at=table.at))
    return {category: tuple(edges.values()) for category, edges in found.items()}


def _locked_extras(document: Table) -> dict[str, tuple[Dependency, ...]]:
    """[extras] of the lock: names of direct dependencies."""
    table = document.table("extras")
    return {
        canonicalize_name(extra): tuple(
            Dependency(name=table.normalized(extra, name), at=table.path(extra)) for name in table.texts(extra)
        )
        for extra in table
    }


class _Ways:
    """Which entries a name leads to."""

    def __init__(self, tables: Sequence[Table], packages: Sequence[Package]) -> None:
        self.entries: dict[NormalizedName, list[tuple[Table, Package, Marker | None]]] = {}
        for table, package in zip(tables, packages, strict=True):
            self.entries.setdefault(package.name, []).append((table, package, _own_marker(table)))

    @property
    def names(self) -> frozenset[NormalizedName]:
        return frozenset(self.entries)

    def root(self, declared: Declared) -> Dependency:
        """A direct dependency: it may say from where it comes, and so which entry it means."""
        entries = self.entries.get(declared.name, ())
        sources = {package.source for table, package, _ in entries if _comes_from(declared.origin, table)}
        is_told = declared.origin is not None and len(sources) == 1
        found = edge(declared, source=sources.pop() if is_told else None)
        return replace(found, at=f"pyproject.toml: {declared.at}")

    def package(self, package: Package, dropped: frozenset[NormalizedName]) -> Package:
        """A package that several entries of its name are told from by their markers, too, and with edges under them."""
        kept = [each for each in package.dependencies if each.name not in dropped]
        own = next(marker for _, each, marker in self.entries[package.name] if each is package)
        fork = all_of((*package.forks, own))
        forks = (fork,) if fork is not None else ()
        return replace(package, dependencies=tuple(self.refined(kept)), forks=forks)

    def refined(self, edges: Iterable[Dependency]) -> Iterator[Dependency]:
        """Edges that hold only where a marker of an entry that they may lead to does (1.0)."""
        for each in edges:
            markers = _markers_of_admitted(each, self.entries.get(each.name, ()))
            found = [marker for marker in markers if marker is not None]
            if found and len(found) == len(markers):
                yield replace(each, marker=all_of((each.marker, any_of(found))))
            else:
                yield each


def _own_marker(table: Table) -> Marker | None:
    """The marker that an entry of the first formats has: all ways to it together."""
    marker = table.marker("marker")
    return marker if marker is not None else marker_of(table.table("requirements"))


def _markers_of_admitted(
    each: Dependency, entries: Sequence[tuple[Table, Package, Marker | None]]
) -> list[Marker | None]:
    found = [
        marker
        for _, package, marker in entries
        if (each.source is None or package.source == each.source)
        and (not each.specifiers or any(grammar.admits(one, package.version or "") for one in each.specifiers))
    ]
    return found or [marker for _, _, marker in entries]


def _comes_from(origin: Origin | None, table: Table) -> bool:
    source = table.table("source")
    kind, url, reference = source.text("type"), source.text("url") or "", source.text("reference")
    if origin is None:
        return True
    match origin.kind:
        case "index":
            name = origin.place.lower()
            return kind is None if name == "pypi" else kind == "legacy" and (reference or "").lower() == name
        case "git":
            is_same = _repository(url) == _repository(origin.place)
            return kind == "git" and is_same and origin.reference in (None, reference)
        case "url":
            return kind == "url" and url.partition("#")[0] == origin.place.partition("#")[0]
        case _:
            return kind in ("file", "directory") and _path(url) == _path(origin.place)


def _repository(url: str) -> str:
    return url.rstrip("/").removesuffix(".git")


def _path(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]

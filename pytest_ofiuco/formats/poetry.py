"""poetry.lock, lock-version 2.1 (https://python-poetry.org/docs/).

A star: each entry says in which groups it is wanted and under which marker, transitively. pyproject.toml tells which
groups are optional and which extras the project asks of its dependencies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.artifact import Archive, Directory, Hashes, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import LockVersionError, shown
from pytest_ofiuco.formats._constraint import alternatives
from pytest_ofiuco.formats._markers import with_extras_as_set
from pytest_ofiuco.formats._source import direct_file, filename_of, fragment_hash, hash_of, is_sdist
from pytest_ofiuco.formats._stale import poetry_is_stale

_KNOWN = Version("2.1")


def read(document: Table, content: bytes, pyproject: Table) -> Lock:
    """Read a poetry.lock.

    Raises:
        InputError: something in it is not as Poetry writes it.
        LockVersionError: its lock-version is not 2.x with x ≥ 1.
    """
    metadata = document.table("metadata")
    version, warnings = _version(document, metadata)
    tables = document.tables("package")
    packages = tuple(_package(table) for table in tables)
    groups = _groups(tables, packages, pyproject)
    optional = _optional_groups(pyproject)
    text = metadata.text("python-versions") or ""
    is_stale = poetry_is_stale(document, content, pyproject)
    return Lock(
        format="poetry",
        version=version,
        path=document.file,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="star",
        packages=packages,
        groups=groups,
        default_groups=tuple(name for name in groups if name not in optional),
        extras={canonicalize_name(name): () for name in document.table("extras")},
        requires_python=_python_versions(metadata, text),
        requires_python_text=text,
        stale=f"out of date with {pyproject.file}" if is_stale else "",
        relock="poetry lock",
        warnings=warnings,
    )


def _groups(
    tables: list[Table], packages: tuple[Package, ...], pyproject: Table
) -> Mapping[str, tuple[Dependency, ...]]:
    """Root edges by normalized group: Poetry writes names normalized into the lock, people as they like elsewhere."""
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
    for group in _declared_groups(pyproject):
        groups.setdefault(canonicalize_name(group), [])
    return {name: tuple(edges) for name, edges in groups.items()}


def _version(document: Table, metadata: Table) -> tuple[str, tuple[str, ...]]:
    text = metadata.text("lock-version") or "1.0"
    try:
        version = Version(text)
    except InvalidVersion as error:
        raise metadata.wrong("lock-version", f"{shown(text)} is not a version") from error
    if version.major != _KNOWN.major or version < _KNOWN:
        raise LockVersionError(document.file, "metadata.lock-version", text, f"poetry.lock {_KNOWN}")
    if version > _KNOWN:
        return text, (f"{document.file}: lock-version {text} is newer than {_KNOWN}, read as {_KNOWN}",)
    return text, ()


def _python_versions(metadata: Table, text: str) -> tuple[SpecifierSet, ...]:
    if not text:
        return ()
    try:
        return alternatives(text)
    except ValueError as error:
        raise metadata.wrong("python-versions", str(error)) from error


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
        marker = table.marker("markers")
        yield from ((group, marker and with_extras_as_set(marker)) for group in groups)
        return
    by_group = table.table("markers")
    for group in groups:
        marker = by_group.marker(group)
        yield group, marker and with_extras_as_set(marker)


def _package(table: Table) -> Package:
    source = table.table("source")
    kind = source.text("type")
    index = source.text("url") if kind == "legacy" else None
    files = [(each.required_text("file"), hash_of(each.text("hash") or "")) for each in table.tables("files")]
    direct = _direct(table, source, kind, files)
    wheels: list[Wheel] = []
    sdist: Sdist | None = None
    if direct is None:
        wheels = [Wheel(filename=name, hashes=hashes, index=index) for name, hashes in files if name.endswith(".whl")]
        sdists = [Sdist(filename=name, hashes=hashes, index=index) for name, hashes in files if is_sdist(name)]
        sdist = max(sdists, key=lambda each: (each.filename.endswith(".tar.gz"), each.filename), default=None)
    elif isinstance(direct, Wheel):
        wheels, direct = [direct], None
    return Package(
        name=table.name(),
        version=table.required_text("version"),
        at=table.at,
        source=table.at,
        wheels=tuple(wheels),
        sdist=sdist,
        direct=direct,
        dependencies=tuple(_dependencies(table)),
    )


def _direct(
    table: Table, source: Table, kind: str | None, files: list[tuple[str, Hashes]]
) -> Wheel | Archive | Vcs | Directory | None:
    if kind is None or kind == "legacy":
        return None
    location = source.required_location("url")
    match kind:
        case "git":
            return Vcs(
                type="git",
                url=location,
                commit=source.text("resolved_reference") or source.required_text("reference"),
                requested_revision=source.text("reference"),
                subdirectory=source.text("subdirectory"),
            )
        case "directory":
            return Directory(path=location, editable=table.boolean("develop"), subdirectory=source.text("subdirectory"))
        case "url" | "file":
            filename = filename_of(location)
            hashes = dict(files).get(filename) or fragment_hash(location) or (files[0][1] if files else ())
            is_url = kind == "url"
            return direct_file(
                filename,
                hashes,
                url=location.partition("#")[0] if is_url else None,
                path=None if is_url else location,
                subdirectory=source.text("subdirectory"),
            )
        case _:
            raise source.wrong(
                "type", f"{shown(kind)} is not a source that is known (git, url, file, directory, legacy)"
            )


def _dependencies(table: Table) -> Iterator[Dependency]:
    """Edges of [package.dependencies]: a constraint, a table, or a list of alternatives."""
    dependencies = table.table("dependencies")
    for written in dependencies:
        value = dependencies.data[written]
        name = dependencies.normalized(written, written)
        alternatives_ = value if isinstance(value, list) else [value]
        for number, each in enumerate(alternatives_):
            at = dependencies.path(written) + (f"[{number}]" if isinstance(value, list) else "")
            yield _edge(name, each, dependencies, at)


def _edge(name: NormalizedName, value: object, dependencies: Table, at: str) -> Dependency:
    if isinstance(value, str):
        return Dependency(name=name, at=at)
    table = Table(value if isinstance(value, dict) else {}, file=dependencies.file, at=at, package=dependencies.package)
    if not isinstance(value, dict):
        raise table.wrong("", "expected a version constraint or a table")
    marker = table.marker("markers")
    return Dependency(
        name=name,
        at=at,
        marker=marker and with_extras_as_set(marker),
        extras=tuple(table.normalized("extras", each) for each in table.texts("extras")),
    )


def _group_tables(pyproject: Table) -> dict[str, Table]:
    settings = pyproject.table("tool").table("poetry")
    declared = settings.table("group")
    found = {name: declared.table(name) for name in declared}
    if "dev-dependencies" in settings:
        old = Table(
            {"dependencies": settings.table("dev-dependencies").data},
            file=settings.file,
            at=settings.path("dev-dependencies"),
        )
        found.setdefault("dev", old)
    return found


def _declared_groups(pyproject: Table) -> tuple[str, ...]:
    return (*_group_tables(pyproject), *pyproject.table("dependency-groups"))


def _optional_groups(pyproject: Table) -> frozenset[str]:
    return frozenset(
        canonicalize_name(name) for name, group in _group_tables(pyproject).items() if group.boolean("optional")
    )


def _requested_extras(pyproject: Table) -> Mapping[NormalizedName, tuple[NormalizedName, ...]]:
    """The extras that the project asks of its direct dependencies, in all of its groups."""
    found: dict[NormalizedName, set[NormalizedName]] = {}
    project = pyproject.table("project")
    optional = project.table("optional-dependencies")
    groups = pyproject.table("dependency-groups")
    written = [*project.texts("dependencies")]
    written += [each for extra in optional for each in optional.texts(extra)]
    written += [each for group in groups for each in groups.array(group) if isinstance(each, str)]
    for text in written:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        found.setdefault(canonicalize_name(requirement.name), set()).update(map(canonicalize_name, requirement.extras))
    settings = pyproject.table("tool").table("poetry")
    for table in (
        settings.table("dependencies"),
        *(each.table("dependencies") for each in _group_tables(pyproject).values()),
    ):
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

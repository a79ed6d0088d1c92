"""uv.lock, version 1 with any revision (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile).

A graph. The project's own entry is its root: virtual here, since installing the project is not the lock's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import LockVersionError, brief, shown
from pytest_ofiuco.formats._markers import extras_marker
from pytest_ofiuco.formats._uv_source import archive_of, commit_of, sdist_of, wheel_of
from pytest_ofiuco.formats._uv_stale import differences, other_differences

_DIRECT = ("git", "url", "path", "directory", "editable", "virtual")


def read(document: Table, content: bytes, pyproject: Table) -> Lock:
    """Read a uv.lock; ``pyproject`` tells the workspace member and the default groups.

    Raises:
        InputError: something in it is not as uv writes it.
        LockVersionError: its version is not 1.
    """
    version = document.integer("version")
    if version is None:
        raise document.wrong("version", "required, and missing")
    if version != 1:
        raise LockVersionError(document.file, "version", str(version), "uv.lock version 1")
    tables = document.tables("package")
    roots, is_project = _roots(document, tables, pyproject)
    packages = tuple(_package(table, is_project=is_project and table in roots) for table in tables)
    members = [package for package, table in zip(packages, tables, strict=True) if table in roots]
    groups, extras = _selectable(document, roots, members)
    _check_whole(document, tables, roots)
    specifiers = document.specifiers("requires-python")
    return Lock(
        format="uv",
        version=f"1.{document.integer('revision') or 0}",
        path=document.file,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="graph",
        packages=packages,
        groups=groups,
        default_groups=_default_groups(pyproject, groups),
        extras=extras,
        requires_python=(specifiers,) if specifiers else (),
        requires_python_text=str(specifiers or ""),
        environments=_markers(document, "supported-markers"),
        activates=_activations(members, groups, extras),
        encodes=_encodes(document),
        conflicts=_conflicts(document, {member.name for member in members}),
        stale=_stale(document, roots, pyproject),
        relock="uv lock",
    )


def _roots(document: Table, tables: list[Table], pyproject: Table) -> tuple[list[Table], bool]:
    """What the lock starts from, and whether that is the project: its own entry.

    Where the root of a workspace is no project, it is every member, and uv installs them.
    """
    project = pyproject.table("project").text("name")
    members = [canonicalize_name(name) for name in document.table("manifest").texts("members")]
    local = [table for table in tables if not _is_registry(table)]
    if project is not None:
        wanted = canonicalize_name(project)
        found = [table for table in local if table.name() == wanted]
        if found:
            return found, True
    at_root = [
        table
        for table in local
        if any(table.table("source").text(kind) == "." for kind in ("editable", "virtual", "directory"))
    ]
    if at_root:
        return at_root, True
    return [table for table in local if table.name() in members], False


def _check_whole(document: Table, tables: list[Table], roots: list[Table]) -> None:
    """uv writes entries sorted by name, the project's among them: of a file that is cut off that may be gone.

    Raises:
        InputError: it is, or that of a member of the workspace.
    """
    manifest = document.table("manifest")
    names = {table.name() for table in tables}
    hint = "restore the file from version control, or lock the project again"
    for index, member in enumerate(manifest.texts("members")):
        if canonicalize_name(member) not in names:
            raise manifest.wrong(f"members[{index}]", f"{shown(member)} has no entry: the file is cut off", hint)
    if tables and not roots and not any(each in manifest for each in ("requirements", "dependency-groups")):
        raise document.wrong("package", "none is the project's own: the file is cut off, or of another project", hint)


def _is_registry(table: Table) -> bool:
    return "registry" in table.table("source")


def _package(table: Table, *, is_project: bool) -> Package:
    source = table.table("source")
    kind = next((each for each in ("registry", *_DIRECT) if each in source), None)
    if kind is None:
        raise table.wrong("source", "not a source that is known (registry, git, url, path, directory, …)")
    location = source.required_location(kind)
    index = location if kind == "registry" else None
    version = table.text("version")
    wheels: list[Wheel] = [wheel_of(each, index, source, kind, version) for each in table.tables("wheels")]
    sdist: Sdist | None = None
    direct: Archive | Vcs | Directory | None = None
    if kind == "registry":
        sdist = sdist_of(table, index)
    elif kind in ("url", "path"):
        if not wheels:
            direct = archive_of(table, source, kind, location)
    elif kind == "git":
        direct = commit_of(location)
    elif kind in ("directory", "editable"):
        direct = Directory(path=location, editable=kind == "editable", subdirectory=None)
    return Package(
        name=table.name(),
        version=version,
        at=table.at,
        source=_source_key(source),
        wheels=tuple(wheels),
        sdist=sdist,
        direct=direct,
        dependencies=tuple(_dependencies(table)),
        forks=_markers(table, "resolution-markers"),
        is_virtual=is_project or kind == "virtual",
    )


def _source_key(source: Table) -> str:
    """What tells sources apart: every key and value of one."""
    return " ".join(
        f"{key}={value if isinstance(value := source.data[key], str) else shown(value)}" for key in sorted(source)
    )


def _markers(table: Table, key: str) -> tuple[Marker, ...]:
    markers = [extras_marker(table, f"{key}[{index}]", text) for index, text in enumerate(table.texts(key))]
    return tuple(filter(None, markers))


def _dependencies(table: Table) -> Iterator[Dependency]:
    yield from _edges(table.tables("dependencies"), None)
    optional = table.table("optional-dependencies")
    for extra in optional:
        yield from _edges(optional.tables(extra), extra)


def _edges(tables: Iterable[Table], extra: str | None) -> Iterator[Dependency]:
    for table in tables:
        yield Dependency(
            name=table.name(),
            at=table.at,
            marker=extras_marker(table, "marker"),
            extra=canonicalize_name(extra) if extra is not None else None,
            extras=tuple(table.normalized("extra", each) for each in table.texts("extra")),
            version=table.text("version"),
            source=_source_key(table.table("source")) if "source" in table else None,
        )


Edges = dict[str, tuple[Dependency, ...]]


def _selectable(document: Table, roots: list[Table], members: list[Package]) -> tuple[Edges, Edges]:
    """Root edges by group and by extra."""
    groups: dict[str, list[Dependency]] = {MAIN: []}
    extras: dict[str, list[Dependency]] = {}
    for table, member in zip(roots, members, strict=True):
        if not member.is_virtual:
            groups[MAIN].append(Dependency(name=member.name, at=member.at, source=member.source))
        for edge in member.dependencies:
            (groups[MAIN] if edge.extra is None else extras.setdefault(edge.extra, [])).append(_as_root_edge(edge))
        metadata = table.table("metadata")
        for name in metadata.texts("provides-extras"):
            extras.setdefault(table.normalized("metadata.provides-extras", name), [])
        for name in metadata.table("requires-dev"):
            groups.setdefault(canonicalize_name(name), [])
        development = table.table("dev-dependencies")
        for name in development:
            groups.setdefault(canonicalize_name(name), []).extend(_edges(development.tables(name), None))
    groups[MAIN].extend(_edges(document.table("manifest").tables("requirements"), None))
    without_project = document.table("manifest").table("dependency-groups")
    for name in without_project:
        groups.setdefault(canonicalize_name(name), []).extend(_edges(without_project.tables(name), None))
    return _frozen(groups), _frozen(extras)


def _as_root_edge(edge: Dependency) -> Dependency:
    """A selected extra's edge starts from the selection, which has asked for the extra already."""
    if edge.extra is None:
        return edge
    return Dependency(
        name=edge.name,
        at=edge.at,
        marker=edge.marker,
        extras=edge.extras,
        version=edge.version,
        source=edge.source,
    )


def _frozen(edges: dict[str, list[Dependency]]) -> Edges:
    return {name: tuple(found) for name, found in edges.items()}


def _default_groups(pyproject: Table, groups: Edges) -> tuple[str, ...]:
    """``default-groups`` of [tool.uv]: names, or ``"all"``; ``dev`` where it says nothing.

    A name that neither the lock nor the project knows is an error, as it is to uv.
    """
    settings = pyproject.table("tool").table("uv")
    if settings.data.get("default-groups") == "all":
        return tuple(groups)
    wanted = settings.texts("default-groups") if "default-groups" in settings else ("dev",)
    declared = {canonicalize_name(name) for name in pyproject.table("dependency-groups")}
    if "dev-dependencies" in settings or "default-groups" not in settings:
        declared.add(canonicalize_name("dev"))
    chosen = [MAIN]
    for index, name in enumerate(wanted):
        normalized = canonicalize_name(name)
        if normalized in groups:
            chosen.append(normalized)
        elif normalized not in declared:
            known = sorted({*groups, *declared} - {MAIN})
            hint = f"name one of: {', '.join(known)}" if known else "leave it out: the project has no groups"
            raise settings.wrong(f"default-groups[{index}]", f"{shown(name)} is not a group of the project", hint)
    return tuple(dict.fromkeys(chosen))


def _activations(members: list[Package], groups: Edges, extras: Edges) -> dict[tuple[str, str], frozenset[str]]:
    """What uv's conflict markers test: ``extra-7-project-cpu``, ``group-7-project-dev`` (7 is the name's length)."""
    names = [member.name for member in members]
    found = {
        (kind, each): frozenset(f"{kind}-{len(name)}-{name}-{each}" for name in names)
        for kind, known in (("group", groups), ("extra", extras))
        for each in known
    }
    projects = frozenset(f"project-{len(name)}-{name}" for name in names)
    found["group", MAIN] = found["group", MAIN] | projects
    return found


def _stale(document: Table, roots: list[Table], pyproject: Table) -> str:
    if len(roots) != 1:
        return ""
    found = [
        *differences(roots[0], pyproject, has_metadata=bool(document.integer("revision"))),
        *other_differences(document, roots[0], pyproject),
    ]
    return f"out of date with {pyproject.file} ({brief(', '.join(found))})" if found else ""


def _conflict_sets(document: Table) -> list[list[Table]]:
    return [
        Table({"set": items}, file=document.file, at=f"conflicts[{index}]").tables("set")
        for index, items in enumerate(document.array("conflicts"))
    ]


def _encodes(document: Table) -> dict[tuple[NormalizedName, NormalizedName], str]:
    """What conflict markers call the extras of packages: ``extra-1-m-cpu`` (1 is the length of the package's name)."""
    found = {}
    for item in chain.from_iterable(_conflict_sets(document)):
        if "extra" in item:
            package, extra = item.name("package"), item.name("extra")
            found[package, extra] = f"extra-{len(package)}-{package}-{extra}"
    return found


def _conflicts(document: Table, members: set[NormalizedName]) -> tuple[frozenset[tuple[str, str]], ...]:
    found = []
    for items in _conflict_sets(document):
        own = [item for item in items if item.text("package") in members]
        kinds = [("extra" if "extra" in item else "group", item) for item in own]
        found.append(frozenset((kind, canonicalize_name(item.text(kind) or MAIN)) for kind, item in kinds))
    return tuple(found)

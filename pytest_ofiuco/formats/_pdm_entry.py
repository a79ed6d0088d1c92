"""[[package]] of a pdm.lock → ``Package``.

pdm writes one entry for a package and one more for each set of extras that is asked of it, which depends on the first.
Here they are one package, whose edges say which extras they are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from packaging.markers import Marker
from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Archive, Directory, Hashes, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Dependency, Package
from pytest_ofiuco.core.source import direct_file, filename_of, fragment_hash, hash_of, is_sdist
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._constraint import readable_alternatives
from pytest_ofiuco.formats._markers import with_extras_as_set
from pytest_ofiuco.formats._pdm_requirement import VCS, local_path, required
from pytest_ofiuco.formats._pdm_target import python_marker

File = tuple[str, str | None, Hashes]
"""A file's name, its URL where the lock has it, and its hash."""

_EMPTY = "<empty>"
"""What pdm writes for a marker that nothing can meet."""

_NEVER = Marker('python_version < "0"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One [[package]] as pdm writes it; ``place`` tells where it comes from, where that is no index."""

    table: Table
    name: NormalizedName
    version: str | None
    extras: tuple[NormalizedName, ...]
    place: str
    groups: tuple[NormalizedName, ...]
    marker: Marker | None
    dependencies: tuple[Dependency, ...]
    files: tuple[File, ...]


def hashes_by_entry(metadata: Table) -> Mapping[str, list[Table]]:
    """[metadata.files], where lock_version 4.0 to 4.2 has what entries have later, by ``name version``."""
    table = metadata.table("files")
    return {key: table.tables(key) for key in table}


def entry_of(table: Table, files: Mapping[str, list[Table]], excluded: AbstractSet[str]) -> Entry:
    """Read one entry; what leads to ``excluded`` packages is passed over.

    Raises:
        InputError: something in it is not as pdm writes it.
    """
    name, version = table.name(), table.text("version")
    own_files = table.tables("files") or files.get(f"{table.required_text('name')} {version}", [])
    dependencies = (
        required(
            text, at=f"{table.path('dependencies')}[{index}]", wrong=partial(table.wrong, f"dependencies[{index}]")
        )
        for index, text in enumerate(table.texts("dependencies"))
    )
    return Entry(
        table=table,
        name=name,
        version=version,
        extras=tuple(sorted(table.normalized("extras", each) for each in table.texts("extras"))),
        place=_place(table),
        groups=tuple(table.normalized("groups", each) for each in table.texts("groups")),
        marker=_marker(table),
        dependencies=tuple(each for each in dependencies if each.name not in excluded),
        files=tuple(map(_file, own_files)),
    )


def _marker(table: Table) -> Marker | None:
    if table.text("marker") == _EMPTY:
        return _NEVER
    marker = table.marker("marker")
    return marker and with_extras_as_set(marker)


def _place(table: Table) -> str:
    """``git+https://…``, ``https://….whl``, ``./lib``: as a requirement of it would write it."""
    for vcs in VCS:
        if vcs in table:
            return f"{vcs}+{table.required_location(vcs)}"
    return table.location("path") or table.location("url") or ""


def _file(table: Table) -> File:
    url = table.location("url")
    name = filename_of(url) if url is not None else table.required_text("file")
    return name, url.partition("#")[0] if url is not None else None, hash_of(table.text("hash") or "")


def merged(entries: Sequence[Entry]) -> tuple[tuple[Package, ...], tuple[Package, ...]]:
    """The packages, in the order of the lock, and for each entry the one that it is a part of."""
    parts: dict[tuple[str, ...], list[Entry]] = {}
    keys = [_key(entry) for entry in entries]
    for key, entry in zip(keys, entries, strict=True):
        parts.setdefault(key, []).append(entry)
    packages = {key: _package(found) for key, found in parts.items()}
    return tuple(packages.values()), tuple(packages[key] for key in keys)


def _key(entry: Entry) -> tuple[str, ...]:
    return entry.name, "" if entry.place else entry.version or "", entry.place, str(entry.table.data.get("revision"))


def _package(parts: Sequence[Entry]) -> Package:
    first = parts[0]
    files = tuple({name: (name, url, hashes) for part in parts for name, url, hashes in part.files}.values())
    wheels = [Wheel(filename=name, hashes=hashes, url=url) for name, url, hashes in files if name.endswith(".whl")]
    sdists = [Sdist(filename=name, hashes=hashes, url=url) for name, url, hashes in files if is_sdist(name)]
    direct = _direct(first, files)
    if direct is not None:
        wheels, sdists = ([direct] if isinstance(direct, Wheel) else []), []
    return Package(
        name=first.name,
        version=first.version,
        at=first.table.at,
        source=first.table.at,
        wheels=tuple(wheels),
        sdist=max(sdists, key=lambda each: (each.filename.endswith(".tar.gz"), each.filename), default=None),
        direct=None if isinstance(direct, Wheel) else direct,
        dependencies=tuple(edge for part in parts for edge in _edges(part, first.table.at)),
        forks=tuple(_forks(parts)),
    )


def _forks(parts: Sequence[Entry]) -> Iterator[Marker]:
    """For which targets the package is, as far as a graph tells: for the Pythons that it admits."""
    for part in parts:
        python = python_marker(readable_alternatives(part.table.text("requires_python") or ""))
        fork = _both(part.marker, python)
        if fork is not None:
            yield fork


def _direct(entry: Entry, files: Iterable[File]) -> Wheel | Archive | Vcs | Directory | None:
    table = entry.table
    subdirectory = table.text("subdirectory")
    for vcs in VCS:
        if vcs in table:
            # An editable checkout has no revision: pdm takes what the reference names on the day.
            return Vcs(
                type=vcs,
                url=table.required_location(vcs),
                commit=table.text("revision") or table.text("ref") or table.required_text("revision"),
                requested_revision=table.text("ref"),
                subdirectory=subdirectory,
            )
    url = table.location("url")
    path = table.location("path") or (local_path(url) if url is not None else None)
    if path is None and url is None:
        return None
    filename = filename_of(path or url or "")
    if path is not None and not (filename.endswith(".whl") or is_sdist(filename)):
        path = path.removeprefix("./") or "."
        return Directory(path=path, editable=table.boolean("editable"), subdirectory=subdirectory)
    known: dict[str, Any] = {name: hashes for name, _, hashes in files}
    return direct_file(
        filename,
        known.get(filename) or (fragment_hash(url) if url is not None else ()) or next(iter(known.values()), ()),
        url=url.partition("#")[0] if path is None and url is not None else None,
        path=path.removeprefix("./") if path is not None else None,
        subdirectory=subdirectory,
    )


def _edges(entry: Entry, source: str) -> Iterator[Dependency]:
    """What an entry depends on; where it asks for other extras of its package (``source``), an edge to that itself.

    All of its extras must be asked for: the first says so on the edge, the others in its marker.
    """
    for each in entry.dependencies:
        if each.name == entry.name and not each.extras:
            continue
        edge = replace(each, specifiers=(), source=source) if each.name == entry.name else each
        yield (
            replace(edge, extra=entry.extras[0], marker=_with_extras(edge.marker, entry.extras[1:]))
            if entry.extras
            else edge
        )


def _with_extras(marker: Marker | None, extras: Iterable[str]) -> Marker | None:
    for extra in extras:
        marker = _both(marker, Marker(f'"{extra}" in extras'))
    return marker


def _both(first: Marker | None, second: Marker | None) -> Marker | None:
    if first is None or second is None:
        return first or second
    return Marker(f"({first}) and ({second})")

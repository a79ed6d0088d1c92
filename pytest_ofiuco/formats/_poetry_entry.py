"""An entry of a poetry.lock: its files, where they come from, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from packaging.markers import Marker
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
)
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.artifact import Archive, Directory, Hashes, Sdist, Vcs, Wheel
from pytest_ofiuco.core.grammar import sdist_filename, wheel_filename
from pytest_ofiuco.core.grammar import version as version_of
from pytest_ofiuco.core.lock import Dependency, Package
from pytest_ofiuco.core.source import direct_file, filename_of, fragment_hash, hash_of, is_sdist
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import shown
from pytest_ofiuco.formats._constraint import readable_alternatives
from pytest_ofiuco.formats._poetry_dependency import Declared, of_table
from pytest_ofiuco.formats._poetry_marker import python_marker

_Files = Sequence[tuple[str, Hashes]]

_BY_LOCATION = ("url", "file")

_AFTER_A_NAME = "[(;<>=!~@ "


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFiles:
    """[metadata.files], or [metadata.hashes] of the first locks: by name, for all entries of that name together."""

    files: Mapping[NormalizedName, _Files]
    hashes: Mapping[NormalizedName, tuple[str, ...]]

    def of_entry(self, name: NormalizedName, version: str, location: str | None) -> _Files:
        """Those of an entry: of its version, or the one that its own location names."""
        files = self.files.get(name, ())
        if location is not None:
            return [each for each in files if each[0] == filename_of(location)]
        return [each for each in files if _is_of(each[0], version)]


def shared_files(metadata: Table) -> SharedFiles:
    """What is left to the entries' names, where there is such a table.

    Raises:
        InputError: it is not as Poetry writes it.
    """
    files, hashes = metadata.table("files"), metadata.table("hashes")
    return SharedFiles(
        files={canonicalize_name(name): _files(files, name) for name in files},
        hashes={canonicalize_name(name): hashes.texts(name) for name in hashes},
    )


def package(table: Table, shared: SharedFiles, *, is_star: bool) -> Package:
    """The package that an entry is; in a star, an edge leads to each by its own place.

    Raises:
        InputError: it is not as Poetry writes it.
    """
    name, version = table.name(), table.required_text("version")
    source = table.table("source")
    kind = source.text("type")
    index = source.text("url") if kind == "legacy" else None
    location = source.location("url") if kind in _BY_LOCATION else None
    files = _files(table, "files") if "files" in table else shared.of_entry(name, version, location)
    direct = _direct(table, source, kind, files)
    wheels: list[Wheel] = []
    sdist: Sdist | None = None
    unnamed: tuple[tuple[str, str], ...] = ()
    if direct is None:
        wheels = [Wheel(filename=name, hashes=hashes, index=index) for name, hashes in files if name.endswith(".whl")]
        sdists = [Sdist(filename=name, hashes=hashes, index=index) for name, hashes in files if is_sdist(name)]
        sdist = max(sdists, key=lambda each: (each.filename.endswith(".tar.gz"), each.filename), default=None)
        unnamed = tuple(sorted(("sha256", digest) for digest in shared.hashes.get(name, ())))
    elif isinstance(direct, Wheel):
        wheels, direct = [direct], None
    return Package(
        name=name,
        version=version,
        at=table.at,
        source=table.at if is_star else source_key(source),
        wheels=tuple(wheels),
        sdist=sdist,
        direct=direct,
        unnamed=unnamed,
        dependencies=tuple(dependencies(table)),
        forks=() if is_star else _forks(table),
    )


def source_key(source: Table) -> str:
    """What tells entries of one version apart."""
    return " ".join(f"{key}={source.data[key]}" for key in sorted(source))


def _forks(table: Table) -> tuple[Marker, ...]:
    """Of several entries of one name, those for other Pythons are not meant."""
    marker = python_marker(readable_alternatives(table.text("python-versions") or "*"))
    return (marker,) if marker is not None else ()


def _files(table: Table, key: str) -> _Files:
    return [(each.required_text("file"), hash_of(each.text("hash") or "")) for each in table.tables(key)]


def _is_of(filename: str, version: str) -> bool:
    """Whether a file is of a version: by its name as the standards have it, else by any of the name's parts."""
    try:
        wanted = version_of(version)
        if filename.endswith(".whl"):
            return wheel_filename(filename)[1] == wanted
        return sdist_filename(filename)[1] == wanted
    except InvalidVersion:
        return f"-{version}" in filename
    except (InvalidWheelFilename, InvalidSdistFilename):
        stem = filename
        for suffix in (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip", ".whl"):
            stem = stem.removesuffix(suffix)
        return any(_is_version(part, wanted) for part in stem.split("-")[1:])


def _is_version(text: str, wanted: Version) -> bool:
    try:
        return version_of(text) == wanted
    except InvalidVersion:
        return False


def _direct(table: Table, source: Table, kind: str | None, files: _Files) -> Wheel | Archive | Vcs | Directory | None:
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
            hashes = dict(files).get(filename) or fragment_hash(location) or (files[0][1] if len(files) == 1 else ())
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


def dependencies(table: Table) -> Iterator[Dependency]:
    """Edges of [package.dependencies], and those of an extra that asks for other extras of the same package.

    An optional dependency belongs to the extras that list it; where none does, its marker may ask for one.
    """
    name = table.name()
    listing, asking = _extras(table, name)
    for declared in of_table(table.table("dependencies")):
        if not declared.is_optional:
            yield edge(declared)
        elif declared.name in listing:
            yield from (edge(declared, extra=extra) for extra in listing[declared.name])
        elif "extras" in str(declared.marker or ""):
            yield edge(declared)
    for extra, others in asking:
        yield Dependency(
            name=name,
            at=f"{table.path('extras')}.{extra}",
            extra=extra,
            extras=others,
            version=table.text("version"),
            source=source_key(table.table("source")),
        )


def edge(declared: Declared, *, extra: NormalizedName | None = None, source: str | None = None) -> Dependency:
    """A declared dependency as an edge."""
    return Dependency(
        name=declared.name,
        at=declared.at,
        marker=declared.marker,
        extra=extra,
        extras=declared.extras,
        source=source,
        specifiers=declared.specifiers,
    )


_Listing = dict[NormalizedName, list[NormalizedName]]
_Asking = list[tuple[NormalizedName, tuple[NormalizedName, ...]]]


def _extras(table: Table, own_name: NormalizedName) -> tuple[_Listing, _Asking]:
    """The extras that list a name, and those that ask for other extras of the package itself.

    What they list may be no requirement that a standard knows: of old locks only the names can be read.
    """
    extras = table.table("extras")
    listing: _Listing = {}
    asking: _Asking = []
    for written in extras:
        extra = canonicalize_name(written)
        for text in extras.texts(written):
            name, bracket = _name_of(text)
            if name == own_name:
                asking.append((extra, tuple(sorted(canonicalize_name(each) for each in bracket if each))))
            elif name is not None:
                listing.setdefault(name, []).append(extra)
    return listing, asking


@lru_cache(maxsize=4096)
def _name_of(text: str) -> tuple[NormalizedName | None, tuple[str, ...]]:
    """The name that a requirement starts with, and what its square brackets hold."""
    written = text.strip()
    first, _, others = written.partition(" ")
    if first.isalnum() and first.isascii() and not others.lstrip().startswith("["):  # as most are written
        return canonicalize_name(first), ()
    end = next((index for index, character in enumerate(written) if character in _AFTER_A_NAME), len(written))
    rest = written[end:].lstrip()
    bracket = rest[1:].partition("]")[0] if rest.startswith("[") else ""
    try:
        return canonicalize_name(written[:end], validate=True), tuple(each.strip() for each in bracket.split(","))
    except InvalidName:
        return None, ()

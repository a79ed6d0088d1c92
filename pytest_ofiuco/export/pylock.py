"""pylock.toml (PEP 751, https://packaging.python.org/specifications/pylock-toml/) of a target or of a whole matrix.

It holds exactly the files that the cells get, with the groups and extras that were selected baked in: it has no groups
of its own. A package that only some cells get has a marker that holds in these.
"""

from __future__ import annotations

from collections.abc import Sequence

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel, unknown
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.core.source import filename_of
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import IndistinctCellsError, InputError, NoLocationError
from pytest_ofiuco.export import toml
from pytest_ofiuco.export.entries import Entry, entries
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.published import published, required_sha256
from pytest_ofiuco.export.telling import Alike, Environments, facts

Fields = dict[str, toml.Value]


def pylock_toml(lock: Lock, cells: Sequence[ResolvedCell]) -> str:
    """The file for these cells, of which there is at least one.

    Raises:
        IndistinctCellsError: two cells differ in packages, and in nothing that a marker could say.
        NoLocationError: nobody has said where a file is.
        UnhashedError: a file has no sha256.
        InputError: the lock holds what a pylock.toml cannot.
    """
    pythons = [each.cell.target.python for each in cells]
    head: Fields = {
        "lock-version": "1.0",
        "environments": list(dict.fromkeys(facts(each.cell.target) for each in cells)),
        "requires-python": requires_python(pythons),
        "created-by": "pytest-ofiuco",
    }
    packages = _Packages(lock, cells).written()
    try:
        Pylock.from_dict({**head, "packages": packages})
    except PylockValidationError as error:
        at, _, _ = (error.context or "").partition(".")
        names = {f"packages[{index}]": str(each["name"]) for index, each in enumerate(packages)}
        hint = "leave it out of the selection: a pylock.toml cannot hold it"
        raise InputError(lock.path, "", error.message, hint, names.get(at, "")) from error
    return toml.document(head, "packages", packages)


def requires_python(pythons: Sequence[Python]) -> str:
    """From the oldest Python to the newest: ``>=3.10,<3.14``."""
    oldest = min(pythons, key=lambda each: each.version)
    is_said = oldest.is_exact or oldest.version.is_prerelease
    major, minor = max(each.minor for each in pythons)
    return f">={oldest.full_version if is_said else oldest.version},<{major}.{minor + 1}"


class _Packages:
    """What is written of the packages of a matrix."""

    def __init__(self, lock: Lock, cells: Sequence[ResolvedCell]) -> None:
        self.lock, self.cells = lock, cells
        self.environments = Environments(of_cells=[each.cell.target.environment for each in cells])
        self.entries = entries(cells)
        self.by_name: dict[NormalizedName, list[Entry]] = {}
        for entry in self.entries:
            self.by_name.setdefault(entry.name, []).append(entry)

    def written(self) -> list[Fields]:
        return [self.package(entry) for entry in self.entries]

    def package(self, entry: Entry) -> Fields:
        fields: Fields = {"name": str(entry.name)}
        # "The version MUST NOT be included when it cannot be guaranteed to be consistent with the code used (i.e. when
        # a source tree is used)."
        if entry.version is not None and not isinstance(entry.artifact, Directory):
            fields["version"] = entry.version
        marker = self.marker(entry)
        if marker is not None:
            fields["marker"] = marker
        dependencies = self.dependencies(entry)
        if dependencies:
            fields["dependencies"] = dependencies
        return fields | self.source(entry)

    def marker(self, entry: Entry) -> str | None:
        try:
            return self.environments.marker(entry.members)
        except Alike as alike:
            first, second = self.cells[alike.first].cell.name, self.cells[alike.second].cell.name
            raise IndistinctCellsError(self.lock.path, entry.name, first, second) from alike

    def dependencies(self, entry: Entry) -> list[toml.Value]:
        """The entries that it depends on in some cell, each with as little as tells it from others of its name."""
        found: dict[tuple[str, ...], Fields] = {}
        for cell, pin in entry.pins.items():
            for name in pin.dependencies:
                edge = self.edge(next(each for each in self.by_name[name] if cell in each.members))
                found[tuple(map(str, edge.values()))] = edge
        return [found[key] for key in sorted(found)]

    def edge(self, entry: Entry) -> Fields:
        edge: Fields = {"name": str(entry.name)}
        others = [each for each in self.by_name[entry.name] if each is not entry]
        if others and entry.version is not None and not isinstance(entry.artifact, Directory):
            edge["version"] = entry.version
            others = [each for each in others if each.version == entry.version]
        marker = self.marker(entry) if others else None
        return edge if marker is None else edge | {"marker": marker}

    def source(self, entry: Entry) -> Fields:
        pin = next(iter(entry.pins.values()))
        match entry.artifact:
            case Wheel() | Sdist():
                return self.files(entry, pin)
            case Archive() as archive:
                found = self.file(pin, archive) | _given({"subdirectory": archive.subdirectory})
                return {"archive": found}
            case Vcs() as vcs:
                at = _given({"path": vcs.path}) if vcs.url is None else {"url": published(vcs.url)}
                commit = {"requested-revision": vcs.requested_revision, "commit-id": vcs.commit}
                return {"vcs": {"type": vcs.type, **at, **_given({**commit, "subdirectory": vcs.subdirectory})}}
            case Directory() as directory:
                editable: Fields = {"editable": True} if directory.editable else {}
                tree = {"path": directory.path, **editable, **_given({"subdirectory": directory.subdirectory})}
                return {"directory": tree}
            case _:
                unknown(entry.artifact)

    def files(self, entry: Entry, pin: Pin) -> Fields:
        index = entry.artifact.index if isinstance(entry.artifact, (Wheel, Sdist)) else None
        fields: Fields = {"index": published(index)} if index is not None and "://" in index else {}
        if entry.sdist is not None:
            fields["sdist"] = self.file(pin, entry.sdist)
        if entry.wheels:
            fields["wheels"] = [self.file(pin, each) for each in entry.wheels]
        return fields

    def file(self, pin: Pin, artifact: Wheel | Sdist | Archive) -> Fields:
        required_sha256(self.lock, pin, artifact)
        fields: Fields
        if artifact.url is not None:
            fields = {"url": published(artifact.url)}
        elif artifact.path is not None:
            fields = {"path": artifact.path}
        else:
            raise NoLocationError(self.lock.path, pin.name, artifact.filename)
        # "name … is not required when the last component of path/url would be the same value."
        location = artifact.path if artifact.url is None else artifact.url
        if not isinstance(artifact, Archive) and filename_of(location or "") != artifact.filename:
            fields = {"name": artifact.filename, **fields}
        return fields | {"hashes": dict(artifact.hashes)}


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}

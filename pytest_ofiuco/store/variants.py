"""[tool.ofiuco.variants] and the locks that they name → ``Variant``.

A version is looked for in the project's own lock, then in the variant's, and where it names none, in the other locks
that lie beside the project's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from packaging.markers import Marker
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from pytest_ofiuco import formats
from pytest_ofiuco.config.variants import ReplacementSettings, VariantSettings
from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.variant import Replacement, Variant, of_another_lock
from pytest_ofiuco.errors import InputError, NoReplacementError, OfiucoError, UsageError, shown
from pytest_ofiuco.formats.requirements import has_hashes
from pytest_ofiuco.store.project import PYPROJECT, LocalProject, read_lock, read_pyproject
from pytest_ofiuco.store.witness import Witness

_FILES_ALONE = ("pylock", "requirements")
"""Formats that need not tell what a package depends on, nor under which marker."""

Located = TypeVar("Located", bound=Artifact)


@dataclass(frozen=True, slots=True)
class _Place:
    """A lock to look in; ``is_named``: by the project. Of others, those that cannot be read are passed over."""

    file: Path
    name: str
    is_named: bool = True


@dataclass(slots=True)
class Variants:
    """The variants of a project; a lock that several of them name is read once."""

    project: LocalProject
    _locks: dict[Path, Lock] = field(default_factory=dict)
    _made: dict[str, Variant] = field(default_factory=dict)

    def find(self, name: str) -> Variant:
        """The variant of that name.

        Raises:
            UsageError: there is none.
            NoReplacementError: what takes a package's place is nowhere to be found.
            InputError, LockVersionError: a lock cannot be read.
        """
        known = {each.name: each for each in self.project.config.variants}
        if name not in known:
            hint = f"choose from: {', '.join(known)}" if known else "define it in [tool.ofiuco.variants]"
            raise UsageError(f"the project has no variant {shown(name)}", hint)
        if name not in self._made:
            self._made[name] = self._variant(known[name])
        return self._made[name]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say of the locks, other than the project's, that the variants found so far come from."""
        origins = {each.origin for variant in self._made.values() for each in variant.replacements}
        return tuple(chain.from_iterable(lock.remarks for lock in self._locks.values() if lock.path in origins))

    def _variant(self, settings: VariantSettings) -> Variant:
        replacements = tuple(self._replacement(settings, each) for each in settings.replacements)
        return Variant(name=settings.name, file=self.project.config.file, replacements=replacements)

    def _replacement(self, variant: VariantSettings, settings: ReplacementSettings) -> Replacement:
        if settings.is_dropped:
            return Replacement(name=settings.name, at=settings.at, entries=())
        if settings.wheels:
            return self._of_wheels(settings)
        looked_in = []
        for place in self._places(variant, settings):
            looked_in.append(place.name)
            lock = self._read(place, settings)
            if lock is None:
                looked_in[-1] += " (not a lock that can be read)"
                continue
            entries = tuple(self._taken(lock, place.file, settings))
            if entries:
                is_told = lock.format not in _FILES_ALONE
                return Replacement(
                    name=settings.name, at=settings.at, entries=entries, origin=lock.path, is_told=is_told
                )
        wanted = " ".join(filter(None, (settings.name, settings.version)))
        raise NoReplacementError(self.project.config.file, settings.at, variant.name, wanted, looked_in)

    def _places(self, variant: VariantSettings, settings: ReplacementSettings) -> Iterator[_Place]:
        directory = self.project.directory
        if settings.lock is not None:
            yield _Place(directory / settings.lock, settings.lock)
            return
        yield _Place(self.project.lock_file, self.project.lock.path)
        if variant.locks:
            yield from (_Place(directory / name, name) for name in variant.locks)
            return
        folder = self.project.lock_file.parent
        prefix = self.project.lock.path.removesuffix(self.project.lock_file.name)
        for name in _locks_in(folder, self.project.lock_file.name, self.project.witness):
            yield _Place(folder / name, f"{prefix}{name}", is_named=False)

    def _read(self, place: _Place, settings: ReplacementSettings) -> Lock | None:
        """The lock in a place; none where it is not one and nobody has said so.

        Raises:
            InputError, LockVersionError: a lock that the project names cannot be read.
        """
        file, name, witness = place.file, place.name, self.project.witness
        if file == self.project.lock_file:
            return self.project.lock
        if not witness.is_file(file):
            raise InputError(self.project.config.file, settings.at, f"no such lock: {name}", "correct its path")
        try:
            if file not in self._locks:
                pyproject = read_pyproject(file.parent, (Path(name).parent / PYPROJECT).as_posix(), witness)
                self._locks[file] = read_lock(file, name, pyproject, witness, offline=self.project.offline)
        except OfiucoError:
            if place.is_named:
                raise
            return None
        return self._locks[file]

    def _taken(self, lock: Lock, file: Path, settings: ReplacementSettings) -> Iterator[Package]:
        """The entries of a lock that may take the place; paths in them become relative to the project's lock."""
        is_own = lock is self.project.lock
        moved = _way(self.project.lock_file.parent, file.parent)
        for package in lock.packages:
            if package.name != settings.name or package.is_virtual or not _is_version(package, settings.version):
                continue
            entry = package if is_own else of_another_lock(package)
            yield replace(
                entry,
                forks=package.forks or _conditions(lock, package),
                wheels=tuple(_moved(each, moved) for each in package.wheels),
                sdist=package.sdist and _moved(package.sdist, moved),
                direct=package.direct and _moved(package.direct, moved),
            )

    def _of_wheels(self, settings: ReplacementSettings) -> Replacement:
        moved = _way(self.project.lock_file.parent, self.project.directory)
        wheels = tuple(_moved(each, moved) for each in settings.wheels)
        version = str(parse_wheel_filename(wheels[0].filename)[1])
        package = Package(name=settings.name, version=version, at=settings.at, wheels=wheels)
        return Replacement(name=settings.name, at=settings.at, entries=(package,), is_told=False)


def _locks_in(folder: Path, but: str, witness: Witness) -> Iterator[str]:
    """The names of the locks in a folder; a requirements.txt, the last, is one where it has hashes."""
    named = witness.names_in(folder, "pylock.*.toml")
    for name in (*formats.DEFAULT_NAMES, *named):
        if name not in (but, formats.REQUIREMENTS) and witness.is_file(folder / name):
            yield name
    file = folder / formats.REQUIREMENTS
    with suppress(OSError):
        if file.name != but and has_hashes(witness.content(file)):
            yield file.name


def _is_version(package: Package, wanted: str | None) -> bool:
    if wanted is None or package.version is None:
        return wanted is None
    try:
        return Version(package.version) == Version(wanted)
    except ValueError:  # InvalidVersion is one, and so is what int() says of a number that is too long
        return False


def _conditions(lock: Lock, package: Package) -> tuple[Marker, ...]:
    """Under which markers a star lock has an entry; none: always."""
    if lock.shape == "graph":
        return ()
    edges = chain(lock.always, *lock.groups.values(), *lock.extras.values())
    markers = [edge.marker for edge in edges if edge.name == package.name and edge.source == package.source]
    found = [marker for marker in markers if marker is not None]
    return tuple(found) if len(found) == len(markers) else ()


def _way(start: Path, end: Path) -> str:
    """The way from one folder to another; the other itself where there is none, as between drives."""
    try:
        return os.path.relpath(end, start)
    except ValueError:
        return os.path.abspath(end)


def _moved(artifact: Located, folder: str) -> Located:
    """The artifact, its relative path seen from where ``folder`` is the name of its own."""
    path = artifact.path
    if path is None or folder == "." or "://" in path or os.path.isabs(path):
        return artifact
    return replace(artifact, path=Path(os.path.normpath(os.path.join(folder, path))).as_posix())

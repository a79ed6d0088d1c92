"""[tool.ofiuco.variants] and the locks that they name → ``Variant``.

A version is looked for in the project's own lock, then in the variant's, and where it names none, in the other locks
that lie beside the project's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from packaging.markers import Marker
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_ofiuco import formats
from pytest_ofiuco.config.variants import ReplacementSettings, VariantSettings
from pytest_ofiuco.core.artifact import Artifact, Wheel
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.variant import Replacement, Variant
from pytest_ofiuco.errors import InputError, NoReplacementError, UsageError, shown
from pytest_ofiuco.store.project import PYPROJECT, LocalProject, read_lock, read_pyproject

Located = TypeVar("Located", bound=Artifact)


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

    def _variant(self, settings: VariantSettings) -> Variant:
        return Variant(
            name=settings.name,
            file=self.project.config.file,
            replacements=tuple(
                Replacement(name=each.name, at=each.at, entries=self._entries(settings, each))
                for each in settings.replacements
            ),
        )

    def _entries(self, variant: VariantSettings, settings: ReplacementSettings) -> tuple[Package, ...]:
        if settings.is_dropped:
            return ()
        if settings.wheels:
            return tuple(self._of_wheels(settings))
        looked_in = []
        for file, name in self._places(variant, settings):
            looked_in.append(name)
            if not file.is_file():
                raise InputError(self.project.config.file, settings.at, f"no such lock: {name}", "correct its path")
            lock = self.project.lock if file == self.project.lock_file else self._read(file, name)
            found = tuple(self._taken(lock, file, settings))
            if found:
                return found
        wanted = " ".join(filter(None, (settings.name, settings.version)))
        raise NoReplacementError(self.project.config.file, settings.at, variant.name, wanted, looked_in)

    def _places(self, variant: VariantSettings, settings: ReplacementSettings) -> Iterator[tuple[Path, str]]:
        directory = self.project.directory
        if settings.lock is not None:
            yield directory / settings.lock, settings.lock
            return
        yield self.project.lock_file, self.project.lock.path
        named = variant.locks or sorted(_locks_in(self.project.lock_file.parent, self.project.lock_file.name))
        base = directory if variant.locks else self.project.lock_file.parent
        yield from ((base / name, name) for name in named)

    def _read(self, file: Path, name: str) -> Lock:
        if file not in self._locks:
            pyproject = read_pyproject(file.parent, str(Path(name).parent / PYPROJECT))
            self._locks[file] = read_lock(file, name, pyproject)
        return self._locks[file]

    def _taken(self, lock: Lock, file: Path, settings: ReplacementSettings) -> Iterator[Package]:
        """The entries of a lock that may take the place; paths in them become relative to the project's lock."""
        moved = os.path.relpath(file.parent, self.project.lock_file.parent)
        for package in lock.packages:
            if package.name == settings.name and _is_version(package, settings.version):
                conditions = package.forks or _conditions(lock, package)
                direct = package.direct
                yield replace(
                    package,
                    forks=conditions,
                    wheels=tuple(_moved(each, moved) for each in package.wheels),
                    sdist=package.sdist and _moved(package.sdist, moved),
                    direct=direct and _moved(direct, moved),
                )

    def _of_wheels(self, settings: ReplacementSettings) -> Iterator[Package]:
        """An entry a version of the wheels; what it depends on is taken to be what the replaced one does."""
        moved = os.path.relpath(self.project.directory, self.project.lock_file.parent)
        wheels: dict[Version, list[Wheel]] = {}
        for wheel in settings.wheels:
            wheels.setdefault(parse_wheel_filename(wheel.filename)[1], []).append(_moved(wheel, moved))
        edges = [
            edge
            for package in self.project.lock.packages
            if package.name == settings.name
            for edge in package.dependencies
        ]
        for version, found in wheels.items():
            yield Package(
                name=settings.name,
                version=str(version),
                at=settings.at,
                wheels=tuple(found),
                dependencies=tuple(replace(edge, specifiers=()) for edge in edges),
            )


def _locks_in(directory: Path, but: str) -> Iterator[str]:
    for path in directory.iterdir():
        is_named_pylock = path.name.startswith("pylock.") and path.suffix == ".toml"
        if (path.name in formats.DEFAULT_NAMES or is_named_pylock) and path.name != but and path.is_file():
            yield path.name


def _is_version(package: Package, wanted: str | None) -> bool:
    if wanted is None or package.version is None:
        return wanted is None
    try:
        return Version(package.version) == Version(wanted)
    except InvalidVersion:
        return package.version == wanted


def _conditions(lock: Lock, package: Package) -> tuple[Marker, ...]:
    """Under which markers a star lock has an entry; none: always."""
    if lock.shape == "graph":
        return ()
    edges = [*lock.always, *_all(lock.groups.values()), *_all(lock.extras.values())]
    markers = [edge.marker for edge in edges if edge.name == package.name and edge.source == package.source]
    found = [marker for marker in markers if marker is not None]
    return tuple(found) if len(found) == len(markers) else ()


Item = TypeVar("Item")


def _all(groups: Iterable[Iterable[Item]]) -> Iterator[Item]:
    for group in groups:
        yield from group


def _moved(artifact: Located, folder: str) -> Located:
    """The artifact, its relative path seen from another folder."""
    path = artifact.path
    if path is None or folder == "." or os.path.isabs(path):
        return artifact
    return replace(artifact, path=Path(os.path.normpath(os.path.join(folder, path))).as_posix())

"""What a lock has of build requirements: the files that a build takes where it has them all.

A lock that was made to run a project often has some of what builds need: setuptools, numpy. Its files are chosen as
for an installation, with the interpreter that builds; what the environment itself gets comes first, so that a package
is built against what it will be run with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, is_sha256, sha256_of
from pytest_ofiuco.core.choice import Choice
from pytest_ofiuco.core.lock import Package
from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.pythons.answers import Interpreter

LockedFile = Wheel | Sdist | Archive


class Locked:
    """The files that a resolution's lock has for builds with ``interpreter``; paths are relative to ``directory``."""

    def __init__(self, resolution: Resolution, interpreter: Interpreter, directory: Path) -> None:
        self.directory = directory
        self._resolution = resolution
        self._target = Target(python=interpreter.python, platform=interpreter.platform)
        self._offers: dict[NormalizedName, list[tuple[Version, LockedFile]]] = {}

    @cached_property
    def environment(self) -> dict[str, str]:
        """The marker keys of the interpreter that builds."""
        return self._target.environment

    def file(self, name: NormalizedName, specifiers: Iterable[SpecifierSet]) -> LockedFile | None:
        """The file of ``name`` that suits all of ``specifiers``, if the lock has one with a sha256."""
        wanted = list(specifiers)
        for version, artifact in self._offered(name):
            if all(each.contains(version, prereleases=True) for each in wanted):
                return artifact
        return None

    def offer(self, names: Iterable[str]) -> list[list[str]]:
        """All that there is of ``names``, as JSON: equal for locks that make no difference to a build with them."""
        return [
            [name, str(version), artifact.filename, sha256_of(artifact.hashes) or ""]
            for name in sorted(set(names))
            for version, artifact in self._offered(NormalizedName(name))
        ]

    def _offered(self, name: NormalizedName) -> Sequence[tuple[Version, LockedFile]]:
        """Version and file, in the order in which they are preferred."""
        if name not in self._offers:
            self._offers[name] = self._ordered(name)
        return self._offers[name]

    def _ordered(self, name: NormalizedName) -> list[tuple[Version, LockedFile]]:
        found: list[tuple[Version, LockedFile]] = []
        own = [(pin.version, pin.artifact) for pin in self._resolution.packages if pin.name == name]
        others = [(each.version, self._artifact(each)) for each in self._packages.get(name, ())]
        for version, artifact in own:
            found += _usable(version, artifact)
        rest = [each for version, artifact in others for each in _usable(version, artifact)]
        rest.sort(key=lambda each: (each[0], each[1].filename), reverse=True)
        return found + [each for each in rest if each not in found]

    def _artifact(self, package: Package) -> object:
        try:
            return self._choice.artifact(package)
        except OfiucoError:  # nothing of it fits
            return None

    @cached_property
    def _choice(self) -> Choice:
        return Choice(self._resolution.lock, self._target)

    @cached_property
    def _packages(self) -> dict[NormalizedName, list[Package]]:
        """The entries that are for the interpreter, by name."""
        lock = self._resolution.lock
        walk = Walk(lock, self._target, self._resolution.selection)
        found: dict[NormalizedName, list[Package]] = {}
        for package in lock.packages:
            try:
                required = package.requires_python
                is_meant = walk.fork_holds(package) and (required is None or walk.admits(required, package.at))
            except OfiucoError:  # a marker that nobody can evaluate
                continue
            if is_meant and not package.is_virtual:
                found.setdefault(package.name, []).append(package)
        return found


def _usable(version: str | None, artifact: object) -> list[tuple[Version, LockedFile]]:
    """The pair, where it is a file with a version and a hash."""
    if version is None or not isinstance(artifact, Wheel | Sdist | Archive):
        return []
    if not is_sha256(sha256_of(artifact.hashes) or ""):
        return []
    try:
        return [(Version(version), artifact)]
    except InvalidVersion:
        return []

"""The search for the files of one locked version: what the places say, one after the other, and what is still lacking.

A file counts if its name is that of the package and of the version (PEP 440: ``==``) and one of its hashes is locked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.lock import Package
from pytest_ofiuco.core.source import SDISTS, is_sdist
from pytest_ofiuco.store.index import Failure
from pytest_ofiuco.store.network.page import Offer

Digests = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The files of a version, by name; ``lacking``: how many hashes are of no file that was found."""

    files: Mapping[str, Digests]
    requires_python: str | None
    lacking: int


@dataclass(slots=True)
class Search:
    """What has been found of one package so far.

    ``untold`` are files of its version that a place has without a hash of a locked algorithm.
    """

    package: Package
    lacking: set[tuple[str, str]] = field(init=False)
    files: dict[str, Digests] = field(default_factory=dict)
    untold: list[Offer] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    pythons: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lacking = set(self.package.unnamed)

    @property
    def is_hashed(self) -> bool:
        """Whether the lock has hashes at all."""
        return bool(self.package.unnamed)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to look for."""
        return self.is_hashed and not self.lacking

    @property
    def algorithms(self) -> list[str]:
        """Those of the lock."""
        return sorted({algorithm for algorithm, _ in self.package.unnamed})

    @property
    def silent(self) -> list[Failure]:
        """The places that did not answer."""
        return [failure for failure in self.failures if failure.is_silent]

    @property
    def complaint(self) -> str:
        """What is wrong with what has been found."""
        if not self.is_hashed:
            return "no file of this version is found"
        if not self.files:
            return "no file with its hashes is found"
        return f"the files of {len(self.lacking)} of its {len(self.package.unnamed)} hashes are not found"

    def take(self, said: Offer | Failure) -> None:
        """Note what a place says."""
        if isinstance(said, Failure):
            self.failures.append(said)
        elif not self.is_hashed or set(self.algorithms).intersection(algorithm for algorithm, _ in said.hashes):
            self.found(said, said.hashes)
        elif _version_of(said.filename, self.package) is not None:
            self.untold.append(said)

    def found(self, offer: Offer, hashes: Digests) -> None:
        """Keep a file if it is a file of the package's version with a locked hash."""
        locked = set(hashes).intersection(self.package.unnamed)
        if self.is_hashed and not locked:
            return
        self.lacking -= locked
        if _version_of(offer.filename, self.package) is not None and offer.filename not in self.files:
            self.files[offer.filename] = tuple(sorted(locked))
            self.pythons.add(offer.requires_python or "")

    def answer(self) -> Answer:
        """What is to be kept: without hashes, the files of the highest version, as pip takes them."""
        files = self.files
        if not self.is_hashed:
            versions = {filename: _version_of(filename, self.package) for filename in files}
            highest = max(filter(None, versions.values()))
            files = {filename: () for filename in files if versions[filename] == highest}
        one = next(iter(self.pythons)) if len(self.pythons) == 1 else ""
        return Answer(files=files, requires_python=one or None, lacking=len(self.lacking))


def _version_of(filename: str, package: Package) -> Version | None:
    """The version of a wheel or sdist, if it is of the package and of the locked version (PEP 440: ``==``)."""
    for name, version in _readings(filename):
        if name == package.name and SpecifierSet(f"=={package.version}").contains(version, prereleases=True):
            return version
    return None


def _readings(filename: str) -> Iterator[tuple[str, Version]]:
    """Names and versions that a file's name may tell: where an sdist's name ends is not always known."""
    if filename.endswith(".whl"):
        with suppress(InvalidWheelFilename):
            yield parse_wheel_filename(filename)[:2]
    elif is_sdist(filename):
        stem = next(filename.removesuffix(end) for end in SDISTS if filename.endswith(end))
        for index, character in enumerate(stem):
            if character == "-":
                with suppress(InvalidVersion):
                    yield canonicalize_name(stem[:index]), Version(stem[index + 1 :])

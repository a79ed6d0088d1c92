"""The packages of a matrix: one entry for all cells that can share it, and the files that these cells take of it.

Cells share an entry where each still takes its own file from the files of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
)
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Archive, Artifact, Sdist, Wheel
from pytest_ofiuco.core.choice import best_wheel
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.telling import Members

File = Wheel | Sdist


@dataclass(slots=True, kw_only=True)
class Entry:
    """A package at a version from a source; ``pins`` are its cells', by their numbers."""

    name: NormalizedName
    version: str | None
    artifact: Artifact
    pins: dict[int, Pin] = field(default_factory=dict)

    @property
    def members(self) -> Members:
        """The cells that have it."""
        return frozenset(self.pins)

    @property
    def wheels(self) -> list[Wheel]:
        """The wheels that its cells take, by name."""
        found = {pin.artifact for pin in self.pins.values() if isinstance(pin.artifact, Wheel)}
        return sorted(found, key=lambda each: each.filename)

    @property
    def sdist(self) -> Sdist | None:
        """The source distribution, where a cell takes it."""
        return next((pin.artifact for pin in self.pins.values() if isinstance(pin.artifact, Sdist)), None)


def entries(cells: Sequence[ResolvedCell]) -> list[Entry]:
    """The entries, by name and version."""
    found: list[Entry] = []
    by_name: dict[NormalizedName, list[Entry]] = {}
    for number, cell in enumerate(cells):
        for pin in cell.resolution.packages:
            pin = _as_it_may_be_written(pin)
            known = by_name.setdefault(pin.name, [])
            entry = next((each for each in known if _is_shared(each, pin, number, cells)), None)
            if entry is None:
                entry = Entry(name=pin.name, version=pin.version, artifact=pin.artifact)
                known.append(entry)
                found.append(entry)
            entry.pins[number] = pin
    return sorted(found, key=lambda each: (each.name, _in_order(each.version), min(each.pins)))


def _is_shared(entry: Entry, pin: Pin, number: int, cells: Sequence[ResolvedCell]) -> bool:
    """Whether another cell may share an entry."""
    mine, other = pin.artifact, entry.artifact
    if entry.version != pin.version:
        return False
    if not isinstance(mine, File) or not isinstance(other, File):
        return mine == other
    if mine.index != other.index:
        return False
    both = Entry(name=entry.name, version=entry.version, artifact=other, pins={**entry.pins, number: pin})
    sdists = {each.artifact for each in both.pins.values() if isinstance(each.artifact, Sdist)}
    if len(sdists) > 1 or len({each.filename for each in both.wheels}) < len(both.wheels):
        return False
    is_new = mine not in (each.artifact for each in entry.pins.values())
    return all(_takes(both, cell, cells[cell].resolution.target) for cell in (both.pins if is_new else (number,)))


def _takes(entry: Entry, cell: int, target: Target) -> bool:
    """Whether a cell takes its own file from those of an entry."""
    artifact = entry.pins[cell].artifact
    return best_wheel(entry.wheels, ranks(target)) == (artifact if isinstance(artifact, Wheel) else None)


@lru_cache(maxsize=256)
def ranks(target: Target) -> dict[Tag, int]:
    """The tags of a target; the best has the lowest rank."""
    return {tag: rank for rank, tag in reversed(list(enumerate(target.tags)))}


def _as_it_may_be_written(pin: Pin) -> Pin:
    """The pin, its file an archive where its name is not what a wheel's or an sdist's of the package must be."""
    artifact = pin.artifact
    if not isinstance(artifact, File) or _is_regular(pin, artifact):
        return pin
    archive = Archive(filename=artifact.filename, hashes=artifact.hashes, url=artifact.url, path=artifact.path)
    return Pin(name=pin.name, version=pin.version, artifact=archive, dependencies=pin.dependencies)


def _is_regular(pin: Pin, artifact: File) -> bool:
    try:
        if isinstance(artifact, Wheel):
            name, version, *_ = grammar.wheel_filename(artifact.filename)
        else:
            name, version = grammar.sdist_filename(artifact.filename)
        return name == pin.name and (pin.version is None or version == grammar.version(pin.version))
    except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
        return False


def _in_order(version: str | None) -> tuple[Version, str]:
    try:
        return grammar.version(version or "0"), version or ""
    except InvalidVersion:
        return Version("0"), version or ""

"""Cells of a matrix for tests: resolved, and with a place for every file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pytest_ofiuco.core.artifact import Artifact, Sdist, Wheel
from pytest_ofiuco.core.lock import Lock, Selection
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.export.matrix import ResolvedCell

FILES = "https://files.example.org"


def cell(target: Target, variant: str | None = None) -> Cell:
    name = f"{target.python.label}-{target.platform}{f'-{variant}' if variant else ''}"
    return Cell(name=name, python=target.python, platform=str(target.platform), target=target, variant=variant)


def resolved(lock: Lock, target: Target, selection: Selection | None = None) -> ResolvedCell:
    resolution = resolve(lock, target, selection or lock.selection())
    return ResolvedCell(cell=cell(target), resolution=placed(resolution))


def resolved_all(lock: Lock, targets: Iterable[Target], selection: Selection | None = None) -> list[ResolvedCell]:
    return [resolved(lock, target, selection) for target in targets]


def placed(resolution: Resolution) -> Resolution:
    """The resolution, every file of which the lock does not say where it is having a URL."""
    packages = tuple(replace(pin, artifact=_placed(pin.artifact)) for pin in resolution.packages)
    return replace(resolution, packages=packages)


def _placed(artifact: Artifact) -> Artifact:
    if not isinstance(artifact, Wheel | Sdist) or artifact.url is not None or artifact.path is not None:
        return artifact
    return replace(artifact, url=f"{FILES}/{artifact.filename}")

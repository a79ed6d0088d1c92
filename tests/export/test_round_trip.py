"""A pylock.toml written here reads back to the same resolutions, here and in ``packaging``: the locks of the corpus."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from packaging.pylock import PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel, Pylock

from pytest_ofiuco import formats
from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin, Resolution, resolve
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.published import published
from pytest_ofiuco.export.pylock import pylock_toml
from pytest_ofiuco.store.project import load
from tests.export.cells import resolved
from tests.locks import read_lock
from tests.targets import target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
LOCKS = sorted(f"{path.parent.name}/{path.name}" for name in formats.DEFAULT_NAMES for path in CORPUS.glob(f"*/{name}"))
PYTHONS = ("3.8", "3.10", "3.11.4", "3.12", "3.13", "3.13t", "pypy3.10")
PLATFORMS = (
    "manylinux_2_17_x86_64",
    "manylinux_2_34_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_14_0_arm64",
    "macosx_14_0_x86_64",
    "win_amd64",
)


def cells_of(lock: Lock) -> Iterator[ResolvedCell]:
    """The cells for which the lock has everything."""
    for python, platform in product(PYTHONS, PLATFORMS):
        try:
            found = resolved(lock, target(python, platform))
        except OfiucoError:
            continue
        yield replace(found, resolution=hashed(found.resolution))


def hashed(resolution: Resolution) -> Resolution:
    """The resolution without what may not be exported: files that the lock has no sha256 of."""
    kept = [pin for pin in resolution.packages if "sha256" in dict(getattr(pin.artifact, "hashes", [("sha256", "")]))]
    names = {pin.name for pin in kept}
    packages = (replace(pin, dependencies=tuple(name for name in pin.dependencies if name in names)) for pin in kept)
    return replace(resolution, packages=tuple(packages))


def as_read(pin: Pin) -> tuple[str | None, Artifact]:
    """What of a pin is written: no password, no fragment, no version of a source tree, no folder as an index."""
    artifact = pin.artifact
    if isinstance(artifact, Directory):
        return None, artifact
    if artifact.url is not None:
        artifact = replace(artifact, url=published(artifact.url), path=None)
    if isinstance(artifact, Wheel | Sdist) and "://" not in (artifact.index or ""):
        artifact = replace(artifact, index=None)
    return pin.version, artifact


def file_of(artifact: object) -> str:
    match artifact:
        case Wheel() | Sdist() | Archive():
            return dict(artifact.hashes)["sha256"]
        case PackageWheel() | PackageSdist() | PackageArchive():
            return artifact.hashes["sha256"]
        case Vcs():
            return artifact.commit
        case PackageVcs():
            return artifact.commit_id
        case Directory() | PackageDirectory():
            return artifact.path
    raise AssertionError(artifact)


@pytest.mark.parametrize("path", LOCKS)
def test_the_matrix_of_every_lock(path: str) -> None:
    project, _, name = path.partition("/")
    lock = load(CORPUS / project, name).lock
    cells = list(cells_of(lock))
    assert cells
    text = pylock_toml(lock, cells)
    assert text == pylock_toml(lock, cells)
    back, oracle = read_lock("pylock.toml", text), Pylock.from_dict(tomllib.loads(text))
    for cell in cells:
        here, resolution = cell.cell.target, cell.resolution
        again = resolve(back, here, back.selection())
        assert {pin.name: as_read(pin) for pin in again.packages} == {
            pin.name: as_read(pin) for pin in resolution.packages
        }
        dependencies = {pin.name: set(pin.dependencies) for pin in again.packages}
        assert all(dependencies[pin.name].issuperset(pin.dependencies) for pin in resolution.packages)
        selected = oracle.select(environment=here.environment, tags=here.tags)  # type: ignore[arg-type]
        assert {package.name: file_of(file) for package, file in selected} == {
            pin.name: file_of(pin.artifact) for pin in resolution.packages
        }


@pytest.mark.parametrize("path", LOCKS)
def test_each_target_of_every_lock(path: str) -> None:
    project, _, name = path.partition("/")
    lock = load(CORPUS / project, name).lock
    for cell in cells_of(lock):
        back = read_lock("pylock.toml", pylock_toml(lock, [cell]))
        again = resolve(back, cell.cell.target, back.selection())
        assert {pin.name: (as_read(pin), pin.dependencies) for pin in again.packages} == {
            pin.name: (as_read(pin), pin.dependencies) for pin in cell.resolution.packages
        }

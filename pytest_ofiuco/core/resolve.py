"""resolve(lock, target, selection) → Resolution: what the walk reaches, one version each, and the file of each.

It never chooses versions: the lock did. It knows no lock format: the readers normalize.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.core.choice import Choice
from pytest_ofiuco.core.lock import Lock, Package, Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import AmbiguousError, PythonNotAdmittedError

if TYPE_CHECKING:
    from pytest_ofiuco.core.variant import Variant  # most resolutions are of none


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of a resolution: its version, the artifact that fits, and the names it depends on here.

    ``extras`` are those that are requested of it, sorted.
    """

    name: NormalizedName
    version: str | None
    artifact: Artifact
    dependencies: tuple[NormalizedName, ...] = ()
    extras: tuple[NormalizedName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """At most one version of each package, for one target; ``packages`` are sorted by name.

    ``replaced`` are the versions in whose place the variant has put others; ``remarks`` what there is to say of
    artifacts that are taken for want of a better one, or whose hash is malformed.
    """

    lock: Lock
    target: Target
    selection: Selection
    packages: tuple[Pin, ...]
    variant: Variant | None = None
    replaced: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def versions(self) -> dict[str, str | None]:
        """Versions by normalized name."""
        return {pin.name: pin.version for pin in self.packages}


def resolve(lock: Lock, target: Target, selection: Selection, variant: Variant | None = None) -> Resolution:
    """Work out exactly what ``target`` gets from ``lock``, with a variant's replacements where there is one.

    Raises:
        PythonNotAdmittedError, PlatformNotAdmittedError: the lock was not made for the target.
        NotLockedError: an edge that holds leads nowhere.
        AmbiguousError: two entries of one package hold at once.
        NoArtifactError: a package has no file that fits.
        NothingToReplaceError, NoReplacementError, UnmetDependencyError: the variant does not fit the lock.
    """
    walk = base = Walk(lock, target, selection)
    walk.check_target()
    walk.reach()
    walk.check_edges()
    if variant is not None:
        walk = variant.walked(base)
    chosen = one_version_each(walk)
    if variant is not None:
        walk.pass_extras_on(chosen)
        variant.check_dependencies(walk, chosen, base)
    choice = Choice(walk.lock, target)
    installed = [package for _, package in sorted(chosen.items()) if not package.is_virtual]
    artifacts = [choice.artifact(package) for package in installed]
    pins = [
        Pin(
            name=package.name,
            version=package.version,
            artifact=artifact,
            dependencies=_dependency_names(walk, package, chosen),
            extras=tuple(sorted(walk.requested[id(package)])),
        )
        for package, artifact in zip(installed, artifacts, strict=True)
    ]
    return Resolution(
        lock=walk.lock,
        target=target,
        selection=selection,
        packages=tuple(pins),
        variant=variant,
        replaced=variant.replaced(base) if variant is not None else {},
        remarks=tuple(chain.from_iterable(map(choice.remarks, installed, artifacts))),
    )


def one_version_each(walk: Walk) -> dict[NormalizedName, Package]:
    """The entries that a walk has reached, by name.

    Raises:
        AmbiguousError: two of one name.
        PythonNotAdmittedError: an entry does not admit the target's Python.
    """
    lock, target = walk.lock, walk.target
    chosen: dict[NormalizedName, Package] = {}
    for package, _ in walk.reached.values():
        other = chosen.setdefault(package.name, package)
        if other is not package:
            entries = [walk.described(each) for each in (other, package)]
            raise AmbiguousError(lock.path, package.name, str(target), entries)
        required = package.requires_python
        if required is not None and not walk.admits(required, package.at):
            at = f"{package.at} ({package})"
            raise PythonNotAdmittedError(lock.path, at, target.python.full_version, str(required))
    return chosen


def _dependency_names(
    walk: Walk, package: Package, chosen: Mapping[NormalizedName, Package]
) -> tuple[NormalizedName, ...]:
    names = {
        edge.name
        for edge in package.dependencies
        if edge.name != package.name and _is_installed(chosen.get(edge.name)) and walk.edge_holds(package, edge)
    }
    return tuple(sorted(names))


def _is_installed(package: Package | None) -> bool:
    return package is not None and not package.is_virtual

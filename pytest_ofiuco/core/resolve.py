"""resolve(lock, target, selection) → Resolution: reachability over edges whose markers hold.

It never chooses versions: the lock did. It knows no lock format: the readers normalize.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.core.choice import Choice
from pytest_ofiuco.core.lock import Dependency, Lock, Package, Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import (
    AmbiguousError,
    InputError,
    NotLockedError,
    PlatformNotAdmittedError,
    PythonNotAdmittedError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of a resolution: its version, the artifact that fits, and the names it depends on here."""

    name: NormalizedName
    version: str | None
    artifact: Artifact
    dependencies: tuple[NormalizedName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """At most one version of each package, for one target; ``packages`` are sorted by name."""

    lock: Lock
    target: Target
    selection: Selection
    packages: tuple[Pin, ...]

    def versions(self) -> dict[str, str | None]:
        """Versions by normalized name."""
        return {pin.name: pin.version for pin in self.packages}


def resolve(lock: Lock, target: Target, selection: Selection) -> Resolution:
    """Work out exactly what ``target`` gets from ``lock``.

    Raises:
        PythonNotAdmittedError, PlatformNotAdmittedError: the lock was not made for the target.
        NotLockedError: an edge that holds leads nowhere.
        AmbiguousError: two entries of one package hold at once.
        NoArtifactError: a package has no file that fits.
    """
    return _Walk(lock, target, selection).resolution()


class _Walk:
    """The state of one resolution."""

    def __init__(self, lock: Lock, target: Target, selection: Selection) -> None:
        self.lock, self.target, self.selection = lock, target, selection
        self.environment = target.environment
        self.by_name: dict[NormalizedName, list[Package]] = {}
        for package in lock.packages:
            self.by_name.setdefault(package.name, []).append(package)
        active = [("extra", name) for name in selection.extras] + [("group", name) for name in selection.groups]
        self.encoded = frozenset().union(*(lock.activates.get(key, frozenset()) for key in active))
        self.held: dict[tuple[int, frozenset[str]], bool] = {}
        self.requested: dict[int, set[NormalizedName]] = {}
        self.reached: dict[int, tuple[Package, list[Dependency]]] = {}

    def resolution(self) -> Resolution:
        self.check_target()
        self.reach()
        chosen = self.one_version_each()
        self.pass_extras_on(chosen)
        choice = Choice(self.lock, self.target)
        pins = [
            Pin(
                name=name,
                version=package.version,
                artifact=choice.artifact(package),
                dependencies=self.dependency_names(package, chosen),
            )
            for name, package in sorted(chosen.items())
            if not package.is_virtual
        ]
        return Resolution(lock=self.lock, target=self.target, selection=self.selection, packages=tuple(pins))

    def check_target(self) -> None:
        lock, full_version = self.lock, self.target.python.full_version
        admitted = (self.admits(each, "requires-python") for each in lock.requires_python)
        if lock.requires_python and not any(admitted):
            file = lock.requires_python_file or lock.path
            raise PythonNotAdmittedError(file, "requires-python", full_version, lock.requires_python_text)
        if lock.environments and not any(self.holds(marker, frozenset()) for marker in lock.environments):
            raise PlatformNotAdmittedError(
                lock.path, "environments", str(self.target), [str(marker) for marker in lock.environments]
            )

    def admits(self, specifiers: SpecifierSet, at: str) -> bool:
        try:
            return specifiers.contains(self.target.python.full_version, prereleases=True)
        except ValueError as error:  # a number of more digits than Python reads
            raise InputError(self.lock.path, at, f"cannot be compared: {str(error)[:80]}") from error

    def reach(self) -> None:
        """Walk every edge that holds, each package once per growth of the extras requested of it."""
        pending: deque[tuple[Package | None, Dependency]] = deque()
        pending.extend((None, edge) for edge in self.lock.always)
        for group in self.selection.groups:
            pending.extend((None, edge) for edge in self.lock.groups[group])
        for extra in self.selection.extras:
            pending.extend((None, edge) for edge in self.lock.extras[extra])
        while pending:
            owner, edge = pending.popleft()
            if not self.edge_holds(owner, edge):
                continue
            for package in self.entries(owner, edge):
                key = id(package)
                known = self.requested.get(key)
                self.reached.setdefault(key, (package, []))[1].append(edge)
                if known is not None and known.issuperset(edge.extras):
                    continue
                self.requested[key] = (known or set()) | set(edge.extras)
                if self.lock.shape == "graph":
                    pending.extend((package, each) for each in package.dependencies)

    def edge_holds(self, owner: Package | None, edge: Dependency) -> bool:
        requested: Iterable[str]
        if owner is None:
            requested = self.selection.extras
        else:
            requested = self.requested.get(id(owner), ())
            if edge.extra is not None and edge.extra not in requested:
                return False
        return edge.marker is None or self.holds(edge.marker, self.encoded.union(requested))

    def entries(self, owner: Package | None, edge: Dependency) -> list[Package]:
        """The entries that an edge leads to: by name, and by version, source and fork where they tell."""
        found = [
            package
            for package in self.by_name.get(edge.name, ())
            if (edge.version is None or package.version == edge.version)
            and (edge.source is None or package.source == edge.source)
        ]
        if not found:
            required_by = str(owner) if owner else "the project"
            wanted = f"{edge.name} {edge.version}" if edge.version else edge.name
            raise NotLockedError(self.lock.path, edge.at, wanted, required_by)
        if len(found) > 1 and edge.specifiers:
            found = [each for each in found if self.is_meant(edge, each)] or found
        if len(found) > 1:
            found = [each for each in found if self.fork_holds(each)] or found
        return found

    def is_meant(self, edge: Dependency, package: Package) -> bool:
        version = package.version
        return version is None or any(each.contains(version, prereleases=True) for each in edge.specifiers)

    def fork_holds(self, package: Package) -> bool:
        extras = self.encoded.union(self.selection.extras)
        return not package.forks or any(self.holds(marker, extras) for marker in package.forks)

    def holds(self, marker: Marker, extras: frozenset[str]) -> bool:
        key = (id(marker), extras)
        known = self.held.get(key)
        if known is None:
            known = self.held[key] = self.evaluate(marker, extras)
        return known

    def evaluate(self, marker: Marker, extras: frozenset[str]) -> bool:
        groups = frozenset(self.selection.groups)
        environment: Mapping[str, str | frozenset[str]] = self.environment | {
            "extra": "",
            "extras": extras,
            "dependency_groups": groups,
        }
        try:
            return marker.evaluate(environment, context="lock_file")
        except (UndefinedComparison, UndefinedEnvironmentName, TypeError) as error:
            raise InputError(self.lock.path, f"marker {marker}", f"cannot be evaluated: {error}") from error

    def one_version_each(self) -> dict[NormalizedName, Package]:
        chosen: dict[NormalizedName, Package] = {}
        for package, _ in self.reached.values():
            other = chosen.setdefault(package.name, package)
            if other is not package:
                entries = [self.described(each) for each in (other, package)]
                raise AmbiguousError(self.lock.path, package.name, str(self.target), entries)
            required = package.requires_python
            if required is not None and not self.admits(required, package.at):
                full_version = self.target.python.full_version
                raise PythonNotAdmittedError(self.lock.path, f"{package.at} ({package})", full_version, str(required))
        return chosen

    def described(self, package: Package) -> str:
        markers = sorted({str(edge.marker) for edge in self.reached[id(package)][1] if edge.marker is not None})
        why = " or ".join(markers) if markers else "always"
        return f"{package.version or 'no version'} at {package.at} ({why})"

    def pass_extras_on(self, chosen: Mapping[NormalizedName, Package]) -> None:
        """Note the extras that packages of a star ask of each other: its walk has followed no edge between them."""
        pending = list(chosen.values()) if self.lock.shape == "star" else []
        while pending:
            package = pending.pop()
            for edge in package.dependencies:
                other = chosen.get(edge.name)
                if other is None or not edge.extras or not self.edge_holds(package, edge):
                    continue
                known = self.requested[id(other)]
                if not known.issuperset(edge.extras):
                    known.update(edge.extras)
                    pending.append(other)

    def dependency_names(
        self, package: Package, chosen: Mapping[NormalizedName, Package]
    ) -> tuple[NormalizedName, ...]:
        names = {
            edge.name
            for edge in package.dependencies
            if edge.name in chosen and edge.name != package.name and self.edge_holds(package, edge)
        }
        return tuple(sorted(names))

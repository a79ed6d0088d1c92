"""Variants: a lock in which other entries have taken the place of some packages.

What takes a package's place comes from another lock or is a wheel; edges to the package then lead there, whatever
version or source they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName

from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.walk import Walk, is_meant
from pytest_ofiuco.errors import NothingToReplaceError, UnmetDependencyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The entries that take a package's place, of which the target's fork is taken; none: it is dropped."""

    name: NormalizedName
    at: str
    entries: tuple[Package, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A named set of replacements; ``file`` is where it is defined."""

    name: str
    file: str
    replacements: tuple[Replacement, ...]

    def applied(self, lock: Lock) -> Lock:
        """``lock`` with the replacements in it.

        Raises:
            NothingToReplaceError: a package is not in the lock.
        """
        locked = {package.name for package in lock.packages}
        for each in self.replacements:
            if each.name not in locked:
                raise NothingToReplaceError(self.file, each.at, self.name, each.name, f"{lock.path} does not have it")
        replaced = {each.name: each for each in self.replacements}
        kept = [
            replace(package, dependencies=_led_on(package.dependencies, replaced))
            for package in lock.packages
            if package.name not in replaced
        ]
        taken = [
            replace(package, at=each.at, dependencies=_let_go(_led_on(package.dependencies, replaced), each.at))
            for each in self.replacements
            for package in each.entries
        ]
        return replace(
            lock,
            packages=(*kept, *taken),
            always=_led_on(lock.always, replaced),
            groups=_all_led_on(lock.groups, replaced),
            extras=_all_led_on(lock.extras, replaced),
        )

    def check_reached(self, walk: Walk) -> None:
        """Whether a walk through the lock as it was has reached what is replaced.

        Raises:
            NothingToReplaceError: it has not.
        """
        reached = {package.name for package, _ in walk.reached.values()}
        for each in self.replacements:
            if each.name not in reached:
                reason = f"{walk.lock.path} has it, and {walk.target} does not get it"
                raise NothingToReplaceError(self.file, each.at, self.name, each.name, reason)

    def check_dependencies(self, walk: Walk, chosen: Mapping[NormalizedName, Package]) -> None:
        """Whether what has taken a place gets what it depends on, and suits what depends on it.

        The project's own requirements do not count: a variant is there to go beyond them.

        Raises:
            UnmetDependencyError: it does not.
        """
        replaced = {each.name for each in self.replacements}
        for package in sorted(chosen.values(), key=lambda each: each.name):
            if package.is_virtual:
                continue
            for edge in package.dependencies:
                if not replaced & {package.name, edge.name} or not walk.edge_holds(package, edge):
                    continue
                found = chosen.get(edge.name)
                if found is None or not is_meant(edge, found):
                    has = str(found) if found is not None else "nothing of that name"
                    raise UnmetDependencyError(self.file, self.name, str(package), wanted(edge), has)


def wanted(edge: Dependency) -> str:
    """What an edge asks for: a name, with the versions where it tells them."""
    versions = " || ".join(str(each) for each in edge.specifiers if str(each))
    return f"{edge.name} {versions}" if versions else edge.name


Replaced = Mapping[NormalizedName, Replacement]


def _led_on(edges: Iterable[Dependency], replaced: Replaced) -> tuple[Dependency, ...]:
    """Edges to what is replaced lead to what took its place; those to what is dropped are gone."""
    found = []
    for edge in edges:
        replacement = replaced.get(edge.name)
        if replacement is None:
            found.append(edge)
        elif replacement.entries:
            found.append(replace(edge, version=None, source=None))
    return tuple(found)


def _all_led_on(
    edges: Mapping[str, tuple[Dependency, ...]], replaced: Replaced
) -> Mapping[str, tuple[Dependency, ...]]:
    return {name: _led_on(each, replaced) for name, each in edges.items()}


def _let_go(edges: Iterable[Dependency], at: str) -> tuple[Dependency, ...]:
    """Edges of another lock's entry: they name versions and sources of that lock."""
    return tuple(replace(edge, at=at, version=None, source=None) for edge in edges)

"""Variants: a lock in which other entries have taken the place of some packages.

What takes a package's place comes from a lock or is a wheel; edges to the package then lead there, whatever version or
source they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName

from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.walk import Walk, is_meant
from pytest_ofiuco.errors import (
    AmbiguousError,
    NoReplacementError,
    NothingToReplaceError,
    NotLockedError,
    UnmetDependencyError,
)

Chosen = Mapping[NormalizedName, Package]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The entries that take a package's place, of which the target's fork is taken; none: it is dropped.

    ``origin`` is the lock that they are in. Where it does not tell what they depend on (``is_told``), that is taken to
    be what the replaced one depends on.
    """

    name: NormalizedName
    at: str
    entries: tuple[Package, ...]
    origin: str = ""
    is_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A named set of replacements; ``file`` is where it is defined."""

    name: str
    file: str
    replacements: tuple[Replacement, ...]

    def walked(self, base: Walk) -> Walk:
        """A walk as ``base``, which has reached all that it does, through the lock with the replacements in it.

        Raises:
            NothingToReplaceError: a package that is replaced is not there, or no longer.
            NoReplacementError, AmbiguousError: no entry, or more than one, is for the target.
            UnmetDependencyError: a replacement depends on what is not locked.
        """
        walk = Walk(self.applied(base), base.target, base.selection)
        try:
            walk.reach()
        except NotLockedError as error:
            raise UnmetDependencyError(
                self.file, self.name, error.required_by, error.package, "", error.package
            ) from error
        reached = _by_name(walk)
        for each in self.replacements:
            if each.entries and each.name not in reached:
                raise self._nothing(each, "nothing in this variant needs it any more", "leave it out of `replace`")
        return walk

    def applied(self, base: Walk) -> Lock:
        """The lock of a walk with the replacements in it.

        Raises:
            NothingToReplaceError: a package that is replaced has not been reached.
            NoReplacementError, AmbiguousError: no entry, or more than one, is for the target.
        """
        lock, reached = base.lock, _by_name(base)
        taken: dict[NormalizedName, Package | None] = {}
        for each in self.replacements:
            if not any(package.name == each.name and not package.is_virtual for package in lock.packages):
                raise self._nothing(each, f"{lock.path} does not have it", "name a package of the lock")
            if each.name not in reached:
                reason = f"{lock.path} has it, and {base.target} does not get it"
                raise self._nothing(each, reason, "leave this cell out with `exclude` in [tool.ofiuco]")
            taken[each.name] = self._taken(each, reached[each.name], base)
        entries = [package for package in lock.packages if package.name not in taken]
        entries += [package for package in taken.values() if package is not None]
        return replace(
            lock,
            packages=tuple(replace(package, dependencies=_led_on(package.dependencies, taken)) for package in entries),
            always=_led_on(lock.always, taken),
            groups={name: _led_on(edges, taken) for name, edges in lock.groups.items()},
            extras={name: _led_on(edges, taken) for name, edges in lock.extras.items()},
        )

    def check_dependencies(self, walk: Walk, chosen: Chosen, base: Walk) -> None:
        """Whether what has taken a place gets what it depends on, and suits what depends on it.

        The project's own requirements do not count: a variant is there to go beyond them. Nor does what ``base`` lacks
        already: the lock was made so (overrides), or only informs.

        Raises:
            UnmetDependencyError: it does not.
        """
        replaced = {each.name for each in self.replacements}
        before = _by_name(base)
        base.pass_extras_on(before)
        lacking = {(owner.name, edge.name) for owner, edge, _ in _unmet(base, before)}
        for owner, edge, found in _unmet(walk, chosen):
            if replaced & {owner.name, edge.name} and (owner.name, edge.name) not in lacking:
                other = edge.name if owner.name in replaced else owner.name
                has = str(found) if found is not None else ""
                raise UnmetDependencyError(self.file, self.name, str(owner), _wanted(edge), has, other)

    def replaced(self, base: Walk) -> Mapping[NormalizedName, str | None]:
        """The versions of what is replaced, as a walk through the lock as it is has reached them."""
        names = {each.name for each in self.replacements}
        return {name: package.version for name, package in _by_name(base).items() if name in names}

    def _nothing(self, replacement: Replacement, reason: str, hint: str) -> NothingToReplaceError:
        return NothingToReplaceError(self.file, replacement.at, self.name, replacement.name, reason, hint)

    def _taken(self, replacement: Replacement, before: Package, base: Walk) -> Package | None:
        """The entry that takes the place of ``before`` on the target of ``base``; none where it is dropped."""
        found = list(replacement.entries)
        if len(found) > 1:
            found = [package for package in found if base.fork_holds(package)]
            self._check_one(replacement, found, base)
        if not found:
            return None
        edges = found[0].dependencies if replacement.is_told else _without_specifiers(before.dependencies)
        at = f"{self.file}: {replacement.at}"
        return replace(found[0], at=at, dependencies=edges)

    def _check_one(self, replacement: Replacement, found: Sequence[Package], base: Walk) -> None:
        if len(found) == 1:
            return
        target, name = str(base.target), replacement.name
        if not found:
            wanted = f"{name} for {target}"
            raise NoReplacementError(self.file, replacement.at, self.name, wanted, [replacement.origin])
        entries = [f"{package.version or 'no version'} at {package.at}" for package in found]
        hint = f"name the version that is meant: {name} = {{ version = …, lock = … }}"
        raise AmbiguousError(replacement.origin, name, target, entries, hint)


def of_another_lock(package: Package) -> Package:
    """An entry as other locks can hold it: the versions and sources that its edges name are those of its own lock."""
    edges = (replace(edge, version=None, source=None) for edge in package.dependencies)
    return replace(package, dependencies=tuple(edges))


def _by_name(walk: Walk) -> dict[NormalizedName, Package]:
    return {package.name: package for package, _ in walk.reached.values()}


def _unmet(walk: Walk, chosen: Chosen) -> Iterator[tuple[Package, Dependency, Package | None]]:
    """The edges between packages that hold and lead to nothing, or to a version that they do not admit."""
    for _, package in sorted(chosen.items()):
        for edge in () if package.is_virtual else package.dependencies:
            found = chosen.get(edge.name)
            if walk.edge_holds(package, edge) and (found is None or not is_meant(edge, found)):
                yield package, edge, found


def _wanted(edge: Dependency) -> str:
    """What an edge asks for: a name, with the versions where it tells them."""
    versions = " || ".join(str(each) for each in edge.specifiers if str(each))
    return f"{edge.name} {versions}" if versions else edge.name


def _led_on(edges: Iterable[Dependency], taken: Mapping[NormalizedName, Package | None]) -> tuple[Dependency, ...]:
    """Edges to what is replaced lead to what took its place; those to what is dropped are gone."""
    return tuple(
        replace(edge, version=None, source=None) if edge.name in taken else edge
        for edge in edges
        if taken.get(edge.name, edge) is not None
    )


def _without_specifiers(edges: Iterable[Dependency]) -> tuple[Dependency, ...]:
    return tuple(replace(edge, specifiers=()) for edge in edges)

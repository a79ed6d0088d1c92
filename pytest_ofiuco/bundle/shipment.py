"""What ships of a project for a target: the resolution of its groups and extras, less what the platform provides.

The lock is walked once more with the provided packages cut out of it, so that what only they needed, or asked of
others, is gone too. A star lock has nothing to walk: see ``closure``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.bundle import closure
from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.lock import Dependency, Lock, Selection
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import PythonNotAdmittedError
from pytest_ofiuco.formats.declared import declared
from pytest_ofiuco.store.project import LocalProject
from pytest_ofiuco.store.wheel import UnpackedWheel

Getter = Callable[[Resolution], dict[NormalizedName, UnpackedWheel]]
"""The wheels of a resolution's packages, those that can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """``resolution`` holds what ships; ``provided`` and ``unneeded`` are left out of it, sorted."""

    resolution: Resolution
    provided: tuple[NormalizedName, ...] = ()
    unneeded: tuple[NormalizedName, ...] = ()


def check_python(project: LocalProject, target: Target, platform: str) -> None:
    """Whether the platform is wanted for the target's Python.

    Raises:
        PythonNotAdmittedError: it is not.
    """
    ranges = project.config.settings.get(platform, PlatformSettings()).pythons
    if ranges and not any(each.admits(target.python) for each in ranges):
        written = ", ".join(each.text for each in ranges)
        at = f"tool.ofiuco.platform.{platform}.python"
        hint = "choose a Python of it, or add this one there"
        raise PythonNotAdmittedError(project.config.file, at, target.python.full_version, written, hint)


def selection(
    project: LocalProject, groups: Iterable[str] | None = None, extras: Iterable[str] = ()
) -> tuple[Selection, tuple[str, ...]]:
    """What ships: these groups and extras, else those of [tool.ofiuco]; and what there is to say of them.

    A lock that was exported flat has no groups left; those that the project configures are in it unnamed.

    Raises:
        UnknownNameError, ConflictError: there is no such group or extra, or two that conflict.
    """
    config, lock = project.config, project.lock
    warnings: tuple[str, ...] = ()
    if groups is None:
        lost = [name for name in config.groups if lock.flat and name not in lock.groups]
        if lost:
            warnings = (f"{lock.path} names no groups: {', '.join(lost)} cannot be told apart in it",)
        groups = [name for name in config.groups if name not in lost]
    return lock.selection(groups=groups, extras=tuple(extras) or config.extras), warnings


def shipment(
    project: LocalProject,
    target: Target,
    wanted: Selection,
    provided: Iterable[str],
    variant: Variant | None,
    wheels: Getter,
) -> Shipment:
    """What ships.

    Raises:
        OfiucoError: the target gets nothing from the lock.
    """
    lock = project.lock
    whole = resolve(lock, target, wanted, variant)
    names = {pin.name for pin in whole.packages}
    cut = frozenset(map(canonicalize_name, provided)) & names
    if not cut:
        return Shipment(resolution=whole)
    rest = without(lock, cut)
    left = resolve(rest, target, wanted, _left_of(variant, rest, target, wanted))
    kept = {pin.name for pin in left.packages}
    if lock.shape == "star":
        kept &= _kept_of_star(project, whole, left, cut, wheels)
    packages = tuple(pin for pin in left.packages if pin.name in kept)
    return Shipment(
        resolution=replace(left, lock=lock, packages=packages),
        provided=tuple(sorted(cut)),
        unneeded=tuple(sorted(names - cut - kept)),
    )


def without(lock: Lock, names: frozenset[NormalizedName]) -> Lock:
    """A lock in which nothing leads to the packages ``names``."""

    def cut(edges: tuple[Dependency, ...]) -> tuple[Dependency, ...]:
        return tuple(edge for edge in edges if edge.name not in names)

    return replace(
        lock,
        packages=tuple(replace(each, dependencies=cut(each.dependencies)) for each in lock.packages),
        always=cut(lock.always),
        groups={name: cut(edges) for name, edges in lock.groups.items()},
        extras={name: cut(edges) for name, edges in lock.extras.items()},
    )


def _left_of(variant: Variant | None, rest: Lock, target: Target, wanted: Selection) -> Variant | None:
    """A variant, without the replacements of what does not ship."""
    if variant is None:
        return None
    walk = Walk(rest, target, wanted)
    walk.reach()
    reached = {package.name for package, _ in walk.reached.values()}
    return replace(variant, replacements=tuple(each for each in variant.replacements if each.name in reached))


def _kept_of_star(
    project: LocalProject, whole: Resolution, left: Resolution, cut: frozenset[NormalizedName], wheels: Getter
) -> frozenset[NormalizedName]:
    names = [pin.name for pin in whole.packages]
    roots = _roots(project, left)
    if project.lock.format == "poetry":
        before, after = closure.of_resolution(whole), closure.of_resolution(left)
        return closure.kept(names, cut, roots, before, after)
    edges = closure.of_wheels(whole, wheels(whole))
    return closure.kept(names, cut, roots, edges, edges)


def _roots(project: LocalProject, left: Resolution) -> dict[NormalizedName, frozenset[str]]:
    """What the project itself asks for, with the extras of each; nothing where that is not known."""
    config, target = project.config, left.target
    extras = left.selection.extras or config.extras
    walk, found = Walk(project.lock, target, left.selection), dict[NormalizedName, frozenset[str]]()
    for each in declared(project.pyproject, left.selection.groups or config.groups, extras) or ():
        if each.marker is None or walk.holds(each.marker, frozenset(extras)):
            found[each.name] = found.get(each.name, frozenset()) | frozenset(each.extras)
    return found

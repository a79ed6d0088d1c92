"""Markers of a lock that can never hold: what they guard is never installed, which nobody can have meant.

Two kinds. A marker may contradict itself (``platform_system == "Linux" and sys_platform == "darwin"``), wherever it is.
And one that says when an entry is wanted may ask for a Python that the lock does not admit; the conditions that a
package puts on its own dependencies may do so, since it has other users. A platform whose ``markers`` the user has set
may be what no machine is: what holds there is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.markers import Marker

from pytest_ofiuco.core.finding import Note
from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.satisfiable import can_hold
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import shown

_NOTHING = frozenset[str]()
_CORRECT = "correct it in pyproject.toml, and lock again"


def unmet(lock: Lock, targets: Sequence[Target] = ()) -> Iterator[Note]:
    """A note for each marker that can never hold, nor does for one of ``targets``."""
    own = [target for target in targets if target.platform.markers]
    entries = {package.at: package for package in lock.packages}
    seen: set[tuple[str, Marker]] = set()
    for owner, edge in _edges(lock):
        marker = edge.marker
        if marker is None or (edge.at, marker) in seen:
            continue
        seen.add((edge.at, marker))
        subject = owner or entries.get(edge.at)
        what = "it is wanted" if edge.at in entries else f"the dependency on {edge.name} is"
        if not can_hold(marker) and _holds(marker, own):
            continue
        if not can_hold(marker):
            hint = f"tell the publisher of {owner.name}: it is never installed" if owner else _CORRECT
            message = f"{what} under a marker that can never hold: {shown(str(marker))}"
            yield _note(lock, edge.at, subject, message, hint)
        elif owner is None and not can_hold(marker, lock.requires_python):
            message = f"{what} under a marker that no Python of {shown(lock.requires_python_text)} meets: "
            yield _note(lock, edge.at, subject, message + shown(str(marker)), _CORRECT)
    for package in lock.packages:
        for marker in package.forks:
            if not can_hold(marker):
                message = f"it is for a fork whose marker can never hold: {shown(str(marker))}"
                yield _note(lock, package.at, package, message, _CORRECT)
    for marker in lock.environments:
        if not can_hold(marker):
            message = f"one of them is a marker that can never hold: {shown(str(marker))}"
            yield _note(lock, "environments", None, message, _CORRECT)


def _holds(marker: Marker, targets: Sequence[Target]) -> bool:
    """Whether it does for one of these; what cannot be evaluated can hold, and is not asked about here."""
    asked: Mapping[str, str | frozenset[str]] = {"extra": "", "extras": _NOTHING, "dependency_groups": _NOTHING}
    return any(marker.evaluate({**target.environment, **asked}, context="lock_file") for target in targets)


def _edges(lock: Lock) -> Iterator[tuple[Package | None, Dependency]]:
    """Root edges first: an edge of the project's own entry is one of them, too."""
    for edges in (lock.always, *lock.groups.values(), *lock.extras.values()):
        yield from ((None, edge) for edge in edges)
    for package in lock.packages:
        yield from ((package, edge) for edge in package.dependencies)


def _note(lock: Lock, at: str, package: Package | None, message: str, hint: str) -> Note:
    return Note(
        severity="warning",
        code="never",
        file=lock.path,
        at=at,
        package=package.name if package else "",
        version=package.version if package else None,
        before=message,
        hint=hint,
    )

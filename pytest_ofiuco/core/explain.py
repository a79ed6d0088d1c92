"""explain(lock, target, selection, name) → Explanation: what brought a package or kept it out, and why this file of it.

The chains are the shortest ones with the fewest edges that do not hold: what has to change for a package to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Artifact, Wheel
from pytest_ofiuco.core.choice import Choice, best_wheel
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package, Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import NotLockedError, UnknownPackageError

_CHAINS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An edge to a package: ``marker`` is its condition, ``obstacle`` why it is not walked, empty where it is."""

    owner: str
    name: NormalizedName
    version: str | None
    at: str
    marker: str = ""
    obstacle: str = ""


Chain = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the package; ``obstacles`` are why it is not taken, none where it is."""

    version: str | None
    at: str
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the entry that is taken; ``verdict`` is ``taken``, ``fits`` or ``unfit``, ``reason`` says why."""

    filename: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``chains`` brought the package, or would have where no entry is taken; ``others`` counts those left out."""

    lock: Lock
    target: Target
    name: NormalizedName
    chains: tuple[Chain, ...]
    others: int
    entries: tuple[Entry, ...]
    files: tuple[File, ...]

    @property
    def taken(self) -> tuple[Entry, ...]:
        """The entries that the target gets: more than one is an error of the lock."""
        return tuple(entry for entry in self.entries if not entry.obstacles)


def explain(lock: Lock, target: Target, selection: Selection, name: NormalizedName) -> Explanation:
    """Say why ``target`` gets a package, or why it does not.

    Raises:
        PythonNotAdmittedError, PlatformNotAdmittedError: the lock was not made for the target.
        NotLockedError: an edge that holds leads nowhere.
        UnknownPackageError: the lock has no such package.
    """
    if not any(package.name == name for package in lock.packages):
        raise UnknownPackageError(lock.path, name, sorted({package.name for package in lock.packages}))
    walk = Walk(lock, target, selection)
    walk.check_target()
    walk.reach()
    walk.check_edges()
    paths = _Paths(walk)
    entries = [package for package in lock.packages if package.name == name]
    taken = [package for package in entries if id(package) in walk.reached]
    found = [chain for package in taken or entries for chain in paths.to(package)]
    chains = sorted((chain for chain in found if not (taken and _cost(chain))), key=_order)
    return Explanation(
        lock=lock,
        target=target,
        name=name,
        chains=tuple(chains[:_CHAINS]),
        others=max(0, len(chains) - _CHAINS),
        entries=tuple(
            Entry(version=each.version, at=each.at, obstacles=() if each in taken else tuple(paths.obstacles(each)))
            for each in entries
        ),
        files=tuple(_files(Choice(lock, target), taken[0])) if len(taken) == 1 else (),
    )


def _cost(chain: Chain) -> int:
    return sum(bool(step.obstacle) for step in chain)


def _order(chain: Chain) -> tuple[int, int, list[str]]:
    return _cost(chain), len(chain), [step.owner for step in chain]


@dataclass(frozen=True, slots=True)
class _Edge:
    """An edge as it stands in the lock: from an entry, or from the project by way of a group or an extra."""

    owner: Package | None
    label: str
    edge: Dependency
    obstacle: str


class _Paths:
    """The shortest ways to every entry: fewest obstacles first, then fewest edges."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.into: dict[int, list[_Edge]] = {}
        self.best: dict[int, Chain] = {}
        self.pushed = 0
        self._search()

    def to(self, package: Package) -> Iterator[Chain]:
        """A chain by every edge that leads to an entry."""
        edges = self.into.get(id(package), [])
        if self.walk.lock.shape == "star" and any(each.owner is not None for each in edges):
            edges = [each for each in edges if each.owner is not None]
        for each in edges:
            before = self.best[id(each.owner)] if each.owner is not None else ()
            if package.name not in {step.name for step in before}:
                yield (*before, _step(each, package))

    def obstacles(self, package: Package) -> list[str]:
        """Why an entry is not taken."""
        edges = self.into.get(id(package), [])
        if self.walk.lock.shape == "star":
            edges = [each for each in edges if each.owner is None]
        found = {each.obstacle or f"{each.label} is not reached" for each in edges}
        return sorted(found) or ["it is the project's own" if package.is_virtual else "nothing asks for it"]

    def _search(self) -> None:
        """Dijkstra's search, where an edge that does not hold is dearer than any number of edges that do."""
        pending: list[tuple[int, int, int, Chain, Package, _Edge]] = []
        roots = [(each, package) for each in self._roots() for package in self._led_to(each)]
        is_star = self.walk.lock.shape == "star"
        needed = {edge.name for package in self.walk.lock.packages for edge in package.dependencies if is_star}
        for each, package in roots:
            self.into.setdefault(id(package), []).append(each)
        # The project asks a star for every package of it: who needs it says more, where anyone does.
        for start in ([pair for pair in roots if pair[1].name not in needed], roots):
            for each, package in start:
                self._push(pending, 0, (), each, package)
            while pending:
                cost, _, _, chain, package, each = heappop(pending)
                if id(package) not in self.best:
                    self.best[id(package)] = chain
                    self._go_on(pending, cost, chain, package, each.edge.extras)

    def _go_on(self, pending: list[Any], cost: int, chain: Chain, package: Package, extras: Iterable[str]) -> None:
        requested: Iterable[str] = self.walk.requested.get(id(package)) or extras
        for edge in package.dependencies:
            each = _Edge(package, str(package), edge, self._obstacle(package, edge, requested))
            for other in self._led_to(each):
                self.into.setdefault(id(other), []).append(each)
                self._push(pending, cost, chain, each, other)

    def _push(self, pending: list[Any], cost: int, chain: Chain, each: _Edge, package: Package) -> None:
        longer = (*chain, _step(each, package))
        self.pushed += 1
        heappush(pending, (cost + bool(each.obstacle), len(longer), self.pushed, longer, package, each))

    def _roots(self) -> Iterator[_Edge]:
        lock, selection = self.walk.lock, self.walk.selection
        yield from self._from_project("the project", lock.always, "")
        for group, edges in lock.groups.items():
            is_selected = group in selection.groups
            label = "the project" if group == MAIN else f"group {group}"
            yield from self._from_project(label, edges, "" if is_selected else f"group {group} is not selected")
        for extra, edges in lock.extras.items():
            is_selected = extra in selection.extras
            yield from self._from_project(
                f"extra {extra}", edges, "" if is_selected else f"extra {extra} is not selected"
            )

    def _from_project(self, label: str, edges: Iterable[Dependency], unselected: str) -> Iterator[_Edge]:
        for edge in edges:
            yield _Edge(None, label, edge, unselected or self._obstacle(None, edge, self.walk.selection.extras))

    def _obstacle(self, owner: Package | None, edge: Dependency, requested: Iterable[str]) -> str:
        """Why an edge is not walked, of whose owner these extras are requested."""
        walk = self.walk
        if owner is not None and edge.extra is not None and edge.extra not in requested:
            return f"extra {edge.extra} of {owner.name} is not requested"
        extras = walk.encoded.union(requested, walk.activated_by(edge))
        if edge.marker is not None and not walk.holds(edge.marker, extras):
            return f"marker {edge.marker} does not hold"
        return ""

    def _led_to(self, each: _Edge) -> list[Package]:
        try:
            return self.walk.entries(each.owner, each.edge)
        except NotLockedError:  # its marker does not hold: that it leads nowhere is no matter
            return []


def _step(each: _Edge, package: Package) -> Step:
    return Step(
        owner=each.label,
        name=package.name,
        version=package.version,
        at=each.edge.at,
        marker=str(each.edge.marker or ""),
        obstacle=each.obstacle,
    )


def _files(choice: Choice, package: Package) -> Iterator[File]:
    """Every file of an entry, the best first."""
    taken: Artifact | None = package.direct or best_wheel(package.wheels, choice.ranks) or package.sdist
    if package.direct is not None:
        yield File(filename=str(package), verdict="taken", reason=f"a {package.direct.kind}: there is no other")
        return
    for wheel in choice.in_order(package.wheels):
        yield _verdict(choice, wheel, is_taken=wheel is taken)
    if package.sdist is not None:
        is_taken = package.sdist is taken
        reason = "no wheel fits" if is_taken else "a wheel comes first"
        yield File(filename=package.sdist.filename, verdict="taken" if is_taken else "fits", reason=reason)


def _verdict(choice: Choice, wheel: Wheel, *, is_taken: bool) -> File:
    tag = choice.tag(wheel)
    if tag is None:
        return File(filename=wheel.filename, verdict="unfit", reason=choice.misfit(wheel))
    reason = f"best tag {tag}" if is_taken else f"tag {tag} comes later, or its build number is lower"
    return File(filename=wheel.filename, verdict="taken" if is_taken else "fits", reason=reason)

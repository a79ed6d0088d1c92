"""Reachability from the roots of a selection over edges whose markers hold: what of a lock a target gets.

It knows no lock format: the readers normalize. It chooses no versions: the lock did, or its tool would by a rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package, Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.trial import take_highest
from pytest_ofiuco.errors import InputError, NotLockedError, PlatformNotAdmittedError, PythonNotAdmittedError, brief


class Walk:
    """The state of one resolution: what is reached, over which edges, and the extras requested of it."""

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
        self.is_trial = lock.takes_highest
        self.is_weighing = False
        self.taken: Mapping[NormalizedName, Package] = {}
        self.contradicted: list[Package | None] = []

    def check_target(self) -> None:
        """Whether the lock was made for the target.

        Raises:
            PythonNotAdmittedError, PlatformNotAdmittedError: it was not.
        """
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
        """Whether specifiers at a TOML path admit the target's Python: a prerelease as its release, as pip has it."""
        try:
            return specifiers.contains(self.target.python.release)
        except ValueError as error:  # a number of more digits than Python reads
            raise InputError(self.lock.path, at, f"cannot be compared: {brief(str(error))}") from error

    def check_edges(self) -> None:
        """Whether what the packages of a star say that they depend on is locked at all: its walk has not asked.

        The extras that they ask of each other are noted on the way.

        Raises:
            NotLockedError: something is not, so that entries are missing.
        """
        chosen = {package.name: package for package, _ in self.reached.values()}
        self.pass_extras_on(chosen)
        for package in chosen.values() if self.lock.shape == "star" else ():
            for edge in package.dependencies:
                is_locked = edge.name in self.by_name or edge.name == self.lock.project
                if not is_locked and self.edge_holds(package, edge):
                    self.entries(package, edge)

    def roots(self) -> Iterator[Dependency]:
        """The edges that the selection starts from."""
        yield from self.lock.always
        for group in self.selection.groups:
            yield from self.lock.groups[group]
        for extra in self.lock.extras if self.is_weighing else self.selection.extras:
            yield from self.lock.extras[extra]

    def reach(self) -> None:
        """Walk every edge that holds, each package once per growth of the extras requested of it.

        An extra that is requested on the way may be one that conflict markers test, on edges already passed too: the
        walk is then made again, knowing it.

        Where the lock's tool takes the highest of several entries, so does the walk. Where that suits not every edge,
        all entries count as reached.

        Raises:
            NotLockedError: an edge that holds leads nowhere.
        """
        self._reach()
        if self.is_trial and not self._take_highest_for_all_extras() and not take_highest(self):
            self.is_trial = False
            self.again({})

    def _take_highest_for_all_extras(self) -> bool:
        """Poetry takes entries that suit all extras of the project at once, and then leaves out those not wanted."""
        is_of_several = len(self.reached) > len({package.name for package, _ in self.reached.values()})
        if (
            not is_of_several
            or MAIN not in self.selection.groups
            or len(self.selection.extras) == len(self.lock.extras)
        ):
            return False
        self.is_weighing = True
        self.again({})
        is_found = take_highest(self)
        self.is_weighing = False
        self.again(self.taken if is_found else {})
        return is_found

    def again(self, taken: Mapping[NormalizedName, Package]) -> None:
        """The walk once more, with these entries taken of names that have several."""
        self.taken = taken
        self._reach()

    def _reach(self) -> None:
        before = None
        while before != self.encoded:
            before = self.encoded
            self.requested, self.reached, self.contradicted = {}, {}, []
            self._walk()

    def _walk(self) -> None:
        pending: deque[tuple[Package | None, Dependency]] = deque((None, edge) for edge in self.roots())
        walked: set[tuple[int, int]] = set()
        while pending:
            owner, edge = pending.popleft()
            if (id(owner), id(edge)) in walked or not self.edge_holds(owner, edge):
                continue
            walked.add((id(owner), id(edge)))
            self.encoded |= self.activated_by(edge)
            for package in self._entries_on_trial(owner, edge) if self.is_trial else self.entries(owner, edge):
                key = id(package)
                known = self.requested.get(key)
                self.reached.setdefault(key, (package, []))[1].append(edge)
                if known is not None and known.issuperset(edge.extras):
                    continue
                self.requested[key] = (known or set()) | set(edge.extras)
                if self.lock.shape == "graph":
                    pending.extend((package, each) for each in package.dependencies)

    def _entries_on_trial(self, owner: Package | None, edge: Dependency) -> list[Package]:
        """The entries that an edge leads to, or the one of them that was taken: where there is none, that is noted."""
        try:
            found = self.entries(owner, edge)
        except NotLockedError:
            found = []
        taken = self.taken.get(edge.name)
        found = [each for each in found if taken is None or each is taken]
        if not found:
            self.contradicted.append(owner)
        return found

    def activated_by(self, edge: Dependency) -> frozenset[str]:
        """The encoded names of the extras that an edge requests: its own marker may test them."""
        encodes = self.lock.encodes
        if not encodes:
            return frozenset()
        return frozenset(encodes[edge.name, extra] for extra in edge.extras if (edge.name, extra) in encodes)

    def edge_holds(self, owner: Package | None, edge: Dependency) -> bool:
        """Whether an edge is walked: its extra is requested of its owner, and its marker holds."""
        requested: Iterable[str]
        if owner is None:
            requested = self.selection.extras
        else:
            requested = self.requested.get(id(owner), ())
            if edge.extra is not None and edge.extra not in requested:
                return False
        return edge.marker is None or self.holds(edge.marker, self.encoded.union(requested, self.activated_by(edge)))

    def entries(self, owner: Package | None, edge: Dependency) -> list[Package]:
        """The entries that an edge leads to: by name, and by version, source, specifiers and fork where they tell.

        Raises:
            NotLockedError: there is none.
        """
        found = [package for package in self.by_name.get(edge.name, ()) if is_named(edge, package)]
        if not found:
            required_by = str(owner) if owner else "the project"
            wanted = f"{edge.name} {edge.version}" if edge.version else edge.name
            raise NotLockedError(self.lock.path, edge.at, wanted, required_by)
        if len(found) > 1 and edge.specifiers:
            found = [each for each in found if is_meant(edge, each)] or found
        if len(found) > 1:
            found = [each for each in found if self.fork_holds(each)] or found
        return found

    def fork_holds(self, package: Package) -> bool:
        """Whether one of an entry's forks is the target's."""
        extras = self.encoded.union(self.selection.extras)
        return not package.forks or any(self.holds(marker, extras) for marker in package.forks)

    def holds(self, marker: Marker, extras: frozenset[str]) -> bool:
        """Whether a marker holds for the target, with these extras requested."""
        key = (id(marker), extras)
        known = self.held.get(key)
        if known is None:
            known = self.held[key] = self._evaluate(marker, extras)
        return known

    def _evaluate(self, marker: Marker, extras: frozenset[str]) -> bool:
        groups = frozenset(self.selection.groups)
        environment: Mapping[str, str | frozenset[str]] = self.environment | {
            "extra": "",
            "extras": extras,
            "dependency_groups": groups,
        }
        try:
            return marker.evaluate(environment, context="lock_file")
        except (ValueError, TypeError) as error:  # packaging's own are of the first kind
            raise InputError(self.lock.path, f"marker {marker}", f"cannot be evaluated: {brief(str(error))}") from error

    def described(self, package: Package) -> str:
        """An entry that was reached, and the markers that brought it."""
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


def is_named(edge: Dependency, package: Package) -> bool:
    """Whether an entry has the version and the source that an edge names, where it names them."""
    has_version = edge.version is None or package.version == edge.version
    return has_version and (edge.source is None or package.source == edge.source)


def is_meant(edge: Dependency, package: Package) -> bool:
    """Whether an edge's specifiers, where it has any, admit the version of an entry."""
    version = package.version
    return not edge.specifiers or version is None or any(grammar.admits(each, version) for each in edge.specifiers)

"""Of several entries of one name, the highest version that suits every edge: what Poetry's solver takes.

Locks before poetry.lock 2.1 do not say which entry is for whom: Poetry solves again among what is locked when it
installs, highest version first, and so does this search. It goes back from a choice that contradicts an edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import Dependency, Package

_MOST_TRIALS = 500
"""So many choices between entries are tried before a lock is taken for one that leaves none."""


class Reaching(Protocol):
    """A walk: what it has reached, in order; the owners of edges that lead to nothing that was taken; what is taken."""

    reached: dict[int, tuple[Package, list[Dependency]]]
    contradicted: list[Package | None]
    taken: Mapping[NormalizedName, Package]

    def again(self, taken: Mapping[NormalizedName, Package]) -> None:
        """Walk once more, with these taken."""


def take_highest(walk: Reaching) -> bool:
    """Take one entry of every name that several were reached of; whether there is a way that suits every edge."""
    return _take_highest(walk, iter(range(_MOST_TRIALS)))


def _take_highest(walk: Reaching, trials: Iterator[int]) -> bool:
    undecided = _first_of_several(walk)
    if undecided is None:
        return not walk.contradicted
    if any(owner is None or _is_before(walk, owner, undecided) for owner in walk.contradicted):
        return False
    before = dict(walk.taken)
    for package in sorted(undecided, key=_version, reverse=True):
        if next(trials, None) is None:
            return False
        walk.again({**before, package.name: package})
        if _take_highest(walk, trials):
            return True
    return False


def _first_of_several(walk: Reaching) -> Sequence[Package] | None:
    """The entries of the first name that several were reached of, in the order in which they were."""
    by_name: dict[NormalizedName, list[Package]] = {}
    for package, _ in walk.reached.values():
        by_name.setdefault(package.name, []).append(package)
    return next((packages for packages in by_name.values() if len(packages) > 1), None)


def _is_before(walk: Reaching, owner: Package, undecided: Sequence[Package]) -> bool:
    """Whether an entry was reached before all of these: whichever of them is taken, it stays."""
    first = next(key for key in walk.reached if key == id(owner) or any(key == id(each) for each in undecided))
    return first == id(owner)


def _version(package: Package) -> tuple[bool, Version]:
    """What entries are ranked by; one whose version is none is the lowest."""
    try:
        return True, grammar.version(package.version or "")
    except InvalidVersion:
        return False, Version("0")

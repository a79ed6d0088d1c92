"""The work of a matrix divided over machines that do not talk to each other: each works it out, and takes its part.

Two steps. Cells are divided by what they weigh, so that each shard has as few of them as an even division allows: only
a cell that no shard has room for is split. What a split cell has is divided by the weights of its tests, between files
or classes where that is nearly even. All arithmetic is in integers: no machine rounds in its own way.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pytest_ofiuco.errors import UsageError

TOLERANCE = 10
"""One in how many parts a shard may take more than its share, for a cell, file or class to stay whole."""

_MOST = 10_000
_NONE = "give how many shards there are: 1/1 or more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of ``count`` machines; ``number`` is from 1 on."""

    number: int
    count: int

    @classmethod
    def parse(cls, given: str) -> Shard:
        """``2/5``; the inverse of ``str``.

        Raises:
            UsageError: it is none.
        """
        number, slash, count = given.partition("/")
        said = f"--ofiuco-shard {given}"
        if not slash or not all(each.isascii() and each.isdecimal() and len(each) < 10 for each in (number, count)):
            raise UsageError(f"{said}: not a shard", "give its number and how many there are: 2/5")
        shard = cls(number=int(number), count=int(count))
        if not 1 <= shard.number <= shard.count:
            fitting = f"give one from 1/{count} to {count}/{count}" if shard.count else _NONE
            raise UsageError(f"{said}: there is no such shard", fitting)
        if shard.count > _MOST:
            raise UsageError(f"{said}: too many shards", f"give {_MOST} at most")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What of a cell a shard runs: from ``begin`` to ``end`` of what the ``whole`` weighs."""

    cell: str
    begin: int
    end: int
    whole: int

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the cell."""
        return self.end - self.begin == self.whole


def divide(weights: Mapping[str, int], count: int) -> list[list[Piece]]:
    """The pieces of each of ``count`` shards, heaviest cells first; ``weights`` of cells are positive.

    No shard has more than its share and a tenth; there are fewer pieces than cells and shards.
    """
    share = sum(weights.values())  # of weights times ``count``: so that a share is an integer
    slack = share // TOLERANCE
    shards: list[list[Piece]] = [[] for _ in range(count)]
    loads = [0] * count
    split: list[str] = []
    for cell in sorted(weights, key=lambda name: (-weights[name], name)):
        whole, emptiest = weights[cell] * count, loads.index(min(loads))
        if loads[emptiest] + whole > share + slack:
            split.append(cell)
            continue
        loads[emptiest] += whole
        shards[emptiest].append(Piece(cell=cell, begin=0, end=whole, whole=whole))
    for cell in split:
        whole, begin = weights[cell] * count, 0
        while begin < whole:
            emptiest = loads.index(min(loads))
            end = begin + share - loads[emptiest]
            if whole - end <= slack:  # no other shard is to have a cell for so little
                end = whole
            loads[emptiest] += end - begin
            shards[emptiest].append(Piece(cell=cell, begin=begin, end=end, whole=whole))
            begin = end
    return shards


def part_of(piece: Piece, pieces: Iterable[Piece], weights: Mapping[str, int]) -> list[str]:
    """The tests in a piece of a cell that is divided into ``pieces``; ``weights`` are those of all its tests.

    In the order of files, classes and names, since a cell may collect in another order on each machine.
    """
    ordered = sorted(weights, key=_place)
    sums = [0, *accumulate(weights[test] for test in ordered)]
    least = min(each.end - each.begin for each in pieces)
    cuts = _Cuts(
        sums=sums,
        files=_borders(ordered, [_place(each)[0] for each in ordered]),
        scopes=_borders(ordered, [_place(each)[1] for each in ordered]),
        near=least * sums[-1] // TOLERANCE,
    )
    return ordered[cuts.at(piece.begin, piece.whole) : cuts.at(piece.end, piece.whole)]


def _place(test: str) -> tuple[str, str, str]:
    return test.partition("::")[0], test.rpartition("::")[0], test


def _borders(ordered: Sequence[str], names: Sequence[str]) -> list[int]:
    """Where another name begins, and both ends."""
    return [0, *(index for index in range(1, len(ordered)) if names[index] != names[index - 1]), len(ordered)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cuts:
    """``sums``: what the tests before each place weigh. ``near``: how far a border may be that a cut moves to."""

    sums: Sequence[int]
    files: Sequence[int]
    scopes: Sequence[int]
    near: int

    def at(self, part: int, whole: int) -> int:
        """The index of the first test behind a cut; later cuts never come to lie before earlier ones."""
        wanted = part * self.sums[-1]
        for borders in (self.files, self.scopes):
            found, distance = self._nearest(borders, wanted, whole)
            if distance <= self.near:
                return found
        return self._nearest(range(len(self.sums)), wanted, whole)[0]

    def _nearest(self, borders: Sequence[int], wanted: int, whole: int) -> tuple[int, int]:
        after = bisect_left(borders, wanted, key=lambda index: self.sums[index] * whole)
        around = borders[max(0, after - 1) : after + 1]
        return min(((each, abs(self.sums[each] * whole - wanted)) for each in around), key=lambda found: found[1])

"""What a session says beside pytest's own words: the header, the progress of preparation, the matrix table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_ofiuco.run.cells import LockFacts


@dataclass(slots=True)
class Tally:
    """The outcomes of one cell; ``seconds`` is how long its tests took, by the wall clock."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    remark: str = ""


_ALWAYS = ("passed", "failed", "skipped")
_SOMETIMES = ("xfailed", "xpassed", "error")

OUTCOMES = frozenset((*_ALWAYS, *_SOMETIMES))
"""What is counted: pytest's own categories of tests, as in its last line."""


def header(lock: LockFacts, names: Sequence[str]) -> list[str]:
    """Two lines: the lock and the number of cells, then their names."""
    count = f"{lock.packages} package{'' if lock.packages == 1 else 's'}"
    cells = f"{len(names)} cell{'' if len(names) == 1 else 's'}"
    return [
        f"ofiuco: {lock.path} ({lock.format} {lock.version}, {count}) → {cells}",
        f"  {'  '.join(names)}",
    ]


def table(tallies: Sequence[Tally]) -> list[str]:
    """One line a cell: outcomes and time, or why it has none."""
    columns = [*_ALWAYS, *(each for each in _SOMETIMES if any(tally.counts[each] for tally in tallies))]
    width = max(20, *(len(tally.name) for tally in tallies))
    lines = [" ".join([" " * width, *(column.rjust(max(6, len(column))) for column in columns), "  time"])]
    for tally in tallies:
        if tally.remark and not tally.counts:
            lines.append(f"{tally.name.ljust(width)} {tally.remark}")
            continue
        counts = [str(tally.counts[column]).rjust(max(6, len(column))) for column in columns]
        remark = [f" {tally.remark}"] if tally.remark else []
        lines.append(" ".join([tally.name.ljust(width), *counts, f"{tally.seconds:.1f}s".rjust(6), *remark]))
    return lines

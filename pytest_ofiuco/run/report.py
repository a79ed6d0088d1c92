"""What a session says beside pytest's own words: the header, the progress of preparation, the matrix table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

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
_BAD = ("failed", "error")

OUTCOMES = frozenset((*_ALWAYS, *_SOMETIMES))
"""What is counted: pytest's own categories of tests, as in its last line."""


Markup = Callable[..., str]
"""As ``TerminalWriter.markup``: a text, and keywords such as ``red=True``."""


def terminal(config: pytest.Config) -> tuple[int, bool]:
    """The terminal's width, and whether it has colours; what is usual where ``-p no:terminal`` leaves none."""
    if not config.pluginmanager.hasplugin("terminalreporter"):
        return 80, False
    writer = config.get_terminal_writer()
    return writer.fullwidth, writer.hasmarkup


def header(lock: LockFacts, names: Sequence[str], width: int = 80) -> list[str]:
    """The lock and the number of cells, then their names, in lines of ``width`` characters."""
    count = f"{lock.packages} package{'' if lock.packages == 1 else 's'}"
    cells = f"{len(names)} cell{'' if len(names) == 1 else 's'}"
    return [
        f"ofiuco: {lock.path} ({lock.format} {lock.version}, {count}) → {cells}",
        *(f"  {line}" for line in _filled(names, width - 2)),
    ]


def columns_of(tallies: Sequence[Tally]) -> list[str]:
    """The outcomes that have a column: the common ones, and the rare ones where there are some."""
    return [*_ALWAYS, *(each for each in _SOMETIMES if any(tally.counts[each] for tally in tallies))]


def seconds_of(tally: Tally) -> str:
    """How long a cell's tests took."""
    return f"{tally.seconds:.1f}s"


def table(tallies: Sequence[Tally], markup: Markup | None = None) -> list[str]:
    """One line a cell: outcomes and time, or why it has none; what failed in red where there is ``markup``."""
    columns = columns_of(tallies)
    name_width = max(20, *(len(tally.name) for tally in tallies))
    widths = {each: max(6, len(each), *(len(str(tally.counts[each])) for tally in tallies)) for each in columns}
    time_width = max(6, *(len(seconds_of(tally)) for tally in tallies))
    heads = [column.rjust(widths[column]) for column in columns]
    lines = [" ".join([" " * name_width, *heads, "time".rjust(time_width)])]
    for tally in tallies:
        is_bad = any(tally.counts[each] for each in _BAD) or tally.remark.startswith("error")
        name = _marked(tally.name.ljust(name_width), markup if is_bad else None)
        if tally.remark and not tally.counts:
            lines.append(f"{name} {tally.remark}")
            continue
        counts = [
            _marked(
                str(tally.counts[each]).rjust(widths[each]), markup if each in _BAD and tally.counts[each] else None
            )
            for each in columns
        ]
        remark = [f" {tally.remark}"] if tally.remark else []
        lines.append(" ".join([name, *counts, seconds_of(tally).rjust(time_width), *remark]))
    return lines


def _marked(text: str, markup: Markup | None) -> str:
    return text if markup is None else markup(text, red=True, bold=True)


def _filled(names: Sequence[str], width: int) -> list[str]:
    """Names two spaces apart, in as few lines as hold them; a name is never broken."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + 2 + len(name) <= width:
            lines[-1] += f"  {name}"
        else:
            lines.append(name)
    return lines

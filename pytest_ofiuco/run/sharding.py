"""The plugin object of a session that runs one shard of the matrix: ``--ofiuco-shard 2/5``.

Which cells the shard has any part of is known before one of them is prepared; which tests of a cell that is split, once
it has collected.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pytest_ofiuco.run.cells import PlannedCell, SessionPlan
from pytest_ofiuco.run.durations import Durations, read
from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.shards import Piece, Shard, divide, part_of


class Sharding:
    """A shard of a matrix, and what it is divided by. ``pieces`` are all shards', once the plan is known."""

    def __init__(self, shard: Shard, durations: Durations) -> None:
        self.shard, self.durations = shard, durations
        self.pieces: list[list[Piece]] = []
        self.cells = 0

    @classmethod
    def of(cls, shard: str | None, durations: str | None, start: Path) -> Sharding | None:
        """What the options ask for, if a shard is asked for; ``start`` is where pytest was started.

        Raises:
            UsageError: an option makes no sense, or the durations cannot be read.
        """
        if shard is None:
            return None
        parsed = Shard.parse(shard)
        return cls(parsed, Durations(seconds={}) if durations is None else read(durations, start))

    def narrow(self, cells: tuple[PlannedCell, ...]) -> tuple[PlannedCell, ...]:
        """The cells that this shard has any part of. What cannot run is told by one shard each."""
        runnable = [planned.cell.name for planned in cells if planned.is_run]
        self.pieces = divide(self.durations.of_cells(runnable), self.shard.count)
        self.cells = len(cells)
        mine = self.shard.number - 1
        wanted = {piece.cell for piece in self.pieces[mine]}
        others = [planned.cell.name for planned in cells if not planned.is_run]
        wanted.update(name for place, name in enumerate(sorted(others)) if place % self.shard.count == mine)
        return tuple(planned for planned in cells if planned.cell.name in wanted)

    def narrowed(self, plan: SessionPlan) -> SessionPlan:
        """A plan of no other cells."""
        return replace(plan, cells=self.narrow(plan.cells))

    def pytest_report_header(self) -> str:
        """The last word is the same on all machines that divide alike."""
        mine = self.pieces[self.shard.number - 1]
        parts = [
            f", {100 * (piece.end - piece.begin) // piece.whole}% of {piece.cell}"
            for piece in mine
            if not piece.is_whole
        ]
        cells = f"{self.cells} cell{'' if self.cells == 1 else 's'}"
        division = sha256(repr(self.pieces).encode()).hexdigest()[:8]
        return f"  shard {self.shard} of {cells}{''.join(parts)}; division {division}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect other shards' tests of split cells, after ``-k`` and ``-m``.

        Before ``--lf`` and the like: what a machine remembers for itself decides nothing that all must decide alike.
        """
        dropped: set[ProxyItem] = set()
        for piece in self.pieces[self.shard.number - 1]:
            if not piece.is_whole:
                proxies = [item for item in items if isinstance(item, ProxyItem) and item.cell.name == piece.cell]
                weights = {proxy.remote.nodeid: self.durations.of(proxy) for proxy in proxies}
                pieces = [each for shard in self.pieces for each in shard if each.cell == piece.cell]
                mine = set(part_of(piece, pieces, weights))
                dropped.update(proxy for proxy in proxies if proxy.remote.nodeid not in mine)
        if dropped:
            config.hook.pytest_deselected(items=[item for item in items if item in dropped])
            items[:] = [item for item in items if item not in dropped]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A shard that has nothing to do has not failed."""
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

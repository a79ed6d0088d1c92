"""One cell of a running session: its workers, what it collected, what no worker has been given yet."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.limits import slowness
from pytest_ofiuco.run.messages import RemoteItem
from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.workers import State, Worker
from pytest_ofiuco.store.request import Environment
from pytest_ofiuco.worker import PROTOCOL


class Phase(Enum):
    """How far a cell is."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    COLLECTING = "collecting"
    COLLECTED = "collected"
    RUNNING = "running"
    OVER = "over"


@dataclass(slots=True, eq=False)
class CellRun:
    """The state of a cell. ``todo`` is what no worker has; ``hungry`` are workers that wait for another's tests.

    ``slowness`` is that of its workers, ``started`` how many there were, ``stalls`` how many of them in turn have said
    nothing after their start.
    """

    planned: PlannedCell
    tally: Tally
    phase: Phase = Phase.PREPARING
    environment: Environment | None = None
    workers: list[Worker] = field(default_factory=list)
    items: list[RemoteItem] = field(default_factory=list)
    errors: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    collect_reports: list[dict[str, Any]] = field(default_factory=list)
    todo: deque[ProxyItem] = field(default_factory=deque)
    hungry: deque[Worker] = field(default_factory=deque)
    owned: dict[str, Worker] = field(default_factory=dict)
    crashes: int = 0
    started: int = 0
    stalls: int = 0
    slowness: float = 1.0
    has_failed: bool = False
    started_at: float = 0.0
    start_seconds: float = 0.0
    ran: int = 0

    @property
    def cell(self) -> Cell:
        """The cell that runs."""
        return self.planned.cell

    @property
    def is_slow(self) -> bool:
        """Whether it runs in an emulator, behind a launcher or on another machine."""
        if self.planned.runs_as is not None:
            return True
        return self.environment is not None and bool(self.environment.launcher or self.environment.host)

    @property
    def remaining(self) -> int:
        """How many tests have no report."""
        return len(self.todo) + sum(len(worker.queue) for worker in self.workers)

    @property
    def coming(self) -> int:
        """How many workers are on their way to its tests."""
        return sum(worker.state in (State.STARTING, State.COLLECTING) for worker in self.workers)

    def unreported(self) -> list[ProxyItem]:
        """The tests that have no report."""
        return [*self.todo, *(proxy for worker in self.workers for proxy in worker.queue)]

    def answered(self, worker: Worker) -> None:
        """A worker has started: how long that took says how long everything may take."""
        self.stalls = 0
        if self.is_slow:
            self.slowness = worker.slowness = max(self.slowness, slowness(time.monotonic() - worker.began_at))

    def begins(self) -> None:
        """Its tests begin."""
        self.phase = Phase.RUNNING
        self.started_at = self.started_at or time.monotonic()

    def clock(self) -> None:
        """Its last test so far is over."""
        if self.started_at:
            self.tally.seconds = time.monotonic() - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp:
    """What every worker of a session is told alike; ``terminal`` tells its width, and whether it has colours.

    ``plugins``: those that ``-p`` names and this process has; a cell may lack them.
    """

    directory: Path
    program: str
    is_module: bool
    options: Sequence[tuple[str, int | str | None]]
    markers: Sequence[str]
    plugins: Sequence[str] = ()
    is_debugged: bool = False
    jobs: int = 1
    terminal: Callable[[], tuple[int, bool]] = lambda: (80, False)
    testrun: str = field(default_factory=lambda: os.urandom(16).hex())

    def message(self, run: CellRun, worker: Worker, arguments: Sequence[str], extra: Sequence[str]) -> str:
        """The first message to a cell's worker: the user's arguments, and ``extra`` ones that a test does not see."""
        width, has_markup = self.terminal()
        is_first = not any(each.number < worker.number for each in run.workers)
        return json.dumps(
            {
                "protocol": PROTOCOL,
                "directory": str(self.directory),
                "program": self.program,
                "is_module": self.is_module,
                "is_debugged": self.is_debugged,
                "arguments": list(arguments),
                "extra_arguments": list(extra),
                "options": [list(each) for each in self.options],
                "markers": list(self.markers),
                "plugins": list(self.plugins),
                "width": width,
                "has_markup": has_markup,
                "testrun": self.testrun,
                "xdist": {"worker": f"gw{worker.number - 1}", "count": self.jobs} if self.jobs > 1 else None,
                "spool": str(worker.spool) if worker.spool else None,
                "coverage": str(worker.coverage) if worker.coverage else None,
                "folder": run.cell.name if is_first else f"{run.cell.name}-{worker.number}",
                "cell": {
                    "name": run.cell.name,
                    "python": str(run.cell.python),
                    "platform": run.cell.platform,
                    "variant": run.cell.variant,
                    "resolution": dict(run.planned.versions),
                },
            }
        )

"""One cell of a running session: its worker, what it collected, what it has still to run."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.gateway import Gateway
from pytest_ofiuco.run.messages import RemoteItem
from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.store.request import Environment
from pytest_ofiuco.worker import PROTOCOL


class Phase(Enum):
    """How far a cell is."""

    PREPARING = "preparing"
    COLLECTING = "collecting"
    COLLECTED = "collected"
    RUNNING = "running"
    ENDING = "ending"
    OVER = "over"


@dataclass(slots=True, eq=False)
class CellRun:
    """The state of a cell. ``generation`` counts its workers: what an earlier one still says is not heard."""

    planned: PlannedCell
    tally: Tally
    phase: Phase = Phase.PREPARING
    environment: Environment | None = None
    gateway: Gateway | None = None
    generation: int = 0
    items: tuple[RemoteItem, ...] = ()
    errors: tuple[str, ...] = ()
    collect_reports: list[dict[str, Any]] = field(default_factory=list)
    proxies: dict[int, ProxyItem] = field(default_factory=dict)
    pending: deque[int] = field(default_factory=deque)
    current: int | None = None
    crashes: int = 0
    has_failed: bool = False
    started_at: float = 0.0

    @property
    def cell(self) -> Cell:
        """The cell that runs."""
        return self.planned.cell

    def begin(self) -> None:
        """Tell the worker to run what is pending."""
        self.phase = Phase.RUNNING
        self.started_at = self.started_at or time.monotonic()
        self.send(kind="run", indices=list(self.pending))

    def finish(self) -> None:
        """Tell the worker to tear its session down."""
        if self.phase is Phase.RUNNING and self.started_at:
            self.tally.seconds = time.monotonic() - self.started_at
        self.phase = Phase.ENDING
        self.send(kind="stop")

    def over(self) -> None:
        """Nothing more comes from this cell."""
        if self.phase is Phase.RUNNING and self.started_at:
            self.tally.seconds = time.monotonic() - self.started_at
        self.phase = Phase.OVER

    def send(self, **message: Any) -> None:
        """Send a message to the worker."""
        if self.gateway is not None:
            self.gateway.send(json.dumps(message))


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp:
    """What every worker of a session is told alike."""

    directory: Path
    program: str
    is_module: bool
    options: Sequence[tuple[str, int | str | None]]
    markers: Sequence[str]

    def message(self, run: CellRun, arguments: Sequence[str], spool: Path | None) -> str:
        """The first message to a cell's worker."""
        return json.dumps(
            {
                "protocol": PROTOCOL,
                "directory": str(self.directory),
                "program": self.program,
                "is_module": self.is_module,
                "arguments": list(arguments),
                "options": [list(each) for each in self.options],
                "markers": list(self.markers),
                "spool": str(spool) if spool else None,
                "cell": {
                    "name": run.cell.name,
                    "python": str(run.cell.python),
                    "platform": run.cell.platform,
                    "variant": run.cell.variant,
                    "resolution": dict(run.planned.versions),
                },
            }
        )


def cell_environment(
    environment: Environment, name: str, path: str, bytecode: Path, coverage: Path | None
) -> Mapping[str, str]:
    """The variables that make a process one of the cell's.

    ``path`` is the controller's PATH, ``coverage`` the file that the cell's coverage data goes to, if any is taken.
    """
    scripts = str(environment.python.parent)
    measured = {"COVERAGE_FILE": str(coverage)} if coverage is not None else {}
    return measured | {
        "PATH": f"{scripts}{os.pathsep}{path}" if path else scripts,
        "VIRTUAL_ENV": str(environment.path),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "OFIUCO_CELL": name,
    }

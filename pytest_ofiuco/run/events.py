"""What the controller takes from its queue, and how many workers feed it."""

from __future__ import annotations

import queue
from dataclasses import dataclass

from pytest_ofiuco.run.inspection.verdicts import Verdict
from pytest_ofiuco.run.messages import Message
from pytest_ofiuco.run.preparation import Prepared, PrepareFailed
from pytest_ofiuco.run.workers import Worker

Event = tuple["Worker | str", "Message | Prepared | PrepareFailed | Verdict"]
"""What has happened: to a worker, or to the preparation or inspection of a cell, which its name stands for."""

Events = queue.SimpleQueue[Event]


MAX_CRASHES = 20
"""How many workers of a cell may be lost until no further one is started, where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """How many workers run at a time. ``is_given``: as many as these are wanted, whatever it brings.

    ``restarts``: how many workers of a cell may be lost until no further one is started. ``keeps_order``: a cell has
    one worker at a time, which runs its tests in their order.
    """

    count: int
    is_given: bool = False
    restarts: int = MAX_CRASHES
    keeps_order: bool = False

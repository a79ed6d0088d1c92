"""What the controller takes from its queue, and how many workers feed it."""

from __future__ import annotations

import queue
from dataclasses import dataclass

from pytest_ofiuco.run.messages import Message
from pytest_ofiuco.run.preparation import Prepared, PrepareFailed
from pytest_ofiuco.run.workers import Worker

Event = tuple["Worker | str", "Message | Prepared | PrepareFailed"]
"""What has happened: to a worker, or to the preparation of a cell, which its name stands for."""

Events = queue.SimpleQueue[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """How many workers run at a time. ``is_given``: as many as these are wanted, whatever it brings."""

    count: int
    is_given: bool = False

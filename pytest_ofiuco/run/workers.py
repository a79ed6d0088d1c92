"""One worker of a cell, as the controller sees it: how far it is, and what it has been given to run."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pytest_ofiuco.run.gateway import START_SECONDS, Gateway
from pytest_ofiuco.run.messages import RemoteItem
from pytest_ofiuco.run.proxies import ProxyItem


class State(Enum):
    """How far a worker is."""

    SPAWNED = "spawned"
    STARTING = "starting"
    COLLECTING = "collecting"
    READY = "ready"
    RUNNING = "running"
    ENDING = "ending"
    GONE = "gone"


BUSY = frozenset((State.STARTING, State.COLLECTING, State.RUNNING))
"""What takes one of the session's jobs."""


@dataclass(slots=True, eq=False)
class Worker:
    """A worker of the cell ``name``; ``number`` counts the session's workers.

    ``queue`` holds what it was given and has not run, in its order; ``is_on``: it is on the first. ``since`` is when it
    was last heard of, by the monotonic clock, in seconds; ``reason`` is why it was ended by us. ``coverage`` is the
    folder that its coverage data goes to, if any is taken. ``slowness`` is how many times as long it may take as one of
    this machine, ``start_seconds`` how long it may say nothing at first. ``is_later``: its cell is emulated, and had a
    worker before it.
    """

    name: str
    number: int
    spool: Path | None = None
    coverage: Path | None = None
    gateway: Gateway | None = None
    state: State = State.SPAWNED
    items: list[RemoteItem] = field(default_factory=list)
    queue: deque[ProxyItem] = field(default_factory=deque)
    has_ended: bool = False
    is_on: bool = False
    is_asked: bool = False
    is_spent: bool = False
    began_at: float = 0.0
    since: float = 0.0
    reason: str | None = None
    slowness: float = 1.0
    start_seconds: float = START_SECONDS
    is_later: bool = False
    _places: dict[int, int] | None = None

    @property
    def is_slow(self) -> bool:
        """Whether it is in an emulator, behind a launcher or on another machine."""
        return self.slowness > 1.0

    @property
    def waits(self) -> bool:
        """Whether it holds its last test back until it hears more."""
        return not self.has_ended and len(self.queue) < 2

    @property
    def spare(self) -> int:
        """How many tests it might give away: it is on the first, and knows the second."""
        return 0 if self.is_spent or self.state is not State.RUNNING else max(0, len(self.queue) - 2)

    def heard(self) -> None:
        """It has just been heard of."""
        self.since = time.monotonic()

    def pause(self) -> None:
        """Its time stands still until it is heard of again."""
        self.since = math.inf

    def begin(self) -> None:
        """It is told to start."""
        self.state = State.STARTING
        self.heard()
        self.began_at = self.began_at or self.since

    def adopt(self, items: Sequence[RemoteItem], proxies: Iterable[ProxyItem]) -> None:
        """Find the cell's tests among what this worker has collected: ``has`` knows them from then on.

        ``items`` are what the cell's first worker has collected, by which the proxies are numbered.
        """
        mine, self.items = self.items, []
        if len(items) == len(mine) and all(
            own is first or own.nodeid == first.nodeid for own, first in zip(mine, items, strict=True)
        ):
            return
        places: dict[str, deque[int]] = {}
        for index, item in enumerate(mine):
            places.setdefault(item.nodeid, deque()).append(index)
        self._places = {}
        for proxy in sorted(proxies, key=lambda each: each.index):
            found = places.get(proxy.remote.nodeid)
            if found:
                self._places[proxy.index] = found.popleft()

    def has(self, proxy: ProxyItem) -> bool:
        """Whether it has collected a test."""
        return self._places is None or proxy.index in self._places

    def place(self, proxy: ProxyItem) -> int:
        """The worker's own number of a test."""
        return proxy.index if self._places is None else self._places[proxy.index]

    def give(self, proxies: Sequence[ProxyItem], *, ends: bool) -> None:
        """Have it run tests, after those that it has."""
        if self.waits:
            self.heard()
        self.queue.extend(proxies)
        self.has_ended, self.is_spent = ends, False
        self.state = State.RUNNING if self.queue or not ends else State.ENDING
        self.send(kind="run", indices=[self.place(each) for each in proxies], ends=ends)

    def end(self) -> None:
        """Tell it that nothing more will come: it runs what it has, and tears its session down."""
        if self.waits:
            self.heard()
        self.has_ended = True
        self.state = State.RUNNING if self.queue else State.ENDING
        self.send(kind="end", ends=True)

    def ask(self, groups: Sequence[Sequence[ProxyItem]]) -> None:
        """Ask for tests back, each group whole or not at all."""
        self.is_asked = True
        self.send(kind="give", groups=[[self.place(each) for each in group] for group in groups])

    def take_back(self, indices: Iterable[int]) -> list[ProxyItem]:
        """The tests that it has given back.

        Raises:
            KeyError: it gives what it did not have.
        """
        waiting = {self.place(each): each for each in self.queue}
        given = [waiting[index] for index in indices]
        gone = set(given)
        self.queue = deque(each for each in self.queue if each not in gone)
        self.is_asked = False
        self.is_spent = not given
        return given

    def send(self, **message: Any) -> None:
        """Send a message."""
        if self.gateway is not None:
            self.gateway.send(json.dumps(message))

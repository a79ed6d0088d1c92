"""How long a worker may take: to answer, to collect, for one test, to end.

One in an emulator, behind a launcher or on another machine has more time: as many times as much as it takes longer to
start than one of this machine, and ten times at least. What the user has said of a test holds for all.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.run.gateway import GRACE_SECONDS, START_SECONDS
from pytest_ofiuco.run.workers import State, Worker

SLOW = 10.0
"""How many times as long a slow worker may take, at least: under qemu, starts and tests take 4 to 20 times as long."""

_SLOWEST = 60.0
_USUAL_START = 0.3
"""What a worker of this machine takes to start, in seconds."""

_COLLECT_SECONDS = 30.0
_END_SECONDS = 30.0
_EXIT_SECONDS = 10.0
_WAITING = 3.0
"""How many times as long a slow worker may take for what is waiting rather than work."""


def slowness(start_seconds: float) -> float:
    """How many times as long a worker may take whose cell is slow, and took so long to start."""
    return max(SLOW, min(_SLOWEST, start_seconds / _USUAL_START))


def start_seconds(worker: Worker, *, is_again: bool, is_far: bool) -> float:
    """How long a worker may say nothing after its start; the first one of a slow cell is tried again early.

    What is carried to another machine first counts as its start.
    """
    return START_SECONDS * (worker.slowness if is_again or is_far else 1.0)


def exit_seconds(worker: Worker) -> float:
    """How long a worker may run whose session is over."""
    return _EXIT_SECONDS * (_WAITING if worker.is_slow else 1.0)


def grace_seconds(worker: Worker) -> float:
    """How long a worker may run that was told to end."""
    return GRACE_SECONDS * (_WAITING if worker.is_slow else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``test`` is what ``--ofiuco-timeout`` says, in seconds; without it, only a first answer has a limit."""

    test: float | None = None

    def of(self, worker: Worker) -> tuple[float, str] | None:
        """Until when a worker must be heard of, by the monotonic clock, and what is said of one that is not."""
        if worker.reason is not None:
            return None
        if worker.state is State.STARTING:
            return worker.since + worker.start_seconds, f"did not answer within {worker.start_seconds:g} s"
        if self.test is None:
            return None
        match worker.state:
            case State.COLLECTING:
                seconds = max(self.test, _COLLECT_SECONDS * worker.slowness)
                return worker.since + seconds, f"was given up: it has collected nothing more for {seconds:g} s"
            case State.RUNNING if worker.queue and worker.is_on:
                return worker.since + self.test, f"was ended: a test may take {self.test:g} s (--ofiuco-timeout)"
            case State.ENDING:
                seconds = max(self.test, _END_SECONDS * worker.slowness)
                return worker.since + seconds, f"was ended: it has been finishing for {seconds:g} s"
        return None

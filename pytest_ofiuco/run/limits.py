"""How long a worker may take: to answer, to collect, for one test, to end."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.run.gateway import START_SECONDS
from pytest_ofiuco.run.workers import State, Worker

_COLLECT_SECONDS = 30.0
_END_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``test`` is what ``--ofiuco-timeout`` says, in seconds; without it, only a first answer has a limit."""

    test: float | None = None
    start: float = START_SECONDS

    def of(self, worker: Worker) -> tuple[float, str] | None:
        """Until when a worker must be heard of, by the monotonic clock, and what is said of one that is not."""
        if worker.reason is not None:
            return None
        if worker.state is State.STARTING:
            return worker.since + self.start, f"did not answer within {self.start:.0f} s"
        if self.test is None:
            return None
        match worker.state:
            case State.COLLECTING:
                seconds = max(self.test, _COLLECT_SECONDS)
                return worker.since + seconds, f"was given up: it has collected nothing more for {seconds:g} s"
            case State.RUNNING if worker.queue and worker.is_on:
                return worker.since + self.test, f"was ended: a test may take {self.test:g} s (--ofiuco-timeout)"
            case State.ENDING:
                seconds = max(self.test, _END_SECONDS)
                return worker.since + seconds, f"was ended: it has been finishing for {seconds:g} s"
        return None

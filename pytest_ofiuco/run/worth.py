"""Whether one more worker of a cell is worth its start."""

from __future__ import annotations

import math

from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.events import Jobs
from pytest_ofiuco.run.workers import State

_WORTH, _START_SECONDS = 2.0, 0.3
"""How many times the time of a worker's start, and that at least, its share of the tests must take for one more."""


def gain(run: CellRun, jobs: Jobs, *, is_wanted: bool) -> float:
    """How much one more worker would bring a cell; 0 where it is not worth its start.

    ``is_wanted``: there is to be one more, whatever it brings, where there is a test for it.
    """
    if run.phase is not Phase.RUNNING or run.crashes > jobs.restarts:
        return 0
    coming = run.coming
    if run.todo and all(worker.has_ended for worker in run.workers):  # nobody will take it
        return math.inf
    begins = any(worker.state is State.READY for worker in run.workers)
    spare = len(run.todo) - begins + sum(worker.spare for worker in run.workers)
    if spare <= coming or not run.workers or jobs.keeps_order:
        return 0
    each = spare / (len(run.workers) + 1)
    if is_wanted:
        return each
    if run.hungry:  # one that waits has nothing until the busiest is through with its test
        return 0
    run.clock()
    start = max(run.start_seconds, _START_SECONDS)
    if run.tally.seconds < start:  # too early to tell how long its tests take
        return 0
    seconds = run.tally.seconds / max(1, run.ran) * each
    return seconds if seconds > _WORTH * start else 0

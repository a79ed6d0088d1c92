"""When a cell gets one more worker."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any, cast

import pytest

from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.events import MAX_CRASHES, Jobs
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.workers import State, Worker
from pytest_ofiuco.run.worth import gain
from tests.run.fakes import make_cell

JOBS = Jobs(count=4)


def running(*, seconds: float, ran: int, queue: int, todo: int = 0, ends: bool = False) -> CellRun:
    """A cell with one worker; its start has taken a second."""
    proxies = cast(Any, [object() for _ in range(max(queue, todo))])
    worker = Worker("py310-host", 1, state=State.RUNNING, queue=deque(proxies[:queue]), has_ended=ends)
    return CellRun(
        planned=PlannedCell(cell=make_cell("py310")),
        tally=Tally("py310-host"),
        phase=Phase.RUNNING,
        workers=[worker],
        todo=deque(proxies[:todo]),
        started_at=time.monotonic() - seconds,
        start_seconds=1.0,
        ran=ran,
    )


@pytest.mark.parametrize(
    ("state", "is_worth"),
    [
        pytest.param({"seconds": 5, "ran": 10, "queue": 22}, True, id="ten tests of half a second for it"),
        pytest.param({"seconds": 5, "ran": 100, "queue": 22}, False, id="ten short tests"),
        pytest.param({"seconds": 5, "ran": 0, "queue": 22}, True, id="while the first test takes long"),
        pytest.param({"seconds": 0.5, "ran": 0, "queue": 22}, False, id="too early to tell"),
        pytest.param({"seconds": 5, "ran": 1, "queue": 2}, False, id="the last two stay where they are"),
        pytest.param({"seconds": 5, "ran": 1, "queue": 2, "todo": 2}, True, id="two that nobody has"),
    ],
)
def test_worth(state: dict[str, Any], is_worth: bool) -> None:
    assert (gain(running(**state), JOBS, is_wanted=False) > 0) is is_worth


def test_wanted_workers_come_where_there_is_a_test_for_them() -> None:
    assert gain(running(seconds=0, ran=0, queue=3), JOBS, is_wanted=True) > 0
    assert gain(running(seconds=0, ran=0, queue=2), JOBS, is_wanted=True) == 0


def test_what_nobody_will_take_is_worth_a_worker_within_limits() -> None:
    left = running(seconds=0, ran=0, queue=1, todo=1, ends=True)
    assert gain(left, JOBS, is_wanted=False) == math.inf
    left.crashes = MAX_CRASHES + 1
    assert gain(left, JOBS, is_wanted=True) == 0


def test_where_the_order_is_kept_a_cell_has_one_worker() -> None:
    for keeps_order in (False, True):
        jobs = Jobs(count=4, is_given=True, keeps_order=keeps_order)
        assert (gain(running(seconds=5, ran=1, queue=20), jobs, is_wanted=True) == 0) is keeps_order

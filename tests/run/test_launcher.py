"""How workers are ended: what is told of it, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import StartUp
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.limits import Limits, exit_seconds, grace_seconds, slowness, start_seconds
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.spawning import Spawner
from pytest_ofiuco.run.workers import State, Worker


class SlowGateway:
    """A worker that ends only when it is killed."""

    def __init__(self) -> None:
        self.killed = threading.Event()

    def open(self) -> None:
        """It is there."""

    def send(self, text: str) -> None:
        json.loads(text)

    def close(self, patience: float = 0.2) -> bool:
        return self.killed.wait(patience)

    def abort(self) -> None:
        """It does not care."""

    def kill(self) -> None:
        self.killed.set()


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    launcher = Launcher(
        post=lambda name, outcome: None,
        spawner=Spawner(bytecode=Path("/bytecode"), hear=lambda worker, message: None, catches_output=False),
        preparer=lambda progress: pytest.fail("nothing is prepared"),
        progress=lambda total: PreparationProgress(total, lambda _: None, None),
        arguments=Arguments(passed=(), by_cell=()),
        extra_arguments=(),
        start_up=StartUp(directory=Path(), program="pytest", is_module=False, options=(), markers=()),
        jobs=1,
    )
    yield launcher
    launcher.kill()


def worker_of(launcher: Launcher) -> Worker:
    worker = Worker(name="py313-host", number=1)
    assert launcher._opened(SlowGateway(), worker)
    return worker


@pytest.mark.parametrize(
    ("keepers", "why"),
    [
        pytest.param(("thread a", "process b"), "thread a, process b kept it", id="threads"),
        pytest.param((), "what it does at its exit did not end", id="atexit"),
    ],
)
def test_a_worker_that_does_not_end_is_told_of(launcher: Launcher, keepers: tuple[str, ...], why: str) -> None:
    worker = worker_of(launcher)
    launcher.let_end(worker, 0.01, keepers)
    for thread in launcher._threads:
        thread.join()
    assert worker.state is State.GONE
    assert launcher.warnings == [f"py313-host: a worker still ran 0.01 s after its session, and was ended: {why}"]


def test_ctrl_c_while_workers_end_kills_them(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher.let_end(worker_of(launcher), 30, ())

    def interrupted(self: Launcher, seconds: float) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(Launcher, "_join", interrupted)
    began = time.monotonic()
    launcher.close()
    assert time.monotonic() - began < 5
    assert launcher.was_interrupted
    assert launcher.warnings == []


@pytest.mark.parametrize(
    ("state", "seconds", "reason"),
    [
        pytest.param(State.STARTING, 60, "did not answer within 60 s", id="start"),
        pytest.param(State.COLLECTING, 30, "was given up: it has collected nothing more for 30 s", id="collect"),
        pytest.param(State.ENDING, 30, "was ended: it has been finishing for 30 s", id="end"),
        pytest.param(State.READY, None, "", id="nothing to do"),
    ],
)
def test_limits(state: State, seconds: float | None, reason: str) -> None:
    worker = Worker(name="py313-host", number=1, state=state, since=1000.0)
    expected = None if seconds is None else (1000.0 + seconds, reason)
    assert Limits(test=1.0).of(worker) == expected
    assert (Limits().of(worker) is None) == (state is not State.STARTING)


@pytest.mark.parametrize(
    ("state", "test", "seconds"),
    [
        pytest.param(State.COLLECTING, 1.0, 360.0, id="collect"),
        pytest.param(State.ENDING, 1.0, 360.0, id="end"),
        pytest.param(State.ENDING, 400.0, 400.0, id="the user has said more"),
    ],
)
def test_limits_of_a_slow_worker(state: State, test: float, seconds: float) -> None:
    worker = Worker(name="py313-box", number=1, state=state, since=1000.0, slowness=12.0)
    limit = Limits(test=test).of(worker)
    assert limit is not None
    assert limit[0] == 1000.0 + seconds


def test_what_a_user_says_of_a_test_holds_for_slow_workers() -> None:
    worker = Worker(name="py313-box", number=1, state=State.RUNNING, since=1000.0, slowness=12.0, is_on=True)
    worker.queue.append(cast(ProxyItem, None))
    expected = "was ended: a test may take 5 s (--ofiuco-timeout)"
    assert Limits(test=5.0).of(worker) == (1005.0, expected)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.3, 10.0, id="ten at least"),
        pytest.param(4.5, 15.0, id="measured"),
        pytest.param(500.0, 60.0, id="an hour is too long"),
    ],
)
def test_slowness(seconds: float, expected: float) -> None:
    assert slowness(seconds) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("is_again", "is_far", "expected"),
    [
        pytest.param(False, False, 60.0, id="first"),
        pytest.param(True, False, 720.0, id="again"),
        pytest.param(False, True, 720.0, id="far"),
    ],
)
def test_how_long_a_slow_worker_may_say_nothing(is_again: bool, is_far: bool, expected: float) -> None:
    worker = Worker(name="py313-box", number=1, slowness=12.0)
    assert start_seconds(worker, is_again=is_again, is_far=is_far) == expected
    assert (exit_seconds(worker), grace_seconds(worker)) == (30.0, 3.0)
    usual = Worker(name="py313-host", number=1)
    assert start_seconds(usual, is_again=is_again, is_far=is_far) == 60.0
    assert (exit_seconds(usual), grace_seconds(usual)) == (10.0, 1.0)

"""How workers are ended: what is told of it, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import StartUp
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.limits import Limits
from pytest_ofiuco.run.progress import PreparationProgress
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

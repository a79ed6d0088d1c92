"""A matrix session whose workers are scripted: the real controller, scheduler and launcher, no processes."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import CellRun, StartUp
from pytest_ofiuco.run.cells import LockFacts, PlannedCell, SessionPlan
from pytest_ofiuco.run.controller import Controller
from pytest_ofiuco.run.distribution import Group, by_mark
from pytest_ofiuco.run.events import Events, Jobs
from pytest_ofiuco.run.gateway import Receive, WorkerProcess
from pytest_ofiuco.run.inspection.inspections import Inspections
from pytest_ofiuco.run.inspection.items import Wanted
from pytest_ofiuco.run.inspection.verdicts import Verdicts
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.limits import Limits
from pytest_ofiuco.run.messages import (
    Begins,
    Bye,
    Collectable,
    Collected,
    Given,
    Gone,
    Message,
    Ran,
    RemoteItem,
)
from pytest_ofiuco.run.preparation import Prepared, PrepareFailed
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.replay import Replay
from pytest_ofiuco.run.scheduler import Scheduler
from pytest_ofiuco.run.spawning import Spawner
from pytest_ofiuco.run.workers import Worker
from pytest_ofiuco.store.environment import Environment, Plan, Preparer
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.worker.session import Work
from tests.locks import lock, package
from tests.run.fakes import HOST, make_cell, passed, remote_item

LOCK = lock(package("pytest", "9.0"))


@dataclass(frozen=True)
class Life:
    """What one worker of a cell does: how many tests it runs before it is lost, and how that looks.

    ``runs=None``: all. ``loses`` are the last messages; ``tests`` what it collects, if not what the first one did.
    """

    runs: int | None = None
    loses: tuple[Message, ...] = (Gone(how="was killed by SIGKILL", tail="last words"),)
    collects: bool = True
    waits: bool = True
    tests: tuple[str, ...] | None = None
    answers: bool = True
    """Whether it says anything at all, before it is ended."""
    lasts: int = 0
    """For how many turns its second test runs, in which it hears nothing."""


@dataclass
class ScriptedWorker:
    """A worker that lives one ``Life``; a real one's queue, one test each time it is asked to go on."""

    receive: Receive
    life: Life
    items: Sequence[RemoteItem]
    number: int
    ran: list[str] = field(default_factory=list)
    is_lost: bool = False
    is_closed: bool = False
    work: Work = field(default_factory=Work)
    turns: int = 0
    unread: list[str] = field(default_factory=list)

    def open(self) -> None:
        """It is there at once."""

    def send(self, text: str) -> None:
        """Do at once what the message asks; with tests to run, run those that need not wait."""
        if self.is_lost:
            return
        if self.is_in_long_test:
            self.unread.append(text)
            return
        message = json.loads(text)
        match message.get("kind"):
            case None:
                self.collect()
                return
            case "run":
                self.work.queue.extend(message["indices"])
            case "give":
                self.say(Given(indices=tuple(self.work.give(message["groups"]))))
        self.work.has_ended = self.work.has_ended or bool(message.get("ends"))

    @property
    def is_in_long_test(self) -> bool:
        return len(self.ran) == 1 and self.turns < self.life.lasts

    def go_on(self) -> bool:
        """Run one test, or end; whether anything was done."""
        if self.is_lost or self.is_closed or self.work.waits:
            return False
        if self.is_in_long_test:
            self.turns += 1
            return True
        while self.unread:
            self.send(self.unread.pop(0))
        if not self.work.queue:
            self.is_lost = True
            self.say(Bye(exitstatus=None), Gone(how="exited with 0", tail=""))
        elif len(self.ran) == self.life.runs:
            self.say(Begins())
            self.lose()
        else:
            if not self.ran:
                self.say(Begins())
            index = self.work.queue.popleft()
            nodeid = self.items[index].nodeid
            self.ran.append(nodeid.partition("::")[2])
            self.say(Ran(test=index, reports=tuple(passed(nodeid))))
        return True

    def close(self, patience: float = 0.2) -> bool:
        """Nothing is heard any more."""
        self.is_closed = True
        return True

    def abort(self) -> None:
        """It dies of it."""
        self.lose()

    def kill(self) -> None:
        """Nothing is heard any more, either."""
        self.is_closed = True

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.receive(message)

    def lose(self) -> None:
        self.is_lost = True
        self.say(*self.life.loses)

    def collect(self) -> None:
        if not self.life.answers:
            return
        if not self.life.collects:
            self.lose()
            return
        self.say(*(Collectable(item=item) for item in self.items))
        self.say(Collected(total=len(self.items), errors=()))
        if not self.life.waits:
            self.lose()


class Turns:
    """The events of a session; while there are none, its workers take turns: one after another, each one test."""

    def __init__(self, workers: Sequence[ScriptedWorker]) -> None:
        self.events: Events = queue.SimpleQueue()
        self.workers = workers
        self.put, self.empty = self.events.put, self.events.empty

    def get(self, timeout: float | None = None) -> Any:
        """The next event.

        Raises:
            queue.Empty: there is none, and none can be made.
        """
        with contextlib.suppress(queue.Empty):
            return self.events.get_nowait()
        patience = time.monotonic() + (5 if timeout is None else min(timeout, 5))
        while time.monotonic() < patience:
            for worker in list(self.workers):
                worker.go_on()
            with contextlib.suppress(queue.Empty):  # threads start workers, and prepare cells
                return self.events.get(timeout=0.001)
        raise queue.Empty


@dataclass
class Outcomes:
    """The outcome of each test in each cell, as pytest's reporting hooks had it, and cells' own reports."""

    tests: list[tuple[str, str]] = field(default_factory=list)
    cells: list[tuple[str, str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.tests.append((report.nodeid, report.outcome))
            self.texts[report.nodeid] = report.longreprtext

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.nodeid:
            self.cells.append((report.nodeid, report.outcome, report.longreprtext))


class FakePreparer:
    """Has every environment, but those that are in error."""

    def __init__(self, errors: Mapping[str, OfiucoError]) -> None:
        self.errors = errors

    def prepare(self, plan: Plan) -> Environment:
        """The environment, at once."""
        version = str(plan.interpreter.python)
        if version in self.errors:
            raise self.errors[version]
        path = Path("/environments") / version
        return Environment(path=path, python=path / "bin" / "python", key=version, was_cached=True)

    def warnings(self) -> list[str]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class Scripted:
    """A session of scripted cells."""

    session: pytest.Session
    tests: Mapping[str, Sequence[str]]
    lives: Mapping[str, Sequence[Life]] = field(default_factory=dict)
    jobs: int = 2
    all_jobs: bool = False
    group: Group = by_mark
    limits: Limits = field(default_factory=Limits)
    errors: Mapping[str, OfiucoError] = field(default_factory=dict)
    remote: Callable[[str], RemoteItem] = remote_item
    started: list[str] = field(default_factory=list)
    workers: list[ScriptedWorker] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self) -> Outcomes:
        """Run it to its end."""
        outcomes = Outcomes()
        config = self.session.config
        events = cast(Events, Turns(self.workers))
        launcher = self.launcher(events)

        def schedule(runs: Iterable[CellRun], replay: Replay) -> Scheduler:
            jobs = Jobs(count=self.jobs, is_given=self.all_jobs)
            return Scheduler(runs, jobs=jobs, launcher=launcher, replay=replay, group=self.group, limits=self.limits)

        inspections = Inspections(wanted=Wanted(which="none"), verdicts=cast(Verdicts, None), post=lambda *_: None)
        controller = Controller(
            config,
            self.plan(),
            events=events,
            launcher=launcher,
            schedule=schedule,
            own_marks=frozenset(),
            inspections=inspections,
            answer=lambda *_: None,
        )
        config.pluginmanager.register(outcomes)
        config.pluginmanager.register(controller)
        self.controller = controller
        try:
            controller.pytest_collection(self.session)
            controller.pytest_runtestloop(self.session)
        finally:
            controller.pytest_sessionfinish(self.session)
            config.pluginmanager.unregister(controller)
            config.pluginmanager.unregister(outcomes)
        return outcomes

    def plan(self) -> SessionPlan:
        cells = tuple(_planned(label) for label in self.tests)
        names = tuple(each.cell.name for each in cells)
        return SessionPlan(lock=LockFacts.of(LOCK), cells=cells, all_names=names, warnings=())

    def connect(self, process: WorkerProcess, receive: Receive) -> ScriptedWorker:
        label = process.variables["OFIUCO_CELL"].partition("-")[0]
        with self.lock:
            generation = self.started.count(label)
            self.started.append(label)
            lives = self.lives.get(label, ())
            life = lives[generation] if generation < len(lives) else Life()
            names = life.tests if life.tests is not None else self.tests[label]
            items = [self.remote(f"test_a.py::{name}") for name in names]
            worker = ScriptedWorker(receive, life, items, generation)
            self.workers.append(worker)
            return worker

    def launcher(self, events: Events) -> Launcher:
        def preparer(_: PreparationProgress) -> Preparer:
            return cast(Preparer, FakePreparer(self.errors))

        def hear(worker: Worker, message: Message) -> None:
            events.put((worker, message))

        def post(name: str, outcome: Prepared | PrepareFailed) -> None:
            events.put((name, outcome))

        return Launcher(
            post=post,
            spawner=Spawner(bytecode=Path("/bytecode"), hear=hear, catches_output=False, connect=self.connect),
            preparer=preparer,
            progress=lambda total: PreparationProgress(total, lambda _: None, None),
            arguments=Arguments(passed=(), by_cell=()),
            extra_arguments=(),
            start_up=StartUp(directory=Path(), program="pytest", is_module=False, options=(), markers=()),
            jobs=self.jobs,
        )


def _planned(label: str) -> PlannedCell:
    cell = make_cell(label)
    resolution: Resolution = resolve(LOCK, cell.target, LOCK.selection())
    interpreter = Interpreter(path="/python", python=cell.python, platform=HOST, identity=label)
    plan = Plan(resolution=resolution, interpreter=interpreter, lock_directory=Path("project"), project=None)
    return PlannedCell(cell=cell, versions=resolution.versions(), plan=plan)


def reports_of(outcomes: Outcomes, label: str) -> list[tuple[str, Any]]:
    """The cell's tests without its name, in order."""
    suffix = f"[{label}-host]"
    return [
        (nodeid.removeprefix("test_a.py::").removesuffix(suffix), outcome)
        for nodeid, outcome in outcomes.tests
        if nodeid.endswith(suffix)
    ]

"""A matrix session whose workers are scripted: the real controller, scheduler and launcher, no processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import StartUp
from pytest_ofiuco.run.cells import LockFacts, PlannedCell, SessionPlan
from pytest_ofiuco.run.controller import Controller
from pytest_ofiuco.run.gateway import Receive
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.messages import (
    Bye,
    Collected,
    Gone,
    Idle,
    Message,
    Ran,
    RemoteItem,
    Running,
)
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.environment import Environment, Plan, Preparer
from pytest_ofiuco.store.interpreters import Interpreter
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


@dataclass
class ScriptedWorker:
    """A worker that lives one ``Life``."""

    receive: Receive
    life: Life
    items: Sequence[RemoteItem]
    is_lost: bool = False
    is_closed: bool = False

    def open(self) -> None:
        """It is there at once."""

    def send(self, text: str) -> None:
        """Do at once what the message asks."""
        if self.is_lost:
            return
        message = json.loads(text)
        match message.get("kind"):
            case None:
                self.collect()
            case "run":
                self.run(message["indices"])
            case "stop":
                self.say(Bye(exitstatus=None), Gone(how="exited with 0", tail=""))

    def close(self, patience: float = 0.2) -> None:
        """Nothing is heard any more."""
        self.is_closed = True

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
        if not self.life.collects:
            self.lose()
            return
        self.say(Collected(items=tuple(self.items), errors=()))
        if not self.life.waits:
            self.lose()

    def run(self, indices: Sequence[int]) -> None:
        for count, index in enumerate(indices):
            self.say(Running(index=index))
            if count == self.life.runs:
                self.lose()
                return
            self.say(Ran(index=index, reports=tuple(passed(self.items[index].nodeid))))
        self.say(Idle())


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
    errors: Mapping[str, OfiucoError] = field(default_factory=dict)
    remote: Callable[[str], RemoteItem] = remote_item
    started: list[str] = field(default_factory=list)
    workers: list[ScriptedWorker] = field(default_factory=list)

    def play(self) -> Outcomes:
        """Run it to its end."""
        outcomes = Outcomes()
        config = self.session.config
        controller = Controller(config, self.plan(), self.jobs, self.launcher, frozenset())
        config.pluginmanager.register(outcomes)
        config.pluginmanager.register(controller)
        self.controller = controller
        try:
            controller.pytest_collection(self.session)
            controller.pytest_runtestloop(self.session)
        finally:
            controller.pytest_sessionfinish()
            config.pluginmanager.unregister(controller)
            config.pluginmanager.unregister(outcomes)
        return outcomes

    def plan(self) -> SessionPlan:
        cells = tuple(_planned(label) for label in self.tests)
        names = tuple(each.cell.name for each in cells)
        return SessionPlan(lock=LockFacts.of(LOCK), cells=cells, all_names=names, warnings=())

    def connect(
        self, command: Sequence[str], environment: Mapping[str, str], receive: Receive, spool: Path | None
    ) -> ScriptedWorker:
        label = environment["OFIUCO_CELL"].partition("-")[0]
        generation = self.started.count(label)
        self.started.append(label)
        lives = self.lives.get(label, ())
        life = lives[generation] if generation < len(lives) else Life()
        names = life.tests if life.tests is not None else self.tests[label]
        worker = ScriptedWorker(receive, life, [self.remote(f"test_a.py::{name}") for name in names])
        self.workers.append(worker)
        return worker

    def launcher(self, controller: Controller) -> Launcher:
        def preparer(_: PreparationProgress) -> Preparer:
            return cast(Preparer, FakePreparer(self.errors))

        return Launcher(
            post=controller.post,
            preparer=preparer,
            progress=lambda total: PreparationProgress(total, lambda _: None, None),
            arguments=Arguments(passed=(), by_cell=()),
            extra_arguments=(),
            start_up=StartUp(directory=Path(), program="pytest", is_module=False, options=(), markers=()),
            jobs=self.jobs,
            bytecode=Path("/bytecode"),
            catches_output=False,
            connect=self.connect,
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

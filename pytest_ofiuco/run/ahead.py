"""A session's options, read as early as pytest lets them be read, and the workers that can be started at once.

Where the plan of an earlier session still holds, the first cells' environments are known before pytest has configured
itself: their workers start, and import their pytest, meanwhile.
"""

from __future__ import annotations

import atexit
import os
import queue
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_ofiuco.errors import OfiucoError, UsageError
from pytest_ofiuco.run.arguments import Arguments, Distribution
from pytest_ofiuco.run.cells import Narrowing
from pytest_ofiuco.run.distribution import MODES, by_mark
from pytest_ofiuco.run.events import MAX_CRASHES, Events, Jobs
from pytest_ofiuco.run.limits import Limits
from pytest_ofiuco.run.messages import Message
from pytest_ofiuco.run.planner import Planner
from pytest_ofiuco.run.spawning import Spawner, own_modules
from pytest_ofiuco.run.workers import Worker
from pytest_ofiuco.store.cache import Store

if TYPE_CHECKING:
    from pytest_ofiuco.run.forkserver import ForkServers
    from pytest_ofiuco.run.sharding import Sharding  # most sessions run all of the matrix


_STEPWISE = ("stepwise", "stepwise_skip", "stepwise_reset")


class HeadStart:
    """What a session needs that its options decide; ``ahead`` are the workers that run already, by cell."""

    def __init__(self, config: pytest.Config, option: Any) -> None:
        """``option`` is what has been parsed so far.

        Raises:
            OfiucoError: an option makes no sense.
        """
        given = all_given(config)
        distribution = Distribution.read(given)
        self.jobs = jobs(option.ofiuco_jobs, distribution)
        self.testrun = distribution.testrun or os.urandom(16).hex()
        self.group = by_mark
        if distribution.mode is not None:
            self.group = _group(distribution.mode)
        self.is_debugged = bool(getattr(option, "usepdb", False) or getattr(option, "trace", False))
        if self.is_debugged:  # there is one terminal
            self.jobs = Jobs(count=1)
        if any(getattr(option, name, False) for name in _STEPWISE):  # what stands before the failure has been run
            self.jobs = replace(self.jobs, keeps_order=True)
        self.sharding = _sharding(option, config.invocation_params.dir)
        seconds = _seconds(option.ofiuco_timeout)
        self.limits = Limits(test=None if self.is_debugged else seconds)  # somebody thinks at the prompt
        self.events: Events = queue.SimpleQueue()
        self.ahead: dict[str, Worker] = {}
        store = Store.default(os.environ)
        self.spawner = Spawner(
            bytecode=store.bytecode,
            hear=self._hear,
            module_path=own_modules(os.environ.get("PYTHONPATH", ""), [config.rootpath, config.invocation_params.dir]),
            catches_output=option.capture not in ("no", "tee-sys"),
            coverage=_coverage_folder(given),
            is_debugged=self.is_debugged,
            forks=_forks(option, store),
        )
        atexit.register(self.spawner.close)
        self.planner = Planner(
            store=store,
            directory=project_directory(config),
            lock=option.ofiuco_lock,
            narrowing=Narrowing(
                cells=tuple(option.ofiuco_cell or ()),
                pythons=tuple(option.ofiuco_python or ()),
                platforms=tuple(option.ofiuco_platform or ()),
                variants=tuple(option.ofiuco_variant or ()),
            ),
            locked=option.ofiuco_locked,
            offline=option.ofiuco_offline,
            refresh=option.ofiuco_refresh,
        )

    def _hear(self, worker: Worker, message: Message) -> None:
        self.events.put((worker, message))

    def start(self, given: tuple[str, ...]) -> None:
        """Start the workers of the first cells, where they are known and ready."""
        plan = self.planner.recalled()
        if plan is None or self.is_debugged:
            return
        arguments = Arguments.read(given, plan.all_names)
        if self.sharding is not None and arguments.by_cell:
            return  # how cells are divided depends on which of them are meant
        for planned in plan.cells if self.sharding is None else self.sharding.narrow(plan.cells):
            if len(self.ahead) == self.jobs.count:
                return
            name, environment = planned.cell.name, planned.environment
            if environment is None or environment.launcher:  # behind a launcher a worker has to be waited for
                continue
            if arguments.wants(name, has_positional=not arguments.by_cell):
                worker = self.spawner.worker(name)
                worker.began_at = time.monotonic()
                worker.gateway = self.spawner.connected(worker, environment)
                self.ahead[name] = worker


STARTED = pytest.StashKey[HeadStart]()


def begin(early_config: Any) -> None:
    """Have the first workers start. What is wrong is said later, when pytest can say it."""
    option = early_config.known_args_namespace
    if any(
        getattr(option, name, None)
        for name in ("help", "version", "markers", "showfixtures", "cacheshow", "ofiuco_shell")
    ):
        return
    try:
        head_start = HeadStart(early_config, option)
        head_start.start(early_config.invocation_params.args)
    except (OfiucoError, OSError):
        return
    early_config.stash[STARTED] = head_start


def all_given(config: pytest.Config) -> tuple[str, ...]:
    """Settings, variable and command line, in the order in which pytest reads them."""
    return (*config.getini("addopts"), *os.environ.get("PYTEST_ADDOPTS", "").split(), *config.invocation_params.args)


def project_directory(config: pytest.Config) -> Path:
    """The nearest folder with a pyproject.toml, from where pytest was started upwards; else the rootdir."""
    start = config.invocation_params.dir
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return config.rootpath


def jobs(given: str | None, distribution: Distribution) -> Jobs:
    """How many workers run at a time: what our own option says, else pytest-xdist's, else one a processor.

    Raises:
        UsageError: that is no number.
    """
    available = getattr(os, "sched_getaffinity", None)
    processors = max(1, len(available(0)) if available else os.cpu_count() or 1)
    restarts = MAX_CRASHES
    if distribution.restarts is not None:
        restarts = _number("--max-worker-restart", distribution.restarts, least=0)
    if given == "auto" or (given is None and distribution.processes is None):
        return Jobs(count=processors, restarts=restarts)
    if given is not None:
        return Jobs(count=_number("--ofiuco-jobs", given, least=1), is_given=True, restarts=restarts)
    asked = str(distribution.processes)
    if asked in ("auto", "logical"):
        told = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", "")
        count = max(1, int(told)) if told.isdecimal() else processors
    else:
        count = max(1, _number("-n", asked, least=0))
    if distribution.at_most is not None:
        count = min(count, _number("--maxprocesses", distribution.at_most, least=1))
    return Jobs(count=count, is_given=True, restarts=restarts)


def _number(option: str, given: str, *, least: int) -> int:
    if not given.isdecimal() or int(given) < least:
        or_auto = ", or auto" if option in ("--ofiuco-jobs", "-n") else ""
        raise UsageError(f"{option} {given}: not a number of workers", f"give a number from {least} on{or_auto}")
    return int(given)


def _group(mode: str) -> Any:
    if mode == "no":
        return by_mark
    if mode not in MODES:
        raise UsageError(f"--dist {mode} has no meaning in a matrix", f"choose from: {', '.join(MODES)}, no")
    return MODES[mode]


def _seconds(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--ofiuco-timeout {given}: not a time", "give a number of seconds, as in --ofiuco-timeout 60")
    return seconds


def _sharding(option: Any, start: Path) -> Sharding | None:
    if option.ofiuco_shard is None:
        return None
    from pytest_ofiuco.run.sharding import Sharding

    return Sharding.of(option.ofiuco_shard, option.ofiuco_durations, start)


def _forks(option: Any, store: Store) -> ForkServers | None:
    if not option.ofiuco_forkserver:
        return None
    from pytest_ofiuco.run.forkserver import ForkServers

    return ForkServers.open(store.forkservers)


def _coverage_folder(given: tuple[str, ...]) -> Path | None:
    """Where coverage data goes to, if pytest-cov is asked to measure."""
    if not any(each == "--cov" or each.startswith("--cov=") for each in given):
        return None
    from pytest_ofiuco.run.coverage import new_folder

    return new_folder()

"""A session's options, read as early as pytest lets them be read, and the workers that can be started at once.

Where the plan of an earlier session still holds, the first cells' environments are known before pytest has configured
itself: their workers start, and import their pytest, meanwhile.
"""

from __future__ import annotations

import atexit
import os
import queue
import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.arguments import Arguments, Distribution
from pytest_ofiuco.run.asked import grouping, jobs, seconds_given
from pytest_ofiuco.run.cells import Narrowing
from pytest_ofiuco.run.events import Events, Jobs
from pytest_ofiuco.run.limits import SLOW, Limits
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
        self.group = grouping(distribution.mode)
        self.is_debugged = bool(getattr(option, "usepdb", False) or getattr(option, "trace", False))
        if self.is_debugged:  # there is one terminal
            self.jobs = Jobs(count=1)
        if any(getattr(option, name, False) for name in _STEPWISE):  # what stands before the failure has been run
            self.jobs = replace(self.jobs, keeps_order=True)
        self.sharding = _sharding(option, config.invocation_params.dir)
        seconds = seconds_given(option.ofiuco_timeout)
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
        if arguments.inspected:
            return  # their cells may need no worker
        if self.sharding is not None and arguments.by_cell:
            return  # how cells are divided depends on which of them are meant
        for planned in plan.cells if self.sharding is None else self.sharding.narrow(plan.cells):
            if len(self.ahead) == self.jobs.count:
                return
            name, environment = planned.cell.name, planned.environment
            if environment is None or planned.skip or environment.launcher:  # behind a launcher it has to be waited for
                continue
            if arguments.wants(name, has_positional=not arguments.by_cell):
                worker = self.spawner.worker(name)
                worker.began_at = time.monotonic()
                worker.slowness = SLOW if planned.runs_as is not None else 1.0
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
    return (
        *config.getini("addopts"),
        *shlex.split(os.environ.get("PYTEST_ADDOPTS", "")),
        *config.invocation_params.args,
    )


def project_directory(config: pytest.Config) -> Path:
    """The nearest folder with a pyproject.toml, from where pytest was started upwards; else the rootdir."""
    start = config.invocation_params.dir
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return config.rootpath


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

"""A cell at the terminal: pytest's debugger in its worker (``--pdb``, ``--trace``), or its interpreter and no tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ofiuco.errors import OfiucoError, UsageError
from pytest_ofiuco.run.ahead import HeadStart
from pytest_ofiuco.run.cells import PlannedCell, SessionPlan
from pytest_ofiuco.run.gateway import UNSET
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.variables import cell_variables
from pytest_ofiuco.store.request import Environment

_TWICE_SECONDS = 1.0


def only_one(session_plan: SessionPlan) -> None:
    """A debugger has one terminal.

    Raises:
        UsageError: several cells would want it.
    """
    runnable = [planned.cell.name for planned in session_plan.cells if planned.is_run]
    if len(runnable) > 1:
        raise UsageError(
            f"--pdb and --trace debug one cell, and {len(runnable)} are selected",
            f"select one: --ofiuco-cell {runnable[-1]} (of {', '.join(runnable)})",
        )


def give_terminal(config: pytest.Config) -> None:
    """Let a child inherit the terminal: pytest has put the null device in the place of the standard input."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend(in_=True)


class Debugged:
    """Ctrl-C is the worker's to hear while its tests run; twice within a second it ends the session."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        with _interrupts_left_to_child():
            return (yield)


@contextmanager
def _interrupts_left_to_child() -> Iterator[None]:
    last = -_TWICE_SECONDS

    def heard(number: int, frame: Any) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before < _TWICE_SECONDS:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, heard)  # a handler of Python's, which no child inherits
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def shell(config: pytest.Config) -> int:
    """Open a cell's interpreter in the project's folder, and wait for it; its exit status.

    Raises:
        pytest.UsageError: there is no such cell, or it cannot be prepared.
    """
    config.option.ofiuco_cell = [config.option.ofiuco_shell]
    try:
        start = HeadStart(config, config.option)
        session_plan = start.planner.plan()
        (planned,) = session_plan.cells
        environment = _environment(start, planned)
    except OfiucoError as error:
        raise pytest.UsageError(error.render().removeprefix("error: ")) from error
    path, modules = os.environ.get("PATH", ""), start.spawner.module_path
    variables = cell_variables(environment, planned.cell.name, path, modules, None)
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    command = [*environment.launcher, str(environment.python), "-X", f"pycache_prefix={start.planner.store.bytecode}"]
    give_terminal(config)
    with _interrupts_left_to_child():
        status = subprocess.call(command, cwd=start.planner.directory, env={**inherited, **variables})
    return status if status >= 0 else 128 - status


def _environment(start: HeadStart, planned: PlannedCell) -> Environment:
    if planned.error is not None:
        raise planned.error
    if planned.skip is not None:
        raise UsageError(f"{planned.cell.name} does not run on this machine: {planned.skip}")
    if planned.environment is not None:
        return planned.environment
    assert planned.plan is not None

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    with PreparationProgress(1, say, None) as progress:
        preparer = start.planner.preparer(progress)
        try:
            return preparer.prepare(planned.plan)
        finally:
            preparer.close()

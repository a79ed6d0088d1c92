"""What really runs a cell: its interpreter, the emulator, and the C library beside the one it is meant for."""

from __future__ import annotations

import os
import re
import subprocess

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.store.pythons.contained import engine_of
from pytest_ofiuco.store.request import Environment

_PATIENCE = 10.0
_VERSION = re.compile(r"version (\d+(?:\.\d+)*)")


def execution(planned: PlannedCell, environment: Environment, process: int) -> str:
    """What runs a cell, and what files were chosen for, where that is something else.

    As in ``CPython 3.13.5, qemu 10.0.2, glibc 2.41; files for glibc 2.34``.
    """
    cell = planned.cell
    python, platform = cell.target.python, cell.target.platform
    is_far, engine = environment.host is not None, engine_of(environment.launcher)
    runs_as = _runs_as(planned)
    name = "PyPy" if python.implementation == "pypy" else "CPython"
    runs = [f"{name} {python.release}"]
    emulator = engine or (None if is_far else emulator_of(process))
    if emulator:
        runs.append(emulator)
    elif environment.launcher:
        runs.append(f"behind {os.path.basename(environment.launcher[0])}")
    runs.append(_library(runs_as))
    if is_far:
        runs.append(f"on {environment.host}")
    files = "" if str(runs_as) == str(platform) else f"; files for {_library(platform)}"
    return f"{', '.join(runs)}{files}"


def _runs_as(planned: PlannedCell) -> Platform:
    """The platform of a cell's interpreter."""
    if planned.runs_as is not None:
        return planned.runs_as
    if planned.plan is not None:
        return planned.plan.interpreter.platform
    from pytest_ofiuco.store.pythons.probe import platform_tag  # most sessions do not tell

    return Platform.parse(platform_tag())


def emulator_of(process: int) -> str | None:
    """The qemu that a process runs in, with its version; the process's own number is its emulator's."""
    try:
        program = os.readlink(f"/proc/{process}/exe")
    except OSError:
        return None
    if not os.path.basename(program).startswith("qemu-"):
        return None
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "qemu"
    found = _VERSION.search(said.stdout)
    return f"qemu {found[1]}" if found else "qemu"


def _library(platform: Platform) -> str:
    if platform.libc is None or platform.version is None:
        return str(platform)
    return f"{platform.libc} {platform.version[0]}.{platform.version[1]}"

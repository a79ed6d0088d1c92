"""What really runs a foreign cell: its interpreter, the emulator, and the C library beside the one it is meant for."""

from __future__ import annotations

import os
import re
import subprocess

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform

_PATIENCE = 10.0
_VERSION = re.compile(r"version (\d+(?:\.\d+)*)")


def execution(cell: Cell, runs_as: Platform, process: int) -> str:
    """``CPython 3.13.5, qemu 10.0.2, glibc 2.41; files for glibc 2.34``: what runs, and what files are chosen for."""
    emulator = emulator_of(process)
    python = cell.target.python
    name = "PyPy" if python.implementation == "pypy" else "CPython"
    runs = [f"{name} {python.release}", *([emulator] if emulator else []), _library(runs_as)]
    return f"{', '.join(runs)}; files for {_library(cell.target.platform)}"


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

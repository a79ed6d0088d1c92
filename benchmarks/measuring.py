"""What the benchmarks share: clocks, processes, variables, interpreters."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
AT_A_TIME = 2


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes, by the wall clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def medians(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The median of each, all in turn; the first round is not counted."""
    measured = [[seconds(work) for work in works] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*measured, strict=True)]


def variables(**more: str) -> dict[str, str]:
    """This process's variables and more, without the one that would keep every run from having bytecode."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


def output(
    command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], allowed: Sequence[int] = (0,)
) -> str:
    """Run a command, whose success is part of the measurement; what it said on a pipe.

    Raises:
        SystemExit: it ended with another exit status than the allowed ones.
    """
    done = subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode not in allowed:
        words = " ".join(map(str, command))
        raise SystemExit(f"{words} exited with {done.returncode}:\n{done.stdout}")
    return done.stdout


def linked(folder: Path) -> dict[str, str]:
    """A folder with the four Pythons, for tools that look on PATH; their paths by version."""
    folder.mkdir()
    interpreters = Interpreters(Store(folder / "store"), os.environ)
    found = {version: interpreters.find(Python.parse(version)).path for version in PYTHONS}
    for version, path in found.items():
        (folder / f"python{version}").symlink_to(path)
    return found

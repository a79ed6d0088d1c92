"""The connection to a worker process, and how it ends: one seam, realized with pipes here and with execnet elsewhere.

A cell is a command that acts as a Python interpreter; what follows is the same for every such command.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from pytest_ofiuco.run.messages import Message
from pytest_ofiuco.worker import CUT_OFF

_TAIL_BYTES = 4000

START_SECONDS = 60.0
"""How long an interpreter of this machine may take to answer, in seconds."""

GRACE_SECONDS = 1.0
"""How long a process may take to end once it is told to."""

UNSET = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PYTEST_CURRENT_TEST",
    "PYTEST_VERSION",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
)
"""Variables of the controller's environment that would make another interpreter of the cell's, or have it write where
the user did not ask for it."""

Receive = Callable[[Message], None]


class Gateway(Protocol):
    """A connection to a worker."""

    def open(self) -> None:
        """Wait until the worker's process answers, and start the worker in it.

        Raises:
            Exception: whatever is wrong with a process that is no Python interpreter.
        """

    def send(self, text: str) -> None:
        """Send a message; nothing happens where the worker is gone."""

    def close(self, patience: float = 0.2) -> bool:
        """End the worker: by asking and, after ``patience`` seconds, by force; its process group with it.

        Whether it has ended without force, as far as is known.
        """

    def abort(self) -> None:
        """Have the worker say where it is, and die of it."""

    def kill(self) -> None:
        """End the worker's process group, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProcess:
    """What a worker is started as.

    ``command`` acts as the cell's interpreter, ``variables`` are set for it, and ``spool`` is the file that its output
    goes to, if it is caught. ``is_debugged``: it has the terminal. ``start_seconds`` is how long it may take to answer,
    ``grace_seconds`` to end once it is told to. ``is_apart``: what its command starts ends with it from the first.
    """

    command: Sequence[str]
    variables: Mapping[str, str]
    spool: Path | None
    is_debugged: bool = False
    start_seconds: float = START_SECONDS
    grace_seconds: float = GRACE_SECONDS
    is_apart: bool = False

    @contextmanager
    def output(self) -> Iterator[IO[bytes] | None]:
        """The file that its output goes to, open."""
        with nullcontext() if self.spool is None else self.spool.open("ab") as file:
            yield file


Connect = Callable[[WorkerProcess, Receive], Gateway]
"""Starts a worker; its messages are received in other threads, ``Gone`` last."""


def tail(spool: Path | None) -> str:
    """What a worker last said: uncaught, then what pytest had captured of stdout and stderr."""
    if spool is None:
        return ""
    files = [spool.with_name(f"{spool.name}{suffix}") for suffix in ("", ".out", ".err")]
    return "\n".join(filter(None, map(_tail, files)))


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            said = file.read(_TAIL_BYTES)
            if size > 2 * _TAIL_BYTES:
                said += b"\n...\n"
            file.seek(max(_TAIL_BYTES, size - _TAIL_BYTES))
            return (said + file.read()).decode(errors="replace").strip()
    except OSError:
        return ""


def wait(process: Any, seconds: float) -> int | None:
    """The exit code of a process, or ``None`` where it still runs after ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while True:
        code: int | None = process.poll()
        if code is not None or time.monotonic() >= deadline:
            return code
        time.sleep(pause)
        pause = min(0.02, pause * 2)


def describe_exit(code: int | None) -> str:
    """How a process ended, in words: ``was killed by SIGKILL``, ``exited with 3``."""
    if code in (None, CUT_OFF):
        return "closed its connection"
    if code < 0:
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"
    return f"exited with {code}"

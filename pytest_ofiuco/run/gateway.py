"""The connection to a worker process: one seam, realized with execnet (https://execnet.readthedocs.io).

A cell is a command that acts as a Python interpreter; what follows is the same for every such command.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pytest_ofiuco import worker
from pytest_ofiuco.run.messages import Failed, Gone, Message, ProtocolError, decode

_TAIL_BYTES = 4000
_GRACE_SECONDS = 1.0

# Variables of the controller's environment that would make another interpreter of the cell's, or write where the
# user did not ask for it.
_UNSET = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PYTEST_CURRENT_TEST",
    "PYTEST_VERSION",
    "GITHUB_ACTIONS",
)

Receive = Callable[[Message], None]


class Gateway(Protocol):
    """A connection to a worker."""

    def send(self, text: str) -> None:
        """Send a message; nothing happens where the worker is gone."""

    def close(self) -> None:
        """End the worker: by asking, then by force; its process group with it."""


Connect = Callable[[Sequence[str], Mapping[str, str], Receive, Path | None], Gateway]
"""Starts a worker: its interpreter's command, variables, what takes its messages, the file for its output."""


class ExecnetGateway:
    """A worker in a local process, started with the cell's interpreter."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], receive: Receive, spool: Path | None
    ) -> None:
        """Start the process; ``receive`` is called from other threads, and last with ``Gone``.

        Args:
            command: what acts as the cell's interpreter.
            environment: variables to set for it.
            receive: takes each message.
            spool: the file that its output goes to, if it is caught.
        """
        import execnet

        self._receive, self._spool = receive, spool
        self._closing = self._gone = False
        self._lock = threading.Lock()
        spec = execnet.XSpec("popen//execmodel=main_thread_only")
        spec.python = shlex.join([*_env_command(environment), *command])
        self._group = execnet.Group()
        self._gateway = self._group.makegateway(spec)
        self._process: Any = self._gateway._io.popen  # type: ignore[attr-defined]  # execnet names no process
        self._channel = self._gateway.remote_exec(worker.source())
        self._channel.setcallback(self._incoming, endmarker=_END)
        threading.Thread(target=self._watch, daemon=True).start()

    def send(self, text: str) -> None:
        try:
            self._channel.send(text)
        except OSError:
            self._end()

    def close(self) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._gateway.exit()
        if _wait(self._process, 0.2) is None:
            self._interrupt()
            _wait(self._process, _GRACE_SECONDS)
        self._kill_group()
        self._group.terminate(timeout=0.1)

    def _interrupt(self) -> None:
        """As Ctrl-C would: the test that runs is torn down."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)

    def _incoming(self, data: Any) -> None:
        if data is _END:
            error = self._channel._getremoteerror()  # type: ignore[no-untyped-call]  # execnet is partly typed
            if error is not None and not isinstance(error, EOFError) and not self._closing:
                self._receive(Failed(reason=str(error)))
            self._end()
            return
        try:
            self._receive(decode(data))
        except ProtocolError as error:
            self._receive(Failed(reason=str(error)))

    def _watch(self) -> None:
        """A child of a test can hold the pipe open after the worker has died: the process's end counts too."""
        self._process.wait()
        time.sleep(0.5)
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._gone:
                return
            self._gone = True
        code = _wait(self._process, _GRACE_SECONDS)
        self._receive(Gone(how=describe_exit(code), tail=self.tail()))

    def tail(self) -> str:
        """What the worker last said: uncaught, then what pytest had captured of stdout and stderr."""
        if self._spool is None:
            return ""
        files = [self._spool.with_name(f"{self._spool.name}{suffix}") for suffix in ("", ".out", ".err")]
        return "\n".join(filter(None, map(_tail, files)))

    def _kill_group(self) -> None:
        if _wait(self._process, 0.0) is None:
            self._process.kill()
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


_END = object()


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def _wait(process: Any, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        code: int | None = process.poll()
        if code is not None or time.monotonic() >= deadline:
            return code
        time.sleep(0.01)


def describe_exit(code: int | None) -> str:
    """How a process ended, in words: ``was killed by SIGKILL``, ``exited with 3``."""
    if code is None:
        return "closed its connection"
    if code < 0:
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"
    return f"exited with {code}"


def _env_command(environment: Mapping[str, str]) -> list[str]:
    """``env`` in front of the interpreter: its environment is the cell's before Python reads it.

    Where there is no ``env`` (Windows) the interpreter inherits the controller's.
    """
    if sys.platform == "win32":
        return []
    unset = [part for name in _UNSET for part in ("-u", name)]
    return ["env", *unset, *(f"{name}={value}" for name, value in sorted(environment.items()))]

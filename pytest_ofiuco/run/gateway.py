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
START_SECONDS = 60.0
"""How long an interpreter may take to answer; an emulated one takes a second."""

_GRACE_SECONDS = 1.0

# Variables of the controller's environment that would make another interpreter of the cell's, or write where the
# user did not ask for it.
_UNSET = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PYTEST_CURRENT_TEST",
    "PYTEST_VERSION",
)

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

    def close(self, patience: float = 0.2) -> None:
        """End the worker: by asking and, after ``patience`` seconds, by force; its process group with it."""

    def kill(self) -> None:
        """End the worker's process group, at once."""


Connect = Callable[[Sequence[str], Mapping[str, str], Receive, Path | None], Gateway]
"""Starts a worker: its interpreter's command, variables, what takes its messages, the file for its output."""


class ExecnetGateway:
    """A worker in a local process, started with the cell's interpreter."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], receive: Receive, spool: Path | None
    ) -> None:
        """Start the process, without waiting for it; ``receive`` is called from other threads, last with ``Gone``.

        Args:
            command: what acts as the cell's interpreter.
            environment: variables to set for it.
            receive: takes each message.
            spool: the file that its output goes to, if it is caught.
        """
        import execnet
        from execnet.gateway_io import create_io

        self._receive, self._spool = receive, spool
        self._closing = self._gone = False
        self._lock = threading.Lock()
        self._spec = execnet.XSpec("popen//execmodel=main_thread_only")
        self._spec.python = shlex.join([*_env_command(environment), *command])
        self._group = execnet.Group()
        self._group.allocate_id(self._spec)
        self._io = create_io(self._spec, self._group.execmodel)
        self._process: Any = self._io.popen
        self._channel: Any = None

    def open(self) -> None:
        from execnet.gateway_bootstrap import bootstrap

        limit = threading.Timer(START_SECONDS, self._give_up)
        limit.daemon = True
        limit.start()
        try:
            gateway = bootstrap(self._io, self._spec)
            gateway.spec = self._spec
            self._group._register(gateway)
            self._channel = gateway.remote_exec(worker.source())
            self._channel.setcallback(self._incoming, endmarker=_END)
        except BaseException:
            self.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
            raise
        finally:
            limit.cancel()
        threading.Thread(target=self._watch, daemon=True).start()

    def _give_up(self) -> None:
        """Said from here, since a child of the process may hold the pipe that ``open`` waits at."""
        self.kill()
        self._receive(Failed(reason=f"its interpreter did not answer within {START_SECONDS:.0f} s"))

    def send(self, text: str) -> None:
        try:
            self._channel.send(text)
        except OSError:
            self._end()

    def close(self, patience: float = 0.2) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
        if self._channel is not None:
            self._channel.gateway.exit()
            if _wait(self._process, patience) is None:
                self._interrupt()
                _wait(self._process, _GRACE_SECONDS)
        self.kill()
        self._group.terminate(timeout=0.1)

    def _interrupt(self) -> None:
        """As Ctrl-C would: the test that runs is torn down."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)

    def _incoming(self, data: Any) -> None:
        if data is _END:
            error = self._channel._getremoteerror()
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

    def kill(self) -> None:
        """End the process group, at once."""
        if _wait(self._process, 0.0) is None:
            self._process.kill()
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


_END = object()


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

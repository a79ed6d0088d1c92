"""A worker behind execnet (https://execnet.readthedocs.io), through the standard streams of a process.

For commands that pass on nothing but these: another machine's interpreter, one in a container, any on Windows.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from pytest_ofiuco import worker
from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import (
    GRACE_SECONDS,
    UNSET,
    Receive,
    WorkerProcess,
    describe_exit,
    tail,
    wait,
)
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.messages import Failed, Gone, ProtocolError

_END = object()

_LATER = 2.0
"""How long after its time an interpreter is given up here, in seconds: who waits for it may have ended it before."""


class ExecnetGateway:
    """A worker whose text is sent to the interpreter that a command starts."""

    def __init__(self, started: WorkerProcess, receive: Receive, decoder: Decoder, guard: Guard | None = None) -> None:
        """Start the process, without waiting for it; ``receive`` is called from other threads, last with ``Gone``."""
        import execnet

        self._receive, self._decoder, self._spool = receive, decoder, started.spool
        self._start_seconds, self._grace_seconds = started.start_seconds, started.grace_seconds
        self._closing = self._gone = False
        self._lock = threading.Lock()
        self._spec = execnet.XSpec("popen//execmodel=main_thread_only")
        self._spec.python = shlex.join([*_env_command(started.variables), *started.command])
        self._group = execnet.Group()
        self._group.allocate_id(self._spec)
        self._io = _start(self._spec, self._group.execmodel, started)
        self._process: Any = self._io.popen
        self._guard = guard
        if guard is not None:
            guard.watch(self._process.pid)
        self._channel: Any = None

    def open(self) -> None:
        from execnet.gateway_bootstrap import bootstrap

        limit = threading.Timer(self._start_seconds + _LATER, self._give_up)
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
        self._receive(Failed(reason=f"its interpreter did not answer within {self._start_seconds:g} s"))

    def send(self, text: str) -> None:
        try:
            self._channel.send(text)
        except OSError:
            self._end()

    def close(self, patience: float = 0.2) -> bool:
        with self._lock:
            if self._closing:
                return True
            self._closing = True
        has_ended = True
        if self._channel is not None:
            self._channel.gateway.exit()
            has_ended = wait(self._process, patience) is not None
            if not has_ended:
                self._interrupt()
                wait(self._process, self._grace_seconds)
        self.kill()
        self._group.terminate(timeout=0.1)
        if self._guard is not None:
            self._guard.forget(self._process.pid)
        return has_ended

    def _interrupt(self) -> None:
        """As Ctrl-C would: the test that runs is torn down."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGABRT if sys.platform != "win32" else signal.SIGTERM)
        if wait(self._process, self._grace_seconds) is None:
            self.kill()

    def _incoming(self, data: Any) -> None:
        if data is _END:
            error = self._channel._getremoteerror()
            if error is not None and not isinstance(error, EOFError) and not self._closing:
                self._receive(Failed(reason=str(error)))
            self._end()
            return
        try:
            self._receive(self._decoder.decode(data))
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
        code = wait(self._process, GRACE_SECONDS)
        self._receive(Gone(how=describe_exit(code), tail=tail(self._spool)))

    def kill(self) -> None:
        if wait(self._process, 0.0) is None:
            self._process.kill()
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _start(spec: Any, execmodel: Any, started: WorkerProcess) -> Any:
    """As execnet's ``create_io``, but errors go where all output will, and what the command starts ends with it."""
    from execnet.gateway_base import Popen2IO
    from execnet.gateway_io import Popen2IOMaster, popen_args

    io = Popen2IOMaster.__new__(Popen2IOMaster)
    with started.output() as errors:
        io.popen = subprocess.Popen(
            popen_args(spec),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=started.is_apart,
        )
    Popen2IO.__init__(io, io.popen.stdin, io.popen.stdout, execmodel=execmodel)
    return io


def _env_command(environment: Mapping[str, str]) -> list[str]:
    """``env`` in front of the interpreter: its environment is the cell's before Python reads it.

    Where there is no ``env`` (Windows) the interpreter inherits the controller's.
    """
    if sys.platform == "win32":
        return []
    unset = [part for name in UNSET for part in ("-u", name)]
    return ["env", *unset, *(f"{name}={value}" for name, value in sorted(environment.items()))]

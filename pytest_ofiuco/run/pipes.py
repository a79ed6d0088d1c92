"""A worker in a process of this machine, spoken to over two pipes of its own: its standard streams stay its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from pytest_ofiuco import worker
from pytest_ofiuco.run.gateway import (
    GRACE_SECONDS,
    UNSET,
    Receive,
    WorkerProcess,
    describe_exit,
    tail,
)
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.messages import Decoder, Failed, Gone, ProtocolError

_CHUNK = 1 << 18


class PipeGateway:
    """A worker that is loaded from this package's own files. POSIX only: the pipes are inherited by number."""

    def __init__(self, started: WorkerProcess, receive: Receive, decoder: Decoder, guard: Guard) -> None:
        """Start the process; ``receive`` is called from other threads, last with ``Gone``.

        Raises:
            OSError: the command cannot be started.
        """
        self._spool, self._receive, self._decoder, self._guard = started.spool, receive, decoder, guard
        self._closing = self._gone = False
        self._lock, self._exited = threading.Lock(), threading.Event()
        hears, says = os.pipe()
        answers_from, answers_to = os.pipe()
        try:
            with _output(started) as output:
                code = worker.command(hears, answers_to, leads=not started.is_debugged)
                self._process = subprocess.Popen(
                    [*started.command, "-c", code],
                    stdin=None if started.is_debugged else subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=_variables(started),
                    pass_fds=(hears, answers_to),
                )
        except BaseException:
            os.close(says)
            os.close(answers_from)
            raise
        finally:
            os.close(hears)
            os.close(answers_to)
        self._says, self._hears = says, answers_from
        guard.watch(self._process.pid)
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def open(self) -> None:
        """Nothing to wait for: what is sent waits in the pipe."""

    def send(self, text: str) -> None:
        data = text.encode() + b"\n"
        try:
            with self._lock:
                while data and not self._closing:
                    data = data[os.write(self._says, data) :]
        except OSError:
            self._end()

    def close(self, patience: float = 0.2) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
            os.close(self._says)
        if not self._exited.wait(patience):
            with contextlib.suppress(OSError):  # as Ctrl-C would: the test that runs is torn down
                self._process.send_signal(signal.SIGINT)
            self._exited.wait(GRACE_SECONDS)
        self.kill()
        self._exited.wait(GRACE_SECONDS)
        self._guard.forget(self._process.pid)

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGABRT)
        if not self._exited.wait(GRACE_SECONDS):
            self.kill()

    def kill(self) -> None:
        if not self._exited.is_set():
            self._process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._hears, _CHUNK)
            except OSError:
                data = b""
            if not data:
                break
            *lines, rest = (rest + data if rest else data).split(b"\n")
            try:
                for line in lines:
                    self._receive(self._decoder.decode(line))
            except ProtocolError as error:
                self._receive(Failed(reason=str(error)))
        os.close(self._hears)
        self._end()

    def _watch(self) -> None:
        """A child of a test can hold the pipe open after the worker has died: the process's end counts too."""
        self._process.wait()
        self._exited.set()
        time.sleep(0.5)
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._gone:
                return
            self._gone = True
        self._exited.wait(GRACE_SECONDS)
        self._receive(Gone(how=describe_exit(self._process.returncode), tail=tail(self._spool)))


def _variables(started: WorkerProcess) -> dict[str, str]:
    """Those of ``os.environ`` alone: C code may have set more, as readline sets COLUMNS."""
    return {name: value for name, value in os.environ.items() if name not in UNSET} | dict(started.variables)


@contextmanager
def _output(started: WorkerProcess) -> Iterator[IO[bytes] | None]:
    if started.spool is None:
        yield None
        return
    with started.spool.open("ab") as file:
        yield file

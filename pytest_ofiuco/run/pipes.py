"""A worker in a process of this machine, spoken to over two pipes of its own: its standard streams stay its own."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from pytest_ofiuco import worker
from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import (
    GRACE_SECONDS,
    UNSET,
    Receive,
    WorkerProcess,
    describe_exit,
    tail,
)
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.messages import Failed, Gone, ProtocolError

if TYPE_CHECKING:
    from pytest_ofiuco.run.forkserver import ForkedProcess, ForkServers  # most sessions start their workers
    from pytest_ofiuco.run.sessionforks import SessionForks

_CHUNK = 1 << 18

_PAUSE = 0.02
"""How often a pipe is looked at that neither takes nor gives, in seconds."""

_CALM = 0.005
"""The least time from one reading to the next, in seconds: each takes the interpreter from the main thread."""

_LITTLE = 1 << 14
"""A worker that has said more, in bytes, is not let wait."""

_QUIET = 5
"""How often a dead worker's pipe must be found empty."""


class PipeGateway:
    """A worker that is loaded from this package's own files. POSIX only: the pipes are inherited by number."""

    def __init__(
        self,
        started: WorkerProcess,
        receive: Receive,
        decoder: Decoder,
        guard: Guard,
        forks: ForkServers | SessionForks | None = None,
    ) -> None:
        """Start the process, or have it forked; ``receive`` is called from other threads, last with ``Gone``.

        Raises:
            OSError: the command cannot be started.
        """
        self._spool, self._receive, self._decoder, self._guard = started.spool, receive, decoder, guard
        self._grace_seconds = started.grace_seconds
        self._closing = self._gone = False
        self._is_writing = self._is_reading = False
        self._read_at = 0.0
        self._unsent = bytearray()
        self._lock, self._exited = threading.Lock(), threading.Event()
        hears, says = os.pipe()
        answers_from, answers_to = os.pipe()
        try:
            self._process = _start(started, (hears, answers_to), forks)
        except BaseException:
            os.close(says)
            os.close(answers_from)
            raise
        finally:
            os.close(hears)
            os.close(answers_to)
        os.set_blocking(says, False)
        self._says, self._hears = says, answers_from
        guard.watch(self._process.pid)
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def open(self) -> None:
        """Nothing to wait for: what is sent waits in the pipe."""

    def send(self, text: str) -> None:
        """Nothing waits for a worker that does not read: what its pipe does not hold is written when it does."""
        with self._lock:
            self._unsent += text.encode() + b"\n"
            if self._is_writing:
                return
            self._is_writing = not self._write()
        if self._is_writing:
            threading.Thread(target=self._write_on, daemon=True).start()

    def _write_on(self) -> None:
        is_done = False
        while not is_done:
            time.sleep(_PAUSE)
            with self._lock:
                is_done = self._write()
                self._is_writing = not is_done

    def _write(self) -> bool:
        """Write what can be; whether nothing is left. A worker that is gone is heard of elsewhere, after its words."""
        try:
            while self._unsent and not self._closing:
                del self._unsent[: os.write(self._says, self._unsent)]
        except BlockingIOError:
            return False
        except OSError:
            pass
        self._unsent.clear()
        return True

    def close(self, patience: float = 0.2) -> bool:
        with self._lock:
            if self._closing:
                return True
            self._closing = True
            os.close(self._says)
        has_ended = self._exited.wait(patience)
        if not has_ended:
            with contextlib.suppress(OSError):  # as Ctrl-C would: the test that runs is torn down
                self._process.send_signal(signal.SIGINT)
            self._exited.wait(self._grace_seconds)
        self.kill()
        self._exited.wait(GRACE_SECONDS)
        self._guard.forget(self._process.pid)
        return has_ended

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGABRT)
        if not self._exited.wait(self._grace_seconds):
            self.kill()

    def kill(self) -> None:
        if not self._exited.is_set():
            self._process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        parts: list[bytes] = []  # of a line: one that a test has made long is put together once
        while data := self._read_calmly():
            *lines, rest = data.split(b"\n")
            if lines:
                lines[0] = b"".join((*parts, lines[0]))
                parts.clear()
            parts.append(rest)
            try:
                for line in lines:
                    self._receive(self._decoder.decode(line))
            except ProtocolError as error:
                self._receive(Failed(reason=str(error)))
        self._end()
        os.close(self._hears)

    def _read_calmly(self) -> bytes:
        """What has come; of a worker that says much in a short time, several messages at once."""
        if time.monotonic() - self._read_at < _CALM:
            time.sleep(_CALM)
        data = self._read()
        self._read_at = time.monotonic() if len(data) < _LITTLE else 0.0
        return data

    def _read(self) -> bytes:
        self._is_reading = True
        try:
            return os.read(self._hears, _CHUNK)
        except OSError:
            return b""
        finally:
            self._is_reading = False

    def _watch(self) -> None:
        """A child of a test can hold the pipe open after the worker has died: it is over when the pipe is empty."""
        self._process.wait()
        self._exited.set()
        quiet = 0
        while quiet < _QUIET:
            time.sleep(_PAUSE)
            with self._lock:
                if self._gone:
                    return
                is_empty = self._is_reading and not select.select([self._hears], [], [], 0)[0]
            quiet = quiet + 1 if is_empty else 0
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._gone:
                return
            self._gone = True
        self._exited.wait(GRACE_SECONDS)
        self._receive(Gone(how=describe_exit(self._process.returncode), tail=tail(self._spool)))


def _start(
    started: WorkerProcess, pipes: tuple[int, int], forks: ForkServers | SessionForks | None
) -> subprocess.Popen[bytes] | ForkedProcess:
    variables = _variables(started)
    with started.output() as output:
        if forks is not None:
            forked = forks.fork(started.command, variables, pipes, output.fileno() if output is not None else None)
            if forked is not None:
                return forked
        return subprocess.Popen(
            [*started.command, "-c", worker.command(*pipes, leads=not started.is_debugged)],
            stdin=None if started.is_debugged else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=variables,
            pass_fds=pipes,
            start_new_session=started.is_apart,
        )


def _variables(started: WorkerProcess) -> dict[str, str]:
    """Those of ``os.environ`` alone: C code may have set more, as readline sets COLUMNS."""
    return {name: value for name, value in os.environ.items() if name not in UNSET} | dict(started.variables)

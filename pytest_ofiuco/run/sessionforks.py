"""Workers of emulated cells, forked from processes that end with the session.

Under an emulator most of what a worker's start takes is the start of Python and the import of pytest, and a fork keeps
what has been translated of both. A cell's first worker is started; where it gets another one, or a fresh one after a
crash, a fork server is, and all further ones are forked from it. See ``forkserver`` for those that outlive a session.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco import worker
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.forkserver import OF_A_SESSION, ForkedProcess, ForkServers, is_served
from pytest_ofiuco.run.guard import Guard

_START_SECONDS = 30.0
"""How long a fork server may take to start; then the worker is started as ever."""

_PATIENCE = 8.0
"""How long a fork may take: an emulated one has its pages copied, on a machine with much to do."""

_IDLE_SECONDS = 86_400.0
_PAUSE = 0.02


class SessionForks:
    """The fork servers of a session, each started when it is first asked. Thread-safe."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._folder = guard, Path(tempfile.mkdtemp(prefix="ofiuco-forks-"))
        guard.remove(self._folder)
        self._lock = threading.Lock()
        self._starting: dict[Path, threading.Lock] = {}
        self._started: dict[Path, subprocess.Popen[bytes]] = {}
        self._is_closed = False
        try:
            self._servers: ForkServers | None = replace(ForkServers.open(self._folder), patience=_PATIENCE)
        except UsageError:  # its path is too long
            self._servers = None

    def fork(
        self, command: Sequence[str], variables: Mapping[str, str], pipes: tuple[int, int], output: int | None
    ) -> ForkedProcess | None:
        """As ``ForkServers.fork``, from a server that is started where there is none."""
        if self._servers is None:
            return None
        with contextlib.suppress(OSError):
            path = self._servers.socket(command, variables)
            with self._lock:
                starting = self._starting.setdefault(path, threading.Lock())
            with starting:  # one waits for it, the others for that one
                if path not in self._started and not self._is_closed:
                    self._start(path, command, variables)
        return self._servers.fork(command, variables, pipes, output)

    def _start(self, path: Path, command: Sequence[str], variables: Mapping[str, str]) -> None:
        code = worker.fork_command(str(path), _IDLE_SECONDS)
        process = subprocess.Popen(
            [*command, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in variables.items() if name not in OF_A_SESSION},
            start_new_session=True,
        )
        self._started[path] = process
        self._guard.watch(process.pid)
        deadline = time.monotonic() + _START_SECONDS
        while not (path.exists() and is_served(path)):
            if self._is_closed or time.monotonic() > deadline:
                process.kill()
            if process.poll() is not None:
                return
            time.sleep(_PAUSE)

    def close(self) -> None:
        """End them."""
        self._is_closed = True
        for process in list(self._started.values()):
            process.kill()
            process.wait()
            self._guard.forget(process.pid)
        self._started.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

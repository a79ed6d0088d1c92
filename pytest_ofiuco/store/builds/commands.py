"""Commands whose words go to a log: backends', pip's and git's. No URL is written there with its user and password.

What git and pip say is read and cleaned before it is written. Backends write themselves: one may leave a process
behind that holds on to its output. There is no time limit; ``stop`` ends what is running.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from pytest_ofiuco.core.artifact import without_user_info

_TAIL = 20
_PATIENCE = 2.0
"""Seconds for the last words of a command that has ended: what it has started may hold its output open for ever."""

_GRACE = 1.0
"""Seconds in which a command that is to end may do so by itself."""


class Commands:
    """Starts commands and waits for them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopped = False

    def stop(self) -> None:
        """End what is running; what is started from here on ends at once."""
        with self._lock:
            self._is_stopped = True
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
            process.kill()

    def logged(self, command: Sequence[str], log: Path, *, environ: Mapping[str, str], cwd: str | None) -> int:
        """Run ``command``, append what it says to ``log``, return its exit status."""
        _write_command(command, log)
        with log.open("ab") as file:
            return self._waited_for(self._started(command, file, environ, cwd))

    def cleaned(self, command: Sequence[str], log: Path, *, environ: Mapping[str, str], cwd: str | None) -> int:
        """The same, but in what the command says URLs lose their user information before it is written."""
        _write_command(command, log)
        process = self._started(command, subprocess.PIPE, environ, cwd)
        assert process.stdout is not None
        reader = threading.Thread(target=_copy, args=(process.stdout, log), name="ofiuco-log", daemon=True)
        reader.start()
        status = self._waited_for(process)
        reader.join(_PATIENCE)
        return status

    def _started(
        self, command: Sequence[str], output: IO[Any] | int, environ: Mapping[str, str], cwd: str | None
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, env=dict(environ), cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        with self._lock:
            self._running.add(process)
            is_stopped = self._is_stopped
        if is_stopped:
            process.kill()
        return process

    def _waited_for(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait()
        finally:
            with self._lock:
                self._running.discard(process)


def tail_of(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    return "\n".join(lines[-_TAIL:])


def _write_command(command: Sequence[str], log: Path) -> None:
    with log.open("ab") as file:
        file.write(without_user_info(f"$ {' '.join(command)}\n").encode(errors="surrogateescape"))


def _copy(said: IO[bytes], log: Path) -> None:
    with said, log.open("ab", buffering=0) as file:
        for line in said:
            text = line.decode(errors="surrogateescape")
            file.write(without_user_info(text).encode(errors="surrogateescape"))

"""Commands whose words go to a log: backends', pip's and git's. No URL is written there with its user and password.

What git says is read and cleaned before it is written. The others write themselves: a backend may leave a process
behind that holds on to its output, and pip leaves passwords out.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pytest_ofiuco.core.artifact import without_user_info

_TAIL = 20
_PATIENCE = 2.0
"""Seconds for the last words of a command that has ended: what it has started may hold its output open for ever."""


def logged(command: Sequence[str], log: Path, *, environ: Mapping[str, str], cwd: str | None) -> int:
    """Run ``command``, append what it says to ``log``, return its exit status."""
    _write_command(command, log)
    with log.open("ab") as file:
        return subprocess.run(
            command,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def logged_and_cleaned(command: Sequence[str], log: Path, *, environ: Mapping[str, str], cwd: str | None) -> int:
    """The same, but in what the command says URLs lose their user information before it is written."""
    _write_command(command, log)
    process = subprocess.Popen(
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    reader = threading.Thread(target=_copy, args=(process.stdout, log), name="ofiuco-log", daemon=True)
    reader.start()
    status = process.wait()
    reader.join(_PATIENCE)
    return status


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

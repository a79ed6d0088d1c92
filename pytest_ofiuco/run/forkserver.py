"""Workers forked from processes that outlive the session: ``--ofiuco-forkserver``.

A fork server has imported the pytest of one environment, which is most of what a worker's start takes. It serves those
sessions only whose own processes would start as it did: the key that its socket is named by holds everything that a
process gets at its start and cannot be given later. Where none answers, the worker is started as ever, and a server
once the session is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pytest_ofiuco import worker
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store.cache import digest

IDLE_SECONDS = 900.0
"""How long a fork server that nobody asks stays."""

_PATIENCE = 3.0
"""How long a fork server may take to answer, in seconds."""

_PAUSE = 0.05
"""How often a worker is looked for whose fork server is gone, in seconds."""

_LONGEST = 103
"""The longest path of a socket, in bytes, where it is shortest (macOS)."""

OPTION, SUFFIX = "--ofiuco-forkserver", ".sock"
_ELSEWHERE = "choose another folder with the variable OFIUCO_CACHE_DIR"

_AT_START = (
    *("PYTHON", "LC_", "LANG", "LOCPATH", "NLSPATH", "LD_", "DYLD_", "MALLOC_", "GLIBC_", "GCONV_", "OPENSSL_", "SSL_"),
    *("COV", "HOME", "TMPDIR", "TZ", "TERM", "INPUTRC", "OFIUCO_"),
)
"""How variables begin that an interpreter, or what its environment runs at its start, may read."""

OF_A_SESSION = ("OFIUCO_CELL", "COVERAGE_FILE")
"""Variables that are a worker's own: a fork server has none of them."""


class ForkedProcess:
    """A worker that a fork server has forked, with what ``subprocess.Popen`` offers."""

    def __init__(self, answers: IO[bytes], process: int) -> None:
        self._answers, self.pid = answers, process
        self.returncode: int | None = None
        self._has_ended = False

    def wait(self) -> int | None:
        """Wait for its end; ``None`` where its fork server has ended before it, and cannot say how."""
        if not self._has_ended:
            with contextlib.suppress(OSError, ValueError, KeyError):
                self.returncode = int(json.loads(self._answers.readline())["exit"])
            while self.returncode is None and self._runs():
                time.sleep(_PAUSE)
            self._has_ended = True
            self._answers.close()
        return self.returncode

    def _runs(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return True

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs.

        Raises:
            OSError: it has just ended.
        """
        if not self._has_ended:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it runs."""
        with contextlib.suppress(OSError):
            self.send_signal(signal.SIGKILL)


@dataclass(slots=True, kw_only=True, eq=False)
class ForkServers:
    """The fork servers whose sockets are in ``folder``. ``umask`` is the workers', ``patience`` the time for a fork."""

    folder: Path
    umask: int
    state: Sequence[Any] = ()
    patience: float = _PATIENCE
    _missing: dict[Path, tuple[Sequence[str], Mapping[str, str]]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> ForkServers:
        """Those of ``folder``, which is made where it is not there.

        Raises:
            UsageError: this system has none, or not in that folder: it must be the user's alone, its path short.
        """
        if sys.platform == "win32":
            raise UsageError(f"{OPTION}: Windows cannot fork", "leave the option out")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
        except OSError as error:
            raise UsageError(f"{OPTION}: {folder}: {error.strerror}", _ELSEWHERE) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise UsageError(f"{OPTION}: {folder} is not a folder that is yours alone", _ELSEWHERE)
        if len(os.fsencode(folder)) + len(f"/{'0' * 24}{SUFFIX}") > _LONGEST:
            raise UsageError(f"{OPTION}: {folder}: too long a path for a socket", _ELSEWHERE)
        state = [worker.PROTOCOL, *_files(worker.folder()), *_inherited()]
        return cls(folder=folder, umask=_umask(), state=state)

    def fork(
        self, command: Sequence[str], variables: Mapping[str, str], pipes: tuple[int, int], output: int | None
    ) -> ForkedProcess | None:
        """A worker that serves ``pipes``, as ``command`` would start it; ``None`` where no fork server answers.

        Its output goes to the descriptor ``output``, or where this process's goes.
        """
        if variables.get("PYTHONPATH"):  # modules there may be what an interpreter imports at its start
            return None
        try:
            path = self.socket(command, variables)
        except OSError:  # the environment is gone: so the worker's start will say
            return None
        if path in self._missing:
            return None
        descriptors = [*pipes, *((output, output) if output is not None else (1, 2))]
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(self.patience)
                connection.connect(str(path))
                request = {"kind": "fork", "variables": dict(variables), "umask": self.umask, "directory": os.getcwd()}
                data = json.dumps(request).encode() + b"\n"
                sent = socket.send_fds(connection, [data], descriptors)
                connection.sendall(data[sent:])
                answers = connection.makefile("rb")
                process = int(json.loads(answers.readline())["pid"])
                connection.sendall(b"!")  # without it, what is forked too late does nothing
                connection.settimeout(None)
                return ForkedProcess(answers, process)
        except (OSError, ValueError, KeyError):
            self._missing[path] = command, variables
            return None

    def start_missing(self) -> None:
        """Start those that were asked for and not there, for the next session."""
        while self._missing:
            path, (command, variables) = self._missing.popitem()
            code = worker.fork_command(str(path), IDLE_SECONDS)
            kept = {name: value for name, value in variables.items() if name not in OF_A_SESSION}
            null = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
            with contextlib.suppress(OSError):  # it is missed again by the next session
                os.posix_spawn(command[0], [*command, "-c", code], kept, file_actions=null)

    def socket(self, command: Sequence[str], variables: Mapping[str, str]) -> Path:
        """Where the fork server of a command and its variables is asked.

        Raises:
            OSError: there is no such command.
        """
        made_of = [os.stat(file) for file in (command[0], Path(command[0]).parent.parent / "pyvenv.cfg")]
        read = {
            name: value for name, value in variables.items() if name.startswith(_AT_START) and name not in OF_A_SESSION
        }
        stamps = [(each.st_ino, each.st_mtime_ns, each.st_size) for each in made_of]
        key = digest([*self.state, list(command), stamps, sorted(read.items())])
        return self.folder / f"{key}{SUFFIX}"


def running(folder: Path, *, stop: bool = False) -> list[dict[str, Any]]:
    """What the fork servers in ``folder`` say of themselves, the eldest first; ``stop`` ends them."""
    found = [_asked(path, "stop" if stop else "status") for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return sorted((said for said in found if said is not None), key=lambda said: said["since"])


def is_served(path: Path) -> bool:
    """Whether a fork server answers there."""
    return _asked(path, "status") is not None


def _umask() -> int:
    with contextlib.suppress(OSError, StopIteration, ValueError), open("/proc/self/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("Umask:")).split()[1], 8)
    umask = os.umask(
        0o077
    )  # elsewhere there is no other way to read it: a file that a thread makes now is the user's alone
    os.umask(umask)
    return umask


def _asked(path: Path, kind: str) -> dict[str, Any] | None:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(str(path))
            connection.sendall(json.dumps({"kind": kind}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                said: dict[str, Any] = json.loads(answers.readline())
                return said
    except (OSError, ValueError):  # it was killed, or has just ended
        return None


def _files(folder: str) -> Iterator[Any]:
    """The worker's code, which a fork server has loaded."""
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.name.endswith(".py"):
            found = entry.stat()
            yield entry.path, found.st_size, found.st_mtime_ns


def _inherited() -> Iterator[Any]:
    """What a process gets from the one that starts it, and a request does not bring."""
    import resource

    yield os.uname().nodename, os.getuid(), os.geteuid(), os.getgid(), os.getegid(), sorted(os.getgroups()), os.nice(0)
    yield [resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]
    yield [signal.getsignal(number) == signal.SIG_IGN for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)]
    yield sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    if hasattr(os, "sched_getaffinity"):
        yield sorted(os.sched_getaffinity(0))
    with contextlib.suppress(OSError):
        yield Path("/proc/self/cgroup").read_text(encoding="utf-8")
    with contextlib.suppress(OSError):
        yield [os.readlink(each.path) for each in sorted(os.scandir("/proc/self/ns"), key=lambda each: each.name)]
    with contextlib.suppress(OSError):
        yield os.readlink("/proc/self/root")

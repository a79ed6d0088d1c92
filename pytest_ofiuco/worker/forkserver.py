"""A process that has imported the cell's pytest and forks workers, which need not import it again.

It serves one Unix socket. A connection brings a request, one line of JSON, and the descriptors that a worker is to
have; it hears the worker's process id and, once that has ended, its exit status. Nothing but what any session of pytest
imports has been imported before the fork, no thread runs, and what a process takes from its starter comes with the
request.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Dict

from .process import import_pytest
from .service import Threshold, serve_pipe

Message = Dict[str, Any]

LIMIT = 1 << 24
"""The longest request, in bytes; its most is the environment."""

_TICK, _PATIENCE, _DESCRIPTORS, _LOCK = 15.0, 1.0, 4, ".lock"

_GO_SECONDS = 10.0
"""How long a forked process waits for its client, who may have given up."""


_BY_EVERY_SESSION = ("faulthandler", "pdb", "_pytest._argcomplete")
"""What pytest imports in the course of any session."""


class Refused(Exception):
    """A request that cannot be read."""


def serve(path: str, idle_seconds: float, usual: Threshold) -> None:
    """Serve ``path`` until nobody has asked for ``idle_seconds``, or the socket is gone; and then a worker's pipes."""
    close_all()
    found = found_at_start()
    with contextlib.suppress(OSError):  # where it was started as one
        os.setsid()
    os.chdir("/")
    lock = os.open(path + _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another serves it
        return
    if import_pytest():  # a worker that is started alone says why
        return
    for name in (*_BY_EVERY_SESSION, "tomllib" if sys.version_info >= (3, 11) else "tomli"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # or each worker's collections would copy all of it
    tidy(os.path.dirname(path))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        server = Server(path, lock, listening)
        wanted = server.run(idle_seconds)
    if wanted is None:
        server.leave()
    else:
        become(*wanted, found)
        receives, sends = wanted[1][:2]
        serve_pipe(receives, sends, usual, leads=True)


def close_all() -> None:
    """Close what the session's starter had open: a pipe's reader would wait for its end."""
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            if int(name) > 2:
                os.close(int(name))


def tidy(folder: str) -> None:
    """Remove what servers that were killed have left."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if not name.endswith(_LOCK):
            continue
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not one's own: it was opened apart
                os.unlink(path)
                os.unlink(path[: -len(_LOCK)])
            finally:
                os.close(lock)


class Server:
    """Takes requests, forks, and tells how the workers ended."""

    def __init__(self, path: str, lock: int, listening: socket.socket) -> None:
        self.path, self.lock, self.listening = path, lock, listening
        self.file = os.stat(path).st_ino
        self.workers: dict[int, socket.socket] = {}
        self.forked, self.since = 0, time.time()
        self.stamps = loaded()

    def is_here(self) -> bool:
        """Whether a client would find this server."""
        try:
            return os.stat(self.path).st_ino == self.file
        except OSError:
            return False

    def is_stale(self) -> bool:
        """Whether a module that is loaded is another by now, as one that somebody works at."""
        return loaded() != self.stamps

    def leave(self) -> None:
        """Be found no more."""
        if self.is_here():
            for name in (self.path, self.path + _LOCK):
                with contextlib.suppress(OSError):
                    os.unlink(name)

    def run(self, idle_seconds: float) -> tuple[Message, list[int]] | None:
        """``None`` at the end; in a worker's process, its request and descriptors."""
        signals, wakes = os.pipe()
        watched: list[Any] = [self.listening, signals]
        for descriptor in (signals, wakes):
            os.set_blocking(descriptor, False)
        usual = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        asked = time.monotonic()
        while self.workers or (time.monotonic() - asked < idle_seconds and self.is_here()):
            ready, _, _ = select.select(watched, [], [], _TICK)
            if signals in ready:
                os.read(signals, 4096)
            self.reap()
            if self.listening not in ready:
                continue
            asked = time.monotonic()
            try:
                connection, _ = self.listening.accept()
            except OSError:  # too many are open: they end
                time.sleep(_PATIENCE)
                continue
            wanted = self.answer(connection)
            if wanted is not None:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, usual)
                for descriptor in (signals, wakes, self.lock):
                    os.close(descriptor)
                return wanted
        return None

    def answer(self, connection: socket.socket) -> tuple[Message, list[int]] | None:
        """Do what is asked, if that can be read; a worker's process returns its request."""
        connection.settimeout(_PATIENCE)
        descriptors: list[int] = []
        try:
            request = received(connection, descriptors)
            if request["kind"] == "fork" and len(descriptors) == _DESCRIPTORS:
                return self.fork(connection, request, descriptors)
            if request["kind"] == "stop":
                self.leave()
            self.describe(connection)
            connection.close()
        except (Refused, OSError, ValueError, KeyError, TypeError):
            connection.close()
        for descriptor in descriptors:
            os.close(descriptor)
        return None

    def fork(
        self, connection: socket.socket, request: Message, descriptors: list[int]
    ) -> tuple[Message, list[int]] | None:
        """Fork; the new process goes on when its client has heard of it, and ends where there is none any more."""
        if self.is_stale():
            self.leave()
            raise Refused
        process = os.fork()
        if process:
            self.workers[process] = connection
            self.forked += 1
            for descriptor in descriptors:
                os.close(descriptor)
            descriptors.clear()
            with contextlib.suppress(OSError):
                _say(connection, pid=process)
            return None
        for each in self.workers.values():
            each.close()
        try:
            connection.settimeout(_GO_SECONDS)
            is_wanted = bool(connection.recv(1))
        except OSError:
            is_wanted = False
        if not is_wanted:
            os._exit(0)
        connection.close()
        return request, descriptors

    def describe(self, connection: socket.socket) -> None:
        """Say what there is to say of this server."""
        used = os.times()
        _say(
            connection,
            pid=os.getpid(),
            python=sys.executable,
            since=self.since,
            forked=self.forked,
            running=len(self.workers),
            worker_seconds=used.children_user + used.children_system,
        )

    def reap(self) -> None:
        """Tell of the workers that have ended."""
        for process in list(self.workers):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                with self.workers.pop(process) as connection, contextlib.suppress(OSError):
                    _say(connection, exit=code)


def received(connection: socket.socket, descriptors: list[int]) -> Message:
    """A request; the descriptors that come with it are added to those given, whatever else is wrong.

    Raises:
        Refused: it is none.
    """
    numbers = array.array("i")
    space = socket.CMSG_LEN(_DESCRIPTORS * numbers.itemsize)
    data, ancillary, _, _ = connection.recvmsg(1 << 16, space)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    descriptors += numbers
    parts = [data]
    while not parts[-1].endswith(b"\n"):
        parts.append(connection.recv(1 << 16))
        if not parts[-1] or sum(map(len, parts)) > LIMIT:
            raise Refused
    request: Message = json.loads(b"".join(parts))
    return request


def loaded() -> dict[str, tuple[int, int]]:
    """The files of all modules that are loaded, with their times and sizes."""
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            with contextlib.suppress(OSError):
                status = os.stat(file)
                found[file] = status.st_mtime_ns, status.st_size
    return found


def _say(connection: socket.socket, **message: Any) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def found_at_start() -> dict[str, str]:
    """The variables that Python (PEP 538), or what runs at its start, has set in its own process."""
    try:
        with open("/proc/self/environ", "rb") as file:
            given = {os.fsdecode(each) for each in file.read().split(b"\0")}
    except OSError:
        return {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    return {name: value for name, value in os.environ.items() if f"{name}={value}" not in given}


def become(request: Message, descriptors: list[int], found: dict[str, str]) -> None:
    """Let this process have what it would have, had the request's sender started it."""
    os.environ.clear()
    os.environ.update(found)
    os.environ.update(request["variables"])
    time.tzset()
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (descriptors[2], 1), (descriptors[3], 2)):
        os.dup2(source, target)
        os.close(source)
    os.umask(request["umask"])
    os.chdir(request["directory"])
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=stream is sys.stderr or os.isatty(1))
    own = os.path.dirname(os.__file__)
    for entry in list(sys.path_importer_cache):  # what lies elsewhere may have changed
        if not entry.startswith(own) and os.path.basename(entry) != "site-packages":
            del sys.path_importer_cache[entry]

"""Who uses what of the store, told so cheaply that every run can: when things were last used, and by whom just now.

The mtime of a manifest or file is when it was last used, give or take an hour. Every process that asks for environments
has a file of its own among the sessions and holds it as long as it lives; its lines are when it began and the keys of
what it uses. A key is written before the environment is looked for; whoever would remove one hides its manifest first
and reads the sessions then. So either the session is seen, or it does not find the environment and waits to make it
anew. What is being made is guarded by a gate: makers share it, and who removes the parts of environments has it alone.

Telling fails in silence: a store that cannot be written cannot be pruned by this user, either.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.holding import try_hold

if TYPE_CHECKING:
    from pytest_ofiuco.core.target import Python

HIDDEN = f"{MANIFEST}.hidden"
"""The name of a manifest while it is decided whether its environment goes."""

_SUFFIX = ".session"
_GATE = "gate"
_PAUSE = 0.02
_DAY = 24 * 3600.0


class Live(NamedTuple):
    """The sessions that live: the keys they use, and when the first of them began (``None``: there is none).

    ``is_unsure``: one of them could not tell all, for want of room.
    """

    keys: frozenset[str]
    since: float | None
    is_unsure: bool

    def may_use(self, key: str) -> bool:
        """Whether one of them uses the environment ``key``, for all that is known."""
        return self.is_unsure or key in self.keys


class _Session:
    """The file of this process in one store; without a ``handle`` there can be none. ``told``: keys in it."""

    def __init__(self, process: int, path: str, handle: int | None) -> None:
        self.process, self.path, self.handle = process, path, handle
        self.told: set[str] = set()


_sessions: dict[Path, _Session] = {}
_lock = threading.Lock()


def uses(store: Store, key: str) -> None:
    """Note that this process uses the environment ``key`` from here on; to be told before it is looked for."""
    with _lock:
        session = _sessions.get(store.root)
        if session is None or session.process != os.getpid():
            if not _sessions:
                atexit.register(end)
            session = _sessions[store.root] = _begun(store)
        if session.handle is not None and key not in session.told:
            session.told.add(key)
            _write(session.handle, key)


def purpose(project: Path, python: Python) -> dict[str, str]:
    """What an environment's manifest says it was made for: the folder of the lock, and the Python without its patch."""
    major, minor = python.minor
    return {"project": str(project), "python": f"{python.implementation} {major}.{minor}{'t' * python.free_threaded}"}


def end() -> None:
    """This process uses nothing any more."""
    with _lock:
        for session in _sessions.values():
            if session.handle is not None and session.process == os.getpid():
                with suppress(OSError):
                    os.close(session.handle)
                with suppress(OSError):
                    os.unlink(session.path)
        _sessions.clear()


def live(store: Store) -> Live:
    """What the sessions say that live; the files of others are taken away."""
    keys: set[str] = set()
    since: list[float] = []
    is_unsure = False
    for path in _session_files(store):
        lines = _lines(path)
        if lines is None:
            continue
        try:
            since.append(float(lines[0]))
        except (IndexError, ValueError):
            since.append(0.0)
            is_unsure = True
        keys.update(lines[1:])
    return Live(keys=frozenset(keys), since=min(since, default=None), is_unsure=is_unsure)


@contextmanager
def making(store: Store) -> Iterator[None]:
    """Make something out of the store's files and wheels, none of which goes meanwhile."""
    handle = _gate(store)
    try:
        if handle is not None:
            with suppress(OSError):
                while not try_hold(handle, shared=True):
                    time.sleep(_PAUSE)
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def alone(store: Store, patience: float) -> Iterator[bool]:
    """Be where nobody makes anything, waiting for at most ``patience`` seconds; whether that is so."""
    handle = _gate(store)
    deadline = time.monotonic() + patience
    is_alone = False
    try:
        if handle is not None:
            with suppress(OSError):
                while not (is_alone := try_hold(handle)) and time.monotonic() < deadline:
                    time.sleep(_PAUSE)
        yield is_alone
    finally:
        if handle is not None:
            os.close(handle)


def hide(folder: Path) -> None:
    """Hide the manifest of an environment, whose lock the caller holds."""
    with suppress(FileNotFoundError):
        os.rename(folder / MANIFEST, folder / HIDDEN)


def restore(folder: Path) -> None:
    """Show a hidden manifest again, which a prune that was killed may have left; the caller holds its lock."""
    with suppress(OSError):
        os.rename(folder / HIDDEN, folder / MANIFEST)


def _begun(store: Store) -> _Session:
    process = os.getpid()
    path = os.path.join(store.sessions, f"{process}-{time.time_ns():x}{_SUFFIX}")
    handle = None
    with suppress(OSError, CacheError):
        while handle is None:
            handle = _created(store, path)
            if not _is_held(path, handle):
                os.close(handle)
                handle = None
        _write(handle, str(time.time()))
    return _Session(process, path, handle)


def _write(handle: int, line: str) -> None:
    """Add a line; a session that cannot tell all tells nothing, and so is taken to use everything."""
    try:
        os.write(handle, f"{line}\n".encode())
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, 0)


def _created(store: Store, path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        store.prepare()
        store.sessions.mkdir(exist_ok=True)
        return os.open(path, flags, 0o666)


def _is_held(path: str, handle: int) -> bool:
    """Hold a session's new file; ``False`` if somebody was about to take it away as one that is left over.

    Where nothing can be held, a file counts as long as it is young.
    """
    try:
        is_held = try_hold(handle)
    except OSError:
        is_held = True
    try:
        return is_held and os.path.samestat(os.stat(path), os.fstat(handle))
    except OSError:
        return False


def _gate(store: Store) -> int | None:
    try:
        return _created(store, os.path.join(store.sessions, _GATE))
    except (OSError, CacheError):
        return None


def _session_files(store: Store) -> list[str]:
    try:
        with os.scandir(store.sessions) as entries:
            return [entry.path for entry in entries if entry.name.endswith(_SUFFIX)]
    except OSError:
        return []


def _lines(path: str) -> list[str] | None:
    """What a session says; ``None`` if it is over: its file is taken away before anybody else could hold it."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    except OSError:
        return []
    try:
        try:
            is_over = try_hold(handle)
        except OSError:
            is_over = os.fstat(handle).st_mtime < time.time() - _DAY
        if is_over:
            with suppress(OSError):
                os.unlink(path)
            return None
        os.lseek(handle, 0, os.SEEK_SET)
        return os.read(handle, 1 << 24).decode("ascii", "replace").splitlines()
    finally:
        os.close(handle)
        if sys.platform == "win32":
            with suppress(OSError):  # no open file can be taken away there, and none that is held
                os.unlink(path)

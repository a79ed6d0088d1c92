"""Waiting for a name that another thread or process holds; a killed holder lets go of it.

On POSIX the system wakes who waits (https://man7.org/linux/man-pages/man2/flock.2.html). ``filelock``, which serves
Windows, asks fifty times a second: thirty sessions that wait so keep a quarter of a processor busy.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ofiuco.errors import CacheError

_POLL_SECONDS = 0.02
_UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the file, which is made if it is not there, and stays.

    Raises:
        CacheError: its file system has no locks.
        OSError: it cannot be made.
    """
    if sys.platform == "win32":
        from filelock import FileLock

        lock = FileLock(path)
        lock.acquire(poll_interval=_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()
        return
    handle = _waited_for(path)
    try:
        yield
    finally:
        os.close(handle)


def _waited_for(path: Path) -> int:
    """An open file that nobody else holds, and that is still the one of that name."""
    import fcntl

    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                return handle
        except OSError as error:
            os.close(handle)
            if error.errno not in _UNKNOWN:
                raise
            hint = "choose a folder on a local disk with the variable OFIUCO_CACHE_DIR"
            raise CacheError(str(path), f"its file system has no locks: {error.strerror}", hint) from error
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)

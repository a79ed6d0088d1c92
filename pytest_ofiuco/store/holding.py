"""Holding an open file against other processes, without a wait: ``flock``, or a range of bytes on Windows.

``filelock`` costs an import that a run that finds everything need not make, and knows no shared hold. The system lets
go when the file is closed or its process ends, however that is. https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import os
import random
import sys

_START, _LENGTH = 1 << 30, 1 << 20
"""The bytes that stand for the file on Windows: far behind its end, since what is held there cannot be read."""


def try_hold(handle: int, *, shared: bool = False) -> bool:
    """Hold the open file, alone or with all who share it; whether it could be had.

    Raises:
        OSError: the file system knows no such thing.
    """
    if sys.platform == "win32":
        import msvcrt

        start, length = (_START + random.randrange(_LENGTH), 1) if shared else (_START, _LENGTH)
        os.lseek(handle, start, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, length)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

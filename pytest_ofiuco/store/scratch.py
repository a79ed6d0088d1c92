"""Folders for what is unfinished: each is held while its owner lives, so what a killed one left is known at once.

What cannot be held (a folder on Windows, anything on a file system without locks) is left for a day.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_ofiuco.store.holding import try_hold

_STALE_SECONDS = 24 * 3600


class Folder:
    """A new, empty folder at ``path``."""

    def __init__(self, parent: Path) -> None:
        """Make and hold it.

        Raises:
            OSError: there can be none.
        """
        self._handle: int | None = None
        while True:
            self.path = Path(tempfile.mkdtemp(dir=parent))
            if sys.platform == "win32" or self._is_held():
                return

    def remove(self) -> None:
        """Delete it, as far as possible, and let go of it."""
        _remove_tree(self.path)
        if self._handle is not None:
            os.close(self._handle)

    def _is_held(self) -> bool:
        """``False``: it was about to be taken away as one that nobody holds, which it was for a moment."""
        try:
            self._handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            is_mine = try_hold(self._handle) and os.path.exists(self.path)
        except OSError:
            return True
        if not is_mine:
            os.close(self._handle)
        return is_mine


def sweep(parent: Path) -> None:
    """Delete the folders in ``parent`` that nobody works in any more; whoever begins to meanwhile finds them held."""
    for left in parent.iterdir():
        handle = None
        with suppress(OSError):
            if sys.platform != "win32" and left.is_dir():
                handle = os.open(left, os.O_RDONLY)
        try:
            if _is_old(left) if handle is None else _is_dead(handle):
                _remove_tree(left)
        finally:
            if handle is not None:
                os.close(handle)


def _is_dead(handle: int) -> bool:
    try:
        return try_hold(handle)
    except OSError:
        return _is_old(handle)


def _is_old(file: Path | int) -> bool:
    try:
        return os.stat(file).st_mtime < time.time() - _STALE_SECONDS
    except OSError:
        return False


def _remove_tree(folder: Path) -> None:
    """Delete a folder as far as possible; what cannot be deleted stays and harms nobody."""
    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=_make_writable)
    else:
        shutil.rmtree(folder, onerror=_make_writable)


def _make_writable(function: Callable[..., object], path: str, _: object) -> None:
    """To delete, POSIX asks the folder for permission, Windows the file; to look into a folder, it is asked itself."""
    is_deleting = function in (os.unlink, os.rmdir)
    with suppress(OSError):
        os.chmod(os.path.dirname(path) if is_deleting and sys.platform != "win32" else path, stat.S_IRWXU)
        if is_deleting:
            function(path)
        else:
            shutil.rmtree(path, ignore_errors=True)

"""What a power loss leaves: a folder may have its new name and files that are empty.

So each manifest says in which boot it was written. In that boot it is true. In a later one it is believed if there is
a mark, which is set once the whole file system has been told to write what it holds back; that is done at the end of
a preparation, beside the tests, and costs them nothing. Where the system does not name its boots (all but Linux, whose
name is https://docs.kernel.org/admin-guide/sysctl/kernel.html, random/boot_id), manifests are believed as they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

WRITTEN = "written"
"""The key of a manifest: the boot, and what the mark's name ends in."""

_BOOT = "/proc/sys/kernel/random/boot_id"


def stamp() -> dict[str, list[str]]:
    """What a new manifest says besides."""
    boot = _boot()
    return {WRITTEN: [boot, os.urandom(8).hex()]} if boot else {}


def mark(folder: Path, manifest: Mapping[str, Any]) -> str | None:
    """The path of the file that says that a folder has reached the disk; ``None`` where it need not be said."""
    match manifest.get(WRITTEN):
        case [str(), str(name)] if name.isalnum():
            return os.path.join(folder, f"flushed-{name}")
    return None


def is_sound(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether what a folder holds is what was written there, for all that power losses may have done."""
    if WRITTEN not in manifest:
        return True
    path = mark(folder, manifest)
    return path is not None and (manifest[WRITTEN][0] == _boot() or os.path.exists(path))


def flush(root: Path, marks: Iterable[str]) -> None:
    """Wait until all that was written below ``root`` is on disk, then set the marks; nothing if that cannot be done."""
    try:
        _synchronize(root)
    except OSError:
        return
    for path in marks:
        with suppress(OSError):  # gone again, or read-only by now: it will be made anew
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o444))


def _synchronize(root: Path) -> None:
    """Of the one file system: others may have much more to write."""
    if sys.platform == "win32":
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        import ctypes  # some builds have none

        library = ctypes.CDLL(None, use_errno=True)
        if library.syncfs(handle):
            raise OSError(ctypes.get_errno(), "syncfs")
    except (ImportError, AttributeError):
        os.sync()
    finally:
        os.close(handle)


@cache
def _boot() -> str:
    try:
        with open(_BOOT, encoding="ascii") as file:
            return file.read(64).strip()
    except (OSError, ValueError):
        return ""

"""How a file of the store gets into an environment: the link modes, named as uv names them.

``hardlink`` (the default) shares the bytes and costs a directory entry; ``clone`` shares them until one side is written
(a reflink: btrfs, xfs, apfs); ``copy`` shares nothing; ``symlink`` leads to the store. What a file system cannot do, or
cannot do between the two places, is done by the next one that it can: a clone, and then a copy.
https://docs.astral.sh/uv/reference/settings/#link-mode
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import get_args

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.errors import UsageError, shown

VARIABLE = "OFIUCO_LINK_MODE"

_FICLONE = 0x40049409
"""ioctl_ficlonerange(2), on every architecture that packages are built for but MIPS, PowerPC and SPARC."""

Place = Callable[[str, str], None]
"""Puts what is at the first path at the second, where nothing is yet."""


def link_mode(environ: Mapping[str, str], configured: LinkMode | None) -> LinkMode:
    """What the user has chosen: the variable, then [tool.ofiuco], then ``hardlink``.

    Raises:
        UsageError: the variable names no link mode.
    """
    chosen = environ.get(VARIABLE)
    if not chosen:
        return configured or "hardlink"
    for mode in get_args(LinkMode):
        if chosen == mode:
            return chosen  # type: ignore[return-value]
    modes = ", ".join(get_args(LinkMode))
    raise UsageError(f"{VARIABLE}: {shown(chosen)} is no link mode", f"use one of: {modes}")


def placer(mode: LinkMode) -> Place:
    """What puts files into an environment in this mode."""
    return {"hardlink": _hardlink, "clone": _clone, "copy": _copy, "symlink": _symlink}[mode]


def can_clone(source: str, target: str) -> bool:
    """Make ``target`` a clone of ``source``, if the file system can."""
    try:
        _reflink(source, target)
    except OSError:
        return False
    return True


def _hardlink(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # none here, too many of one file, or another file system
        _clone(source, target)


def _symlink(source: str, target: str) -> None:
    try:
        os.symlink(source, target)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        _hardlink(source, target)


def _copy(source: str, target: str) -> None:
    if os.path.lexists(target):
        raise FileExistsError(17, "File exists", target)
    shutil.copy2(source, target)


def _clone(source: str, target: str) -> None:
    try:
        _reflink(source, target)
    except FileExistsError:
        raise
    except OSError:
        _copy(source, target)


def _reflink(source: str, target: str) -> None:
    """A copy that shares its blocks, with mode and times."""
    if sys.platform == "linux":
        import fcntl

        with open(source, "rb") as whole:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.ioctl(handle, _FICLONE, whole.fileno())
            except OSError:
                os.unlink(target)
                raise
            finally:
                os.close(handle)
        shutil.copystat(source, target)
    elif sys.platform == "darwin":
        import ctypes

        function = ctypes.CDLL(None, use_errno=True).clonefile
        if function(os.fsencode(source), os.fsencode(target), 0):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), target)
    else:
        raise OSError("there are no reflinks on this system")

"""The first thing that runs on another machine: it sees to it that our own code is there, and goes on with that.

Executed by execnet from its text, with ``channel`` and ``digest`` in reach; the standard library only.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
import zipfile
from typing import Any

_OLD_SECONDS = 30 * 24 * 3600.0


def cache_folder() -> str:
    """Where the store of this machine's user is."""
    chosen = os.environ.get("OFIUCO_CACHE_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/pytest-ofiuco")
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if base.strip() else os.path.expanduser("~/.cache"), "pytest-ofiuco")


def arrive(channel: Any, digest: str) -> bool:
    """Ask for our code where it is not there, and make it importable; whether it is."""
    shelf = os.path.join(cache_folder(), "remote-v1", "code")
    folder = os.path.join(shelf, digest)
    try:
        if os.path.isdir(folder):
            os.utime(folder)
        else:
            channel.send(["lacking", ""])
            unpack(channel.receive(), shelf, folder)
    except OSError as error:
        channel.send(["failed", f"{error.filename or shelf}: {error.strerror or error}"])
        return False
    sys.path.insert(0, folder)
    return True


def unpack(content: bytes, shelf: str, folder: str) -> None:
    """Unpack an archive beside ``folder``, and rename it; what nobody has used for a month goes."""
    os.makedirs(shelf, exist_ok=True)
    for name in os.listdir(shelf):
        if os.stat(os.path.join(shelf, name)).st_mtime < time.time() - _OLD_SECONDS:
            shutil.rmtree(os.path.join(shelf, name), ignore_errors=True)
    beside = tempfile.mkdtemp(prefix=".", dir=shelf)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(beside)
        os.chmod(beside, 0o755)
        try:
            os.rename(beside, folder)
        except OSError:
            if not os.path.isdir(folder):
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)

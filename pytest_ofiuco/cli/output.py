"""A file that a command writes: whole, or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_ofiuco.errors import UsageError


def write(file: str, text: str) -> None:
    """Write UTF-8 beside ``file`` and rename: a reader sees the old content or the new. What is no file is written to.

    Raises:
        UsageError: it cannot be written.
    """
    content = text.encode(errors="backslashreplace")
    path = Path(os.path.realpath(file))
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(path, content)
    except OSError as error:
        raise _refusal(file, error) from error


def check(file: str) -> None:
    """Whether a file can be written, before what it is to tell of is made.

    Raises:
        UsageError: it cannot.
    """
    path = Path(os.path.realpath(file))
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.exists():
            tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:50]}.").cleanup()
        elif not os.access(path if not path.is_file() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _refusal(file, error) from error


def _refusal(file: str, error: OSError) -> UsageError:
    hint = "name a file in a folder that exists and can be written"
    return UsageError(f"{file}: cannot be written: {error.strerror}", hint)


def _replace(path: Path, content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:50]}.") as folder:
        temporary = Path(folder) / path.name  # made by open(): a file of the mode that the user's umask gives
        temporary.write_bytes(content)
        with suppress(FileNotFoundError):
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)

"""Source archives unpacked: tar with any compression, and zip. Nothing may land outside the folder.

https://packaging.python.org/specifications/source-distribution-format/
"""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from pathlib import Path

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.damage import reading


def unpack(archive: Path, destination: Path) -> Path:
    """Unpack into ``destination``; returns the source tree: the one folder in it, or itself.

    Raises:
        ArchiveError: it is no archive, is damaged, or has members that must not be.
    """
    destination.mkdir()
    try:
        with reading(archive.name):
            if zipfile.is_zipfile(archive):
                _unpack_zip(archive, destination)
            else:
                _unpack_tar(archive, destination)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise ArchiveError(archive.name, f"{error.filename} is a file and a folder at once") from error
    entries = list(destination.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else destination


def _unpack_zip(archive: Path, destination: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        for info in source.infolist():
            _check_path(archive, info.filename)
            mode = info.external_attr >> 16
            if info.create_system == 3 and stat.S_ISLNK(mode):
                raise ArchiveError(archive.name, f"member {info.filename!r} is a symbolic link")
            written = source.extract(info, destination)
            if mode & 0o111 and not info.is_dir():
                os.chmod(written, 0o755)


def _unpack_tar(archive: Path, destination: Path) -> None:
    with tarfile.open(archive) as source:
        if hasattr(tarfile, "data_filter"):
            source.extractall(destination, filter="data")
            return
        for member in source.getmembers():  # the first patches of 3.10 and 3.11 have no filters
            _check_path(archive, member.name)
            if not (member.isfile() or member.isdir()):
                raise ArchiveError(archive.name, f"member {member.name!r} is not a regular file")
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            source.extract(member, destination)


def _check_path(archive: Path, path: str) -> None:
    parts = path.replace("\\", "/").split("/")
    if path.startswith(("/", "\\")) or ".." in parts or parts[0][1:2] == ":":
        raise ArchiveError(archive.name, f"member {path!r} would land outside the source tree")

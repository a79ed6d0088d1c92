"""Source archives unpacked: tar, plain or compressed with gzip, bzip2 or xz, and zip.

https://packaging.python.org/specifications/source-distribution-format/. Nothing may land outside the folder, nor lead
there; there are regular files, folders and links within, each readable and without anybody's owner or odd mode.
"""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.builds.source_tree import SourceTree
from pytest_ofiuco.store.damage import reading

_LONGEST_READ = 16 << 20
"""tarfile reads members in small pieces, and a header at once: more is no header."""

_LONGEST_LINK = 4096


def unpack(archive: Path, destination: Path) -> Path:
    """Unpack into ``destination``; returns the source tree: the one folder in it, or itself.

    Raises:
        ArchiveError: it is no archive, is damaged, or has members that must not be.
        OSError: the folder cannot be written.
    """
    destination.mkdir()
    tree = SourceTree(archive.name, archive.stat().st_size, destination)
    with reading(archive.name):
        if _is_zip(archive):
            _unpack_zip(archive, tree)
        else:
            _unpack_tar(archive, tree)
    tree.check_links()
    entries = list(destination.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else destination


def _is_zip(archive: Path) -> bool:
    with archive.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _unpack_zip(archive: Path, tree: SourceTree) -> None:
    with zipfile.ZipFile(archive) as source:
        for info in source.infolist():
            name, mode = info.orig_filename, info.external_attr >> 16
            kind = stat.S_IFMT(mode) if info.create_system == 3 else 0
            tree.admit(name, info.file_size)
            if name.endswith("/"):
                tree.folder(name)
            elif kind == stat.S_IFLNK:
                with source.open(info) as content:
                    tree.link(name, os.fsdecode(content.read(_LONGEST_LINK)))
            elif kind not in (0, stat.S_IFREG):
                raise ArchiveError(archive.name, f"member {name!r} is not a regular file")
            else:
                with source.open(info) as content:
                    tree.file(name, content, executable=bool(mode & 0o111))


def _unpack_tar(archive: Path, tree: SourceTree) -> None:
    with _decompressed(archive) as content, tarfile.TarFile(fileobj=content) as source:
        for member in source:
            name = member.name
            tree.admit(name, member.size if member.isreg() else 0)
            if member.isdir():
                tree.folder(name)
            elif member.issym():
                tree.link(name, member.linkname)
            elif member.islnk():
                tree.hardlink(name, member.linkname)
            elif member.isreg():
                file = source.extractfile(member)
                assert file is not None
                tree.file(name, file, executable=bool(member.mode & 0o111), seconds=member.mtime)
            else:
                raise ArchiveError(archive.name, f"member {name!r} is not a regular file")
            vars(source)["members"].clear()  # each is kept otherwise, and there may be many


class _Careful:
    """A file that is never read whole: a header of a tar file may claim any length."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _LONGEST_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        content: bytes = self._file.read(size)
        return content


@contextmanager
def _decompressed(archive: Path) -> Iterator[Any]:
    with archive.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        with _reader(file, magic) as content:
            yield _Careful(content)


def _reader(file: IO[bytes], magic: bytes) -> Any:
    if magic.startswith(b"\x1f\x8b"):
        import gzip

        return gzip.GzipFile(fileobj=file)
    if magic.startswith(b"BZh"):
        import bz2  # a Python may have been built without

        return bz2.BZ2File(file)
    if magic.startswith(b"\xfd7zXZ\0"):
        import lzma

        return lzma.LZMAFile(file)
    return file

"""The members of a zip file, read strictly: each where no other is, and as long as, and of the checksum that, it says.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. ``zipfile`` reads the directory, and members of a rare
compression. What is stored or deflated is read here: a wheel has thousands of small members, over each of which
``zipfile`` takes as long as inflating it does.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store import limits

_HEADER = struct.Struct("<4s2xHH16xHH")
"""Of a local header: signature, flags, compression, lengths of the name and of what follows it."""

_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_HERE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Members:
    """An open zip file; not for several threads."""

    def __init__(self, file: BinaryIO, filename: str) -> None:
        """Read the directory.

        Raises:
            ArchiveError: it says too much, or members overlap.
            zipfile.BadZipFile: it is no zip file.
        """
        self._file, self._filename = file, filename
        self._archive = zipfile.ZipFile(file)
        self.all = self._archive.infolist()
        self._check_sizes(os.fstat(file.fileno()).st_size)
        self._ends = self._found_ends()

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of a member, in pieces of at most 1 MiB.

        Raises:
            ArchiveError, zipfile.BadZipFile, zlib.error: it is not what its headers say.
        """
        start = self._start(info)
        if info.compress_type not in _HERE:
            return self._rare(info)
        self._file.seek(start)
        if info.compress_type == zipfile.ZIP_STORED:
            return self._checked(info, self._stored(info))
        if info.compress_size <= _CHUNK and info.file_size < _CHUNK:
            inflated = zlib.decompressobj(-zlib.MAX_WBITS)
            content = inflated.decompress(self._file.read(info.compress_size), info.file_size + 1)
            return self._checked(info, iter((content,) if content else ()))
        return self._checked(info, self._inflated(info))

    def _check_sizes(self, packed: int) -> None:
        limits.check_members(self._filename, len(self.all), self.all[-1].orig_filename if self.all else "")
        total = 0
        for info in self.all:
            total += info.file_size
            limits.check_size(self._filename, packed, total, info.orig_filename)

    def _found_ends(self) -> dict[int, int]:
        """Where the next member begins, or the directory, by where a member begins."""
        starts = sorted({info.header_offset for info in self.all})
        if len(starts) != len(self.all):
            raise ArchiveError(self._filename, "two of its members begin at one place, as in bombs")
        return dict(zip(starts, [*starts[1:], self._archive.start_dir], strict=True))

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where the content begins; what the local header says must be what the directory says."""
        path = info.orig_filename
        self._file.seek(info.header_offset)
        signature, flags, compression, length, more = _HEADER.unpack(self._file.read(_HEADER.size))
        name = self._file.read(length)
        if signature != b"PK\x03\x04" or compression != info.compress_type:
            raise zipfile.BadZipFile(f"member {path!r} has another header than the directory says")
        if flags & _ENCRYPTED or info.flag_bits & _ENCRYPTED:
            raise ArchiveError(self._filename, f"member {path!r} is encrypted")
        if name.decode("utf-8" if flags & 0x800 else "cp437") != path:
            raise zipfile.BadZipFile(f"member {path!r} has another name in its header")
        start = info.header_offset + _HEADER.size + length + more
        if start + info.compress_size > self._ends[info.header_offset]:
            raise ArchiveError(self._filename, f"member {path!r} overlaps another one, as in bombs")
        return int(start)

    def _stored(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        left = info.compress_size
        while left and (chunk := self._file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        inflated, left = zlib.decompressobj(-zlib.MAX_WBITS), info.compress_size
        while not inflated.eof:
            packed = inflated.unconsumed_tail
            if not packed:
                packed = self._file.read(min(left, _CHUNK))
                left -= len(packed)
            chunk = inflated.decompress(packed, _CHUNK)
            if chunk:
                yield chunk
            elif not packed:
                return

    def _checked(self, info: zipfile.ZipInfo, chunks: Iterator[bytes]) -> Iterator[bytes]:
        size = checksum = 0
        for chunk in chunks:
            size += len(chunk)
            if size > info.file_size:
                break
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
        if size != info.file_size:
            than = "more" if size > info.file_size else "fewer"
            raise ArchiveError(self._filename, f"member {info.orig_filename!r} has {than} bytes than its header says")
        if checksum != info.CRC:
            raise ArchiveError(self._filename, f"member {info.orig_filename!r} is damaged: its checksum differs")

    def _rare(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._archive.open(info) as source:
            yield from self._checked(info, iter(lambda: source.read(_CHUNK), b""))

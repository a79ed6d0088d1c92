"""The compressed bytes of entries. What a wheel holds deflated is copied as it is: nothing is inflated or deflated.

So a zip takes hardly longer than reading the wheels does, and its bytes do not depend on the zlib that is here. What is
written anew, the project's own code, and members of a rare compression are deflated here, at one level.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.kept import check_kept

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
Compression = Literal["deflated", "stored"]

_LEVEL = 6
_CHUNK = 1 << 20
_HEADER = struct.Struct("<4s22xHH")
"""Of a local header: the signature, and the lengths of the name and of what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """``packed`` bytes, compressed by ``method``: ``content``, or what follows the ``header`` in an archive's file."""

    method: int
    crc: int
    size: int
    packed: int
    header: int = 0
    content: bytes | None = None


class Kept:
    """A wheel's file in the store, and its members by path. It is open while one is read: a zip may be of hundreds."""

    def __init__(self, file: Path, sha256: str) -> None:
        """See whether it is what was kept, and read its directory.

        Raises:
            CacheError: it is not.
            OSError: it cannot be read.
        """
        check_kept(file, sha256)
        self.path = file
        try:
            with file.open("rb") as archive:
                self._members = _members(archive)
        except zipfile.BadZipFile as error:
            raise CacheError(str(file), f"this wheel cannot be read: {error}") from error

    def packed(self, entry: Entry) -> Packed | None:
        """An entry's bytes as the wheel has them, where another archive may have them so."""
        info = self._members.get(entry.member)
        if info is None or info.compress_type not in (STORED, DEFLATED) or info.file_size != entry.size:
            return None
        return Packed(
            method=info.compress_type,
            crc=info.CRC,
            size=info.file_size,
            packed=info.compress_size,
            header=info.header_offset,
        )

    def chunks(self, packed: Packed) -> Iterator[bytes]:
        """The bytes, as they are in the file.

        Raises:
            CacheError: it cannot be read. What writes them must not take that for an error of its own file.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(packed.header)
                signature, name, more = _HEADER.unpack(file.read(_HEADER.size))
                file.seek(name + more, os.SEEK_CUR)
                left = packed.packed
                while left and signature == b"PK\x03\x04" and (chunk := file.read(min(left, _CHUNK))):
                    left -= len(chunk)
                    yield chunk
        except (OSError, struct.error) as error:
            raise CacheError(str(self.path), f"this wheel cannot be read: {error}") from error
        if left:
            raise CacheError(str(self.path), "this wheel cannot be read: a member is not where it should be")


def _members(file: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """Members by path, as they are unpacked: without odd parts, and of several alike the first."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in zipfile.ZipFile(file).infolist():
        found.setdefault("/".join(part for part in info.orig_filename.split("/") if part not in ("", ".")), info)
    return found


@contextmanager
def pack_large(entry: Entry, compression: Compression) -> Iterator[tuple[Packed, Iterator[bytes]]]:
    """An entry that is not held in memory, and its bytes, which are compressed into a temporary file.

    Raises:
        OSError: it cannot be read, or the temporary file not be written.
    """
    if compression == "stored":
        crc = 0
        for chunk in entry.chunks():
            crc = zlib.crc32(chunk, crc)
        yield Packed(method=STORED, crc=crc, size=entry.size, packed=entry.size), entry.chunks()
        return
    crc, deflating = 0, zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    with tempfile.TemporaryFile() as file:
        for chunk in entry.chunks():
            crc = zlib.crc32(chunk, crc)
            file.write(deflating.compress(chunk))
        file.write(deflating.flush())
        packed = file.tell()
        file.seek(0)
        yield (
            Packed(method=DEFLATED, crc=crc, size=entry.size, packed=packed),
            iter(lambda: file.read(_CHUNK), b""),
        )


def pack(content: bytes, compression: Compression) -> Packed:
    """Bytes, deflated where that makes them fewer."""
    crc, size = zlib.crc32(content), len(content)
    if compression == "deflated":
        deflating = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        deflated = deflating.compress(content) + deflating.flush()
        if len(deflated) < size:
            return Packed(method=DEFLATED, crc=crc, size=size, packed=len(deflated), content=deflated)
    return Packed(method=STORED, crc=crc, size=size, packed=size, content=content)

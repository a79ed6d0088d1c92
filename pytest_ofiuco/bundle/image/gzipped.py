"""A gzip stream of several members (RFC 1952, 2.2), some of which are what a wheel has deflated, copied as it is.

Whoever reads gzip reads the members as one. So a layer takes hardly longer than reading the wheels does, and little of
it depends on the zlib that is here: what is written anew, or nothing of it where that is stored. Headers of members
hold no time, no name and no system.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import BinaryIO

from pytest_ofiuco.bundle.packed import Compression, Kept, Packed
from pytest_ofiuco.errors import CacheError

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_TRAILER = struct.Struct("<II")
_BLOCK = struct.Struct("<BHH")
"""Of a stored block (RFC 1951, 3.2.4): whether it is the last, its length, and that with all bits turned."""
_MOST = 0xFFFF
_LEVEL = 6


class Gzipped:
    """A stream that is being written to ``file``; it counts and hashes what goes in, and what comes out."""

    def __init__(self, file: BinaryIO, compression: Compression) -> None:
        self._file, self._compression = file, compression
        self._plain, self._packed = hashlib.sha256(), hashlib.sha256()
        self._pending = bytearray()
        self.plain = self.size = 0

    @property
    def plain_sha256(self) -> str:
        """Of what went in, in hex."""
        return self._plain.hexdigest()

    @property
    def sha256(self) -> str:
        """Of what came out, in hex."""
        return self._packed.hexdigest()

    def write(self, content: bytes) -> None:
        """Add bytes, which are compressed here."""
        self._count(content)
        self._pending += content

    def copy(self, kept: Kept, packed: Packed) -> None:
        """Add a member of a wheel, as that has deflated it.

        Raises:
            CacheError: it is not what the wheel says that it is.
        """
        self.end()
        inflating, crc, before = zlib.decompressobj(-zlib.MAX_WBITS), 0, self.plain
        self._write(_HEADER)
        try:
            for chunk in kept.chunks(packed):
                self._write(chunk)
                content = inflating.decompress(chunk)
                crc = zlib.crc32(content, crc)
                self._count(content)
        except zlib.error as error:
            raise CacheError(str(kept.path), f"this wheel cannot be read: {error}") from error
        if not inflating.eof or inflating.unused_data or (crc, self.plain - before) != (packed.crc, packed.size):
            raise CacheError(str(kept.path), "this wheel cannot be read: a member is not what it should be")
        self._write(_TRAILER.pack(crc, packed.size & 0xFFFFFFFF))

    def end(self) -> None:
        """Write what is pending, as a member; there is at least one."""
        content = bytes(self._pending)
        self._pending.clear()
        if not content and self.size:
            return
        self._write(_HEADER)
        if self._compression == "deflated":
            deflating = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            self._write(deflating.compress(content) + deflating.flush())
        else:
            for at in range(0, max(len(content), 1), _MOST):
                piece = content[at : at + _MOST]
                is_last = at + _MOST >= len(content)
                self._write(_BLOCK.pack(is_last, len(piece), len(piece) ^ _MOST) + piece)
        self._write(_TRAILER.pack(zlib.crc32(content), len(content) & 0xFFFFFFFF))

    def _count(self, content: bytes) -> None:
        self._plain.update(content)
        self.plain += len(content)

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._packed.update(content)
        self.size += len(content)

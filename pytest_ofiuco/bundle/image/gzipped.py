"""A gzip stream of several members (RFC 1952, 2.2), some of which are what a wheel has deflated, copied as it is.

Whoever reads gzip reads the members as one. So a layer takes hardly longer than reading the wheels does, and little of
it depends on the zlib that is here: what is written anew, or nothing of it where that is stored. Headers of members
hold no time, no name and no system.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Any, BinaryIO

from pytest_ofiuco.bundle.packed import Compression, Kept, Packed
from pytest_ofiuco.errors import CacheError

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_TRAILER = struct.Struct("<II")
_BLOCK = struct.Struct("<BHH")
"""Of a stored block (RFC 1951, 3.2.4): whether it is the last, its length, and that with all bits turned."""
_MOST = 0xFFFF
_LEVEL = 6


def _deflating() -> Any:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)


class _Storing:
    """Compresses nothing: zlib itself may cut what it stores into other blocks in another version."""

    def __init__(self) -> None:
        self._pending = b""

    def compress(self, content: bytes) -> bytes:
        """What is ready of content."""
        pending = self._pending + content
        whole = max(0, len(pending) - 1) // _MOST * _MOST
        self._pending = pending[whole:]
        return b"".join(_block(pending[at : at + _MOST], is_last=False) for at in range(0, whole, _MOST))

    def flush(self) -> bytes:
        """The rest."""
        return _block(self._pending, is_last=True)


def _block(piece: bytes, *, is_last: bool) -> bytes:
    return _BLOCK.pack(is_last, len(piece), len(piece) ^ _MOST) + piece


class Gzipped:
    """A stream that is being written to ``file``; it counts and hashes what goes in, and what comes out."""

    def __init__(self, file: BinaryIO, compression: Compression) -> None:
        self._file, self._compression = file, compression
        self._plain, self._packed = hashlib.sha256(), hashlib.sha256()
        self._deflating: Any = None
        self._crc = self._since = 0
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
        if self._deflating is None:
            self._write(_HEADER)
            self._deflating = _Storing() if self._compression == "stored" else _deflating()
            self._crc, self._since = 0, self.plain
        self._count(content)
        self._crc = zlib.crc32(content, self._crc)
        self._write(self._deflating.compress(content))

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
        """End what is written anew, as a member; there is at least one."""
        if self._deflating is None and not self.size:
            self.write(b"")
        if self._deflating is not None:
            self._write(self._deflating.flush())
            self._write(_TRAILER.pack(self._crc, self.plain - self._since & 0xFFFFFFFF))
            self._deflating = None

    def _count(self, content: bytes) -> None:
        self._plain.update(content)
        self.plain += len(content)

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._packed.update(content)
        self.size += len(content)

"""A layer: a tar archive whose bytes depend on nothing but its entries, compressed by gzip.

https://github.com/opencontainers/image-spec/blob/main/layer.md; the format is POSIX's pax
(https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html), with extended headers only where a name or a size
needs one. What ``tarfile`` writes depends on the Python. Everything is root's, modes are 0644 and 0755 whatever the
umask, and times are all the same.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pytest_ofiuco.bundle.image.gzipped import Gzipped
from pytest_ofiuco.bundle.packed import Compression, Kept, Packed
from pytest_ofiuco.errors import BundleError, shown

_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_BLOCK = 512
_CHECKSUM = slice(148, 156)
_NAME, _PREFIX = 100, 155
_MOST_OCTAL = 8**11 - 1
"""The largest number of eleven octal digits: of bytes, and of seconds."""
LATEST = _MOST_OCTAL
_FILE, _FOLDER, _EXTENDED = b"0", b"5", b"x"


class Layer:
    """A layer that is being written, entry by entry in the order that is wanted."""

    def __init__(self, file: BinaryIO, moment: int, compression: Compression) -> None:
        self.stream = Gzipped(file, compression)
        self._moment = moment

    def folder(self, path: str) -> None:
        """Add a folder."""
        self._head(f"{path}/", 0, 0o755, _FOLDER)

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, executable: bool) -> None:
        """Add a file of ``size`` bytes, which ``chunks`` are.

        Raises:
            BundleError: it cannot be named so.
            OSError: it cannot be written.
        """
        self._head(path, size, 0o755 if executable else 0o644, _FILE)
        for chunk in chunks:
            self.stream.write(chunk)
        self._fill(size)

    def copy(self, path: str, kept: Kept, packed: Packed, *, executable: bool) -> None:
        """Add a file that a wheel has deflated.

        Raises:
            BundleError: it cannot be named so.
            CacheError: the wheel cannot be read.
            OSError: it cannot be written.
        """
        self._head(path, packed.size, 0o755 if executable else 0o644, _FILE)
        self.stream.copy(kept, packed)
        self._fill(packed.size)

    def end(self) -> None:
        """Write the end: two empty blocks."""
        self.stream.write(bytes(2 * _BLOCK))
        self.stream.end()

    def _head(self, path: str, size: int, mode: int, kind: bytes) -> None:
        try:
            name = path.encode()
        except UnicodeEncodeError as error:
            reason = f"{shown(path)}: a name that is no text cannot be in an image"
            raise BundleError(reason, "rename the file") from error
        if "/.wh." in f"/{path}":
            reason = f"{shown(path)}: a name that says in an image that another file is gone"
            raise BundleError(reason, "rename the file, or leave it out with `exclude` in [tool.ofiuco.zip]")
        split = _split(name) if path.isascii() else None
        more = b"".join(_records(None if split else name, size))
        if more:
            self.stream.write(self._header(b"", b"PaxHeaders/" + name[-50:], len(more), 0o644, _EXTENDED) + more)
            self._fill(len(more))
        prefix, short = split or (b"", name[:_NAME])
        self.stream.write(self._header(prefix, short, size if size <= _MOST_OCTAL else 0, mode, kind))

    def _header(self, prefix: bytes, name: bytes, size: int, mode: int, kind: bytes) -> bytes:
        owner, device, octal = b"%07o\0" % 0, b"%07o\0" % 0, b"%011o\0"
        times = octal % self._moment
        fields = (b"%07o\0" % mode, owner, owner, octal % size, times, b" " * 8, kind, b"", b"ustar\00000", b"", b"")
        block = bytearray(_HEADER.pack(name, *fields, device, device, prefix))
        block[_CHECKSUM] = b"%06o\0 " % sum(block)
        return bytes(block)

    def _fill(self, size: int) -> None:
        self.stream.write(bytes(-size % _BLOCK))


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """A name as the prefix and the rest that a header has room for, where it has."""
    if len(name) <= _NAME:
        return b"", name
    at = name.rfind(b"/", 0, min(len(name) - 1, _PREFIX + 1))
    if at < 1 or len(name) - at - 1 > _NAME:
        return None
    return name[:at], name[at + 1 :]


def _records(name: bytes | None, size: int) -> Iterator[bytes]:
    """What an extended header says: lines that begin with their own length."""
    found = {b"path": name, b"size": b"%d" % size if size > _MOST_OCTAL else None}
    for key, value in found.items():
        if value is not None:
            rest = b" %s=%s\n" % (key, value)
            length = len(rest)
            while len(rest) + len(str(length)) != length:
                length = len(rest) + len(str(length))
            yield b"%d" % length + rest

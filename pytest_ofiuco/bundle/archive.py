"""Writing a zip file whose bytes depend on nothing but its entries.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. ``zipfile`` cannot take over members that are deflated
already, which is nearly all of them. Modes are 0644 and 0755 whatever the umask (AWS Lambda reads files as another
user), times are all the same, and Zip64 structures are there where a number does not fit, and only there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pytest_ofiuco.bundle.packed import Packed
from pytest_ofiuco.errors import BundleError, UsageError, shown

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_UNIX, _UTF8 = 3 << 8, 0x800
_VERSION, _VERSION_64 = 20, 45
_REGULAR = 0o100000
_MOST_DIGITS = 11
"""Of seconds that ``time.gmtime`` knows everywhere: up to the year 5138."""
_FIRST = (1980, 1, 1, 0, 0, 0)
_LAST = (2107, 12, 31, 23, 59, 58)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What has been written: its sha256 in hex, and its size in bytes."""

    sha256: str
    size: int


def seconds(environ: Mapping[str, str]) -> int:
    """The time of everything that is written, since 1970: SOURCE_DATE_EPOCH, or 0.

    https://reproducible-builds.org/specs/source-date-epoch/

    Raises:
        UsageError: the variable is not a number of seconds.
    """
    written = environ.get("SOURCE_DATE_EPOCH")
    if not written:
        return 0
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        hint = "set it to seconds since 1970, or unset it"
        raise UsageError(f"SOURCE_DATE_EPOCH={shown(written)}: not a number of seconds", hint)
    return max(int(written), 0)


def stamp(environ: Mapping[str, str]) -> tuple[int, int]:
    """Date and time of every entry, as DOS writes them: those of ``seconds``, or the first there are.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    year, month, day, hour, minute, second = time.gmtime(seconds(environ))[:6]
    moment = min(max((year, month, day, hour, minute, second), _FIRST), _LAST)
    year, month, day, hour, minute, second = moment
    return (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


class Archive:
    """A zip file that is being written, entry by entry in the order that is wanted."""

    def __init__(self, file: BinaryIO, moment: tuple[int, int]) -> None:
        self._file, self._moment = file, moment
        self._hash = hashlib.sha256()
        self._offset = 0
        self._central: list[bytes] = []

    def add(self, path: str, packed: Packed, chunks: Iterable[bytes], *, executable: bool) -> None:
        """Write an entry; ``chunks`` are its compressed bytes.

        Raises:
            BundleError: it cannot be named so.
            OSError: it cannot be written.
        """
        name, flags = _encoded(path)
        date, clock = self._moment
        is_large = packed.size >= _MOST_32 or packed.packed >= _MOST_32
        sizes = (_MOST_32, _MOST_32) if is_large else (packed.packed, packed.size)
        more = struct.pack("<HHQQ", 1, 16, packed.size, packed.packed) if is_large else b""
        version = _VERSION_64 if is_large else _VERSION
        common = (flags, packed.method, clock, date, packed.crc, *sizes, len(name))
        start = self._offset
        self._write(_LOCAL.pack(b"PK\x03\x04", version, *common, len(more)) + name + more)
        for chunk in chunks:
            self._write(chunk)
        fields = [packed.size, packed.packed] if is_large else []
        offset = start
        if start >= _MOST_32:
            fields, offset, version = [*fields, start], _MOST_32, _VERSION_64
        more = struct.pack(f"<HH{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
        mode = _REGULAR | (0o755 if executable else 0o644)
        head = _CENTRAL.pack(b"PK\x01\x02", _UNIX | version, version, *common, len(more), 0, 0, 0, mode << 16, offset)
        self._central.append(head + name + more)

    def end(self) -> Written:
        """Write the directory.

        Raises:
            OSError: it cannot be written.
        """
        start, count = self._offset, len(self._central)
        self._write(b"".join(self._central))
        size = self._offset - start
        if count >= _MOST_16 or start >= _MOST_32 or size >= _MOST_32:
            at, made = self._offset, _UNIX | _VERSION_64
            self._write(_END_64.pack(b"PK\x06\x06", 44, made, _VERSION_64, 0, 0, count, count, size, start))
            self._write(_LOCATOR.pack(b"PK\x06\x07", 0, at, 1))
        counted = min(count, _MOST_16)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, counted, counted, min(size, _MOST_32), min(start, _MOST_32), 0))
        return Written(sha256=self._hash.hexdigest(), size=self._offset)

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)
        self._offset += len(content)


def _encoded(path: str) -> tuple[bytes, int]:
    """A path's bytes, and the flag that says that they are UTF-8, where they are not ASCII."""
    try:
        name = path.encode()
    except UnicodeEncodeError as error:
        raise BundleError(f"{shown(path)}: a name that is no text cannot be in a zip", "rename the file") from error
    if len(name) > _MOST_16:
        raise BundleError(f"{shown(path)}: a path of more than {_MOST_16} bytes cannot be in a zip", "shorten it")
    return name, 0 if path.isascii() else _UTF8


def replaced(file: str, write: Callable[[BinaryIO], Written]) -> Written:
    """Let ``write`` write beside ``file``, and rename: a reader sees the old content or the new.

    Raises:
        UsageError: it cannot be written.
    """
    import tempfile

    path = os.path.realpath(file)
    folder, name = os.path.split(path)
    if os.path.isdir(path):
        raise UsageError(f"{file}: a folder", "name the file in it")
    if os.path.exists(path) and not os.path.isfile(path):  # as root one would replace /dev/null
        raise UsageError(f"{file}: a device or a pipe", "name a file")
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name[:50]}.") as beside:
            temporary = os.path.join(beside, name)
            with open(temporary, "wb", 1 << 20) as output:
                written = write(output)
            os.replace(temporary, path)
    except OSError as error:
        if not os.path.isdir(folder):
            raise UsageError(f"{file}: the folder {os.path.dirname(file) or folder} is not there", "make it") from error
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free the disk, or name a file on another" if is_full else "name a file in a folder that can be written"
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}", hint) from error
    return written

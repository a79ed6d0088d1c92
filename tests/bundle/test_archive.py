"""Zip files, byte by byte: read with ``zipfile``, which did not write them."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from pytest_ofiuco.bundle.archive import Archive, Written, replaced, stamp
from pytest_ofiuco.bundle.packed import STORED, Packed, pack
from pytest_ofiuco.errors import BundleError, UsageError, shown

MOMENT = stamp({})


def written(files: dict[str, bytes], moment: tuple[int, int] = MOMENT) -> bytes:
    output = io.BytesIO()
    archive = Archive(output, moment)
    for path, content in files.items():
        packed = pack(content, "deflated")
        archive.add(path, packed, [packed.content or b""], executable=path.startswith("bin/"))
    facts = archive.end()
    assert facts == Written(sha256=hashlib.sha256(output.getvalue()).hexdigest(), size=len(output.getvalue()))
    return output.getvalue()


def test_what_is_written_is_read() -> None:
    long = "/".join(["folder" * 10] * 12) + "/name.py"
    files = {"a.py": b"print()\n" * 100, "bin/a": b"#!", "empty": b"", "größe/日本.txt": b"x", long: b"y"}
    with zipfile.ZipFile(io.BytesIO(written(files))) as archive:
        assert {info.filename: archive.read(info) for info in archive.infolist()} == files
        about = {info.filename: info for info in archive.infolist()}
        assert {path: oct(info.external_attr >> 16) for path, info in about.items()} == {
            path: "0o100755" if path == "bin/a" else "0o100644" for path in files
        }
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [info.flag_bits for info in archive.infolist()] == [0, 0, 0, 0x800, 0]
        assert about["a.py"].compress_size < about["a.py"].file_size
        assert about["bin/a"].compress_type == STORED


def test_more_entries_than_sixteen_bits_count() -> None:
    files = {f"{number:05}": b"" for number in range(65_537)}
    content = written(files)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == list(files)
    assert b"PK\x06\x06" in content
    assert content[-22:-10] == b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff"


class _NoHash:
    """A hash of four gigabytes takes seconds."""

    def update(self, content: bytes) -> None:
        pass

    def hexdigest(self) -> str:
        return ""


class _Sparse(io.RawIOBase):
    """A file that forgets what it was given but for the ends of what is large."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, bytes]] = []
        self.position = self.length = 0

    def write(self, content: object) -> int:
        assert isinstance(content, bytes)
        if len(content) < 1 << 16:
            self.kept.append((self.length, content))
        self.length += len(content)
        return len(content)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset + {0: 0, 1: self.position, 2: self.length}[whence]
        return self.position

    def read(self, size: int = -1) -> bytes:
        end = self.length if size < 0 else min(self.length, self.position + size)
        found = bytearray(end - self.position)
        for start, content in self.kept:
            for at in range(max(start, self.position), min(start + len(content), end)):
                found[at - self.position] = content[at - start]
        self.position = end
        return bytes(found)


def test_more_bytes_than_thirty_two_bits_count() -> None:
    output = _Sparse()
    size = (1 << 32) + 5
    chunk = bytes(1 << 24)

    def chunks() -> Iterator[bytes]:
        left = size
        while left:
            yield chunk[: min(left, len(chunk))]
            left -= min(left, len(chunk))

    archive = Archive(output, MOMENT)  # type: ignore[arg-type]
    archive._hash = _NoHash()  # type: ignore[assignment]
    archive.add("large", Packed(method=STORED, crc=7, size=size, packed=size), chunks(), executable=False)
    archive.add("after", pack(b"text", "stored"), [b"text"], executable=False)
    archive.end()
    output.seek(0)
    with zipfile.ZipFile(output) as read:
        large, after = read.infolist()
        assert (large.file_size, large.compress_size, large.header_offset) == (size, size, 0)
        assert after.header_offset > 1 << 32
        assert read.read("after") == b"text"


def test_bytes_depend_on_nothing_else() -> None:
    files = {"a": b"1" * 50, "b": b"2"}
    assert written(files) == written(files)
    assert written(files) != written(files, stamp({"SOURCE_DATE_EPOCH": "1700000000"}))


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        pytest.param("1700000001", (2023, 11, 14, 22, 13, 20), id="in UTC, every other second"),
        pytest.param("0", (1980, 1, 1, 0, 0, 0), id="before the first"),
        pytest.param("99999999999", (2107, 12, 31, 23, 59, 58), id="after the last"),
        pytest.param("", (1980, 1, 1, 0, 0, 0), id="empty"),
        pytest.param("-1", (1980, 1, 1, 0, 0, 0), id="before 1970"),
    ],
)
def test_source_date_epoch(seconds: str, moment: tuple[int, ...]) -> None:
    content = written({"a": b""}, stamp({"SOURCE_DATE_EPOCH": seconds}))
    assert zipfile.ZipFile(io.BytesIO(content)).infolist()[0].date_time == moment


@pytest.mark.parametrize("written", ["today", "1e3", "1_000", " 5", "-", "--1", "٣", "9" * 12, "9" * 9999])
def test_no_date(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        stamp({"SOURCE_DATE_EPOCH": written})
    assert caught.value.render() == (
        f"error: SOURCE_DATE_EPOCH={shown(written)}: not a number of seconds\n"
        "hint: set it to seconds since 1970, or unset it"
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("a\udcff", "'a\\udcff': a name that is no text cannot be in a zip", id="no text"),
        pytest.param("ä" * 40_000, "cannot be in a zip", id="too long"),
    ],
)
def test_no_name(path: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        written({path: b""})
    assert message in str(caught.value)


def write_text(file: BinaryIO) -> Written:
    return Written(sha256="", size=file.write(b"new"))


@pytest.mark.parametrize(
    ("number", "reason", "hint"),
    [
        pytest.param(errno.ENOSPC, "No space left on device", "free the disk, or name a file on another", id="full"),
        pytest.param(
            errno.EROFS, "Read-only file system", "name a file in a folder that can be written", id="read-only"
        ),
    ],
)
def test_the_file_is_replaced_at_the_end(tmp_path: Path, number: int, reason: str, hint: str) -> None:
    target = tmp_path / "x.zip"
    target.write_text("old")

    def fail(file: BinaryIO) -> Written:
        file.write(b"half")
        raise OSError(number, reason)

    with pytest.raises(UsageError) as caught:
        replaced(str(target), fail)
    assert caught.value.render() == f"error: {target}: cannot be written: {reason}\nhint: {hint}"
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]
    assert target.read_text() == "old"
    replaced(str(target), write_text)
    assert target.read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX's")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """As root one could replace a device."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as caught:
        replaced(str(tmp_path / "pipe"), write_text)
    assert caught.value.render() == f"error: {tmp_path / 'pipe'}: a device or a pipe\nhint: name a file"
    assert (tmp_path / "pipe").is_fifo()


def test_a_long_name(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 250 + ".zip")
    replaced(str(target), write_text)
    assert target.read_text() == "new"


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        pytest.param("", "{}: a folder", "name the file in it", id="a folder"),
        pytest.param("no/x.zip", "{}: the folder {parent} is not there", "make it", id="no folder"),
        pytest.param("file/x.zip", "{}: the folder {parent} is not there", "make it", id="a file for a folder"),
    ],
)
def test_nowhere_to_write_to(tmp_path: Path, path: str, message: str, hint: str) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / path
    with pytest.raises(UsageError) as caught:
        replaced(str(target), write_text)
    assert str(caught.value) == message.format(target, parent=target.parent)
    assert caught.value.hint == hint

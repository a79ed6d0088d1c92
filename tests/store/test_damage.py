"""Damaged archives, whatever compresses them: refused, in one way."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.builds import source_archive
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.damage import reading
from pytest_ofiuco.store.wheel import unpack
from tests.store.makers import File, wheel

WHEEL = wheel("demo", {"demo.py": "".join(f"x{number} = {number}\n" for number in range(200))})
COMPRESSIONS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def compressed(kind: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHEEL.content)) as source, zipfile.ZipFile(content, "w", kind) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), kind)
    return content.getvalue()


def tarred(kind: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=f"w:{kind}") as tar:  # type: ignore[call-overload]
        for name, size in (("demo-1.0/a.py", 3000), (f"demo-1.0/{'é' * 120}.py", 10)):
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(number % 251 for number in range(size))))
    return content.getvalue()


def damaged(content: bytes) -> Iterator[bytes]:
    """One byte changed, at each of 60 places, in three ways; and what is left after each of them."""
    for place in range(0, len(content), max(1, len(content) // 60)):
        for byte in (0x00, 0xFF, content[place] ^ 0x01):
            yield content[:place] + bytes([byte]) + content[place + 1 :]
        yield content[:place]


def refusals(unpack_one: Callable[[bytes, Path], object], content: bytes, folder: Path) -> int:
    """How many of the damaged ones are refused; any other error passes and fails the test."""
    count = 0
    for number, each in enumerate(damaged(content)):
        own = folder / str(number)
        own.mkdir()
        try:
            unpack_one(each, own)
        except ArchiveError:
            count += 1
    return count


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_a_damaged_wheel(store: Store, tmp_path: Path, kind: int) -> None:
    def unpack_one(content: bytes, folder: Path) -> None:
        file = File(WHEEL.filename, content).write(folder)
        unpack(store, folder / file.filename, file.sha256)

    unpack_one(compressed(kind), tmp_path)
    assert refusals(unpack_one, compressed(kind), tmp_path) > 60


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_a_damaged_source_archive(tmp_path: Path, kind: str) -> None:
    def unpack_one(content: bytes, folder: Path) -> None:
        File("demo-1.0.tar", content).write(folder)
        source_archive.unpack(folder / "demo-1.0.tar", folder / "source")

    unpack_one(tarred(kind), tmp_path)
    assert refusals(unpack_one, tarred(kind), tmp_path) > 30


def test_an_encrypted_member_and_an_unknown_compression(store: Store, tmp_path: Path) -> None:
    content = WHEEL.content
    start = content.rindex(b"PK\x01\x02", 0, content.index(b"demo.py", content.index(b"PK\x01\x02")))
    encrypted = content[:6] + b"\x01" + content[7 : start + 8] + b"\x01" + content[start + 9 :]
    unknown = content[:8] + b"\x63" + content[9 : start + 10] + b"\x63" + content[start + 11 :]
    for each, reason in ((encrypted, "encrypted"), (unknown, "compression")):
        file = File(WHEEL.filename, each).write(tmp_path)
        with pytest.raises(ArchiveError, match=reason):
            unpack(store, tmp_path / file.filename, file.sha256)


@pytest.mark.parametrize("error", [zlib.error("x"), EOFError(), IndexError("x"), OverflowError("x"), OSError("x")])
def test_what_readers_raise(error: Exception) -> None:
    with pytest.raises(ArchiveError, match=r"a\.whl: refused: damaged or unsafe: (x|EOFError)"), reading("a.whl"):
        raise error


def test_what_the_operating_system_says_is_not_the_archives_fault() -> None:
    with pytest.raises(OSError, match="No space"), reading("a.whl"):
        raise OSError(28, "No space left on device")

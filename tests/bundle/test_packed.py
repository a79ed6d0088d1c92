"""The bytes of wheels, copied."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.bundle.packed import Kept, pack
from pytest_ofiuco.errors import CacheError
from tests.store.makers import wheel

DEMO = wheel("demo", {"demo.py": "A = 1\n"})


def entry(path: str = "demo.py", size: int = 6) -> Entry:
    return Entry(path=path, package="demo", hash="", size=size, member=path)


def test_members_are_copied(tmp_path: Path) -> None:
    DEMO.write(tmp_path)
    kept = Kept(tmp_path / DEMO.filename, DEMO.sha256)
    packed = kept.packed(entry())
    assert packed is not None
    assert b"".join(kept.chunks(packed)) == b"A = 1\n"
    assert packed.crc == pack(b"A = 1\n", "stored").crc
    assert kept.packed(entry("other.py")) is None
    assert kept.packed(entry(size=7)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "unpack requires a buffer of 30 bytes", id="empty"),
        pytest.param(b"PK\x03\x05" + DEMO.content[4:], "a member is not where it should be", id="no header"),
        pytest.param(DEMO.content[:40], "a member is not where it should be", id="cut off"),
        pytest.param(None, "No such file or directory", id="gone"),
    ],
)
def test_what_changes_after_it_was_checked(tmp_path: Path, content: bytes | None, message: str) -> None:
    DEMO.write(tmp_path)
    file = tmp_path / DEMO.filename
    kept = Kept(file, DEMO.sha256)
    packed = kept.packed(entry())
    assert packed is not None
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CacheError) as caught:
        list(kept.chunks(packed))
    assert str(caught.value).startswith(f"{file}: the cache cannot be used: this wheel cannot be read: ")
    assert message in str(caught.value)


def test_what_is_no_wheel(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"text")
    with pytest.raises(CacheError, match="this wheel cannot be read: File is not a zip file"):
        Kept(tmp_path / "x.whl", hashlib.sha256(b"text").hexdigest())

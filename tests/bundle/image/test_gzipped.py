"""Gzip streams of several members, read by ``gzip`` and by the tool of that name."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.bundle.image.gzipped import Gzipped
from pytest_ofiuco.bundle.packed import Kept, Packed
from pytest_ofiuco.errors import CacheError
from tests.store.makers import wheel

TEXT = "".join(f"{number} is not {number + 1}\n" for number in range(5000))


def member(folder: Path) -> tuple[Kept, Packed]:
    """A member that a wheel has deflated."""
    info = zipfile.ZipInfo("text.txt")
    info.compress_type = zipfile.ZIP_DEFLATED
    file = wheel("demo", {}, extra={info: TEXT})
    file.write(folder)
    kept = Kept(folder / file.filename, file.sha256)
    packed = kept.packed(Entry(path="", package="", hash="", size=len(TEXT), member="text.txt"))
    assert packed is not None
    return kept, packed


@pytest.mark.parametrize("compression", ["deflated", "stored"])
def test_what_is_written_is_read(tmp_path: Path, compression: Literal["deflated", "stored"]) -> None:
    output = io.BytesIO()
    stream = Gzipped(output, compression)
    kept, packed = member(tmp_path)
    large = bytes(range(256)) * 600
    stream.write(b"before ")
    stream.write(large)
    stream.copy(kept, packed)
    stream.copy(kept, packed)
    stream.write(b"after")
    stream.end()
    plain, content = b"before " + large + TEXT.encode() * 2 + b"after", output.getvalue()
    assert gzip.decompress(content) == plain
    assert (stream.plain, stream.plain_sha256) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert (stream.size, stream.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert content.count(b"".join(kept.chunks(packed))) == 2
    if (tool := shutil.which("gzip")) is not None:
        assert subprocess.run([tool, "-dc"], input=content, capture_output=True, check=True).stdout == plain


@pytest.mark.parametrize("size", [0, 1, 0xFFFF, 0x10000])
def test_stored_blocks(size: int) -> None:
    output = io.BytesIO()
    stream = Gzipped(output, "stored")
    stream.write(b"x" * size)
    stream.end()
    assert gzip.decompress(output.getvalue()) == b"x" * size
    assert len(output.getvalue()) == size + 18 + 5 * max(1, -(-size // 0xFFFF))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"crc": 1}, "a member is not what it should be", id="sum"),
        pytest.param({"size": 1}, "a member is not what it should be", id="size"),
        pytest.param({"packed": 40}, "a member is not what it should be", id="cut off"),
        pytest.param({"header": 0}, "", id="elsewhere"),
    ],
)
def test_a_member_that_is_not_what_the_wheel_says(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    kept, packed = member(tmp_path)
    if "header" in change:  # where another member starts, which is not deflated
        kept.path.write_bytes(b"PK\x03\x04" + bytes(26) + b"\xff" * len(kept.path.read_bytes()))
    with pytest.raises(CacheError) as caught:
        Gzipped(io.BytesIO(), "deflated").copy(kept, dataclasses.replace(packed, **change))
    assert str(caught.value).startswith(f"{kept.path}: the cache cannot be used: this wheel cannot be read: {message}")


@pytest.mark.parametrize("change", [b"more", None], ids=["more than one stream", "a stream without its end"])
def test_a_member_that_others_could_not_read_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes | None
) -> None:
    """Content and sum are right: the gzip member would be broken all the same."""
    kept, packed = member(tmp_path)
    deflating = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    whole = deflating.compress(TEXT.encode()) + deflating.flush(zlib.Z_SYNC_FLUSH)
    content = whole if change is None else whole + deflating.flush() + change
    monkeypatch.setattr(kept, "chunks", lambda packed: iter([content]))
    with pytest.raises(CacheError, match="a member is not what it should be"):
        Gzipped(io.BytesIO(), "deflated").copy(kept, packed)

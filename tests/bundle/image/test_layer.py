"""Layers, read by ``tarfile`` and by GNU tar, which did not write them."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pytest_ofiuco.bundle.image.layer import LATEST, Layer
from pytest_ofiuco.errors import BundleError

LONG = "/".join(["folder" * 9] * 3)
"""Of 164 characters."""


def written(files: dict[str, bytes], moment: int = 0) -> bytes:
    output = io.BytesIO()
    layer = Layer(output, moment, "deflated")
    layer.folder("app")
    for path, content in files.items():
        layer.add(path, len(content), [content[:3], content[3:]], executable=path.startswith("bin/"))
    layer.end()
    return gzip.decompress(output.getvalue())


FILES = {
    "a.py": b"print()\n",
    "bin/a": b"#!",
    "empty": b"",
    "block": b"x" * 512,
    "größe/日本.txt": b"text",
    "x" * 100: b"fits the name",
    "x" * 101: b"fits nowhere",
    f"{LONG[:155]}/{'y' * 100}": b"fits with the prefix",
    f"{LONG[:156]}/{'y' * 100}": b"does not",
    f"{LONG}/{'z' * 300}.py": b"a name of 300",
    "ö" * 127: b"of two bytes each",
}


def test_what_is_written_is_read() -> None:
    with tarfile.open(fileobj=io.BytesIO(written(FILES, 12345))) as archive:
        members = archive.getmembers()
        found = {each.name: archive.extractfile(each) for each in members}
        assert {name: file.read() for name, file in found.items() if file is not None} == FILES
    assert [each.name for each in members] == ["app", *FILES]
    assert [each.pax_headers.keys() for each in members if each.pax_headers] == [{"path"}] * 5
    assert {(each.mode, each.isdir()) for each in members} == {(0o755, True), (0o755, False), (0o644, False)}
    assert {each.mtime for each in members} == {12345}


def test_tar_reads_it(tmp_path: Path) -> None:
    if (tar := shutil.which("tar")) is None:
        pytest.skip("there is no tar")
    listed = subprocess.run(
        [tar, "-t", "--quoting-style=literal"], input=written(FILES), capture_output=True, check=True
    )
    assert (listed.stdout.decode().splitlines(), listed.stderr) == (["app/", *FILES], b"")


def test_the_size_is_of_whole_blocks() -> None:
    content = written({"a": b"1"})
    assert len(content) == 5 * 512
    assert content[-1024:] == bytes(1024)


def test_large_files_have_their_size_beside_them() -> None:
    output = io.BytesIO()
    layer = Layer(output, LATEST, "stored")
    for size in (8**11, 8**11 - 1):
        layer._head("large", size, 0o644, b"0")
    layer.stream.end()
    content = gzip.decompress(output.getvalue())
    assert len(content) == 4 * 512
    assert content[512:532] == b"19 size=8589934592\n\0"
    for at, size in ((1024, 0), (1536, 8**11 - 1)):
        member = tarfile.TarInfo.frombuf(content[at : at + 512], "utf-8", "strict")
        assert (member.name, member.size, member.mtime) == ("large", size, LATEST)


def test_a_name_that_is_no_text() -> None:
    with pytest.raises(BundleError) as caught:
        written({"a\udcff": b""})
    assert caught.value.render() == (
        "error: 'a\\udcff': a name that is no text cannot be in an image\nhint: rename the file"
    )


@pytest.mark.parametrize("path", [".wh.a", "app/.wh..wh..opq", "app/.wh.a/b"])
def test_a_name_that_takes_another_file_away(path: str) -> None:
    """https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"""
    assert written({"app/a.wh.b": b""})
    with pytest.raises(BundleError) as caught:
        written({path: b""})
    assert caught.value.render() == (
        f"error: {path!r}: a name that says in an image that another file is gone\n"
        "hint: rename the file, or leave it out with `exclude` in [tool.ofiuco.zip]"
    )

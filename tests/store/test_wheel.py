"""Unpacking wheels, good and evil."""

from __future__ import annotations

import io
import os
import random
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from pytest_ofiuco.errors import ArchiveError, CacheError
from pytest_ofiuco.store import limits
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.wheel import UnpackedWheel, _checked, unpack, unpacked
from tests.store.makers import File, member, wheel


def unpack_file(store: Store, folder: Path, file: File) -> UnpackedWheel:
    file.write(folder)
    return unpack(store, folder / file.filename, file.sha256)


def test_unpacked_once_and_read_only(store: Store, tmp_path: Path) -> None:
    tool = member("demo/tool.sh", 0o100755)
    file = wheel("demo", {"demo/__init__.py": "x = 1\n"}, extra={tool: "#!/bin/sh\n"})
    found = unpack_file(store, tmp_path, file)
    assert (found.tree / "demo" / "__init__.py").read_text() == "x = 1\n"
    assert stat.S_IMODE((found.tree / "demo" / "__init__.py").stat().st_mode) & 0o333 == 0
    assert os.access(found.tree / "demo" / "tool.sh", os.X_OK)
    assert found.dist_info == "demo-1.0.dist-info"
    assert found.root_is_purelib
    (tmp_path / file.filename).unlink()
    assert unpacked(store, file.sha256, file.filename) == found
    assert unpack(store, tmp_path / file.filename, file.sha256) == found


@pytest.mark.parametrize(
    "path",
    [
        "/outside.py",
        "../outside.py",
        "demo/../../outside.py",
        "..\\outside.py",
        "C:/outside.py",
        "demo-1.0.data/scripts/../../../x",
    ],
)
def test_a_member_that_would_land_outside(store: Store, tmp_path: Path, path: str) -> None:
    file = wheel("demo", {}, extra={member(path): "evil"})
    with pytest.raises(ArchiveError, match="would land outside the environment"):
        unpack_file(store, tmp_path, file)
    assert not (tmp_path / "outside.py").exists()
    assert unpacked(store, file.sha256, file.filename) is None


def test_a_symbolic_link(store: Store, tmp_path: Path) -> None:
    file = wheel("demo", {}, extra={member("demo/link", 0o120777): "/etc/passwd"})
    with pytest.raises(ArchiveError, match="not a regular file"):
        unpack_file(store, tmp_path, file)


def test_odd_modes_and_directory_entries(store: Store, tmp_path: Path) -> None:
    odd = {member("demo./", 0o040230): "", member("demo./x.py", 0o100230): "x", member("demo/empty/", 0): ""}
    record = "demo./,,\ndemo./x.py,,\ndemo-1.0.dist-info/RECORD,,\n"
    found = unpack_file(store, tmp_path, wheel("demo", {}, extra=odd, record=record))
    assert (found.tree / "demo." / "x.py").read_text() == "x"
    assert "demo./x.py" in {each.path for each in found.members}


def test_a_member_that_is_not_what_record_says(store: Store, tmp_path: Path) -> None:
    record = "demo.py,sha256=AAAA,1\n"
    with pytest.raises(ArchiveError, match=r"member 'demo\.py' is not what RECORD says"):
        unpack_file(store, tmp_path, wheel("demo", {"demo.py": "x"}, record=record))


def test_records_other_hashes(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is not what RECORD says"):
        unpack_file(store, tmp_path, wheel("demo", {"demo.py": "x"}, record="demo.py,sha512=AAAA,1\n"))
    with pytest.raises(ArchiveError, match="hash of an unknown kind"):
        unpack_file(store, tmp_path, wheel("demo", {"demo.py": "y"}, record="demo.py,md5=AAAA,1\n"))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(File("demo-1.0-py3-none-any.whl", b"no zip"), "damaged", id="no zip"),
        pytest.param(
            File("other-1.0-py3-none-any.whl", wheel("demo", {}).content), r"one \.dist-info", id="another name"
        ),
        pytest.param(
            File(wheel("demo", {}).filename, wheel("demo", {}).content.replace(b"n: 1.0\nG", b"n: 2.0\nG")),
            "damaged|version 2",
            id="changed",
        ),
        pytest.param(
            wheel("demo", {"demo": "file"}, extra={member("demo/x.py"): ""}), "file and a folder", id="file and folder"
        ),
    ],
)
def test_refused(store: Store, tmp_path: Path, file: File, reason: str) -> None:
    with pytest.raises(ArchiveError, match=reason):
        unpack_file(store, tmp_path, file)


def test_a_format_that_is_not_known(store: Store, tmp_path: Path) -> None:
    file = wheel("demo", {}, format_version="2.0")
    with pytest.raises(ArchiveError, match=r"version 2\.0; 1 is known"):
        unpack_file(store, tmp_path, file)


MIB = 1 << 20


def zipped(*members: tuple[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as archive:
        for path, data in members:
            archive.writestr(zipfile.ZipInfo(path), data, kind)
    return content.getvalue()


def with_directory(content: bytes, path: str, offset: int, value: bytes) -> bytes:
    """``content`` with bytes of a member's entry in the directory replaced, ``offset`` bytes into the entry."""
    name = content.rindex(path.encode())
    start = content.rindex(b"PK\x01\x02", 0, name)
    return content[: start + offset] + value + content[start + offset + len(value) :]


def refusal(store: Store, folder: Path, file: File) -> str:
    """What is said of a wheel; nothing of it is left."""
    with pytest.raises(ArchiveError) as caught:
        unpack_file(store, folder, file)
    assert unpacked(store, file.sha256, file.filename) is None
    assert not store.wheels.exists()
    assert not list((store.root / "temporary-v1").iterdir())
    return caught.value.render()


REPORT = "hint: this file must not be installed: report it to its publisher"
NAME = "demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(
            wheel("demo", {}, extra={member("demo/null", 0o020666): ""}),
            "member 'demo/null' is not a regular file",
            id="device",
        ),
        pytest.param(
            wheel("demo", {}, extra={member("demo/fifo", 0o010666): ""}),
            "member 'demo/fifo' is not a regular file",
            id="pipe",
        ),
        pytest.param(
            wheel("demo", {}, extra={member("//demo.py"): ""}),
            "member '//demo.py' would land outside the environment",
            id="two slashes",
        ),
        pytest.param(
            wheel("demo", {}, extra={member("demo.py"): "1", member("./demo.py"): "2"}),
            "it has two different members 'demo.py'",
            id="one name after normalization",
        ),
        pytest.param(
            wheel("demo", {"demo.py": "x"}, record="demo.py,,2\n"),
            None,
            id="a size alone says nothing",
        ),
        pytest.param(
            wheel("demo", {"demo.py": "x"}, record="demo.py,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,2\n"),
            "member 'demo.py' is not what RECORD says",
            id="size in RECORD",
        ),
        pytest.param(
            wheel("demo", {"demo.py": "x"}, record="gone.py,sha256=AAAA,1\n"), None, id="a row of RECORD without a file"
        ),
        pytest.param(wheel("demo", {"demo.py": "x"}, record=""), None, id="a file that RECORD does not list"),
        pytest.param(
            File(NAME, zipped(("demo-1.0.dist-info/WHEEL", b""), ("demo-1.0.dist-info/METADATA", b""))),
            "it has no readable RECORD",
            id="no RECORD",
        ),
        pytest.param(
            File(NAME, zipped(("demo-1.0.dist-info/RECORD", b"\xff"))),
            "it has no readable RECORD",
            id="RECORD of bytes",
        ),
        pytest.param(
            File(NAME, zipped(("demo-1.0.dist-info/WHEEL", b""), ("demo-1.0.dist-info/RECORD", b""))),
            "it has no METADATA file",
            id="no METADATA",
        ),
        pytest.param(
            File(NAME, zipped(("demo-1.0.dist-info/METADATA", b""), ("demo-1.0.dist-info/RECORD", b""))),
            "it has no readable WHEEL",
            id="no WHEEL",
        ),
        pytest.param(
            File(NAME, wheel("demo", {}, version="2.0").content),
            "its metadata are of version '2.0', its name says '1.0'",
            id="another version",
        ),
        pytest.param(
            File("demo-1.0.0-py3-none-any.whl", wheel("demo", {}).content), None, id="the same version, written longer"
        ),
        pytest.param(
            File(NAME, wheel("other", {}).content),
            "it does not hold the one .dist-info folder that a wheel has",
            id="another project",
        ),
    ],
)
def test_what_is_refused_and_what_is_not(store: Store, tmp_path: Path, file: File, reason: str | None) -> None:
    if reason is None:
        assert unpack_file(store, tmp_path, file).members
    else:
        assert refusal(store, tmp_path, file) == f"error: {file.filename}: refused: {reason}\n{REPORT}"


def test_a_member_that_comes_twice(store: Store, tmp_path: Path) -> None:
    content = io.BytesIO(wheel("demo", {"demo.py": "x"}).content)
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("demo.py", "x")
    found = unpack_file(store, tmp_path, File(NAME, content.getvalue()))
    assert [each.path for each in found.members].count("demo.py") == 1
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("demo.py", "y")
    with pytest.raises(ArchiveError, match=r"it has two different members 'demo\.py'"):
        unpack_file(store, tmp_path, File(NAME, content.getvalue()))


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, 2 * MIB + 1])
def test_every_compression_and_size(store: Store, tmp_path: Path, kind: int, size: int) -> None:
    data = random.Random(0).randbytes(min(size, 5000)) * (size // 5000 + 1)
    with zipfile.ZipFile(io.BytesIO(wheel("demo", {}).content)) as source:
        rest = [(name, source.read(name)) for name in source.namelist()]
    found = unpack_file(store, tmp_path, File(NAME, zipped(("demo.bin", data[:size]), *rest, kind=kind)))
    assert (found.tree / "demo.bin").read_bytes() == data[:size]


@pytest.mark.parametrize("size", [10, 2 * MIB])
@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_sizes_that_lie(store: Store, tmp_path: Path, kind: int, size: int) -> None:
    """What is really inflated counts, not what the header says; and no more of it than that is written."""
    content = zipped(("demo.bin", b"x" * size), kind=kind)
    for said, than in ((size - 1, "more"), (size + 1, "fewer")):
        file = File(NAME, with_directory(content, "demo.bin", 24, said.to_bytes(4, "little")))
        with pytest.raises(ArchiveError) as caught:
            unpack_file(store, tmp_path, file)
        if kind != zipfile.ZIP_LZMA or than == "fewer":
            expected = f"{NAME}: refused: member 'demo.bin' has {than} bytes than its header says"
            assert str(caught.value) == expected
        assert not list((store.root / "temporary-v1").iterdir())


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MOST_MEMBERS", 2, "with member 'demo-1.0.dist-info/RECORD' it has more than 2 members"),
        ("MOST_BYTES", MIB, "with member 'bomb.bin' it is larger than 0 GiB unpacked"),
        ("UNSUSPICIOUS_BYTES", MIB, "with member 'bomb.bin' it is more than 200 times as large unpacked, as bombs are"),
    ],
)
def test_bombs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, reason: str
) -> None:
    monkeypatch.setattr(limits, limit, value)
    members = [(f"demo-1.0.dist-info/{name}", b"") for name in ("METADATA", "WHEEL", "RECORD")]
    file = File(NAME, zipped(("bomb.bin", bytes(4 * MIB)), *members))
    assert refusal(store, tmp_path, file) == f"error: {NAME}: refused: {reason}\n{REPORT}"


def test_members_that_overlap(store: Store, tmp_path: Path) -> None:
    """One kernel of bytes that many members claim: https://www.bamsoftware.com/hacks/zipbomb/."""
    content = zipped(("aaaa.bin", bytes(5000)), ("bbbb.bin", bytes(5000)), kind=zipfile.ZIP_STORED)
    same = with_directory(content, "bbbb.bin", 42, (0).to_bytes(4, "little"))
    assert refusal(store, tmp_path, File(NAME, same)) == (
        f"error: {NAME}: refused: two of its members begin at one place, as in bombs\n{REPORT}"
    )
    longer = with_directory(content, "aaaa.bin", 20, (6000).to_bytes(4, "little") * 2)
    said = refusal(store, tmp_path, File(NAME, longer))
    assert said == f"error: {NAME}: refused: member 'aaaa.bin' overlaps another one, as in bombs\n{REPORT}"


@pytest.mark.parametrize(
    "path", ["aux.py", "demo/NUL", "demo/com1.txt", "lpt¹", "demo/x.py:stream", "demo /x.py", "demo./x.py", "con .py"]
)
def test_names_that_mean_something_else_on_windows(store: Store, tmp_path: Path, path: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        _checked(member(path), NAME, windows=True)
    assert str(caught.value) == f"{NAME}: refused: member {path!r} has a name that means something else on Windows"
    if os.name != "nt":
        assert path in {each.path for each in unpack_file(store, tmp_path, wheel("demo", {path: "x"})).members}


@pytest.mark.parametrize(
    "path", ["demo/auxiliary.py", "console.py", "./demo.py", "demo/.hidden", "com10", "demo/lpt.py"]
)
def test_names_that_are_plain_on_windows(path: str) -> None:
    assert _checked(member(path), NAME, windows=True) == path.removeprefix("./")


HEADERS = ("include/xt_MARK.h", "include/xt_mark.h")


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        pytest.param("py3-none-any", "Demo.py", "demo.py", id="modules"),
        pytest.param("py3-none-any", "d/\u00e9.txt", "d/e\u0301.txt", id="normal forms"),
        pytest.param("py3-none-any", *HEADERS, id="headers for every system"),
        pytest.param("py3-none-macosx_11_0_arm64", *HEADERS, id="headers for macOS"),
        pytest.param("py3-none-manylinux_2_17_x86_64.macosx_11_0_arm64", *HEADERS, id="headers for both"),
        pytest.param("py3-none-manylinux_2_17_x86_64", "Demo.py", "demo.py", id="modules for Linux"),
        pytest.param("py3-none-musllinux_1_2_x86_64", "d/A.so", "d/a.so", id="libraries for Linux"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the file system says so first")
def test_names_that_differ_in_case_only(store: Store, tmp_path: Path, tag: str, first: str, second: str) -> None:
    """On macOS and Windows the second would silently replace the first."""
    file = wheel("demo", {first: "1", second: "2"}, tag=tag)
    said = f"error: {file.filename}: refused: its members {first!r} and {second!r} differ in case only\n"
    assert refusal(store, tmp_path, file).startswith(said)
    assert not store.wheels.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="where there are two files of these names")
@pytest.mark.parametrize("platform", ["linux_x86_64", "manylinux_2_17_x86_64.musllinux_1_2_x86_64"])
def test_headers_for_linux_alone(store: Store, tmp_path: Path, platform: str) -> None:
    """Those of the kernel differ so."""
    file = wheel("demo", dict.fromkeys(HEADERS, ""), tag=f"py3-none-{platform}")
    assert set(HEADERS) <= {each.path for each in unpack_file(store, tmp_path, file).members}


def test_names_that_a_file_system_takes_for_one(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = HEADERS
    file = wheel("demo", {first: "1", second: "2"}, tag="py3-none-linux_x86_64")

    def insensitive(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        root, tree, rest = str(path).partition("/tree/")
        return real_open(root + tree + rest.casefold(), flags, mode, dir_fd=dir_fd)

    real_open = os.open
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", insensitive)
        assert refusal(store, tmp_path, file) == (
            f"error: {file.filename}: refused: its members {first!r} and {second!r} have one name on this file system\n"
            "hint: choose a folder where they have two with the variable OFIUCO_CACHE_DIR, or another file"
        )


def test_paths_that_are_too_long(tmp_path: Path) -> None:
    file = wheel("demo", {"d" * 256: ""})
    with pytest.raises(ArchiveError, match=r"damaged or unsafe: .*File name too long"):
        unpack_file(Store(tmp_path / "cache"), tmp_path, file)


@pytest.mark.skipif(sys.platform != "linux", reason="4,095 bytes is how long a path may be on Linux")
def test_a_store_with_a_path_that_is_too_long(tmp_path: Path) -> None:
    """It is not the wheel's fault."""
    root = tmp_path / "cache"
    while len(str(root)) < 3800:
        root /= "d" * 20
    file = wheel("demo", {f"{'d' * 200}/{'e' * 200}/x.py": ""}).write(tmp_path)
    with pytest.raises(CacheError) as caught:
        unpack(Store(root), tmp_path / file.filename, file.sha256)
    assert caught.value.reason == "File name too long"
    assert caught.value.hint == "choose a folder with a shorter path with the variable OFIUCO_CACHE_DIR"

"""Source archives: what is unpacked, and what is refused with nothing left behind."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store import limits
from pytest_ofiuco.store.builds.source_archive import unpack
from pytest_ofiuco.store.builds.source_tree import SourceTree
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.building import prepare
from tests.store.makers import File, member

Member = tuple[tarfile.TarInfo, bytes]


def entry(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644
) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, target, len(content), mode
    return info, content


def link(name: str, target: str) -> Member:
    return entry(name, kind=tarfile.SYMTYPE, target=target)


def hardlink(name: str, target: str) -> Member:
    return entry(name, kind=tarfile.LNKTYPE, target=target)


def tar(members: Sequence[Member], ending: str = "gz") -> bytes:
    content = io.BytesIO()
    modes = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz", "": "w:"}
    with tarfile.open(fileobj=content, mode=modes[ending]) as archive:  # type: ignore[call-overload]
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def zipped(members: Sequence[tuple[zipfile.ZipInfo | str, str]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, text in members:
            archive.writestr(info, text)
    return content.getvalue()


def unpacked(folder: Path, content: bytes, name: str = "demo-1.0.tar.gz") -> Path:
    archive = folder / name
    archive.write_bytes(content)
    return unpack(archive, folder / "tree")


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", ""])
def test_a_tar_file(tmp_path: Path, ending: str) -> None:
    run, secret = entry("demo-1.0/run", b"#!", mode=0o4711), entry("demo-1.0/a/b/secret", b"b", mode=0o000)
    run[0].mtime = 1_000_000_000
    root = unpacked(tmp_path, tar([entry("demo-1.0", kind=tarfile.DIRTYPE, mode=0o000), run, secret], ending))
    assert root == tmp_path / "tree" / "demo-1.0"
    assert (root / "run").read_bytes() == b"#!"
    assert (root / "run").stat().st_mtime == 1_000_000_000
    if sys.platform != "win32":
        assert stat.S_IMODE((root / "run").stat().st_mode) & 0o7711 == 0o711
        assert stat.S_IMODE((root / "a" / "b" / "secret").stat().st_mode) & 0o600 == 0o600


def test_a_zip_file(tmp_path: Path) -> None:
    members: list[tuple[zipfile.ZipInfo | str, str]] = [
        ("demo-1.0/a/", ""),
        (member("demo-1.0/run", 0o100755), "#!"),
        ("demo-1.0/a/plain", "x"),
    ]
    root = unpacked(tmp_path, zipped(members), "demo-1.0.zip")
    assert (root / "a" / "plain").read_text() == "x"
    assert os.access(root / "run", os.X_OK)
    assert not os.access(root / "a" / "plain", os.X_OK) or sys.platform == "win32"


def test_what_has_more_than_one_folder_is_the_source_itself(tmp_path: Path) -> None:
    assert unpacked(tmp_path, tar([entry("a/x"), entry("b/x")])) == tmp_path / "tree"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right that not everybody has there")
def test_links_within(tmp_path: Path) -> None:
    members = [
        entry("demo/a/file", b"x"),
        link("demo/b/up", "../a/file"),
        link("demo/folder", "a"),
        link("demo/nowhere", "later"),
        hardlink("demo/same", "demo/a/file"),
    ]
    root = unpacked(tmp_path, tar(members))
    assert (root / "b" / "up").read_bytes() == (root / "folder" / "file").read_bytes() == b"x"
    assert (root / "same").samefile(root / "a" / "file")
    assert (root / "nowhere").is_symlink()
    (tmp_path / "zip").mkdir()
    content = zipped([("demo/file", "x"), (member("demo/link", 0o120777), "file")])
    assert (unpacked(tmp_path / "zip", content, "demo.zip") / "link").read_text() == "x"


def test_the_last_of_one_name_has_it(tmp_path: Path) -> None:
    root = unpacked(tmp_path, tar([entry("demo/x", b"1"), entry("demo/x", b"2")]))
    assert (root / "x").read_bytes() == b"2"


OUTSIDE = "would land outside the source tree"
LEADS_OUT = "is a link that leads outside"
NOT_REGULAR = "is not a regular file"

REFUSED = [
    pytest.param([entry("../evil")], "'../evil'", OUTSIDE, id="upwards"),
    pytest.param([entry("demo/a/../../evil")], "'demo/a/../../evil'", OUTSIDE, id="upwards within"),
    pytest.param([entry("/evil")], "'/evil'", OUTSIDE, id="absolute"),
    pytest.param([entry("C:/evil")], "'C:/evil'", OUTSIDE, id="a drive"),
    pytest.param([entry("..\\evil")], r"'..\\evil'", OUTSIDE, id="backslashes"),
    pytest.param([link("demo/x", "/etc/passwd")], "'demo/x'", LEADS_OUT, id="an absolute link"),
    pytest.param([link("demo/x", "../../evil")], "'demo/x'", LEADS_OUT, id="a link upwards"),
    pytest.param(
        [link("a/b/c/root", "../../.."), link("x", "a/b/c/root/..")], "'x'", LEADS_OUT, id="a link over a link"
    ),
    pytest.param([link("x", ".."), entry("x/evil")], "'x'", LEADS_OUT, id="written through a link outside"),
    pytest.param(
        [entry("a/x"), link("y", "a"), entry("y/evil")], "'y/evil'", "lies behind the link 'y'", id="behind a link"
    ),
    pytest.param([hardlink("x", "/etc/passwd")], "'x'", LEADS_OUT, id="an absolute hardlink"),
    pytest.param([hardlink("x", "../evil")], "'x'", LEADS_OUT, id="a hardlink upwards"),
    pytest.param(
        [link("y", "z"), hardlink("x", "y")], "'x'", "is a link to 'y', which is no file before it", id="to a link"
    ),
    pytest.param([entry("x", kind=tarfile.FIFOTYPE)], "'x'", NOT_REGULAR, id="a pipe"),
    pytest.param([entry("x", kind=tarfile.CHRTYPE)], "'x'", NOT_REGULAR, id="a device"),
    pytest.param([entry("x", kind=tarfile.BLKTYPE)], "'x'", NOT_REGULAR, id="a block device"),
    pytest.param([entry("x", kind=b"Z")], "'x'", NOT_REGULAR, id="who knows"),
    pytest.param([entry("x"), entry("x/y")], "'x/y'", "is a file and a folder at once", id="a file, then a folder"),
    pytest.param([entry("x/y"), entry("x")], "'x'", "is a file and a folder at once", id="a folder, then a file"),
]


@pytest.mark.parametrize(("members", "name", "reason"), REFUSED)
def test_what_is_refused(tmp_path: Path, members: list[Member], name: str, reason: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpacked(tmp_path, tar(members))
    assert str(caught.value).startswith(f"demo-1.0.tar.gz: refused: member {name} {reason}")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param([("../evil", "")], "member '../evil' would land outside the source tree", id="upwards"),
        pytest.param([("/evil", "")], "member '/evil' would land outside the source tree", id="absolute"),
        pytest.param(
            [(member("x", 0o120777), "../evil")], "member 'x' is a link that leads outside: '../evil'", id="a link"
        ),
        pytest.param([(member("x", 0o010644), "")], "member 'x' is not a regular file", id="a pipe"),
        pytest.param([(member("x", 0o060644), "")], "member 'x' is not a regular file", id="a device"),
    ],
)
def test_what_is_refused_in_a_zip_file(
    tmp_path: Path, members: list[tuple[zipfile.ZipInfo | str, str]], reason: str
) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpacked(tmp_path, zipped(members), "demo-1.0.zip")
    assert str(caught.value) == f"demo-1.0.zip: refused: {reason}"
    assert not (tmp_path / "evil").exists()


def test_names_that_differ_only_in_case(tmp_path: Path) -> None:
    (tmp_path / "case").touch()
    content = tar([entry("demo/x", b"1"), entry("demo/X", b"2")])
    if (tmp_path / "CASE").exists():
        with pytest.raises(ArchiveError, match=r"member 'demo/X' .* differs from another only in case"):
            unpacked(tmp_path, content)
    else:
        root = unpacked(tmp_path, content)
        assert [(root / name).read_bytes() for name in "xX"] == [b"1", b"2"]


@pytest.mark.parametrize("make", [tar, zipped], ids=["tar", "zip"])
def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., bytes]) -> None:
    monkeypatch.setattr(limits, "MOST_MEMBERS", 3)
    names = ["d/a", "d/b", "d/c", "d/e"]
    content = tar([entry(name) for name in names]) if make is tar else zipped([(name, "") for name in names])
    with pytest.raises(ArchiveError) as caught:
        unpacked(tmp_path, content)
    assert str(caught.value) == "demo-1.0.tar.gz: refused: with member 'd/e' it has more than 3 members"


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(limits, "UNSUSPICIOUS_BYTES", 1 << 20)
    half = bytes(1 << 20)
    content = (
        tar([entry("d/a", half), entry("d/b", half)])
        if kind == "tar"
        else zipped([("d/a", half.decode()), ("d/b", half.decode())])
    )
    with pytest.raises(ArchiveError) as caught:
        unpacked(tmp_path, content)
    assert str(caught.value) == (
        "demo-1.0.tar.gz: refused: with member 'd/b' it is more than 200 times as large unpacked, as bombs are"
    )
    assert not (tmp_path / "tree" / "d" / "b").exists()


def test_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 2 << 30)
    info = tarfile.TarInfo("d/large")
    info.size = 3 << 30
    content = gzip.compress(info.tobuf())
    with pytest.raises(ArchiveError) as caught:
        unpacked(tmp_path, content)
    assert str(caught.value) == ("demo-1.0.tar.gz: refused: with member 'd/large' it is larger than 2 GiB unpacked")


def test_a_header_that_claims_to_be_large(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    with pytest.raises(ArchiveError, match="a header of 8589934592 bytes"):
        unpacked(tmp_path, info.tobuf(tarfile.GNU_FORMAT))


@pytest.mark.parametrize("name", ["demo-1.0.tar.gz", "demo-1.0.zip"])
@pytest.mark.parametrize("length", [0, 1, 40, -30])
def test_what_is_damaged(tmp_path: Path, name: str, length: int) -> None:
    members = [f"demo/{number}" for number in range(9)]
    content = tar([entry(each, os.urandom(99)) for each in members])
    if name.endswith(".zip"):
        content = zipped([(each, each) for each in members])
    with pytest.raises(ArchiveError, match=rf"^{name}: refused: "):
        unpacked(tmp_path, content[:length], name)


def test_nothing_is_left_behind(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = File("demo-1.0.tar.gz", tar([entry("demo/x", b"x"), entry("../evil")])).write(tmp_path)
    with pytest.raises(ArchiveError):
        prepare(store, interpreter, tmp_path, file.sdist(path=file.filename))
    assert list(store.unfinished.iterdir()) == []
    assert not store.builds.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_no_member_is_written_through_a_link_of_another_case(tmp_path: Path) -> None:
    """A file system may take ``Link`` for ``link``, which may lead outside as long as not all members are there."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "Link").symlink_to(outside, target_is_directory=True)
    with pytest.raises(ArchiveError, match="differs from another only in case"):
        SourceTree("demo.tar", 1, root).file("Link/file", io.BytesIO(b""), executable=False)
    assert not list(outside.iterdir())

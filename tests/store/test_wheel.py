"""Unpacking wheels, good and evil."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.wheel import UnpackedWheel, unpack, unpacked
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

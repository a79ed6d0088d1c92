"""The files of folders and zips, and whose they are."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.inspect.binary import UnreadableError
from pytest_ofiuco.inspect.tree import Tree, tree_of, zip_of
from tests.inspect import makers
from tests.inspect.makers import folder_of, installed

FILES = {
    **installed("Some_Thing", {"thing/__init__.py": b"", "thing.libs/libx.so": b"", "bin/thing": b"#!python\n"}),
    "other/module.py": b"x = 1\n",
    "single.py": b"",
}
OWNERS = {
    "Some_Thing-1.0.dist-info/RECORD": "some-thing",
    "Some_Thing-1.0.dist-info/WHEEL": "some-thing",
    "bin/thing": "some-thing",
    "other/module.py": "other",
    "single.py": "single",
    "thing.libs/libx.so": "some-thing",
    "thing/__init__.py": "some-thing",
}


def owners(tree: Tree) -> dict[str, str]:
    return {member.path: tree.owners[member.path].name for member in tree.members}


def test_what_an_installer_has_filled(tmp_path: Path) -> None:
    tree = tree_of(folder_of(tmp_path, FILES))
    assert owners(tree) == OWNERS
    assert (tree.roots, tree.is_zip) == (("",), False)
    assert [(each.name, each.version, each.is_pure) for each in tree.packages.values()] == [("some-thing", "1.0", True)]


def test_a_virtual_environment(tmp_path: Path) -> None:
    packages = "lib/python3.12/site-packages/"
    record = b"thing/__init__.py,,\n../../../bin/thing,,\n"
    files = {
        "pyvenv.cfg": b"home = /nowhere\n",
        "bin/thing": b"",
        "bin/python3.12": b"",
        f"{packages}thing/__init__.py": b"",
        f"{packages}thing-1.0.dist-info/RECORD": record,
        f"{packages}thing.libs/libx.so": b"",
    }
    folder = folder_of(tmp_path, files)
    os.symlink("lib", folder / "lib64")
    os.symlink("nowhere", folder / "bin" / "broken")
    tree = tree_of(folder)
    assert tree.roots == (packages,)
    assert owners(tree) == {
        "bin/thing": "thing",
        f"{packages}thing-1.0.dist-info/RECORD": "thing",
        f"{packages}thing.libs/libx.so": "thing",
        f"{packages}thing/__init__.py": "thing",
        "pyvenv.cfg": "pyvenv-cfg",
    }


@pytest.mark.parametrize(
    ("prefix", "roots"),
    [
        pytest.param("", ("",), id="flat"),
        pytest.param("python/", ("python/",), id="layer"),
        pytest.param(
            "python/lib/python3.12/site-packages/", ("python/", "python/lib/python3.12/site-packages/"), id="deep layer"
        ),
    ],
)
def test_a_zip(tmp_path: Path, prefix: str, roots: tuple[str, ...]) -> None:
    tree = zip_of(makers.zip_of(tmp_path / "x.zip", {prefix + path: content for path, content in FILES.items()}))
    assert owners(tree) == {prefix + path: owner for path, owner in OWNERS.items()}
    assert (tree.roots, tree.is_zip) == (roots, True)
    assert tree.zipped == (tmp_path / "x.zip").stat().st_size
    with tree.members[3].open() as file:
        assert file.read() == b"x = 1\n"
    assert tree.members[3].mode == 0o644


def test_a_layer_with_programs_beside_its_modules(tmp_path: Path) -> None:
    files = {"bin/x": b"", "python/x.py": b""}
    assert zip_of(makers.zip_of(tmp_path / "layer.zip", files)).roots == ("python/",)
    assert zip_of(makers.zip_of(tmp_path / "flat.zip", {**files, "app.py": b""})).roots == ("",)


def test_odd_members_are_not_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a.py", "../b.py", "/c.py", "x\\d.py", "C:/e.py"):
            archive.writestr(name, "")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.py", "")
    tree = zip_of(file)
    assert [member.path for member in tree.members] == ["a.py"]
    assert dict(tree.odd) == {
        "../b.py": "it leads outside",
        "/c.py": "it leads outside",
        "x\\d.py": "its name has a backslash",
        "C:/e.py": "it leads outside",
        "a.py": "another member has the same name",
    }


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    file = makers.zip_of(tmp_path / "x.zip", {f"{number}.so": b"" for number in range(9)})
    content = bytearray(file.read_bytes())
    place = 0
    while (place := content.find(b"PK\x01\x02", place + 1)) > 0:
        content[place + 24 : place + 28] = b"\xff\xff\xff\xfe"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        zip_of(file)
    assert str(caught.value) == f"{file}: would be larger than 32 GiB unpacked"


def test_members_that_cannot_be_read(tmp_path: Path) -> None:
    file = makers.zip_of(tmp_path / "x.zip", {"a.so": b"\x7fELF" + bytes(range(200))})
    content = bytearray(file.read_bytes())
    content[60:100] = b"\xff" * 40
    file.write_bytes(content)
    (member,) = zip_of(file).members
    with pytest.raises(UnreadableError):
        member.read()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"text" * 100])
def test_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        zip_of(file)
    assert str(caught.value) == f"{file}: cannot be read: File is not a zip file"
    assert caught.value.hint == "name a zip that is whole"


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        zip_of(tmp_path / "x.zip")
    with pytest.raises(UsageError, match="no such folder"):
        tree_of(tmp_path / "x")


def test_a_member_without_a_name(tmp_path: Path) -> None:
    file = makers.zip_of(tmp_path / "x.zip", {"a.py": b""})
    content = file.read_bytes().replace(b"a.py", b"\0.py")
    file.write_bytes(content)
    assert zip_of(file).odd == (("", "it has no name"),)

"""The folders of a function: what is linked, what is unpacked, whose bytecode is taken."""

from __future__ import annotations

import os
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from pytest_ofiuco.worker.aws_lambda.place import Place, closure


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages: one needs two and, for an extra, three; two and three share a namespace."""
    folder = tmp_path / "site"
    needs = {"one": ["Two-B (>=1); python_version > '3'", 'three; extra == "all"', "gone"], "two_b": [], "three": []}
    files = {
        "one": ["one/__init__.py", "one/data/a.txt", "one.pth", "../bin/one"],
        "two_b": ["space/two.py", "__pycache__/two.pyc", "single.py"],
        "three": ["space/three.py"],
    }
    for name, required in needs.items():
        metadata = f"{name}-1.0.dist-info/METADATA"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {e}" for e in required)]
        for path in (*files[name], metadata):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("\n".join(lines) if path == metadata else "A = 1\n")
        (folder / f"{name}-1.0.dist-info" / "RECORD").write_text(
            "".join(f"{path},,\n" for path in (*files[name], metadata))
        )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder))
    return folder


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("one/__init__.py", "A = 1\n")
        archive.writestr("other/__init__.py", "A = 1\n")
        archive.writestr("space/three.py", "A = 2\n")
        archive.writestr("app.py", "")
        script = zipfile.ZipInfo("bin/run")
        script.external_attr = 0o100755 << 16
        archive.writestr(script, "#!/bin/sh\n")
    return file


def test_what_packages_need_for_an_extra_is_not_needed(site: Path) -> None:
    assert sorted(each.metadata["Name"] for each in closure(["One", "nobody"])) == ["one", "two_b"]


def test_the_folders(site: Path, zipped: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    place = Place(tmp_path / "place", zipped, ["one"])
    links = {path.name for path in place.runtime.iterdir() if path.is_symlink()}
    assert links == {"one", "one-1.0.dist-info", "two_b-1.0.dist-info", "single.py"}
    assert os.listdir(place.runtime / "space") == ["two.py"]
    modes = {str(path.relative_to(place.task)): path.stat().st_mode & 0o777 for path in place.task.rglob("*")}
    assert {path: mode for path, mode in modes.items() if path in ("bin", "bin/run", "app.py", "one")} == {
        "bin": 0o555,
        "bin/run": 0o555,
        "app.py": 0o444,
        "one": 0o555,
    }
    place.remove()
    assert not place.folder.exists()


def test_bytecode_is_taken_of_packages_that_are_alike(
    site: Path, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setattr(sys, "pycache_prefix", str(kept))
    os.utime(site / "one" / "__init__.py", (1_000_000_000, 1_000_000_000))
    (tmp_path / "place").mkdir()
    place = Place(tmp_path / "place", zipped, ["one"])
    links = {path for path in place.bytecode.rglob("*") if path.is_symlink()}
    task, runtime = (place.bytecode / str(each).lstrip("/") for each in (place.task, place.runtime))
    stdlib = place.bytecode / os.path.dirname(os.__file__).lstrip("/")
    assert links == {task / "one", runtime, stdlib}
    assert os.readlink(task / "one") == str(kept / str(site / "one").lstrip("/"))
    assert (place.task / "one" / "__init__.py").stat().st_mtime == 1_000_000_000
    assert (place.task / "other" / "__init__.py").stat().st_mtime > 1_000_000_000
    place.remove()


def test_there_is_none_to_take(site: Path, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "place").mkdir()
    assert not Place(tmp_path / "place", zipped, ["one"]).has_bytecode

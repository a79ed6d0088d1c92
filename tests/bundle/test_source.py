"""The project's own files that are not simply files in a folder."""

from __future__ import annotations

import gzip
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.bundle import source
from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.errors import BundleError, InputError
from pytest_ofiuco.store.cache import Store
from tests.bundle.commands import document
from tests.bundle.image.layouts import image_of, imaged
from tests.bundle.projects import LAMBDA, names, project, text, zipped
from tests.store.makers import wheel, write_tree


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_what_they_lead_to(tmp_path: Path, store: Store) -> None:
    """To files, folders in packages and beside the project; not in circles, and not to nothing."""
    write_tree(tmp_path / "shared", {"deep/module.py": "A = 1\n"})
    folder = project(tmp_path / "p", sources={"pack/__init__.py": "", "app.py": ""})
    (folder / "module.py").symlink_to(tmp_path / "shared" / "deep" / "module.py")
    (folder / "whole").symlink_to("../shared")
    (folder / "pack" / "part").symlink_to("../../shared/deep")
    (folder / "pack" / "again").symlink_to(".")
    (folder / "pack" / "up").symlink_to("..")
    (folder / "here").symlink_to(".")
    for place in (folder, folder / "pack"):
        (place / "gone.py").symlink_to("nowhere")
    made = zipped(folder, store)
    assert names(made) == [
        "app.py",
        "module.py",
        "pack/__init__.py",
        "pack/part/module.py",
        "whole/deep/module.py",
    ]
    assert text(made, "pack/part/module.py") == "A = 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX's")
def test_pipes_are_passed_over(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", sources={"pack/__init__.py": "", "app.py": ""})
    os.mkfifo(folder / "main.py")
    os.mkfifo(folder / "pack" / "main.py")
    assert names(zipped(folder, store)) == ["app.py", "pack/__init__.py"]
    (folder / "pyproject.toml").write_text(LAMBDA + '[tool.ofiuco.zip]\ninclude = ["main.py"]\n')
    with pytest.raises(InputError) as caught:
        zipped(folder, store)
    assert str(caught.value) == f"{folder / 'main.py'}: neither a file nor a folder"


def test_files_that_cannot_be_read(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path / "p")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError) as caught:
        zipped(folder, store)
    assert caught.value.render() == (
        f"error: {folder / 'app.py'}: cannot be read: Permission denied\nhint: give yourself the right to read it"
    )


LARGE = bytes(range(256)) * 9


@pytest.mark.parametrize("compression", ["deflated", "stored"])
def test_large_files_are_not_held_in_memory(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, compression: Any
) -> None:
    """What is written is the same as if they were."""
    folder = project(tmp_path / "p", sources={"app.py": "", "pack/__init__.py": ""})
    (folder / "pack" / "model.bin").write_bytes(LARGE)
    zipped(folder, store, compression=compression)
    imaged(folder, store, compression=compression)
    before = (tmp_path / "x.zip").read_bytes(), image_of(tmp_path / "image").manifest
    monkeypatch.setattr(source, "_LARGE", 100)
    monkeypatch.setattr(Entry, "read", lambda self: pytest.fail("is held in memory") if self.file else self.content)
    zipped(folder, store, compression=compression)
    imaged(folder, store, compression=compression)
    assert ((tmp_path / "x.zip").read_bytes(), image_of(tmp_path / "image").manifest) == before
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.read("pack/model.bin") == LARGE
    layer = image_of(tmp_path / "image").manifest["layers"][0]
    assert LARGE in gzip.decompress((tmp_path / "image" / "blobs" / "sha256" / layer["digest"][7:]).read_bytes())


@pytest.mark.parametrize("content", [b"", LARGE + b"1", LARGE[1:], LARGE[:-1] + b"?"])
def test_a_large_file_that_changes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(LARGE)
    entry = Entry.of_file("model.bin", "own", file)
    assert b"".join(entry.chunks()) == entry.read() == LARGE
    file.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        list(entry.chunks())
    assert str(caught.value) == f"{file}: was changed while it was read"
    file.unlink()
    with pytest.raises(BundleError) as caught:
        list(entry.chunks())
    assert str(caught.value) == f"{file}: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        pytest.param({}, ["app.py"], id="empty"),
        pytest.param(
            {"src/model.bin": "", "src/my-scripts/run.py": "", "src/tests/test_a.py": ""}, ["app.py"], id="none"
        ),
        pytest.param({"src/inner.py": ""}, ["inner.py"], id="a module"),
        pytest.param({"src/deep/er/inner.py": ""}, ["deep/er/inner.py"], id="folders"),
        pytest.param(
            {"src/__init__.py": "", "src/a.py": ""}, ["app.py", "src/__init__.py", "src/a.py"], id="a package"
        ),
    ],
)
def test_src_counts_where_it_has_modules(tmp_path: Path, sources: dict[str, str], found: list[str]) -> None:
    folder = write_tree(tmp_path, {"app.py": "", **sources})
    (folder / "src").mkdir(exist_ok=True)
    assert [path.relative_to(root).as_posix() for root, path in source.files(folder, ())] == found


@pytest.mark.parametrize(
    ("include", "options", "found"),
    [
        pytest.param("", {}, ["x.zip"], id="flat"),
        pytest.param("", {"layout": "layer"}, [], id="a layer may be of dependencies alone"),
        pytest.param("", {"is_split": True}, ["x.zip: nothing is in it"], id="split"),
        pytest.param('include = ["data"]', {}, [], id="included"),
    ],
)
def test_no_code_of_the_project_is_told(
    tmp_path: Path, store: Store, include: str, options: dict[str, Any], found: list[str]
) -> None:
    told = "nothing of the project's own code is in it: that is looked for in src, then at the top; see `include`"
    pyproject = f"{LAMBDA}[tool.ofiuco.zip]\n{include}\n"
    folder = project(
        tmp_path / "p", [wheel("demo", {"demo.py": ""})], pyproject=pyproject, sources={"data/model.bin": "1"}
    )
    expected = tuple(f"{tmp_path}/{each}" + (f": {told}" if each == "x.zip" else "") for each in found)
    assert zipped(folder, store, **options).warnings == expected
    if not options:
        imaged_told = (f"{tmp_path}/image: {told}",) if found else ()
        assert imaged(folder, store, platform="linux_aarch64").warnings == imaged_told


def test_the_hint_of_a_handler_without_any_code(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("apps", {"apps.py": ""})], sources={"src/data.txt": ""})
    with pytest.raises(BundleError) as caught:
        zipped(folder, store, handler="app.handler")
    assert caught.value.render() == (
        "error: handler app.handler: there is no module app in the zip\n"
        "hint: the zip has no module of the project's own: put app in src or at the top, or name it in `include`"
    )


def test_data_beside_modules_ships_where_it_is_included(tmp_path: Path, store: Store) -> None:
    """As docs/zip.md has it."""
    sources = {"app.py": "", "templates/page.html": "", "pack/__init__.py": "", "pack/data.json": ""}
    folder = project(tmp_path / "p", sources=sources)
    assert names(zipped(folder, store)) == ["app.py", "pack/__init__.py", "pack/data.json"]
    example = document("zip").partition("### Data of the project")[2].split("```")[1].removeprefix("toml\n")
    (folder / "pyproject.toml").write_text(LAMBDA + example)
    assert names(zipped(folder, store)) == ["app.py", "templates/page.html"]

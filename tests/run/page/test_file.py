"""Where a page is written is settled before anything runs, and written at once."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.page.document import SCRIPTS
from pytest_ofiuco.run.page.file import PageFile, assets

ROOT = Path(__file__).parents[3]

HINT = "hint: give the path of a file in a folder that you may write to"


def test_a_missing_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    page = PageFile.prepare("a/b/page.html", tmp_path)
    assert page.path == tmp_path / "a" / "b" / "page.html"
    assert list(page.path.parent.iterdir()) == []
    page.write("one")
    page.write("two ✓")
    assert page.path.read_text(encoding="utf-8") == "two ✓"
    assert [each.name for each in page.path.parent.iterdir()] == ["page.html"]


def test_its_mode_is_that_of_new_files(tmp_path: Path) -> None:
    page = PageFile.prepare("page.html", tmp_path)
    page.write("")
    (tmp_path / "other").touch()
    assert page.path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_variables_and_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("REPORTS", "reports")
    assert PageFile.prepare("~/$REPORTS/page.html", Path.cwd()).path == tmp_path / "reports" / "page.html"


def test_what_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    page = PageFile.prepare("page.html", tmp_path)
    page.write("a\udcff")
    assert page.path.read_text(encoding="utf-8") == "a\\udcff"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param("", "is a folder, not a file", id="empty"),
        pytest.param("folder", "is a folder, not a file", id="a folder"),
        pytest.param("file/page.html", "cannot be written: Not a directory", id="below a file"),
        pytest.param("file/b/page.html", "cannot be written: Not a directory", id="deep below a file"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="too long"),
        pytest.param("a\0b", "is not the name of a file", id="no name"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(tmp_path: Path, given: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as raised:
        PageFile.prepare(given, tmp_path)
    assert raised.value.render() == f"error: --ofiuco-html {given}: {reason}\n{HINT}"


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            PageFile.prepare("page.html", tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_the_style_and_the_scripts_are_read_in_order() -> None:
    found = assets()
    assert found.style.startswith("\n:root {")
    openings = [(ROOT / "pytest_ofiuco/run/page/script" / name).read_text(encoding="utf-8") for name in SCRIPTS]
    assert found.script == "".join(openings)
    assert "</script" not in found.script.lower()


@pytest.mark.e2e
def test_the_wheel_holds_the_style_and_the_scripts(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [str(python), "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {f"pytest_ofiuco/run/page/{name}" for name in ("page.css", *(f"script/{each}" for each in SCRIPTS))}
    assert names <= set(ZipFile(wheel).namelist())

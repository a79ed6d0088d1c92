"""How files get into environments, what happens where they cannot, and who decides."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import get_args

import pytest

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store import links
from pytest_ofiuco.store.links import can_clone, link_mode, placer

MODES: tuple[LinkMode, ...] = get_args(LinkMode)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_text("text")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    file.chmod(0o555)
    return file


@pytest.mark.parametrize("mode", MODES)
def test_content_mode_and_mtime_are_kept(mode: LinkMode, source: Path, tmp_path: Path) -> None:
    """Bytecode is checked against the mtime."""
    target = tmp_path / "target"
    placer(mode)(str(source), str(target))
    assert target.read_text() == "text"
    assert target.stat().st_mtime == 1_000_000_000
    assert target.stat().st_mode & 0o777 == 0o555


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_written_over(mode: LinkMode, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("other")
    with pytest.raises(FileExistsError):
        placer(mode)(str(source), str(target))
    assert target.read_text() == "other"


def test_what_a_mode_is(source: Path, tmp_path: Path) -> None:
    made = {mode: tmp_path / mode for mode in MODES}
    for mode, target in made.items():
        placer(mode)(str(source), str(target))
    assert made["hardlink"].samefile(source)
    assert not made["hardlink"].is_symlink()
    assert made["symlink"].readlink() == source
    assert not made["copy"].samefile(source)
    assert not made["clone"].samefile(source)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM], ids=["another", "too-many", "none-here"])
def test_a_hardlink_that_cannot_be_is_a_copy(
    number: int, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "target"
    placer("hardlink")(str(source), str(target))
    assert target.read_text() == "text"
    assert not target.samefile(source)


def test_a_symlink_that_may_not_be_is_a_hardlink(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "a privilege is not held")

    monkeypatch.setattr(os, "symlink", refuse)
    target = tmp_path / "target"
    placer("symlink")(str(source), str(target))
    assert target.samefile(source)
    assert not target.is_symlink()


def test_a_clone_that_cannot_be_leaves_nothing(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_FICLONE", 0x40049400)
    target = tmp_path / "target"
    if not can_clone(str(source), str(target)):
        assert not target.exists()


def test_who_decides() -> None:
    assert link_mode({}, None) == "hardlink"
    assert link_mode({}, "copy") == "copy"
    assert link_mode({"OFIUCO_LINK_MODE": "symlink"}, "copy") == "symlink"
    assert link_mode({"OFIUCO_LINK_MODE": ""}, "copy") == "copy"


def test_a_mode_that_is_none() -> None:
    with pytest.raises(UsageError) as caught:
        link_mode({"OFIUCO_LINK_MODE": "junction"}, None)
    assert str(caught.value) == "OFIUCO_LINK_MODE: 'junction' is no link mode"
    assert caught.value.hint == "use one of: hardlink, clone, copy, symlink"

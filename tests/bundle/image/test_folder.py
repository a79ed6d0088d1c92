"""Layouts that are replaced whole, or not at all."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from pytest_ofiuco.bundle.image.folder import Folder, check_place, rendered, replaced
from pytest_ofiuco.errors import UsageError


def fill(folder: Folder) -> None:
    folder.add(b"new")
    folder.end({"manifests": []})


@pytest.mark.parametrize(
    ("number", "reason", "hint"),
    [
        pytest.param(errno.ENOSPC, "No space left on device", "free the disk, or name a folder on another", id="full"),
        pytest.param(errno.EROFS, "Read-only file system", "name a folder in one that can be written", id="read-only"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, number: int, reason: str, hint: str) -> None:
    place = tmp_path / "image"
    replaced(str(place), fill)

    def fail(folder: Folder) -> None:
        folder.add(b"half")
        raise OSError(number, reason)

    with pytest.raises(UsageError) as caught:
        replaced(str(place), fail)
    assert caught.value.render() == f"error: {place}: cannot be written: {reason}\nhint: {hint}"
    assert [each.name for each in tmp_path.iterdir()] == ["image"]
    assert [each.read_bytes() for each in (place / "blobs" / "sha256").iterdir()] == [b"new"]


def test_what_was_there_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "image"
    replaced(str(place), fill)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UsageError, match="cannot be written: Permission denied"):
        replaced(str(place), fill)
    assert [each.name for each in tmp_path.iterdir()] == ["image"]
    assert json.loads((place / "index.json").read_text()) == {"manifests": []}


def test_a_link_to_a_layout_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "image").symlink_to("there")
    check_place(str(tmp_path / "image"))
    replaced(str(tmp_path / "image"), fill)
    assert (tmp_path / "image").is_symlink()
    assert (tmp_path / "there" / "oci-layout").read_bytes() == rendered({"imageLayoutVersion": "1.0.0"})


def test_a_long_name(tmp_path: Path) -> None:
    replaced(str(tmp_path / ("ä" * 120)), fill)

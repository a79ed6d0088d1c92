"""The zip as a worker gets it."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.worker.aws_lambda.asset import Refused, get

ANSWER = {"manifest": {"handler": None}, "sha256": "0", "provided": [], "remedy": "uv add"}


class Folders:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mktemp(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path


def test_a_file_within_reach_is_taken_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(b"zip")
    asked: list[str] = []

    def ask(what: str, **_: Any) -> dict[str, Any]:
        asked.append(what)
        return {"path": str(file), **ANSWER}

    found = get(ask, Folders(tmp_path))
    assert (os.fspath(found), str(found), repr(found)) == (str(file), str(file), f"<ofiuco zip {file}>")
    assert asked == ["zip"]


def test_one_out_of_reach_is_sent_in_pieces(tmp_path: Path) -> None:
    content = bytes(range(10))

    def ask(what: str, offset: int = 0) -> dict[str, Any]:
        if what == "zip":
            return {"path": str(tmp_path / "elsewhere" / "x.zip"), **ANSWER}
        return {"content": base64.b64encode(content[offset : offset + 4]).decode()}

    found = get(ask, Folders(tmp_path))
    assert found.path == tmp_path / "ofiuco-zip" / "x.zip"
    assert found.path.read_bytes() == content


def test_one_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^error: no$"):
        get(lambda *_, **__: {"error": "error: no"}, Folders(tmp_path))

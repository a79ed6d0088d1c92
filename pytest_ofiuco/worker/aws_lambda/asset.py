"""The cell's zip, as tests see it. The controller makes it, and sends it where its file cannot be reached from here."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, Callable, Dict

Message = Dict[str, Any]


class Refused(Exception):
    """There is no such zip; the text says why, and what helps."""


class Asset:
    """What the ``ofiuco_zip`` fixture gives: a path, for ``open`` and ``zipfile.ZipFile``, with the zip's manifest."""

    def __init__(self, path: Path, answer: Message) -> None:
        self.path = path
        self.manifest: Message = answer["manifest"]
        self.sha256: str = answer["sha256"]
        self.provided: list[str] = answer["provided"]
        self.remedy: str = answer["remedy"]

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<ofiuco zip {self.path}>"


def get(ask: Callable[..., Message], folders: Any) -> Asset:
    """Have the controller make the zip, unless it has; ``folders`` makes one for a zip that has to be sent.

    Raises:
        Refused: it cannot be made.
    """
    answer = ask("zip")
    if "error" in answer:
        raise Refused(answer["error"])
    path = Path(answer["path"])
    if not os.path.isfile(path):
        path = folders.mktemp("ofiuco-zip") / path.name
        with path.open("wb") as file:
            while True:
                piece = ask("piece", offset=file.tell())
                if "error" in piece:
                    raise Refused(piece["error"])
                content = base64.b64decode(piece["content"])
                if not content:
                    break
                file.write(content)
    return Asset(path, answer)

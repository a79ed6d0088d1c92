"""The project's folder here and there: texts that name paths in the one, for the other."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """``near`` is the folder here, ``far`` the one on the other machine; both as they really are."""

    near: str
    far: str
    _here: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _written: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_here", re.compile(rf"{re.escape(self.near)}(?=$|[/:\s\"'\],])"))
        object.__setattr__(self, "_written", (_in_json(self.far), _in_json(self.near)))

    def has(self, path: str) -> bool:
        """Whether a path here is carried over."""
        return path == self.near or path.startswith(self.near.rstrip(os.sep) + os.sep)

    def to_far(self, text: str) -> str:
        """A text with the paths that it names in the project as they are there."""
        return self._here.sub(lambda _: self.far, text)

    def to_near(self, message: bytes) -> bytes:
        """A message in JSON with the paths that it names in the project as they are here."""
        return message.replace(*self._written)


def _in_json(path: str) -> bytes:
    return json.dumps(path)[1:-1].encode()

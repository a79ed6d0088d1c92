"""One setting of pip, uv or Poetry: a text and where it was set, parsed on its way in.

What is wrong is told with the name and the place of the setting, never with its value, which may hold a password.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pytest_ofiuco.errors import InputError

_YES = frozenset({"y", "yes", "t", "true", "on", "1"})
_NO = frozenset({"n", "no", "f", "false", "off", "0"})
_LONGEST = 24 * 3600.0
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """``origin``: the file that it is in, or the variable; ``at``: what it is called there, empty for a variable."""

    origin: str
    at: str = ""
    text: str = field(repr=False)

    def location(self) -> str:
        """A URL or a path.

        Raises:
            InputError: it is neither.
        """
        return self._located(self.text.strip())

    def locations(self) -> list[str]:
        """URLs and paths that white space separates.

        Raises:
            InputError: one of them is neither.
        """
        return [self._located(word) for word in self.text.split()]

    def flag(self) -> bool:
        """A switch.

        Raises:
            InputError: it is neither yes nor no.
        """
        word = self.text.strip().lower()
        if word and word not in _YES | _NO:
            raise self._wrong("neither yes nor no")
        return word in _YES

    def seconds(self) -> float:
        """A length of time, at least a second and at most a day.

        Raises:
            InputError: it is no number.
        """
        try:
            seconds = float(self.text)
        except ValueError:
            seconds = math.nan
        if not math.isfinite(seconds):
            raise self._wrong("not a number of seconds")
        return min(max(seconds, 1.0), _LONGEST)

    def count(self) -> int:
        """A number of times, at most a hundred.

        Raises:
            InputError: it is none.
        """
        text = self.text.strip()
        if not (text.isascii() and text.isdecimal()):
            raise self._wrong("not a number of times")
        return min(int(text[:9]), _MOST)

    def one_of(self, words: Collection[str]) -> str:
        """A word.

        Raises:
            InputError: it is none of ``words``.
        """
        word = self.text.strip().lower()
        if word not in words:
            raise self._wrong(f"none of {', '.join(words)}")
        return word

    def _located(self, location: str) -> str:
        try:
            _ = urlsplit(location).port
        except ValueError:  # its message repeats the value
            raise self._wrong("holds a URL that cannot be read") from None
        return location

    def _wrong(self, reason: str) -> InputError:
        return InputError(self.origin, self.at, reason, "correct it there")


def content_of(path: Path) -> bytes | None:
    """What a file of settings holds; ``None`` where there is none, or none for us.

    Raises:
        InputError: it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}") from error

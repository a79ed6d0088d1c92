"""One setting of pip or uv: a text and where it was set, parsed on its way in.

What is wrong is told with the name and the place of the setting, never with its value, which may hold a password.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pytest_ofiuco.errors import InputError

_YES = frozenset({"y", "yes", "t", "true", "on", "1"})
_NO = frozenset({"n", "no", "f", "false", "off", "0"})
_LONGEST = 24 * 3600.0


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

    def _located(self, location: str) -> str:
        try:
            _ = urlsplit(location).port
        except ValueError:  # its message repeats the value
            raise self._wrong("holds a URL that cannot be read") from None
        return location

    def _wrong(self, reason: str) -> InputError:
        return InputError(self.origin, self.at, reason, "correct it there")

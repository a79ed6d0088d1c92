"""The root of every error that a user can cause, and how its sentence shows values.

An error carries its parts as fields; ``str()`` gives the sentence, ``hint`` one remedy, ``exit_code`` what a
command returns: 1 when the answer is no, 2 for wrong usage or unreadable input.

What every run imports is written out here: a start that finds everything ready does not pay for ``dataclasses``.
"""

from __future__ import annotations

_LONGEST = 120


def brief(text: str) -> str:
    """A text that a message repeats, of at most 120 characters."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def shown(value: object) -> str:
    """A value that a message repeats: quoted, and cut where it is long."""
    try:
        return repr(brief(value)) if isinstance(value, str) else brief(repr(value))
    except ValueError:  # an integer of more digits than Python writes
        return "a number of too many digits"


class OfiucoError(Exception):
    """The root of all errors raised on purpose."""

    exit_code = 2
    longest = 2000
    hint: str | None = None

    def render(self) -> str:
        """The ``error:`` line and, where there is a remedy, the ``hint:`` line; of long ones the ends.

        A damaged file may hold names of any length, and any number of them.
        """
        text = f"error: {_ends(str(self), self.longest)}"
        return f"{text}\nhint: {_ends(self.hint, self.longest // 4)}" if self.hint else text


def _ends(text: str, longest: int) -> str:
    """A text, without its middle where it is too long."""
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]} … {text[-longest // 3 :]}"


class UsageError(OfiucoError):
    """An option, a name or a value that cannot be taken."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class CacheError(OfiucoError):
    """The store's folder cannot be used: read-only, full, or damaged."""

    exit_code = 1
    hint = "free the disk or choose another folder with the variable OFIUCO_CACHE_DIR"

    def __init__(self, path: str, reason: str, hint: str | None = None) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.path}: the cache cannot be used: {self.reason}"

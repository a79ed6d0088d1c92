"""Patterns of paths to leave out: ``**.dist-info/**``, ``**/__pycache__/**``, ``**/bin/*``.

``**`` stands for any characters, slashes too; at the start or between slashes for any number of folders, none as well;
``*`` and ``?`` for those of one name, ``[abc]`` for one of them. A pattern that ends with a slash means all below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_ofiuco.errors import UsageError, shown


class Patterns:
    """Patterns, and which of them have matched something so far."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read them.

        Raises:
            UsageError: one is none.
        """
        self._compiled = {pattern: compiled(pattern) for pattern in patterns}
        self._unmatched = dict.fromkeys(self._compiled)

    @property
    def unmatched(self) -> list[str]:
        """Those that have matched nothing."""
        return list(self._unmatched)

    def match(self, path: str, prefix: str) -> bool:
        """Whether a path is to be left out; below ``prefix`` patterns may be of all of it, or of what follows."""
        is_out = False
        for pattern, expression in self._compiled.items():
            if expression.fullmatch(path) or (prefix and expression.fullmatch(path.removeprefix(prefix))):
                self._unmatched.pop(pattern, None)
                is_out = True
        return is_out


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression.

    Raises:
        UsageError: it is empty, or has no end to a class of characters.
    """
    text = f"{pattern}**" if pattern.endswith("/") else pattern
    if not text or text.startswith("/"):
        raise UsageError(
            f"exclude {shown(pattern)}: not a pattern of paths in a zip",
            'write it like "**/tests/**"; no path begins with /',
        )
    parts: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
            parts.append("(?:.*/)?")
            at += 3
        elif text.startswith("**", at):
            parts.append(".*")
            at += 2
        elif text[at] == "[":
            end = text.find("]", at + 2)
            if end < 0:
                raise UsageError(f"exclude {shown(pattern)}: [ has no ]", "end it, or write [[] for the character")
            inner = text[at + 1 : end]
            is_not = inner[0] in "!^" and len(inner) > 1
            parts.append(f"[{'^/' if is_not else ''}{_escaped(inner[is_not:])}]")
            at = end + 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(text[at]) or re.escape(text[at]))
            at += 1
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise UsageError(
            f"exclude {shown(pattern)}: not a pattern: {error}", "correct the characters in [ ]"
        ) from error


def _escaped(inner: str) -> str:
    return "".join(f"\\{each}" if each in "\\[]^&~|" else each for each in inner)

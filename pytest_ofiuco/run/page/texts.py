"""Captured text → text that a page can hold: all of it is text, no control sequences but colours, no megabytes.

Control sequences: ECMA-48, https://ecma-international.org/publications-and-standards/standards/ecma-48/. Colours and
weights (``SGR``) are left in; the page's script renders them.
"""

from __future__ import annotations

import re

LONGEST = 100_000
"""Characters of one text that are kept: of the beginning a fifth, of the end the rest."""

_SEQUENCE = re.compile(
    r"""
    \x1b \] [^\x07\x1b]* (?: \x07 | \x1b\\ )?     # operating system commands: titles, links
  | \x1b [P X^_] [^\x1b]* (?: \x1b\\ )?           # device control and other strings
  | \x1b \[ ([0-?]*) [ -/]* ([@-~])               # control sequences, SGR among them
  | \x1b [ -/]* [0-~]                             # all other escapes
  | [\x00-\x08\x0b-\x1f\x7f-\x9f]                 # what is left of control characters
    """,
    re.VERBOSE,
)


def clean(text: str) -> str:
    """The text as a page shows it."""
    return _without_controls(_last_states(_decoded(clipped(text)).replace("\r\n", "\n")))


def clipped(text: str) -> str:
    """The text with its middle left out where it is longer than ``LONGEST``."""
    if len(text) <= LONGEST:
        return text
    head = LONGEST // 5
    tail = LONGEST - head
    return f"{text[:head]}\n… {len(text) - LONGEST:,} characters left out …\n{text[-tail:]}"


def _decoded(text: str) -> str:
    """Bytes that were no text, which Python carries as lone surrogates, are written as escapes."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _last_states(text: str) -> str:
    """Lines that were written over, as progress bars are, in their last state."""
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _without_controls(text: str) -> str:
    return _SEQUENCE.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    parameters, final = found.groups()
    whole = found.group()
    if final == "m" and not parameters.strip("0123456789;:"):
        return whole
    if len(whole) > 1:
        return ""
    code = ord(whole)
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"\\x{code:02x}"

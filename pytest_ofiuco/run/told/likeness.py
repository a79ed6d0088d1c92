"""Whether two failures of a test in different cells are one. Pure: what a report says → what may be compared.

They are where the exception says the same and was on its way through the same lines of the project. Lines of the
standard library and of packages do not count: they differ between cells whose failure is the same to its reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_VARYING = (
    (re.compile(r"\b0x[0-9a-fA-F]{4,}\b"), "0x…"),
    (re.compile(r"\b(localhost|127\.0\.0\.1|\[::1\]):\d+"), r"\1:…"),
    (re.compile(r"\b\d+\.\d+(?= ?(?:s|ms|secs?|seconds)\b)"), "…"),
    (re.compile(r"\bRequestId: [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "RequestId: …"),
)
"""What is another in each process: addresses, ports, durations, AWS Lambda's requests."""

_WORD = re.compile(r"""[^\s'"(\[<=]+""")
_FOLDERS = (
    (re.compile(r"[/\\]pytest-of-[^/\\]+[/\\]pytest-\d+"), "<tmp>"),
    (re.compile(r"[/\\]tmp[a-z0-9_]{8}\b"), "<tmp>"),
    (re.compile(r"[/\\](?:lib|Lib|lib64)[/\\](?:python|pypy)\d\.\d+t?(?=[/\\])"), "<python>"),
    (re.compile(r"[/\\]environments-v\d+[/\\][^/\\]+"), "<environment>"),
    (re.compile(r"[/\\]bin[/\\](?:python|pypy)[\d.]*t?\b"), "<interpreter>"),
)
"""Folders that are another in each process or cell; what stands before them in a path goes with them."""

_LOCATION = re.compile(r"^(?P<path>[^\s:][^\n]*?):(?P<line>\d+): ", re.MULTILINE)
_NATIVE_LOCATION = re.compile(r'^(?:E)? +File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_FRAME = re.compile(r'^  File "(?P<path>[^"\n]+)", line \d+.*(?:\n {4,}.*)*\n?', re.MULTILINE)
_MARKS = re.compile(r"\n {4,}[~^][~^ ]*$", re.MULTILINE)
_SAID = re.compile(r"^E  .*$", re.MULTILINE)
_ASSERTION = re.compile(r"(?:AssertionError: )?assert ")
_FOREIGN = re.compile(r"site-packages|dist-packages|[/\\]Lib[/\\]|[/\\]lib(?:64)?[/\\](?:python|pypy)\d|^<")

Likeness = tuple[object, ...]

Place = tuple[str, int]
"""A path as pytest writes it, and a line from 1."""


def likeness(text: str, said: str, places: tuple[Place, ...], names: Iterable[str]) -> Likeness:
    """What two failures share if they are one.

    ``text`` is the traceback as pytest writes it, ``said`` what the exception says, ``places`` the project's lines that
    it went through; ``names`` are those of the cells.
    """
    if not said:
        return (normalised(text, names),)
    return normalised(_without_foreign_frames(_gist(said)), names), tuple(
        (normalised(path, names), line) for path, line in places
    )


def _gist(said: str) -> str:
    """What is said without pytest's explanation of an assertion, which each of its versions words in its own way.

    Where pytest has shortened the assertion, the explanation may be all that tells two of them apart.
    """
    lines = said.split("\n")
    for index, line in enumerate(lines):
        if _ASSERTION.match(line) and "..." not in line:
            return "\n".join(lines[: index + 1])
    return said


def _without_foreign_frames(said: str) -> str:
    """A traceback in what is said, such as that of a function, less what does not count in one of pytest's.

    Nor do the marks below its lines, which no Python before 3.11 makes.
    """
    own = _FRAME.sub(lambda frame: frame[0] if is_project(frame["path"]) else "", said)
    return _MARKS.sub("", own).rstrip()


def said_in(text: str) -> str:
    """What the exception says at the end of a traceback; nothing where none is."""
    return "\n".join(line[1:].strip() for line in _SAID.findall(without_colours(text)))


def normalised(text: str, names: Iterable[str]) -> str:
    """The text without what is another in each process, and without the cells' names."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    text = _WORD.sub(lambda word: _without_folders(word[0]), text)
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{words})(?![\w.-])", "<cell>", text) if words else text


def _without_folders(word: str) -> str:
    if "/" in word or "\\" in word:
        for pattern, replacement in _FOLDERS:
            found = pattern.search(word)
            if found is not None:
                return f"{replacement}{word[found.end() :]}"
    return word


def places_in(text: str) -> tuple[Place, ...]:
    """The lines of the project that a traceback goes through."""
    plain = without_colours(text)
    found = [*_LOCATION.finditer(plain), *_NATIVE_LOCATION.finditer(plain)]
    return tuple((each["path"], int(each["line"])) for each in found if is_project(each["path"]))


def is_project(path: str) -> bool:
    """Whether a file is the project's, and not an interpreter's or a package's."""
    return not _FOREIGN.search(path)


def without_colours(text: str) -> str:
    """The text without the terminal's colours."""
    return _ANSI.sub("", text)

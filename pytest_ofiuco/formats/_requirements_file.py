"""A requirements file as lines: what is joined by backslashes is one, comments are apart.

https://pip.pypa.io/en/stable/reference/requirements-file-format/. What pip-compile and uv write in comments below a
requirement (``# via flask``) says who wants it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ofiuco.core.artifact import without_user_info
from pytest_ofiuco.errors import InputError, brief

_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_OPTIONS = re.compile(r"\s-")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""A PowerShell that redirects a tool's output writes UTF-16."""

_SHORT = MappingProxyType(
    {
        "-C": "--config-settings",
        "-c": "--constraint",
        "-f": "--find-links",
        "-i": "--index-url",
        "-r": "--requirement",
    }
)
_QUOTING = frozenset("'\"\\")
_EDITABLE = ("-e ", "-e\t", "--editable ", "--editable\t", "--editable=")
_WITH_VALUE = frozenset(
    {
        *_SHORT.values(),
        "--extra-index-url",
        "--global-option",
        "--hash",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "--use-feature",
    }
)
_SWITCHES = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with something in it; ``at`` is where it begins, and where else than in the lock."""

    text: str
    lock: str
    file: str
    number: int
    comments: tuple[str, ...] = ()

    @property
    def at(self) -> str:
        """``line 12``, or ``other.txt line 3`` in a file that the lock includes."""
        return f"line {self.number}" if self.file == self.lock else f"{self.file} line {self.number}"

    def error(self, reason: str, hint: str, package: str = "") -> InputError:
        """An error here."""
        return InputError(self.lock, self.at, without_user_info(reason), hint, package)

    @property
    def wanted_by(self) -> list[str]:
        """What the comments say who wants it: package names, with extras, and files."""
        return list(_wanted_by(self.comments))

    def split(self) -> tuple[str, list[tuple[str, str]]]:
        """The requirement, if there is one, and the options.

        Raises:
            InputError: an option is unknown, or lacks its value.
        """
        for name in _EDITABLE:
            if self.text.startswith(name):
                requirement, options = self._divided(self.text.removeprefix(name).strip())
                return requirement, [("--editable", ""), *options]
        return self._divided(self.text)

    def _divided(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        found = _OPTIONS.search(f" {text}")
        start = len(text) if found is None else found.start()
        options = text[start:]
        try:
            # Hashes, of which there are many, need no shell's quoting, which is read letter by letter.
            words = shlex.split(options) if _QUOTING.intersection(options) else options.split()
        except ValueError as error:
            raise self.error(f"cannot read the options: {error}", "close the quotes there") from error
        return text[:start].strip(), list(self._options(words))

    def _options(self, words: Iterable[str]) -> Iterator[tuple[str, str]]:
        remaining = iter(words)
        for word in remaining:
            name, separator, value = word.partition("=")
            if not word.startswith("--"):
                name, separator, value = _SHORT.get(word[:2], word), word[2:], word[2:].removeprefix("=")
            if name in _SWITCHES and not separator:
                yield name, ""
                continue
            if name not in _WITH_VALUE:
                hint = "take it out, or give it to the tool that needs it on its command line"
                raise self.error(f"{brief(word)} is no option that is known in a requirements file", hint)
            given = value if separator else next(remaining, "")
            if not given:
                raise self.error(f"{name} lacks its value", "give it one")
            yield name, given

    def refuse_variables(self, text: str) -> None:
        """A lock means the same wherever it is read.

        Raises:
            InputError: ``text`` refers to an environment variable.
        """
        found = _VARIABLE.search(text)
        if found is not None:
            hint = "write its value there; only the URL of an index may have variables"
            raise self.error(f"{found[0]} is another thing on each machine", hint)


def lines(content: bytes, lock: str, file: str) -> list[Line]:
    """The lines of a file that say something.

    Raises:
        InputError: it is no text.
    """
    encoding = "utf-16" if content.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        at = f"byte {error.start}" if file == lock else f"{file} byte {error.start}"
        raise InputError(lock, at, "not UTF-8", "restore the file from version control") from error
    found: list[tuple[int, str, list[str]]] = []
    is_below = False  # what comments below a requirement say of it ends with an empty line
    if text.rstrip("\r\n").endswith("\\"):
        at = f"line {len(text.splitlines())}" if file == lock else f"{file} line {len(text.splitlines())}"
        raise InputError(lock, at, "the file ends within a line that goes on", "restore it from version control")
    for number, joined in _joined(text):
        comment = _COMMENT.search(joined)
        written = joined[: comment.start()].strip() if comment else joined.strip()
        if written:
            found.append((number, written, []))
        is_below = bool(written or (comment and is_below))
        if comment and is_below:
            found[-1][2].append(comment[1])
    return [
        Line(text=written, lock=lock, file=file, number=number, comments=tuple(comments))
        for number, written, comments in found
    ]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; one that ends with a backslash goes on in the next, unless it is a comment."""
    parts: list[str] = []
    number = 0
    for number, physical in enumerate(text.splitlines(), 1):
        is_comment = physical.lstrip().startswith("#")
        if physical.endswith("\\") and not is_comment:
            parts.append(physical.strip("\\"))
            continue
        yield number - len(parts), "".join([*parts, f" {physical}" if is_comment else physical])
        parts = []


def _wanted_by(comments: Iterable[str]) -> Iterator[str]:
    """``via flask, rich``, or ``via`` and a line for each."""
    is_list = False
    for comment in comments:
        said = comment.strip()
        if said.startswith("via "):
            yield from (each.strip() for each in said.removeprefix("via ").split(","))
        elif is_list and comment.startswith("  "):
            yield said
        is_list = said == "via" or (is_list and comment.startswith("  "))


def joined(folder: str, path: str) -> str:
    """A path in ``folder`` without detours; an absolute one as it is."""
    if path.startswith(("/", "\\", "~")) or path[1:2] == ":":
        return path
    parts: list[str] = []
    for part in f"{folder}/{path}".replace("\\", "/").split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."

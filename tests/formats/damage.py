"""Damage to a file: by bytes, by lines, and by the values in it. The same number does the same damage again."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import date, datetime
from random import Random
from typing import Any

Path = tuple[str | int, ...]

DEEP = 3000
"""How deep things are nested: beyond the limit of Python's own recursion."""

LONG = 20_000
"""How long a text is that no person writes, and how many digits a number has."""

_NUMBERS: tuple[Any, ...] = (0, 1, -1, 2**63, 10**40, 1.5, float("nan"), float("inf"), True, False)
_DATES: tuple[Any, ...] = (date(2020, 1, 1), datetime(2020, 1, 1))
_EMPTY: tuple[Any, ...] = ([], {}, [[]], [{}], [""], [[[[{}]]]], {"": ""}, {"x": {}})
_SMALL: tuple[Any, ...] = (["x"], [1], {"x": 1}, {"x": [{"name": "-"}]}, {"type": "git"}, {"registry": ""})
_SOURCES: tuple[Any, ...] = ({"git": "x"}, {"git": "http://["}, {"url": "x"}, {"path": "."}, {"virtual": "."})
_TEXTS = (
    "",
    " ",
    "x",
    "-",
    "..",
    "../../x",
    "\x00",
    "\u202e\u0301☃",
    "é ≥",
    "@",
    "#",
    "?",
    "[",
    "%",
    ":",
    "sha256:",
    "md5:zz",
)
_LONG = (
    "x" * LONG,
    "9" * LONG,
    " " * LONG,
    "[" * LONG,
    "||" * 1000,
    ",".join([">=1"] * 5000),
    f"^{'9' * 5000}",
    f">={'9' * 5000}",
)
_PLACES = ("http://[::1", "file://[x", "https://user:secret@files.example.org:x/a.whl", "git+x", "a/b.whl")
_FILES = ("x-1-py3-none-any.whl", f"x-{'9' * 5000}-py3-none-any.whl", f"x-{'9' * 5000}.tar.gz")
_VERSIONS = ("1.0.post1.dev2+local", "1!0", "1e9", "2.1", "==", "===x", ">=1,<", "~=3", "^x", "~", "^", "^3..", "3.8||")
_MARKERS = (
    "(" * DEEP + "os_name == 'x'" + ")" * DEEP,
    "(" * 49 + "os_name == 'x'" + ")" * 49,
    " or ".join(["python_version > '1'"] * 5000),
    " or ".join(["extra == 'x'"] * 5000),
    " and ".join(f"python_version != '3.{minor}'" for minor in range(1000)),
    " or ".join(f"platform_machine == 'x{number}'" for number in range(1000)),
    f"python_version >= '{'9' * 5000}'",
    "((((",
    "python_version > 'a'",
    "python_version == python_full_version",
    "extra == 'x'",
    "'a' in extras",
    "extra in extras",
    "'x' in dependency_groups",
    "dependency_groups == 'x'",
    "'a' == 'b'",
    "python_version in '3.8 3.9'",
    "os_name == '\x00'",
    'os_name == "\\n"',
    "os_name == 'a\"b'",
    "platform_release ~= 'x'",
)

VALUES: tuple[Any, ...] = (
    *(*_NUMBERS, *_DATES, *_EMPTY, *_SMALL, *_SOURCES),
    *(*_TEXTS, *_LONG, *_PLACES, *_FILES, *_VERSIONS, *_MARKERS),
)

PIECES: tuple[str, ...] = (*"\"'()[]{} %\x00/é;#\\,=\n\r-@\ufeff", "")


def in_values(values: dict[str, Any], random: Random) -> dict[str, Any]:
    """One or a few values changed, removed, doubled or put elsewhere."""
    changed = copy.deepcopy(values)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        path = _any_path(changed, random)
        if path:
            inner: Any = changed
            for key in path[:-1]:
                inner = inner[key]
            _change(inner, path[-1], changed, random)
    return changed


def _any_path(values: Any, random: Random) -> Path:
    """A path, those of few values as likely as those of many."""
    found: list[str | int] = []
    value = values
    while value and isinstance(value, dict | list) and (not found or random.random() < 0.85):
        key = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
        found.append(key)
        value = value[key]
    return tuple(found)


def _change(inner: Any, key: Any, whole: Any, random: Random) -> None:
    match random.randrange(8):
        case 0:
            del inner[key]
        case 1 if isinstance(inner[key], str):
            inner[key] = _with_piece(inner[key], random)
        case 2 if isinstance(inner, dict):
            inner[random.choice((key, "x", "name", "source", "markers", "dependencies", "wheels"))] = _value(random)
        case 3 if isinstance(inner, list):
            inner.insert(random.randrange(len(inner) + 1), copy.deepcopy(inner[key]))
        case 4 if isinstance(inner, dict):
            inner[f"{key} ?"] = inner.pop(key)
        case 5:
            elsewhere: Any = whole
            for step in _any_path(whole, random):
                elsewhere = elsewhere[step]
            inner[key] = copy.deepcopy(elsewhere)
        case _:
            inner[key] = _value(random)


def _value(random: Random) -> Any:
    return copy.deepcopy(random.choice(VALUES))


def _with_piece(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(PIECES) + text[at + random.choice((0, 1)) :]


def in_bytes(content: bytes, random: Random) -> bytes:
    """A file cut, or with other bytes, lines or line ends in it."""
    return random.choice(_WAYS)(content, random)


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _without_a_part(content: bytes, random: Random) -> bytes:
    first, second = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[:first] + content[second:]


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 30))):
        if changed:
            byte = random.choice((random.randrange(256), random.choice(b"\"'[]{}=,.#\n\r\x00 ")))
            changed[random.randrange(len(changed))] = byte
    return bytes(changed)


def _with_lines(content: bytes, random: Random) -> bytes:
    """Lines removed, doubled or exchanged."""
    lines = content.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 5))):
        if lines:
            one, other = random.randrange(len(lines)), random.randrange(len(lines))
            match random.randrange(3):
                case 0:
                    del lines[one]
                case 1:
                    lines.insert(other, lines[one])
                case _:
                    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _with_tables(content: bytes, random: Random) -> bytes:
    """Tables removed, doubled or exchanged; of requirements what stands between their first lines."""
    parts = re.split(rb"(?m)^(?=\[|[A-Za-z0-9])", content)
    one, other = random.randrange(len(parts)), random.randrange(len(parts))
    match random.randrange(3):
        case 0:
            del parts[one]
        case 1:
            parts.insert(other, parts[one])
        case _:
            parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def _with_other_ends(content: bytes, random: Random) -> bytes:
    end = random.choice((b"\r\n", b"\r", b"\n\n", b"\x85", b"\xe2\x80\xa8", b"\x00\n", b"\\\n"))
    mark = random.choice((b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xef\xbb\xbf"))
    return mark + content.replace(b"\n", end)


def _inserted(content: bytes, random: Random) -> bytes:
    """Something long, deep or strange in a place that may take it."""
    at = random.choice([each.end() for each in re.finditer(rb"[=\"\[{,\n ]", content)] or [0])
    return content[:at] + random.choice(_STRANGE) + content[at + random.choice((0, 0, 1, 10)) :]


_STRANGE = (
    *(b"[" * DEEP, b"{a=" * DEEP, b"(" * DEEP, b"[" * DEEP + b"]" * DEEP, b"{a=" * DEEP + b"1" + b"}" * DEEP),
    *(b"a." * DEEP + b"a = 1\n", b"9" * LONG, b"x" * LONG, b"\\" * LONG, b"'" * LONG, b"\n" * LONG, b" " * LONG),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae", "☃é".encode(), b"\\ud800", b"\\u0000"),
    *(
        b"1e999999999",
        b"0x",
        b"inf",
        b"nan",
        b"1979-05-27",
        b"'" * 3,
        b'"' * 3,
        b"# ",
        b"[[package]]\n",
        b"[metadata]\n",
    ),
    *(b" -r more.txt", b" --hash=sha256:", b"${HOME}", b" ; ", b" @ ", b"-e ", b"-c more.txt\n", b"\r"),
    *(b"-r requirements.txt\n", b"-r more.txt\n" * 1000),
)

_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _cut,
    _without_a_part,
    _flipped,
    _with_lines,
    _with_tables,
    _with_other_ends,
    _inserted,
)

"""The little TOML that a pylock.toml needs (https://toml.io/en/v1.0.0), written the same way each time.

``tomllib`` does not write, and what has to be written is strings, booleans, arrays and tables: less than a dependency
would bring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | bool | Sequence[Value] | Mapping[str, Value]"

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def document(values: Mapping[str, Value], array: str, tables: Sequence[Mapping[str, Value]]) -> str:
    """``values`` as key and value, and below them an array of tables of the name ``array``; a final newline."""
    if not tables:
        return f"{_block(values)}{_key(array)} = []\n"
    blocks = [_block(values), *(f"[[{_key(array)}]]\n{_block(each)}" for each in tables)]
    return "\n".join(blocks)


def _block(values: Mapping[str, Value]) -> str:
    return "".join(f"{_key(key)} = {_value(value, lines=True)}\n" for key, value in values.items())


def _value(value: Value, *, lines: bool = False) -> str:
    """A value in one line, save for an array that may have a line for each of its values."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in value.items())} }}"
    if lines:
        return "[\n" + "".join(f"    {_value(each)},\n" for each in value) + "]"
    return f"[{', '.join(map(_value, value))}]"


def string(text: str) -> str:
    """A literal string where that spares escaping quotes, as in markers; else a basic one."""
    if '"' in text and "'" not in text and not any(map(_is_control, text)):
        return f"'{text}'"
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04X}" if _is_control(character) else character


def _is_control(character: str) -> bool:
    return ord(character) < 0x20 or ord(character) == 0x7F


def _key(key: str) -> str:
    return key if key and _BARE.issuperset(key) else string(key)

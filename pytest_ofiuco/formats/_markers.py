"""Markers that test extras: ``extra == "x"`` becomes ``"x" in extras``.

A lock asks of *several* selected extras at once, which the single-valued ``extra`` of metadata cannot answer; PEP 751's
set-valued ``extras`` can. ``str`` of a marker writes ``extra`` in two forms only, so no parsing is needed.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from packaging.markers import InvalidMarker, Marker

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.table import Table

_FORMS = (("==", "in"), ("!=", "not in"))


def extras_marker(table: Table, key: str, value: str | None = None) -> Marker | None:
    """The marker at ``key``, or ``value``, if there is one, asked of the set of extras.

    As locks write ``extra`` it can be rewritten before it is parsed, which takes longest; else it is parsed twice.

    Raises:
        InputError: it is no marker.
    """
    text = table.text(key) if value is None else value
    if not text:
        return None
    if "extra" in text and "'" not in text:
        with suppress(InvalidMarker):
            return grammar.marker(_rewritten(text))
    marker = table.marker(key, text)
    return marker and with_extras_as_set(marker)


@lru_cache(maxsize=4096)
def with_extras_as_set(marker: Marker) -> Marker:
    """The same condition, asked of the set of extras."""
    text = str(marker)
    return marker if "extra" not in text else Marker(_rewritten(text))


def _rewritten(text: str) -> str:
    for written, asked in _FORMS:
        text = _replace_left(text, f'extra {written} "', asked)
        text = _replace_right(text, f'" {written} extra', asked)
    return text


def _replace_left(text: str, start: str, asked: str) -> str:
    """``extra == "x"`` → ``"x" in extras``."""
    head, *parts = text.split(start)
    split = (part.partition('"') for part in parts)
    return head + "".join(f'"{name}" {asked} extras{tail}' for name, _, tail in split)


def _replace_right(text: str, end: str, asked: str) -> str:
    """``"x" == extra`` → ``"x" in extras``."""
    return text.replace(end, f'" {asked} extras').replace(f'" {asked} extrass', f"{end}s")

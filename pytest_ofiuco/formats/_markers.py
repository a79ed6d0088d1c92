"""Markers that test extras: ``extra == "x"`` becomes ``"x" in extras``.

A lock asks of *several* selected extras at once, which the single-valued ``extra`` of metadata cannot answer; PEP 751's
set-valued ``extras`` can. ``str`` of a marker writes ``extra`` in two forms only, so no parsing is needed.
"""

from __future__ import annotations

from functools import lru_cache

from packaging.markers import Marker

_FORMS = (("==", "in"), ("!=", "not in"))


@lru_cache(maxsize=4096)
def with_extras_as_set(marker: Marker) -> Marker:
    """The same condition, asked of the set of extras."""
    text = str(marker)
    if "extra" not in text:
        return marker
    for written, asked in _FORMS:
        text = _replace_left(text, f'extra {written} "', asked)
        text = _replace_right(text, f'" {written} extra', asked)
    return Marker(text)


def _replace_left(text: str, start: str, asked: str) -> str:
    """``extra == "x"`` → ``"x" in extras``."""
    head, found, rest = text.partition(start)
    if not found:
        return text
    name, _, tail = rest.partition('"')
    return f'{head}"{name}" {asked} extras{_replace_left(tail, start, asked)}'


def _replace_right(text: str, end: str, asked: str) -> str:
    """``"x" == extra`` → ``"x" in extras``."""
    head, found, tail = text.partition(end)
    if not found or tail.startswith("s"):
        return text
    return f'{head}" {asked} extras{_replace_right(tail, end, asked)}'

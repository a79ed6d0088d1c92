"""The TOML of large locks, parsed once: kept as JSON under the sha256 of the file, behind the sha256 of that JSON.

A lock of 700 kB takes 80 ms to parse and 5 ms to read from here, and it is read at every start. What cannot be kept (a
cache that cannot be written, a date in the lock) is parsed again; what is damaged is not believed.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.cache import Store, touch

_SMALLEST = 1 << 15
"""Bytes below which parsing is as fast as looking."""


def parsed(content: bytes, name: str) -> Table:
    """The root table of a TOML document, as ``core.table.parse`` gives it.

    Raises:
        InputError: it is none.
    """
    if len(content) < _SMALLEST:
        return parse(content, name)
    try:
        store = Store.default(os.environ)
    except ImportError:  # with nothing but ``packaging`` installed, there is no cache
        return parse(content, name)
    file = store.documents / f"{hashlib.sha256(content).hexdigest()}.json"
    known = _kept(file)
    if known is not None:
        return Table(known, file=name)
    table = parse(content, name)
    with suppress(CacheError, TypeError):  # a date is no JSON
        text = json.dumps(table.data, separators=(",", ":")).encode()
        store.keep(file, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    return table


def _kept(file: Path) -> dict[str, Any] | None:
    try:
        digest, _, text = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    touch(file)
    return dict(json.loads(text))

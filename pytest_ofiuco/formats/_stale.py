"""Whether a lock was made from another pyproject.toml than the one beside it. In doubt it was not.

Poetry hashes the parts of pyproject.toml that matter to it and keeps the hash in the lock
(https://python-poetry.org/docs/cli/#check).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._inclusion import with_included

_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_OLD_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_HASHES_GROUPS = Version("2.3.0")
"""The Poetry whose hash covers [dependency-groups] first."""

_BEFORE_VERSIONS = Version("1.3")
"""The last Poetry that wrote its name into a lock, but not its version."""

_WRITTEN_BY_POETRY = re.compile(rb"[^\n]*Poetry ([^ \n]+)")


def poetry_is_stale(document: Table, content: bytes, pyproject: Table, *, is_old: bool) -> bool:
    """Whether the hash in a poetry.lock is another than that of pyproject.toml.

    ``is_old``: the lock is of a Poetry that knew nothing but [tool.poetry], and the first of them no groups there.
    """
    locked = document.table("metadata").data.get("content-hash")
    if locked is None or ("project" not in pyproject and "poetry" not in pyproject.table("tool")):
        return False
    try:
        fresh = [_content_hash(pyproject, with_groups=True)]
        if _writer(content) < _HASHES_GROUPS:
            fresh.append(_content_hash(pyproject, with_groups=False))
        if is_old:
            fresh += [_old_content_hash(pyproject, keys) for keys in (_OLD_POETRY_KEYS, (*_OLD_POETRY_KEYS, "group"))]
    except (TypeError, ValueError):  # a date, say: Poetry itself cannot hash it
        return False
    return locked not in fresh


def _writer(content: bytes) -> Version:
    """The Poetry that wrote a lock; one that did not leave its version there was an early one."""
    found = _WRITTEN_BY_POETRY.match(content)
    try:
        return grammar.version(found.group(1).decode("utf-8", "replace")) if found else _HASHES_GROUPS
    except InvalidVersion:
        return _BEFORE_VERSIONS


def _content_hash(pyproject: Table, *, with_groups: bool) -> str:
    """Poetry's ``content-hash``.

    Keys that are not there are null in it, unless something outside [tool.poetry] matters too; where nothing does, what
    [tool.poetry] has is not nested.
    """
    project = {key: value for key in _PROJECT_KEYS if (value := pyproject.table("project").data.get(key)) is not None}
    groups = pyproject.table("dependency-groups").data if with_groups else {}
    settings = pyproject.table("tool").table("poetry").data
    elsewhere = bool(project or groups)
    relevant: dict[str, Any] = {
        key: settings.get(key)
        for key in (*_OLD_POETRY_KEYS, "group")
        if settings.get(key) is not None or (key in _OLD_POETRY_KEYS and not elsewhere)
    }
    if elsewhere:
        relevant = {"tool": {"poetry": relevant}}
        if project:
            relevant["project"] = project
        if groups:
            relevant["dependency-groups"] = groups
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def _old_content_hash(pyproject: Table, keys: Iterable[str]) -> str:
    """The ``content-hash`` of Poetry 1.x: what it knows of [tool.poetry], null where there is none; no null groups."""
    settings = pyproject.table("tool").table("poetry").data
    relevant = {key: settings.get(key) for key in keys if key != "group" or settings.get(key) is not None}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def flattened(groups: Mapping[str, Any], wanted: str) -> list[str]:
    """The requirements of a group with those that it includes (PEP 735).

    Raises:
        ValueError: a cycle, an unknown group, or something else that is not of the specification.
    """
    by_name: dict[str, list[Any]] = {}
    for key, value in groups.items():
        by_name.setdefault(canonicalize_name(key), []).append(value)
    names = with_included(canonicalize_name(wanted), lambda name: _included(by_name, name), _circle)
    return [each for name in names for each in _items(by_name, name) if isinstance(each, str)]


def _circle(name: str, _: None) -> ValueError:
    return ValueError(name)


def _items(by_name: Mapping[str, list[Any]], name: str) -> list[Any]:
    found = by_name.get(name, [])
    if len(found) != 1 or not isinstance(found[0], list):
        raise ValueError(name)
    return found[0]


def _included(by_name: Mapping[str, list[Any]], name: str) -> Iterator[tuple[str, None]]:
    for each in _items(by_name, name):
        if isinstance(each, dict) and isinstance(each.get("include-group"), str):
            yield canonicalize_name(each["include-group"]), None
        elif not isinstance(each, str):
            raise ValueError(name)

"""Whether a lock was made from another pyproject.toml than the one beside it. In doubt it was not.

Poetry hashes the parts of pyproject.toml that matter to it and keeps the hash in the lock
(https://python-poetry.org/docs/cli/#check); uv keeps the requirements themselves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.table import Table

_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_OLD_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_HASHES_GROUPS = Version("2.3.0")
"""The Poetry whose hash covers [dependency-groups] first."""

_WRITTEN_BY_POETRY = re.compile(rb"[^\n]*Poetry ([^ \n]+)")


def poetry_is_stale(document: Table, content: bytes, pyproject: Table) -> bool:
    """Whether the hash in a poetry.lock is another than that of pyproject.toml."""
    locked = document.table("metadata").data.get("content-hash")
    if locked is None or ("project" not in pyproject and "poetry" not in pyproject.table("tool")):
        return False
    try:
        fresh = [_content_hash(pyproject, with_groups=True)]
        if _writer(content) < _HASHES_GROUPS:
            fresh.append(_content_hash(pyproject, with_groups=False))
    except (TypeError, InvalidVersion, ValueError):  # a date, say: Poetry itself cannot hash it
        return False
    return locked not in fresh


def _writer(content: bytes) -> Version:
    found = _WRITTEN_BY_POETRY.match(content)
    return Version(found.group(1).decode()) if found else _HASHES_GROUPS


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


def uv_differences(root: Table, pyproject: Table, *, has_metadata: bool) -> tuple[str, ...]:
    """Names that either pyproject.toml or the project's entry in uv.lock requires, and the other does not.

    The first uv.lock files had no metadata in the entries; later ones leave it out where it would be empty.
    """
    project = pyproject.table("project")
    metadata = root.table("metadata")
    name = canonicalize_name(project.text("name") or "")
    is_dynamic = not {"dependencies", "optional-dependencies"}.isdisjoint(project.texts("dynamic"))
    if name != root.name() or is_dynamic or not (metadata.data or has_metadata):
        return ()
    groups = pyproject.table("dependency-groups").data
    optional = project.table("optional-dependencies")
    try:
        shipped = _names([*project.texts("dependencies"), *(each for key in optional for each in optional.texts(key))])
        development: dict[str, set[str]] = {
            canonicalize_name(key): _names(_flattened(groups, key, ())) for key in groups
        }
        old = _names(pyproject.table("tool").table("uv").texts("dev-dependencies"))
    except (InvalidRequirement, ValueError):
        return ()
    if old:
        development["dev"] = development.get("dev", set()) | old
    locked_groups = metadata.table("requires-dev")
    locked: dict[str, set[str]] = {canonicalize_name(key): _locked(locked_groups, key) for key in locked_groups}
    found = shipped ^ _locked(metadata, "requires-dist")
    for key in {*development, *locked}:
        found |= development.get(key, set()) ^ locked.get(key, set())
    return tuple(sorted(found - {name}))


def _locked(table: Table, key: str) -> set[str]:
    return {each.name() for each in table.tables(key)}


def _names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def _flattened(groups: Mapping[str, Any], wanted: str, within: tuple[str, ...]) -> list[str]:
    """The requirements of a group with those that it includes (PEP 735).

    Raises:
        ValueError: a cycle, an unknown group, or something else that is not of the specification.
    """
    normalized = canonicalize_name(wanted)
    found = [value for key, value in groups.items() if canonicalize_name(key) == normalized]
    if len(found) != 1 or normalized in within or not isinstance(found[0], list):
        raise ValueError(wanted)
    requirements: list[str] = []
    for each in found[0]:
        if isinstance(each, str):
            requirements.append(each)
        elif isinstance(each, dict) and isinstance(each.get("include-group"), str):
            requirements += _flattened(groups, each["include-group"], (*within, normalized))
        else:
            raise ValueError(wanted)
    return requirements

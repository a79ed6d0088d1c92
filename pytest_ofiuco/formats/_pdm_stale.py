"""Whether a pdm.lock was made from another pyproject.toml than the one beside it. In doubt it was not.

pdm hashes what of pyproject.toml decides a resolution, and keeps the hash in the lock
(https://pdm-project.org/latest/usage/lockfile/#hashes-in-the-lock-file).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.table import Table

_CONVERTED = ("poetry", "flit")
"""Other tools' settings, which pdm takes for a [project] where there is none."""


def is_stale(metadata: Table, pyproject: Table) -> bool:
    """Whether the hash in a lock is another than those that the pdm versions give this pyproject.toml."""
    algorithm, _, digest = (metadata.text("content_hash") or "").partition(":")
    tools = pyproject.table("tool")
    settings = tools.table("pdm")
    is_hashed = bool(digest) and bool(pyproject.data) and algorithm in hashlib.algorithms_guaranteed
    # What is hashed lies in other files too, or pdm has another way to tell, or it makes a [project] of its own.
    is_elsewhere = "workspace" in settings or "lock_inputs" in metadata
    is_converted = "project" not in pyproject and any(each in tools for each in _CONVERTED)
    if not is_hashed or is_elsewhere or is_converted or algorithm.startswith("shake"):
        return False
    try:
        return digest not in _digests(algorithm, pyproject, settings)
    except (TypeError, ValueError):  # a date, say: pdm itself cannot hash it
        return False


def _digests(algorithm: str, pyproject: Table, settings: Table) -> Iterator[str]:
    """The hashes: before 2.19 the overrides alone were of the resolution, before 2.20 [dependency-groups] was not."""
    project = pyproject.table("project")
    old_groups, groups = settings.table("dev-dependencies").data, pyproject.table("dependency-groups").data
    resolution = settings.table("resolution").data
    same = {
        "sources": settings.array("source"),
        "dependencies": project.array("dependencies"),
        "optional-dependencies": project.table("optional-dependencies").data,
        "requires-python": project.data.get("requires-python", ""),
    }
    for development in (_merged(groups, old_groups), old_groups):
        for decided in ({"resolution": resolution}, {"overrides": resolution.get("overrides", {})}):
            hashed = {**same, **decided, "dev-dependencies": development}
            yield hashlib.new(algorithm, json.dumps(hashed, sort_keys=True).encode()).hexdigest()


def _merged(groups: Mapping[str, Any], old_groups: Mapping[str, Any]) -> dict[str, Any]:
    """Groups of both kinds under normalized names.

    Raises:
        ValueError: two have one name: then pdm adds the one to the other more than once, as it happens.
    """
    named = [(canonicalize_name(name), items) for name, items in (*groups.items(), *old_groups.items())]
    merged = dict(named)
    if len(merged) != len(named):
        raise ValueError("two groups of one name")
    return merged

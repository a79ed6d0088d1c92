"""Whether a uv.lock was made from another pyproject.toml than the one beside it. In doubt it was not.

uv keeps the requirements themselves in the project's entry: ``requires-dist`` and ``requires-dev``. Markers are left
out of the comparison, since uv rewrites them, and so are versions of what [tool.uv.sources] takes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._stale import flattened

Wanted = tuple[NormalizedName, frozenset[NormalizedName], SpecifierSet]
"""A name, the extras asked of it, and its versions."""

_IMPOSED = {"override-dependencies": "overrides", "constraint-dependencies": "constraints"}
"""Keys of [tool.uv], and of ``manifest`` in the lock."""

_DIRECT = ("git", "url", "path", "directory", "editable", "virtual")


def differences(root: Table, pyproject: Table, *, has_metadata: bool) -> tuple[str, ...]:
    """Names that pyproject.toml and the project's entry in uv.lock do not require alike.

    The first uv.lock files had no metadata in the entries; later ones leave it out where it would be empty.
    """
    project = pyproject.table("project")
    metadata = root.table("metadata")
    name = canonicalize_name(project.text("name") or "")
    is_dynamic = not {"dependencies", "optional-dependencies"}.isdisjoint(project.texts("dynamic"))
    if name != root.name() or is_dynamic or not (metadata.data or has_metadata):
        return ()
    settings = pyproject.table("tool").table("uv")
    elsewhere = frozenset(canonicalize_name(each) for each in settings.table("sources"))
    groups = pyproject.table("dependency-groups").data
    optional = project.table("optional-dependencies")
    shipped = [*project.texts("dependencies"), *chain.from_iterable(optional.texts(key) for key in optional)]
    try:
        found = set(_written(shipped, elsewhere)) ^ set(_locked(metadata, "requires-dist", elsewhere))
        development = {canonicalize_name(key): set(_written(flattened(groups, key), elsewhere)) for key in groups}
        old = set(_written(settings.texts("dev-dependencies"), elsewhere))
    except (InvalidRequirement, ValueError):
        return ()
    if old:
        dev = canonicalize_name("dev")
        development[dev] = development.get(dev, set()) | old
    groups_table = metadata.table("requires-dev")
    locked = {canonicalize_name(key): set(_locked(groups_table, key, elsewhere)) for key in groups_table}
    for key in {*development, *locked}:
        found |= development.get(key, set()) ^ locked.get(key, set())
    return tuple(sorted({each for each, _, _ in found} - {name}))


def other_differences(document: Table, root: Table, pyproject: Table) -> tuple[str, ...]:
    """What else differs: name, version and Pythons of the project, and the versions that [tool.uv] imposes."""
    project, manifest = pyproject.table("project"), document.table("manifest")
    name, version, locked = project.text("name"), project.text("version"), root.text("version")
    found = []
    if name is not None and canonicalize_name(name) != root.name():
        found.append("name")
    if version is not None and locked is not None and not _is_same(version, locked):
        found.append("version")
    if manifest.texts("members"):  # of a workspace, whose other members decide too
        return tuple(found)
    admitted, locked_for = project.specifiers("requires-python"), document.specifiers("requires-python")
    if admitted and locked_for and admitted != locked_for:
        found.append("requires-python")
    settings = pyproject.table("tool").table("uv")
    elsewhere = frozenset(canonicalize_name(each) for each in settings.table("sources"))
    for key, kept in _IMPOSED.items():
        with suppress(InvalidRequirement):
            if set(_written(settings.texts(key), elsewhere)) != set(_locked(manifest, kept, elsewhere)):
                found.append(key)
    return tuple(found)


def _is_same(version: str, other: str) -> bool:
    try:
        return grammar.version(version) == grammar.version(other)
    except InvalidVersion:
        return version == other


def _written(requirements: Iterable[str], elsewhere: frozenset[NormalizedName]) -> Iterator[Wanted]:
    for text in requirements:
        requirement = grammar.requirement(text)
        name = canonicalize_name(requirement.name)
        extras = frozenset(map(canonicalize_name, requirement.extras))
        yield name, extras, SpecifierSet() if name in elsewhere or requirement.url else requirement.specifier


def _locked(table: Table, key: str, elsewhere: frozenset[NormalizedName]) -> Iterator[Wanted]:
    for each in table.tables(key):
        name = each.name()
        extras = frozenset(each.normalized("extras", extra) for extra in each.texts("extras"))
        is_direct = name in elsewhere or any(kind in each for kind in _DIRECT)
        yield name, extras, SpecifierSet() if is_direct else each.specifiers("specifier") or SpecifierSet()

"""A dependency as Poetry writes it, in pyproject.toml and in the entries of a lock.

A constraint, or a table with ``version``, ``markers``, ``python``, ``platform``, ``extras``, ``optional`` and where it
comes from (https://python-poetry.org/docs/dependency-specification/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import shown
from pytest_ofiuco.formats._constraint import alternatives, readable_alternatives
from pytest_ofiuco.formats._markers import extras_marker, with_extras_as_set
from pytest_ofiuco.formats._poetry_marker import all_of, platform_marker, python_marker

_DIRECT = ("git", "url", "path", "file")

_NEVER = "<empty>"
"""How Poetry writes a constraint that nothing meets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a dependency is to come from: a kind of source or ``index``, its place, and a git reference."""

    kind: str
    place: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One dependency, or one of its alternatives; ``at`` is its TOML path."""

    name: NormalizedName
    at: str
    marker: Marker | None = None
    extras: tuple[NormalizedName, ...] = ()
    specifiers: tuple[SpecifierSet, ...] = ()
    is_optional: bool = False
    origin: Origin | None = None


def of_table(dependencies: Table) -> Iterator[Declared]:
    """Those of a table by name; ``python`` is none of them.

    Raises:
        InputError: a value is not as Poetry writes it.
    """
    for written in dependencies:
        if written.lower() == "python":
            continue
        value = dependencies.data[written]
        name = dependencies.normalized(written, written)
        if not isinstance(value, list):
            yield from _declared(name, value, dependencies, dependencies.path(written))
            continue
        for number, each in enumerate(value):
            yield from _declared(name, each, dependencies, f"{dependencies.path(written)}[{number}]")


def of_requirement(text: str, table: Table, key: str) -> Declared:
    """The one that a requirement of [project] or of [dependency-groups] stands for (PEP 508).

    Raises:
        InputError: it is none.
    """
    try:
        requirement = grammar.requirement(text)
    except InvalidRequirement as error:
        raise table.wrong(key, f"{shown(text)} is not a requirement (PEP 508)") from error
    return Declared(
        name=canonicalize_name(requirement.name),
        at=table.path(key),
        marker=requirement.marker and with_extras_as_set(requirement.marker),
        extras=tuple(sorted(canonicalize_name(each) for each in requirement.extras)),
        specifiers=(requirement.specifier,) if requirement.specifier else (),
        origin=_origin_of_url(requirement.url) if requirement.url else None,
    )


def _declared(name: NormalizedName, value: object, within: Table, at: str) -> Iterator[Declared]:
    if isinstance(value, str):
        yield Declared(name=name, at=at, specifiers=readable_alternatives(value))
        return
    table = Table(value if isinstance(value, dict) else {}, file=within.file, at=at, package=within.package)
    if not isinstance(value, dict):
        raise table.wrong("", "expected a version constraint or a table")
    if table.text("python") != _NEVER:
        yield Declared(
            name=name,
            at=at,
            marker=marker_of(table),
            extras=tuple(table.normalized("extras", each) for each in table.texts("extras")),
            specifiers=readable_alternatives(table.text("version") or "*"),
            is_optional=table.boolean("optional"),
            origin=_origin(table),
        )


def marker_of(table: Table) -> Marker | None:
    """``markers``, ``python`` and ``platform`` together, extras asked as a set.

    Raises:
        InputError: one of them cannot be read.
    """
    python = table.text("python")
    platform = table.text("platform")
    parts = [extras_marker(table, "markers")]
    try:
        parts.append(python_marker(alternatives(python)) if python else None)
    except ValueError as error:
        raise table.wrong("python", str(error)) from error
    try:
        parts.append(platform_marker(platform) if platform else None)
    except ValueError as error:
        raise table.wrong("platform", f"{shown(platform)} is not a platform constraint") from error
    return all_of(parts)


def _origin(table: Table) -> Origin | None:
    for kind in _DIRECT:
        place = table.text(kind)
        if place is not None:
            reference = next((table.text(each) for each in ("rev", "tag", "branch") if each in table), None)
            return Origin(kind="path" if kind == "file" else kind, place=place, reference=reference)
    name = table.text("source")
    return Origin(kind="index", place=name) if name is not None else None


def _origin_of_url(url: str) -> Origin:
    if not url.startswith("git+"):
        return Origin(kind="url", place=url)
    place = url.removeprefix("git+").partition("#")[0]
    head, separator, reference = place.rpartition("@")
    if separator and "/" in head.partition("://")[2]:
        return Origin(kind="git", place=head, reference=reference)
    return Origin(kind="git", place=place)

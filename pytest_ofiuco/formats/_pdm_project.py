"""What pyproject.toml tells of a pdm.lock: the names of groups and extras, what they require, and the sources.

pdm installs [project].dependencies as the group ``default``, [project.optional-dependencies], [dependency-groups]
(PEP 735) and [tool.pdm.dev-dependencies] as further groups (https://pdm-project.org/latest/usage/dependency/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import Dependency
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError, shown
from pytest_ofiuco.formats._inclusion import with_included
from pytest_ofiuco.formats._pdm_entry import Entry
from pytest_ofiuco.formats._pdm_requirement import place_of, required

DEFAULT = canonicalize_name("default")
"""pdm's name for what the project itself depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One requirement as it is written; in [project] an editable one is none to pdm."""

    table: Table
    key: str
    value: Any
    may_be_editable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """``groups`` holds what ``default``, every extra and every development group require."""

    file: str
    name: str
    groups: Mapping[str, Sequence[Written]]
    optional: frozenset[str]
    development: frozenset[str]
    excluded: frozenset[str]
    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    is_declared: bool

    @property
    def names(self) -> tuple[str, ...]:
        """All groups and extras."""
        return tuple(self.groups)

    def roots(self, entries: Sequence[Entry], *, named_only: bool = False) -> Mapping[str, tuple[Dependency, ...]]:
        """Root edges by group and by extra, with those of the groups and extras that they include.

        ``named_only``: without those of places, whose names may be guessed.

        Raises:
            InputError: a requirement is none, or a group includes what is not there or itself.
        """
        names = {place_of(entry.place): entry.name for entry in entries if entry.place}
        own = {name: tuple(self._edges(name, names, named_only=named_only)) for name in self.groups}
        included = {name: tuple(self._inclusions(name)) for name in self.groups}
        return {
            name: tuple(chain.from_iterable(own[group] for group in with_included(name, included.__getitem__, _circle)))
            for name in self.groups
        }

    def _edges(self, group: str, names: Mapping[str, NormalizedName], *, named_only: bool) -> Iterator[Dependency]:
        """The edges of a group, without those of what it includes."""
        for each in self.groups[group]:
            if self._included(each) is None and not (named_only and "/" in each.value):
                edge = required(
                    each.value,
                    at=f"{each.table.file}: {each.table.path(each.key)}",
                    wrong=partial(each.table.wrong, each.key),
                    names=names,
                )
                if edge.name not in self.excluded:
                    yield edge

    def _inclusions(self, group: str) -> Iterator[tuple[str, Written]]:
        for each in self.groups[group]:
            for other in self._included(each) or ():
                if other not in self.groups:
                    raise each.table.wrong(each.key, f"includes {shown(other)}, which is not there")
                yield other, each

    def _included(self, each: Written) -> Sequence[str] | None:
        """The groups and extras that an item stands for: ``{include-group = …}``, or the project's own extras."""
        if isinstance(each.value, dict):
            item = Table(each.value, file=each.table.file, at=each.table.path(each.key))
            return [item.normalized("include-group", item.required_text("include-group"))]
        if not isinstance(each.value, str):
            raise each.table.wrong(each.key, "expected a requirement or a table")
        if each.value.startswith("-e ") and not each.may_be_editable:
            return []
        try:
            requirement = grammar.requirement(each.value)
        except InvalidRequirement:
            return None
        if canonicalize_name(requirement.name) != self.name:
            return None
        return sorted(canonicalize_name(extra) for extra in requirement.extras)


def read(pyproject: Table) -> Project:
    """What pyproject.toml says.

    Raises:
        InputError: something in it is not as pdm reads it.
    """
    project, settings = pyproject.table("project"), pyproject.table("tool").table("pdm")
    optional = project.table("optional-dependencies")
    groups: dict[str, list[Written]] = {DEFAULT: list(_written(project, "dependencies", may_be_editable=False))}
    for name in optional:
        groups.setdefault(canonicalize_name(name), []).extend(_written(optional, name, may_be_editable=False))
    development = set()
    for table in (pyproject.table("dependency-groups"), settings.table("dev-dependencies")):
        for name in table:
            development.add(canonicalize_name(name))
            groups.setdefault(canonicalize_name(name), []).extend(_written(table, name, may_be_editable=True))
    extras = frozenset(canonicalize_name(name) for name in optional)
    sources = settings.tables("source")
    return Project(
        file=pyproject.file,
        name=canonicalize_name(project.text("name") or ""),
        groups=groups,
        optional=extras,
        development=frozenset(development) - extras - {DEFAULT},
        excluded=frozenset(map(canonicalize_name, settings.table("resolution").texts("excludes"))),
        indexes=tuple(_locations(sources, "index")),
        find_links=tuple(_locations(sources, "find_links")),
        is_declared=any(key in pyproject for key in ("project", "dependency-groups")) or bool(settings.data),
    )


def _circle(name: str, each: Written) -> InputError:
    return each.table.wrong(each.key, f"includes {shown(name)}, which includes it")


def _written(table: Table, key: str, *, may_be_editable: bool) -> Iterator[Written]:
    for index, value in enumerate(table.array(key)):
        yield Written(table=table, key=f"{key}[{index}]", value=value, may_be_editable=may_be_editable)


def _locations(sources: Sequence[Table], kind: str) -> Iterator[str]:
    """The URLs of [[tool.pdm.source]]; those with variables in them only the environment that pdm runs in completes."""
    for source in sources:
        url = source.location("url")
        if url and "${" not in url and (source.text("type") or "index") == kind:
            yield url

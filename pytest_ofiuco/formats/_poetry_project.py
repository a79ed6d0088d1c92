"""What pyproject.toml says that Poetry is to install: by group and by extra.

[tool.poetry] has it all, or [project] (PEP 621) and [dependency-groups] (PEP 735) have it and [tool.poetry] only adds
what the standards cannot say: sources, and markers of its own
(https://python-poetry.org/docs/pyproject/, https://python-poetry.org/docs/managing-dependencies/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core.lock import MAIN
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError, shown
from pytest_ofiuco.formats._inclusion import with_included
from pytest_ofiuco.formats._poetry_dependency import Declared, of_requirement, of_table
from pytest_ofiuco.formats._poetry_marker import all_of

_DEV = "dev"
_MAIN_KEYS = ("dependencies", "optional-dependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Direct dependencies by normalized group and by normalized extra."""

    name: str
    groups: Mapping[str, tuple[Declared, ...]]
    extras: Mapping[str, tuple[Declared, ...]]


def says_what_is_wanted(pyproject: Table) -> bool:
    """Whether there is any table of dependencies."""
    project = pyproject.table("project")
    settings = _settings(pyproject)
    return (
        any(key in project for key in _MAIN_KEYS)
        or "dependency-groups" in pyproject
        or any(key in settings for key in ("dependencies", "dev-dependencies", "group"))
    )


def group_names(pyproject: Table) -> tuple[str, ...]:
    """The groups beside ``main``, normalized."""
    written = (*_group_tables(pyproject), *map(canonicalize_name, pyproject.table("dependency-groups")))
    return tuple(dict.fromkeys(written))


def optional_groups(pyproject: Table) -> frozenset[str]:
    """Those that are installed on demand only."""
    return frozenset(
        name for name, tables in _group_tables(pyproject).items() if any(each.boolean("optional") for each in tables)
    )


def read(pyproject: Table) -> Project:
    """All that the project declares.

    Raises:
        InputError: something is not as Poetry reads it.
    """
    main, extras = _main(pyproject)
    own = {name: _group(pyproject, name) for name in group_names(pyproject)}
    included = _Inclusions(pyproject, own)
    groups = {name: included.all_of_group(name) for name in own}
    return Project(
        name=canonicalize_name(pyproject.table("project").text("name") or _settings(pyproject).text("name") or ""),
        groups={MAIN: tuple(main), **{name: tuple(found) for name, found in groups.items()}},
        extras=extras,
    )


def poetry_tables(pyproject: Table) -> Iterator[Table]:
    """Every table of dependencies of [tool.poetry]."""
    yield _settings(pyproject).table("dependencies")
    for tables in _group_tables(pyproject).values():
        yield from (each.table("dependencies") for each in tables)


def _settings(pyproject: Table) -> Table:
    return pyproject.table("tool").table("poetry")


def _group_tables(pyproject: Table) -> dict[str, list[Table]]:
    """The tables of [tool.poetry.group] by normalized name; [tool.poetry.dev-dependencies] is of ``dev``."""
    settings = _settings(pyproject)
    declared = settings.table("group")
    found: dict[str, list[Table]] = {}
    for name in declared:
        found.setdefault(canonicalize_name(name), []).append(declared.table(name))
    if "dev-dependencies" in settings:
        data = {"dependencies": settings.table("dev-dependencies").data}
        old = Table(data, file=settings.file, at=settings.path("dev-dependencies"))
        found.setdefault(_DEV, []).append(old)
    return found


def _main(pyproject: Table) -> tuple[list[Declared], dict[str, tuple[Declared, ...]]]:
    """What is always wanted, and what each extra adds."""
    project = pyproject.table("project")
    settings = _settings(pyproject)
    own = list(of_table(settings.table("dependencies")))
    always = [
        of_requirement(text, project, f"dependencies[{n}]") for n, text in enumerate(project.texts("dependencies"))
    ]
    tables = project.table("optional-dependencies")
    optional = {
        canonicalize_name(name): [
            of_requirement(text, tables, f"{name}[{n}]") for n, text in enumerate(tables.texts(name))
        ]
        for name in tables
    }
    wanted = [each for each in own if not each.is_optional]
    if not always and not any(optional.values()):
        return wanted, {**dict.fromkeys(optional, ()), **_extras_by_name(settings.table("extras"), own)}
    extras: dict[str, tuple[Declared, ...]] = {name: tuple(_enriched(found, own)) for name, found in optional.items()}
    if not always and not {"dependencies", "optional-dependencies"}.isdisjoint(project.texts("dynamic")):
        return wanted, extras
    return _enriched(always, own), extras


def _extras_by_name(table: Table, declared: Sequence[Declared]) -> dict[str, tuple[Declared, ...]]:
    """[tool.poetry.extras] names dependencies of the project; a name that is none of them adds nothing."""
    found: dict[str, tuple[Declared, ...]] = {}
    for extra in table:
        names = {canonicalize_name(name) for name in table.texts(extra)}
        found[canonicalize_name(extra)] = tuple(each for each in declared if each.name in names)
    return found


def _group(pyproject: Table, name: str) -> list[Declared]:
    """A group's own dependencies, without those of the groups that it includes."""
    standard = pyproject.table("dependency-groups")
    listed = [
        of_requirement(each, standard, f"{written}[{number}]")
        for written in standard
        if canonicalize_name(written) == name
        for number, each in enumerate(standard.array(written))
        if isinstance(each, str)
    ]
    own = [each for table in _group_tables(pyproject).get(name, ()) for each in of_table(table.table("dependencies"))]
    return _enriched(listed, own) if listed else [each for each in own if not each.is_optional]


def _enriched(listed: Iterable[Declared], own: Sequence[Declared]) -> list[Declared]:
    """Each dependency of a standard table, once for each that [tool.poetry] has by its name."""
    by_name: dict[NormalizedName, list[Declared]] = {}
    for each in own:
        by_name.setdefault(each.name, []).append(each)
    return [both for each in listed for both in (_both(each, more) for more in by_name.get(each.name, [each]))]


def _both(listed: Declared, more: Declared) -> Declared:
    if more is listed:
        return listed
    return replace(
        listed,
        marker=all_of((listed.marker, more.marker)),
        specifiers=_intersection(listed.specifiers, more.specifiers),
        origin=listed.origin or more.origin,
    )


def _intersection(some: tuple[SpecifierSet, ...], others: tuple[SpecifierSet, ...]) -> tuple[SpecifierSet, ...]:
    """Of two constraints that are alternatives each, what both admit; without alternatives all is admitted."""
    if not some or not others:
        return some or others
    return tuple(one & another for one in some for another in others)


class _Inclusions:
    """Groups that include others: ``include-group`` of PEP 735, ``include-groups`` of [tool.poetry.group]."""

    def __init__(self, pyproject: Table, own: Mapping[str, Sequence[Declared]]) -> None:
        self.own, self.tables = own, _group_tables(pyproject)
        self.groups = pyproject.table("dependency-groups")
        self.standard: dict[str, list[str]] = {}
        for written in self.groups:
            self.standard.setdefault(canonicalize_name(written), []).append(written)

    def all_of_group(self, name: str) -> list[Declared]:
        return [each for group in with_included(name, self.included, _circle) for each in self.own[group]]

    def included(self, name: str) -> Iterator[tuple[str, InputError]]:
        """The groups that one includes, each with what to raise where that includes this one."""
        for written, table, key in self.written(name):
            included = canonicalize_name(written)
            if included not in self.own:
                raise table.wrong(key, f"there is no group {shown(written)} to include")
            yield included, table.wrong(key, f"group {shown(written)} includes itself")

    def written(self, name: str) -> Iterator[tuple[str, Table, str]]:
        """Names as they are written, each with where."""
        for written in self.standard.get(name, ()):
            for number, each in enumerate(self.groups.array(written)):
                yield from _included(each, self.groups, f"{written}[{number}]")
        for table in self.tables.get(name, ()):
            yield from ((each, table, "include-groups") for each in table.texts("include-groups"))


def _circle(_: str, error: InputError) -> InputError:
    return error


def _included(value: object, table: Table, key: str) -> Iterator[tuple[str, Table, str]]:
    if isinstance(value, str):
        return
    if not isinstance(value, dict) or not isinstance(value.get("include-group"), str):
        raise table.wrong(key, "expected a requirement or {include-group = …}")
    yield value["include-group"], table, key

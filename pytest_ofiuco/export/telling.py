"""Markers that tell some cells of a matrix from the others, as short as they can be read.

A marker is put together from comparisons of one variable with a value that a cell has for it. Each comparison is
evaluated by ``packaging`` for each cell, so what comes out holds exactly where it should.
https://packaging.python.org/specifications/dependency-specifiers/#environment-markers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from packaging.markers import Marker
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.target import Target

_VERSIONS = ("python_version", "python_full_version")
_READABLE = ("sys_platform", "python_version", "platform_machine", "implementation_name")
"""The variables that people write, in their order."""

_REST = (
    "python_full_version",
    "platform_system",
    "os_name",
    "platform_python_implementation",
    "implementation_version",
    "platform_release",
    "platform_version",
)
"""Those that serve where these tell too little."""

Members = frozenset[int]
"""Cells, each by its number."""


@dataclass(eq=False)
class Alike(Exception):
    """Two cells that no marker tells apart."""

    first: int
    second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A comparison, and the cells where it holds."""

    text: str
    holds: Members


@dataclass(slots=True, kw_only=True)
class Environments:
    """The marker environments of a matrix's cells."""

    of_cells: Sequence[Mapping[str, str]]
    _known: dict[Members, str] = field(default_factory=dict)
    _told: dict[Sequence[str], Sequence[Comparison]] = field(default_factory=dict)

    @property
    def all(self) -> Members:
        """Every cell."""
        return frozenset(range(len(self.of_cells)))

    def marker(self, members: Members) -> str | None:
        """What holds for ``members`` and for no other cell; ``None`` where it need not be said: they are all.

        Raises:
            Alike: one of them cannot be told from a cell that is none of them.
        """
        others = self.all - members
        if not others:
            return None
        if members not in self._known:
            try:
                self._known[members] = _short(members, others, self._comparisons(_READABLE))
            except Alike:
                self._known[members] = _short(members, others, self._comparisons((*_READABLE, *_REST)))
        return self._known[members]

    def _comparisons(self, variables: Sequence[str]) -> Sequence[Comparison]:
        """Every comparison that tells cells apart; of those that hold for the same cells the first."""
        if variables not in self._told:
            found: dict[Members, Comparison] = {}
            for text in (text for variable in variables for text in self._written(variable)):
                marker = Marker(text)
                holds = frozenset(cell for cell, each in enumerate(self.of_cells) if marker.evaluate(dict(each)))
                if holds and holds != self.all:
                    found.setdefault(holds, Comparison(text=text, holds=holds))
            self._told[variables] = tuple(found.values())
        return self._told[variables]

    def _written(self, variable: str) -> Iterator[str]:
        values = sorted({each[variable] for each in self.of_cells if _is_writable(each[variable])})
        if variable in _VERSIONS and all(map(_is_version, values)):
            values.sort(key=Version)
            for value in values[1:]:
                yield f'{variable} < "{value}"'
                yield f'{variable} >= "{value}"'
        for operator in ("==", "!="):
            yield from (f"{variable} {operator} {_quoted(value)}" for value in values)


def _short(members: Members, others: Members, comparisons: Sequence[Comparison]) -> str:
    for each in comparisons:
        if each.holds == members:
            return each.text
    for first, second in combinations(comparisons, 2):
        if first.holds & second.holds == members:
            return f"{first.text} and {second.text}"
    for first, second in combinations(comparisons, 2):
        if first.holds | second.holds == members:
            return f"{first.text} or {second.text}"
    return " or ".join(_cover(members, others, comparisons))


def _cover(members: Members, others: Members, comparisons: Sequence[Comparison]) -> list[str]:
    """Conjunctions that hold for some members and for nobody else, until every member has one."""
    terms = [each for each in comparisons if each.holds <= members]
    for first, second in combinations(comparisons, 2):
        if first.holds & second.holds <= members:
            terms.append(_conjunction([first, second]))
    found, left = [], set(members)
    while left:
        best = max(terms, key=lambda term: len(term.holds & left), default=None)
        if best is None or not best.holds & left:
            best = _whole(min(left), others, comparisons)
        found.append(best.text)
        left -= best.holds
    return found


def _whole(cell: int, others: Members, comparisons: Sequence[Comparison]) -> Comparison:
    """As many comparisons as it takes to tell a cell from the others."""
    said: list[Comparison] = []
    for each in comparisons:
        if cell in each.holds and others - each.holds:
            said.append(each)
            others &= each.holds
    for other in sorted(others):
        raise Alike(cell, other)
    return _conjunction(said)


def facts(target: Target) -> str:
    """The marker that says for whom a target's files are: its Python, system and architecture, and what was set."""
    environment, python = target.environment, target.python
    version = "python_full_version" if python.is_exact else "python_version"
    overridden = (key for key, _ in target.platform.markers)
    told = dict.fromkeys((version, "sys_platform", "platform_machine", "implementation_name", *overridden))
    return " and ".join(f"{key} == {_quoted(environment[key])}" for key in told if _is_writable(environment[key]))


def _is_writable(value: str) -> bool:
    """Whether a marker can hold the value: it knows no escapes."""
    return not ('"' in value and "'" in value)


def _quoted(value: str) -> str:
    return f"'{value}'" if '"' in value else f'"{value}"'


def _is_version(text: str) -> bool:
    try:
        grammar.version(text)
    except InvalidVersion:
        return False
    return True


def _conjunction(comparisons: Sequence[Comparison]) -> Comparison:
    text = " and ".join(each.text for each in comparisons)
    return Comparison(text=text, holds=frozenset.intersection(*(each.holds for each in comparisons)))

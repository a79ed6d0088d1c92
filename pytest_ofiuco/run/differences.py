"""What the cells in which a test fails have that those in which it passes have not. Pure: facts → differences.

A fact tells two sets of cells apart where no cell of the one shares its value with a cell of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_VALUES = 4
"""How many values of one side are named before the rest is counted."""

NOTHING = "nothing that is known: neither Python nor platform, variant or version of a package tells them apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """What a cell consists of. ``versions`` are its packages' by name; one from a folder or a commit may have none."""

    name: str
    python: str
    platform: str
    variant: str | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact that tells the cells apart: its values there, and where the test passes; ``None``: there is none."""

    what: str
    there: tuple[str | None, ...]
    elsewhere: tuple[str | None, ...]

    def __str__(self) -> str:
        there, elsewhere = _listed(self.there), _listed(self.elsewhere)
        if self.there == (None,):
            return f"no {self.what} ({elsewhere} where it passes)"
        return f"{self.what} {there} ({elsewhere} where it passes)"


def differences(failing: Sequence[CellFacts], passing: Sequence[CellFacts], text: str = "") -> tuple[Difference, ...]:
    """What tells the failing cells from the passing ones: Python, platform, variant, then packages by name.

    Packages that the failure's ``text`` names come first.
    """
    if not failing or not passing:
        return ()
    found = [
        _compared("Python", failing, passing, lambda cell: cell.python),
        _compared("platform", failing, passing, lambda cell: cell.platform),
        _compared("variant", failing, passing, lambda cell: cell.variant),
    ]
    packages = {package for cell in (*failing, *passing) for package in cell.versions}
    words = frozenset(_canonical(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", text))
    for package in sorted(packages, key=lambda each: (_canonical(each) not in words, each)):
        found.append(_compared(package, failing, passing, lambda cell, name=package: _version(cell, name)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return tuple(each for each in found if each is not None)


def told(found: Sequence[Difference], limit: int = 5) -> list[str]:
    """One line each, no more than ``limit``, then how many more there are; or that there is none."""
    if not found:
        return [NOTHING]
    lines = [str(each) for each in found[:limit]]
    return [*lines, f"and {len(found) - limit} more"] if len(found) > limit else lines


def _compared(
    what: str, failing: Sequence[CellFacts], passing: Sequence[CellFacts], value: Callable[[CellFacts], str | None]
) -> Difference | None:
    there, elsewhere = (tuple(dict.fromkeys(value(cell) for cell in cells)) for cells in (failing, passing))
    if not set(there).isdisjoint(elsewhere):
        return None
    return Difference(what=what, there=there, elsewhere=elsewhere)


def _version(cell: CellFacts, package: str) -> str | None:
    if package not in cell.versions:
        return None
    return cell.versions[package] or "without a version"


def _listed(values: Iterable[str | None]) -> str:
    named = [value if value is not None else "none" for value in values]
    more = len(named) - _VALUES
    return ", ".join([*named[:_VALUES], f"{more} more"] if more > 1 else named)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

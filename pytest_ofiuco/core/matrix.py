"""The matrix: Pythons × platforms × variants, less what is excluded, each cell with a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from pytest_ofiuco.core.platforms import PlatformDefinition
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import UsageError, shown

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet  # cells have none of their own

HOST = "host"
"""The platform of the machine that the matrix runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRange:
    """Which Pythons are meant: ``3.12`` (that minor version), ``3.12.4``, or specifiers such as ``>=3.11``."""

    text: str
    specifiers: SpecifierSet

    @classmethod
    def parse(cls, text: str) -> PythonRange:
        """Read it as a user writes it.

        Raises:
            UsageError: it is neither a version nor specifiers.
        """
        from packaging.specifiers import InvalidSpecifier

        from pytest_ofiuco.core import grammar

        written = text.strip()
        if written[:1].isdigit():
            python = Python.parse(written)
            written = f"=={python.version}" if python.is_exact else f"=={python.version}.*"
        try:
            return cls(text=text, specifiers=grammar.specifier_set(written))
        except InvalidSpecifier as error:
            raise UsageError(
                f"python {shown(text)}: neither a version nor specifiers", hint='write "3.12" or ">=3.11,<3.13"'
            ) from error

    def admits(self, python: Python) -> bool:
        """Whether ``python`` is in the range."""
        return self.specifiers.contains(python.full_version, prereleases=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAxis:
    """A platform of the matrix and the Pythons it is wanted for; none given means all."""

    definition: PlatformDefinition
    pythons: tuple[PythonRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Cells left out: those that every given part names; the empty ``variant`` is that of cells without one."""

    python: PythonRange | None = None
    platform: str | None = None
    variant: str | None = None

    def covers(self, python: Python, platform: str, variant: str | None) -> bool:
        """Whether the cell of ``python`` on ``platform`` in ``variant`` is left out."""
        if self.python is not None and not self.python.admits(python):
            return False
        return self.platform in (None, platform) and self.variant in (None, variant or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A named target; ``platform`` is the platform's name in the matrix."""

    name: str
    python: Python
    platform: str
    target: Target = field(repr=False)
    variant: str | None = None

    def has_platform(self, names: Iterable[str]) -> bool:
        """Whether it is on one of the platforms, given by name or by tag."""
        return bool({self.platform, str(self.target.platform)} & set(names))

    def has_python(self, texts: Iterable[str]) -> bool:
        """Whether its Python is in one of the ranges.

        Raises:
            UsageError: a text is not a range.
        """
        ranges = [PythonRange.parse(text) for text in texts]
        return any(each.admits(self.target.python) for each in ranges)

    def has_variant(self, names: Iterable[str]) -> bool:
        """Whether it is of one of the variants; the empty name is that of cells without one."""
        return (self.variant or "") in set(names)


def expand(
    pythons: Sequence[Python],
    platforms: Sequence[PlatformAxis],
    exclude: Sequence[Exclusion] = (),
    variants: Sequence[str] = (),
) -> tuple[Cell, ...]:
    """All cells: platform by platform in the given order, Pythons ascending, the lock as it is before its variants.

    Raises:
        UsageError: two cells have one name.
    """
    cells: dict[str, Cell] = {}
    in_order = sorted(pythons, key=lambda each: (each.implementation, each.version, each.free_threaded))
    for axis, python, variant in product(platforms, in_order, (None, *variants)):
        platform = axis.definition
        if axis.pythons and not any(each.admits(python) for each in axis.pythons):
            continue
        if any(each.covers(python, platform.name, variant) for each in exclude):
            continue
        cell = Cell(
            name="-".join(filter(None, (python.label, platform.name, variant))),
            python=python,
            platform=platform.name,
            target=Target(python=python, platform=platform.platform(python.minor)),
            variant=variant,
        )
        if cells.setdefault(cell.name, cell) is not cell:
            raise UsageError(f"two cells are named {cell.name}", "give the variant or the platform another name")
    return tuple(cells.values())

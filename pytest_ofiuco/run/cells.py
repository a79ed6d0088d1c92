"""The cells of a session: which are wanted, and what becomes of each. Made by ``plan``, or told again by ``recall``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.request import Environment

if TYPE_CHECKING:
    from pytest_ofiuco.core.lock import Lock  # a session that is told again reads none
    from pytest_ofiuco.store.project import LocalProject
    from pytest_ofiuco.store.request import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What of the matrix is wanted; empty means all."""

    cells: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def admits(self, cell: Cell) -> bool:
        """Whether a cell is wanted."""
        if self.cells and cell.name not in self.cells:
            return False
        if self.pythons and not cell.has_python(self.pythons):
            return False
        if self.variants and not cell.has_variant(self.variants):
            return False
        return not self.platforms or cell.has_platform(self.platforms)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCell:
    """A cell, and what becomes of it: it is prepared (``plan``), there already (``environment``), or in error.

    One of these is set, unless there is nothing to prepare. With ``skip`` its tests are not run; its environment, if it
    has one, is only inspected. ``versions`` are what it gets, by name; ``runs_as`` is the platform of the interpreter
    that runs it, where this machine could not run it by itself. ``is_by_choice``: the project's settings have it
    skipped.
    """

    cell: Cell
    versions: Mapping[str, str | None] = field(default_factory=dict)
    runs_as: Platform | None = None
    plan: Plan | None = None
    environment: Environment | None = None
    skip: str | None = None
    is_by_choice: bool = False
    error: OfiucoError | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether it has an environment, or gets one."""
        return self.plan is not None or self.environment is not None

    @property
    def is_run(self) -> bool:
        """Whether its tests are run."""
        return self.is_prepared and self.skip is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFacts:
    """What is said of a lock: its name, format and version, and how many packages it has."""

    path: str
    format: str
    version: str
    packages: int

    @classmethod
    def of(cls, lock: Lock) -> LockFacts:
        """Those of a lock."""
        packages = len({package.name for package in lock.packages if not package.is_virtual})
        return cls(path=lock.path, format=lock.format, version=lock.version, packages=packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """All cells of a session, and what there is to say about them.

    ``defined``: the platforms that the project defines or refines; ``variants``: its variants. ``project`` is what was
    read, where this plan was not remembered from an earlier session.
    """

    lock: LockFacts
    cells: tuple[PlannedCell, ...]
    all_names: tuple[str, ...]
    warnings: tuple[str, ...]
    defined: frozenset[str] = frozenset()
    variants: tuple[str, ...] = ()
    project: LocalProject | None = None

"""A session's plan: told again from an earlier session where nothing has changed since, else made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.run import recall
from pytest_ofiuco.run.cells import Narrowing, SessionPlan
from pytest_ofiuco.run.preparation import preparers
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.plans import Plans, question
from pytest_ofiuco.store.request import Environment

if TYPE_CHECKING:
    from pytest_ofiuco.store.environment import Preparer  # a plan that is told again needs neither
    from pytest_ofiuco.store.project import LocalProject


@dataclass(slots=True, kw_only=True)
class Planner:
    """Plans what was asked for. ``lock``, ``locked`` and ``offline`` are as for ``store.project.load``."""

    store: Store
    directory: Path
    lock: str | None
    narrowing: Narrowing
    locked: bool
    offline: bool
    refresh: bool
    needs_pytest: bool = True
    _has_looked: bool = False
    _recalled: SessionPlan | None = None
    _made: SessionPlan | None = None
    _preparers: Callable[[PreparationProgress], Preparer] | None = None
    _plans: Plans = field(init=False)

    def __post_init__(self) -> None:
        narrowing = asdict(self.narrowing)
        asked = question(self.directory, self.lock, narrowing, locked=self.locked, needs_pytest=self.needs_pytest)
        self._plans = Plans(self.store, asked, os.environ)

    def plan(self) -> SessionPlan:
        """The session's plan.

        Raises:
            OfiucoError: what ``store.project.load``, ``run.plan.plan`` and ``preparers`` raise.
        """
        recalled = self.recalled()
        if recalled is not None:
            return recalled
        from pytest_ofiuco.run.plan import plan
        from pytest_ofiuco.store.interpreters import Interpreters

        project = self.load()
        self._plans.watch(project.witness)
        interpreters = Interpreters(self.store, os.environ, project.witness)
        self._made = plan(project, self.narrowing, interpreters, needs_pytest=self.needs_pytest)
        recall.watch(self._made.cells, project.witness)
        self._preparers = preparers(project, self.store, offline=self.offline, refresh=self.refresh)
        return self._made

    def recalled(self) -> SessionPlan | None:
        """The plan of an earlier session, if nothing has changed since; looked for once."""
        if not self._has_looked:
            self._has_looked = True
            known = None if self.refresh else self._plans.find()
            self._recalled = None if known is None else recall.recall(self.store, known)
        return self._recalled

    def preparer(self, progress: PreparationProgress) -> Preparer:
        """What makes the environments that are not there.

        Raises:
            OfiucoError: what ``preparers`` raises.
        """
        if self._preparers is None:
            self._preparers = preparers(self.load(), self.store, offline=self.offline, refresh=self.refresh)
        return self._preparers(progress)

    def remember(self, environments: Mapping[str, Environment]) -> None:
        """Keep the plan for the next session; ``environments`` are those of all its cells that have one, by name."""
        if self._made is not None:
            recall.remember(self._plans, self._made, environments)

    def load(self) -> LocalProject:
        """The project, read anew.

        Raises:
            OfiucoError: what ``store.project.load`` raises.
        """
        from pytest_ofiuco.store.project import load

        return load(self.directory, self.lock, locked=self.locked, offline=self.offline)

"""Cells → environments, several at a time in threads; what becomes of each is told as soon as it is known."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_ofiuco.errors import CacheError, OfiucoError
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.request import Environment
from pytest_ofiuco.store.threads import HEED_SECONDS

if TYPE_CHECKING:
    from pytest_ofiuco.store.environment import Preparer  # a session that finds everything ready prepares nothing
    from pytest_ofiuco.store.project import LocalProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A cell's environment is there."""

    environment: Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareFailed:
    """A cell's environment could not be made."""

    error: OfiucoError


@dataclass(eq=False)
class UnforeseenError(OfiucoError):
    """An error that nobody has raised on purpose."""

    exit_code = 1
    text: str
    hint: str | None = "this is a defect of pytest-ofiuco: report it, with these lines"

    @classmethod
    def of(cls, error: Exception) -> UnforeseenError:
        """With its traceback."""
        return cls("".join(traceback.format_exception(error)).strip())

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Preparation:
    """Prepares cells; ``post`` is called from any thread, with a cell's name and what became of it."""

    preparer: Preparer
    progress: PreparationProgress
    post: Callable[[str, Prepared | PrepareFailed], None]
    _pending: list[PlannedCell] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, cells: Sequence[PlannedCell], *, at_a_time: int) -> None:
        """Prepare ``cells`` in their order."""
        self._pending.extend(reversed(cells))
        for _ in range(min(at_a_time, len(cells))):
            thread = threading.Thread(target=self._work, name="ofiuco-prepare", daemon=True)
            self._threads.append(thread)
            thread.start()

    def drop(self) -> None:
        """Begin nothing more."""
        self._pending.clear()

    def join(self) -> None:
        """Wait until everything is done."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(HEED_SECONDS)

    def _work(self) -> None:
        while True:
            try:
                planned = self._pending.pop()
            except IndexError:
                return
            name, began = planned.cell.name, time.monotonic()
            try:
                environment = self._prepared(planned)
            except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
                self.progress.not_ready(name)
                self.post(name, PrepareFailed(error=_as_told(error)))
            else:
                seconds = time.monotonic() - began
                self.progress.ready(name, was_cached=environment.was_cached, seconds=seconds)
                self.post(name, Prepared(environment=environment))

    def _prepared(self, planned: PlannedCell) -> Environment:
        assert planned.plan is not None
        return self.preparer.prepare(planned.plan)


def preparers(
    project: LocalProject, store: Store, *, offline: bool, refresh: bool
) -> Callable[[PreparationProgress], Preparer]:
    """What makes preparers for a project; what pip, uv and Poetry were told of indexes is read at once.

    Raises:
        InputError: one of their settings cannot be read.
        UsageError: OFIUCO_LINK_MODE names no link mode.
    """
    from pytest_ofiuco.store.environment import Preparer
    from pytest_ofiuco.store.links import link_mode
    from pytest_ofiuco.store.settings import IndexSettings

    settings = IndexSettings.load(os.environ, project.directory)
    settings = settings.for_lock(project.lock, project.lock_file.parent, os.environ)
    mode = link_mode(os.environ, project.config.link_mode)

    kind = Preparer
    if any(each.ssh for each in project.config.settings.values()):
        from pytest_ofiuco.run.hosts.preparer import FarPreparer

        kind = FarPreparer

    def preparer(progress: PreparationProgress) -> Preparer:
        return kind(
            store,
            settings,
            offline=offline,
            refresh=refresh,
            progress=progress,
            environ=os.environ,
            link_mode=mode,
        )

    return preparer


def _as_told(error: Exception) -> OfiucoError:
    """``error`` in the words of a user, where there are some."""
    if isinstance(error, OfiucoError):
        return error
    if isinstance(error, OSError):
        return CacheError(str(error.filename or ""), error.strerror or str(error))
    return UnforeseenError.of(error)

"""Cells → environments, several at a time in threads; what becomes of each is told as soon as it is known."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_ofiuco.errors import CacheError, OfiucoError
from pytest_ofiuco.run.plan import PlannedCell
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.environment import Environment, Plan, Preparer, Project
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

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Preparation:
    """Prepares cells; ``post`` is called from any thread, with a cell's name and what became of it."""

    preparer: Preparer
    project: LocalProject
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
            thread.join()

    def _work(self) -> None:
        while True:
            try:
                planned = self._pending.pop()
            except IndexError:
                return
            name, began = planned.cell.name, time.monotonic()
            try:
                environment = self.preparer.prepare(to_prepare(self.project, planned))
            except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
                self.progress.not_ready(name)
                self.post(name, PrepareFailed(error=_as_told(error)))
            else:
                seconds = time.monotonic() - began
                self.progress.ready(name, was_cached=environment.was_cached, seconds=seconds)
                self.post(name, Prepared(environment=environment))


def to_prepare(project: LocalProject, planned: PlannedCell) -> Plan:
    """What a cell that can run needs of the store."""
    assert planned.resolution is not None
    assert planned.interpreter is not None
    return Plan(
        resolution=planned.resolution,
        interpreter=planned.interpreter,
        lock_directory=project.lock_file.parent.resolve(),
        project=project_to_install(project),
        unhashed=frozenset(project.config.allow_unhashed),
    )


def project_to_install(project: LocalProject) -> Project | None:
    """The project under test, as it is to be installed; nothing where it is no package or should not be."""
    mode = project.config.install_project
    if mode == "no" or (mode == "auto" and not project.is_package):
        return None
    return Project(directory=project.directory.resolve(), install="wheel" if mode == "wheel" else "editable")


def _as_told(error: Exception) -> OfiucoError:
    """``error`` in the words of a user, where there are some."""
    if isinstance(error, OfiucoError):
        return error
    if isinstance(error, OSError):
        return CacheError(str(error.filename or ""), error.strerror or str(error))
    return UnforeseenError("".join(traceback.format_exception(error)).strip())

"""Gets cells ready and their workers going: preparation in threads, at most ``jobs`` at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pytest_ofiuco.errors import CacheError, OfiucoError
from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import CellRun, StartUp, cell_environment
from pytest_ofiuco.run.gateway import Connect, ExecnetGateway, Gateway
from pytest_ofiuco.run.messages import Failed, Message
from pytest_ofiuco.run.plan import PlannedCell, SessionPlan
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.environment import Environment, Plan, Preparer, Project
from pytest_ofiuco.store.project import LocalProject

_CLOSE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A cell's environment is there."""

    environment: Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareFailed:
    """A cell's environment could not be made."""

    error: OfiucoError


def project_to_install(project: LocalProject) -> Project | None:
    """The project under test, as it is to be installed; nothing where it is no package or should not be."""
    mode = project.config.install_project
    if mode == "no" or (mode == "auto" and not project.is_package):
        return None
    return Project(directory=project.directory.resolve(), install="wheel" if mode == "wheel" else "editable")


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


@dataclass(eq=False)
class UnforeseenError(OfiucoError):
    """An error that nobody has raised on purpose."""

    exit_code = 1
    text: str
    hint: str | None = "this is a defect of pytest-ofiuco: report it, with these lines"

    def __str__(self) -> str:
        return self.text


def _as_told(error: Exception) -> OfiucoError:
    """``error`` in the words of a user, where there are some."""
    if isinstance(error, OfiucoError):
        return error
    if isinstance(error, OSError):
        return CacheError(str(error.filename or ""), error.strerror or str(error))
    return UnforeseenError("".join(traceback.format_exception(error)).strip())


class Post(Protocol):
    """Where events go."""

    def __call__(self, name: str, generation: int, message: Message | Prepared | PrepareFailed) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Launcher:
    """Prepares cells and starts, restarts and ends their workers.

    ``catches_output``: the worker's own output goes to a file, to be quoted after a crash; not with ``-s``, where it is
    the user's to see.
    """

    post: Post
    plan: SessionPlan
    preparer: Callable[[PreparationProgress], Preparer]
    progress: Callable[[int], PreparationProgress]
    arguments: Arguments
    extra_arguments: Sequence[str]
    start_up: StartUp
    jobs: int
    bytecode: Path
    catches_output: bool = True
    measures_coverage: bool = False
    warnings: list[str] = field(default_factory=list)
    connect: Connect = ExecnetGateway
    _folder: Path | None = None
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[CellRun] = field(default_factory=deque)
    _starting: set[str] = field(default_factory=set)
    _open: list[Gateway] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def preparing(self, runs: Sequence[CellRun]) -> Iterator[None]:
        """Prepare cells in threads; what becomes of each is posted."""
        if not runs:
            yield
            return
        pending = list(reversed(runs))
        with self.progress(len(runs)) as progress, closing(self.preparer(progress)) as preparer:
            for _ in range(min(self.jobs, len(runs))):
                threading.Thread(target=self._prepare, args=(preparer, pending, progress), daemon=True).start()
            try:
                yield
            finally:
                pending.clear()
                self.warnings.extend(preparer.warnings())

    def _prepare(self, preparer: Preparer, pending: list[CellRun], progress: PreparationProgress) -> None:
        while True:
            try:
                run = pending.pop()
            except IndexError:
                return
            name, began = run.cell.name, time.monotonic()
            try:
                environment = preparer.prepare(to_prepare(self.plan.project, run.planned))
            except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
                progress.not_ready(name)
                self.post(name, 0, PrepareFailed(error=_as_told(error)))
            else:
                progress.ready(name, was_cached=environment.was_cached, seconds=time.monotonic() - began)
                self.post(name, 0, Prepared(environment=environment))

    def start(self, run: CellRun) -> None:
        """Start a worker for a prepared cell as soon as fewer than ``jobs`` others are collecting."""
        self._waiting.append(run)
        self._pump()

    def collected(self, run: CellRun) -> None:
        """A cell has collected: another one may start."""
        self._starting.discard(run.cell.name)
        self._pump()

    def end(self, run: CellRun, *, patience: float = 0.2) -> None:
        """End a cell's worker, without waiting for it; by force after ``patience`` seconds."""
        with self._lock:
            run.generation += 1
            gateway, run.gateway = run.gateway, None
        if gateway is not None:
            self._in_thread(gateway.close, patience)
        self.collected(run)

    def close(self) -> None:
        """End every worker, and wait for it; remove what caught their output."""
        with self._lock:
            self._closed = True
            gateways, self._open = list(self._open), []
        for gateway in gateways:
            self._in_thread(gateway.close)
        deadline = time.monotonic() + _CLOSE_SECONDS
        try:
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        except KeyboardInterrupt:  # asked for twice: at once
            for gateway in gateways:
                gateway.kill()
            raise
        self._threads.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _pump(self) -> None:
        while self._waiting and len(self._starting) < self.jobs and not self._closed:
            run = self._waiting.popleft()
            self._starting.add(run.cell.name)
            self._in_thread(self._start, run, run.generation)

    def _in_thread(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _start(self, run: CellRun, generation: int) -> None:
        environment, name = run.environment, run.cell.name
        assert environment is not None
        spool = self._spool(f"{name}-{generation}.log") if self.catches_output else None

        def receive(message: Message) -> None:
            self.post(name, generation, message)

        command = [str(environment.python)]
        coverage = self.start_up.directory / f".coverage.{name}" if self.measures_coverage else None
        variables = cell_environment(environment, name, os.environ.get("PATH", ""), self.bytecode, coverage)
        try:
            gateway = self.connect(command, variables, receive, spool)
            with self._lock:
                is_wanted = generation == run.generation and not self._closed
                if is_wanted:
                    run.gateway = gateway
                    self._open.append(gateway)
            if not is_wanted:
                gateway.close()
                return
            gateway.open()
            arguments = [*self.extra_arguments, *self.arguments.for_cell(name)]
            gateway.send(self.start_up.message(run, arguments, spool))
        except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
            said = f"{type(error).__name__}: {error}"
            if isinstance(error, AssertionError):  # execnet's, at the first byte that comes back
                said = "something in it writes to the standard output before the worker does"
            receive(Failed(reason=f"its interpreter {environment.python} does not start a worker: {said}"))

    def _spool(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="ofiuco-"))
            return self._folder / name

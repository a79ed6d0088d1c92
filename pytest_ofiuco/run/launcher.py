"""Gets cells ready and their workers going: preparation in threads, at most ``jobs`` at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import CellRun, StartUp, cell_environment
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.gateway import Connect, ExecnetGateway, Gateway
from pytest_ofiuco.run.messages import Failed, Message
from pytest_ofiuco.run.preparation import Preparation, Prepared, PrepareFailed
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.request import Environment

if TYPE_CHECKING:
    from pytest_ofiuco.store.environment import Preparer

_CLOSE_SECONDS = 15.0


class Post(Protocol):
    """Where events go."""

    def __call__(self, name: str, generation: int, message: Message | Prepared | PrepareFailed) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Launcher:
    """Prepares cells and starts, restarts and ends their workers.

    ``catches_output``: the worker's own output goes to a file, to be quoted after a crash; not with ``-s``, where it is
    the user's to see. ``remember`` is called once everything is prepared that was not there.
    """

    post: Post
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
    remember: Callable[[Mapping[str, Environment]], None] = lambda _: None
    _prepared: dict[str, Environment] = field(default_factory=dict)
    _folder: Path | None = None
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[CellRun] = field(default_factory=deque)
    _starting: set[str] = field(default_factory=set)
    _open: list[Gateway] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def preparing(self, runs: Sequence[CellRun]) -> Iterator[None]:
        """Prepare cells in threads; what becomes of each is posted, at once where its environment is there."""
        if not runs:
            yield
            return
        with self.progress(len(runs)) as progress:
            missing = []
            for run in runs:
                environment = run.planned.environment
                if environment is None:
                    missing.append(run.planned)
                else:
                    progress.ready(run.cell.name, was_cached=True, seconds=0.0)
                    self._post(run.cell.name, Prepared(environment=environment))
            with self._preparing(missing, progress) if missing else nullcontext():
                yield

    @contextmanager
    def _preparing(self, cells: Sequence[PlannedCell], progress: PreparationProgress) -> Iterator[None]:
        with closing(self.preparer(progress)) as preparer:
            preparation = Preparation(preparer, progress, self._post)
            preparation.begin(cells, at_a_time=self.jobs)
            try:
                yield
            finally:
                preparation.drop()
                self.warnings.extend(preparer.warnings())
        self.remember(self._prepared)

    def _post(self, name: str, outcome: Prepared | PrepareFailed) -> None:
        if isinstance(outcome, Prepared):
            self._prepared[name] = outcome.environment
        self.post(name, 0, outcome)

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

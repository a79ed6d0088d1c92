"""Gets cells ready and their workers going: prepares in threads, starts and ends workers without waiting for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_ofiuco.run.arguments import Arguments
from pytest_ofiuco.run.cellrun import CellRun, StartUp
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.gateway import GRACE_SECONDS, Gateway
from pytest_ofiuco.run.limits import SLOW, start_seconds
from pytest_ofiuco.run.messages import Failed
from pytest_ofiuco.run.preparation import Preparation, Prepared, PrepareFailed
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.run.spawning import Spawner
from pytest_ofiuco.run.workers import State, Worker
from pytest_ofiuco.store.request import Environment
from pytest_ofiuco.store.threads import HEED_SECONDS

if TYPE_CHECKING:
    from pytest_ofiuco.store.environment import Preparer

_CLOSE_SECONDS = 5.0
"""How much longer than any worker's patience is waited for those that end."""


@dataclass(slots=True, kw_only=True, eq=False)
class Launcher:
    """Prepares cells and starts, restarts and ends their workers.

    ``post`` takes what becomes of a cell's preparation, by its name; from any thread. ``ahead`` are workers that have
    been started before anything else was known, by cell. ``remember`` is called once everything is prepared that was
    not there.
    """

    post: Callable[[str, Prepared | PrepareFailed], None]
    spawner: Spawner
    preparer: Callable[[PreparationProgress], Preparer]
    progress: Callable[[int], PreparationProgress]
    arguments: Arguments
    extra_arguments: Sequence[str]
    start_up: StartUp
    jobs: int
    ahead: dict[str, Worker] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    was_interrupted: bool = False
    remember: Callable[[Mapping[str, Environment]], None] = lambda _: None
    _prepared: dict[str, Environment] = field(default_factory=dict)
    _closed: bool = False
    _patience: float = 10.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[Gateway] = field(default_factory=list)
    _ending: list[Gateway] = field(default_factory=list)
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
        self.post(name, outcome)

    def start(self, run: CellRun) -> None:
        """Start a worker of a prepared cell; whether it can be is posted."""
        worker = self.ahead.pop(run.cell.name, None) or self.spawner.worker(run.cell.name)
        run.workers.append(worker)
        if run.is_slow:
            worker.slowness = max(SLOW, run.slowness)
        is_far = run.environment is not None and run.environment.host is not None
        worker.is_later = run.planned.runs_as is not None and run.started > 0 and not run.stalls
        run.started += 1
        worker.start_seconds = start_seconds(worker, is_again=run.stalls > 0, is_far=is_far)
        worker.begin()
        if worker.gateway is not None:
            self._opened(worker.gateway, worker)
            self._tell(run, worker, worker.gateway)
        else:
            self._in_thread(self._start, run, worker)

    def _start(self, run: CellRun, worker: Worker) -> None:
        assert run.environment is not None
        try:
            gateway = self.spawner.connected(worker, run.environment)
            if self._opened(gateway, worker):
                gateway.open()
                self._tell(run, worker, gateway)
            else:
                gateway.close()
        except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
            said = f"{type(error).__name__}: {error}"
            if isinstance(error, AssertionError):  # execnet's, at the first byte that comes back
                said = "something in it writes to the standard output before the worker does"
            reason = f"its interpreter {run.environment.python} does not start a worker: {said}"
            self.spawner.hear(worker, Failed(reason=reason))

    def _opened(self, gateway: Gateway, worker: Worker) -> bool:
        """Whether it is still wanted."""
        with self._lock:
            if worker.state is State.GONE or self._closed:
                return False
            worker.gateway = gateway
            self._open.append(gateway)
            return True

    def _tell(self, run: CellRun, worker: Worker, gateway: Gateway) -> None:
        arguments = self.arguments.for_cell(run.cell.name)
        gateway.send(self.start_up.message(run, worker, arguments, self.extra_arguments))

    def end(self, worker: Worker) -> None:
        """End a worker, without waiting for it."""
        gateway = self._taken(worker)
        if gateway is not None:
            self._in_thread(self._close, gateway)

    def let_end(self, worker: Worker, patience: float, keepers: Sequence[str]) -> None:
        """Let a worker end whose session is over, without waiting for it; by force after ``patience`` seconds.

        ``keepers`` are the threads and processes that it waits for.
        """
        gateway = self._taken(worker)
        self._patience = max(self._patience, patience)
        if gateway is not None:
            self._in_thread(self._let_end, gateway, worker.name, patience, keepers)

    def _taken(self, worker: Worker) -> Gateway | None:
        with self._lock:
            worker.state = State.GONE
            gateway, worker.gateway = worker.gateway, None
            if gateway is not None:
                self._open = [each for each in self._open if each is not gateway]
                self._ending.append(gateway)
        return gateway

    def _close(self, gateway: Gateway, patience: float = 0.2) -> bool:
        has_ended = gateway.close(patience)
        with self._lock:  # its process's number may be another's from now on
            self._ending = [each for each in self._ending if each is not gateway]
        return has_ended

    def _let_end(self, gateway: Gateway, name: str, patience: float, keepers: Sequence[str]) -> None:
        if not self._close(gateway, patience):
            why = f"{', '.join(keepers)} kept it" if keepers else "what it does at its exit did not end"
            self.warnings.append(f"{name}: a worker still ran {patience:g} s after its session, and was ended: {why}")

    def abort(self, worker: Worker) -> None:
        """Have a worker say where it is, and end it."""
        if worker.gateway is not None:
            self._in_thread(worker.gateway.abort)

    def drop_ahead(self) -> None:
        """End the workers that were started in vain."""
        for name in list(self.ahead):
            self.forgo(name)

    def forgo(self, name: str) -> None:
        """End a cell's worker that was started ahead."""
        worker = self.ahead.pop(name)
        if worker.gateway is not None:
            self._opened(worker.gateway, worker)
            self.end(worker)

    def close(self) -> None:
        """End every worker, and wait for it; on Ctrl-C at once. Remove what caught their output."""
        self.drop_ahead()
        with self._lock:
            self._closed = True
            gateways, self._open = list(self._open), []
            self._ending += gateways
        for gateway in gateways:
            self._in_thread(self._close, gateway)
        try:
            self._join(self._patience + _CLOSE_SECONDS)
        except KeyboardInterrupt:
            self.was_interrupted = True
            self.kill()
            self._join(GRACE_SECONDS)
        self._threads.clear()
        self.spawner.close()

    def kill(self) -> None:
        """End every worker at once, and whatever it has started."""
        for gateway in (*self._open, *self._ending):
            gateway.kill()

    def _join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            while thread.is_alive() and (left := deadline - time.monotonic()) > 0:
                thread.join(min(left, HEED_SECONDS))

    def _in_thread(self, function: Callable[..., object], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

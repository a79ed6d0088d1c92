"""Starts workers' processes; all it needs is an environment, so the first can run before pytest is configured."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import Connect, Gateway, Receive, WorkerProcess
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.limits import grace_seconds
from pytest_ofiuco.run.messages import Message
from pytest_ofiuco.run.variables import cell_variables
from pytest_ofiuco.run.workers import Worker
from pytest_ofiuco.store.request import Environment, Machine

if TYPE_CHECKING:
    from pytest_ofiuco.run.forkserver import ForkServers
    from pytest_ofiuco.run.sessionforks import SessionForks

DATA = "data"
"""What a worker's coverage data is called, in its own folder; more of it comes with a suffix."""


@dataclass(slots=True, kw_only=True, eq=False)
class Spawner:
    """Starts worker processes; ``hear`` is called with what each says, from any thread.

    ``catches_output``: a worker's own output goes to a file, to be quoted after a crash; not with ``-s``, where it is
    the user's to see. ``module_path`` is the PYTHONPATH of the workers, ``coverage`` the folder that coverage data goes
    to, if any is taken; ``forks`` are asked for workers first, if given.
    """

    bytecode: Path
    hear: Callable[[Worker, Message], None]
    module_path: str = ""
    catches_output: bool = True
    coverage: Path | None = None
    is_debugged: bool = False
    connect: Connect | None = None
    forks: ForkServers | None = None
    decoder: Decoder = field(default_factory=Decoder)
    _guard: Guard = field(default_factory=Guard)
    _hosts: set[Machine] = field(default_factory=set)
    _session_forks: SessionForks | None = None
    _folder: Path | None = None
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def worker(self, name: str) -> Worker:
        """A worker of the cell ``name``, which has no process yet."""
        with self._lock:
            self._count += 1
            number = self._count
            spool = None
            if self.catches_output and not self.is_debugged:
                spool = self._made_folder() / f"{name}-{number}.log"
        coverage = self.coverage / name / str(number) if self.coverage is not None else None
        return Worker(name=name, number=number, spool=spool, coverage=coverage)

    def scratch(self) -> Path:
        """The session's own temporary folder, which goes with it, however it ends."""
        with self._lock:
            folder = self._made_folder()
        if sys.platform != "win32":
            self._guard.remove(folder)
        return folder

    def _made_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ofiuco-"))
        return self._folder

    def connected(self, worker: Worker, environment: Environment) -> Gateway:
        """Start the worker's process.

        Raises:
            OSError: it cannot be started.
            UsageError: it is on another machine or in a container, and a debugger needs the terminal.
        """
        receive: Receive = partial(self.hear, worker)
        if environment.host is not None:
            worker.coverage = None  # it would stay there
            return self._elsewhere(worker, environment, receive)
        if self.is_debugged and environment.launcher:
            from pytest_ofiuco.store.pythons.contained import engine_of  # few sessions have a debugger

            if engine_of(environment.launcher):
                raise UsageError("a debugger has no terminal in a container", "debug a cell of this machine")
        coverage = None
        if worker.coverage is not None:
            worker.coverage.mkdir(parents=True, exist_ok=True)
            coverage = worker.coverage / DATA
        process = WorkerProcess(
            command=[*environment.launcher, str(environment.python), "-X", f"pycache_prefix={self.bytecode}"],
            variables=cell_variables(environment, worker.name, os.environ.get("PATH", ""), self.module_path, coverage),
            spool=worker.spool,
            is_debugged=self.is_debugged,
            start_seconds=worker.start_seconds,
            grace_seconds=grace_seconds(worker),
            is_apart=worker.is_slow and not self.is_debugged,
        )
        if self.connect is not None:
            return self.connect(process, receive)
        return self._local(process, receive, passes_pipes=not environment.launcher, forks=self._forks(worker))

    def _forks(self, worker: Worker) -> ForkServers | SessionForks | None:
        """What is asked for a worker before it is started."""
        if self.is_debugged or self.forks is not None:
            return None if self.is_debugged else self.forks
        if not worker.is_later:
            return None
        from pytest_ofiuco.run.sessionforks import SessionForks

        with self._lock:
            if self._session_forks is None:
                self._session_forks = SessionForks(self._guard)
            return self._session_forks

    def _elsewhere(self, worker: Worker, environment: Environment, receive: Receive) -> Gateway:
        from pytest_ofiuco.run.hosts.gateway import FarGateway

        if self.is_debugged:
            raise UsageError("a debugger has no terminal on another machine", "debug a cell of this one")
        catches = worker.spool is not None
        assert environment.host is not None
        self._hosts.add(environment.host)
        return FarGateway(environment, worker.name, receive, self.decoder, catches=catches)

    def _local(
        self,
        process: WorkerProcess,
        receive: Receive,
        *,
        passes_pipes: bool,
        forks: ForkServers | SessionForks | None,
    ) -> Gateway:
        guard = None if sys.platform == "win32" else self._guard
        if guard is not None and process.spool is not None:
            guard.remove(process.spool.parent)
        if guard is None or not passes_pipes:
            from pytest_ofiuco.run.remote import ExecnetGateway

            return ExecnetGateway(process, receive, self.decoder, guard)
        from pytest_ofiuco.run.pipes import PipeGateway

        return PipeGateway(process, receive, self.decoder, guard, forks)

    def close(self) -> None:
        """End the connections to other machines; remove what caught the workers' output."""
        while self._hosts:
            self._hosts.pop().close()
        if self._session_forks is not None:
            self._session_forks.close()
        self._guard.close()
        if self.forks is not None:
            self.forks.start_missing()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def own_modules(module_path: str, folders: Iterable[Path]) -> str:
    """Those entries of a PYTHONPATH, which Python takes from where it was started, that lie in the project's folders.

    What is installed elsewhere is not the cell's, and what is installed in an environment within the project neither.
    """
    if not module_path:
        return ""
    roots = [folder.resolve() for folder in folders]
    entries = [Path(os.path.abspath(entry)) for entry in module_path.split(os.pathsep)]
    return os.pathsep.join(
        str(entry)
        for entry in entries
        if any(entry.resolve().is_relative_to(root) for root in roots)
        and not {"site-packages", "dist-packages"} & set(entry.parts)
    )

"""A resolution and an interpreter → an environment, which is immutable and named by what decides it.

The key is the hash of every artifact's fingerprint, the interpreter's identity, how the project is installed,
where the store is (scripts name their interpreter) and the layout version; it is computed without building or asking
anyone. If there is a manifest under that
key, nothing else happens. Otherwise files are fetched, built and unpacked side by side, and linked in the
order of their names: where two wheels ship one file, the later name has it, always.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.core.artifact import Wheel, sha256_of
from pytest_ofiuco.core.platforms import runs_on
from pytest_ofiuco.errors import MissingPythonError, OfflineError
from pytest_ofiuco.store import bytecode, usage
from pytest_ofiuco.store.build import Builder
from pytest_ofiuco.store.builds.locked import Locked
from pytest_ofiuco.store.cache import Store, digest, has_interpreter, python_in
from pytest_ofiuco.store.direct_url import direct_url
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.foreign import check_built, check_locked, is_wheel
from pytest_ofiuco.store.installation import Installation
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.needs import check_needs
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.request import Environment, Part, Plan, Project
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import fingerprint
from pytest_ofiuco.store.threads import Threads
from pytest_ofiuco.store.trust import Trust
from pytest_ofiuco.store.upkeep.installed import own_files
from pytest_ofiuco.store.virtual import create
from pytest_ofiuco.store.wheel import UnpackedWheel, unpack, unpacked

__all__ = ["Environment", "Plan", "Preparer", "Project"]

_LAYOUT = 2
_SHAPE = {"key": str, "interpreter": str, "packages": list}
_AT_A_TIME = 8
_PATIENCE = 1.0


class Preparer:
    """Makes environments: once a plan, run and machine. Thread-safe; all calls share its threads.

    ``refresh``: environments and builds are made anew, once in this run. Close it, or use it in a ``with``.
    """

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        *,
        offline: bool,
        refresh: bool,
        progress: Progress,
        environ: Mapping[str, str],
        link_mode: LinkMode = "hardlink",
    ) -> None:
        self._store, self._refresh, self._progress, self._link_mode = store, refresh, progress, link_mode
        self._offline = offline
        self._remarks: list[str] = []
        self._fetcher = Fetcher(store, settings, offline=offline, refresh=refresh, progress=progress)
        self._environ = environ
        self._builder = Builder(
            store,
            settings,
            self._fetcher,
            environ=environ,
            link_mode=link_mode,
            offline=offline,
            refresh=refresh,
            progress=progress,
        )
        self._trust = Trust(store, self._fetcher)
        self._threads = Threads(_AT_A_TIME)
        self._refreshed: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Preparer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the threads: what has not begun is dropped, downloads are broken off, a silent index is left.

        What was made goes to disk beside whatever is done next.
        """
        self._fetcher.stop()
        self._builder.stop()
        if self._threads.close(_PATIENCE):
            self._fetcher.close()
        self._store.flush()

    def warnings(self) -> list[str]:
        """What there is to say about what was fetched, sorted."""
        return sorted({*self._fetcher.warnings(), *self._remarks})

    def key(self, plan: Plan) -> str:
        """The name of the environment that ``plan`` gives.

        Raises:
            UnhashedError: the lock has no sha256 for a file.
            InputError: a source tree is missing or cannot be read.
        """
        lock_file = plan.resolution.lock.path
        parts = [
            [part.name, part.version, fingerprint(part.artifact, lock_file, plan.lock_directory)]
            for part in plan.parts()
        ]
        own = {"layout": _LAYOUT, "place": self._store.place, "interpreter": plan.interpreter.identity}
        return digest({**own, "parts": parts})

    def has(self, plan: Plan) -> bool:
        """Whether the environment for ``plan`` is there.

        Raises:
            UnhashedError, InputError: as for ``key``.
        """
        return self._is_there(self._store.environments / self.key(plan))

    def prepare(self, plan: Plan) -> Environment:
        """The environment for ``plan``, made if it is not there.

        Raises:
            UnhashedError, HashMismatchError, FetchError, OfflineError: a file cannot be had as locked.
            ArchiveError: a file must not be installed.
            BuildError: a source cannot be built.
            NoWheelError, MisbuiltError: what is built here is not for the plan's platform.
            UnmetDependencyError: what a variant has replaced does not suit the others.
            InputError: a source tree is missing or cannot be read.
            BrokenPythonError: there can be no environment for the interpreter.
            CacheError: the store cannot be used.
        """
        if plan.unhashed:
            trusted = self._trust.given(plan.resolution, plan.unhashed, plan.lock_directory)
            plan = replace(plan, resolution=trusted)
        key = self.key(plan)
        path, launcher = self._store.environments / key, plan.interpreter.launcher
        usage.uses(self._store, key)
        if not self._is_there(path):
            with self._store.lock(f"environment-{key}"), usage.making(self._store):
                usage.restore(path)
                if not self._is_there(path):
                    self._make(plan, key, path)
                    with self._lock:
                        self._refreshed.add(key)
                    return _environment(path, was_cached=False, launcher=launcher)
        return _environment(path, was_cached=True, launcher=launcher)

    def _is_there(self, path: Path) -> bool:
        with self._lock:
            is_stale = self._refresh and path.name not in self._refreshed
        return not is_stale and has_interpreter(path, self._store.published(path, _SHAPE))

    def _make(self, plan: Plan, key: str, path: Path) -> None:
        what = f"environment for Python {plan.interpreter.python}"
        if self._is_foreign(plan):
            check_locked(plan.resolution, plan.resolution.packages)
        self._progress.started(what)
        parts = plan.parts()
        futures = self._begun(parts, plan)
        try:
            if os.path.lexists(path):
                _gathered(futures)  # what is there serves others until everything for its successor is
            self._store.discard(path)
            with self._store.usable():
                layout = create(self._store, path, plan.interpreter, self._environ)
                own, installation = own_files(path), Installation(layout, self._link_mode)
            wheels = _gathered(futures)
            check_needs(plan.resolution, wheels)
            with self._store.usable():
                for part, wheel in zip(parts, wheels, strict=True):
                    installation.install(wheel, direct_url(part.artifact, plan.lock_directory))
            if plan.interpreter.is_here:
                bytecode.share(self._store, layout, wheels, plan.interpreter)
                if plan.compiler is not None:
                    bytecode.compile_ahead(self._store, layout, plan.compiler.path)
            packages = [[part.name, part.version, wheel.sha256] for part, wheel in zip(parts, wheels, strict=True)]
            here = "" if plan.interpreter.is_contained else plan.interpreter.path
            manifest = {"key": key, "interpreter": here, "packages": packages, "own": own}
            self._store.seal(path, manifest | usage.purpose(plan.lock_directory, plan.interpreter.python))
        finally:
            for future in futures:
                future.cancel()
            self._progress.finished(what)

    def _begun(self, parts: Sequence[Part], plan: Plan) -> list[Future[UnpackedWheel]]:
        """One future a part, in their order; those that have to be built are begun first, since they take longest."""
        begun: dict[int, Future[UnpackedWheel]] = {}
        locked = Locked(plan.resolution, plan.builder, plan.lock_directory)
        for position in sorted(range(len(parts)), key=lambda each: isinstance(parts[each].artifact, Wheel)):
            begun[position] = self._threads.submit(self._wheel, parts[position], plan, locked)
        return [begun[position] for position in range(len(parts))]

    def _wheel(self, part: Part, plan: Plan, locked: Locked) -> UnpackedWheel:
        """One part's wheel, unpacked in the store: found, fetched or built."""
        artifact = part.artifact
        if is_wheel(artifact):
            sha256 = sha256_of(artifact.hashes) or ""
            known = unpacked(self._store, sha256, artifact.filename)
            if known is not None:
                return known
            file = self._fetcher.fetch(artifact, part.name, plan.lock_directory)
            return unpack(self._store, file, sha256)
        if not plan.builder.is_here:
            raise MissingPythonError(str(plan.interpreter.python), ["PATH", "pyenv", "uv"])
        assert not isinstance(artifact, Wheel)
        built = self._builder.wheel(artifact, part.name, plan.builder, locked)
        if self._is_foreign(plan):
            check_built(built.path.name, part.name, plan.resolution.target)
        return unpack(self._store, built.path, built.sha256)

    def _is_foreign(self, plan: Plan) -> bool:
        return plan.interpreter.is_contained or not runs_on(plan.resolution.target.platform, host_platform())


def _environment(path: Path, *, was_cached: bool, launcher: tuple[str, ...]) -> Environment:
    return Environment(path=path, python=python_in(path), key=path.name, was_cached=was_cached, launcher=launcher)


def _gathered(futures: Sequence[Future[UnpackedWheel]]) -> list[UnpackedWheel]:
    """All results.

    Raises:
        OfflineError: with everything that is lacking, if that is all that is wrong.
        OfiucoError: else the first other error in the order of names; what has not begun is not begun.
    """
    lacking: list[str] = []
    wheels: list[UnpackedWheel] = []
    pending = set(futures)
    while pending:
        done, pending = wait(pending, return_when=FIRST_EXCEPTION)
        if any(not isinstance(future.exception(), OfflineError | None) for future in done):
            for future in pending:
                future.cancel()
            wait(futures)
            break
    for future in futures:
        if future.cancelled():
            continue
        error = future.exception()
        if error is None:
            wheels.append(future.result())
        elif isinstance(error, OfflineError):
            lacking.extend(error.lacking)
        else:
            raise error
    if lacking:
        raise OfflineError(sorted(set(lacking)))
    return wheels

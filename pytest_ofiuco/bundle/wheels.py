"""The wheels of what ships, unpacked in the store: those that are there, else fetched, or built where that may be.

For a platform that does not run here there is nothing to build with: what has no wheel for it is an error. The
project's own sources, and folders beside it, are built all the same, and must give wheels that are for any platform.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from pytest_ofiuco.core.artifact import Artifact, Directory, Wheel, sha256_of
from pytest_ofiuco.core.platforms import runs_on
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.errors import MisbuiltError, MissingPythonError
from pytest_ofiuco.store.build import Builder
from pytest_ofiuco.store.builds.job import Buildable
from pytest_ofiuco.store.builds.locked import Locked
from pytest_ofiuco.store.cache import Store, touch
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.foreign import check_built, check_locked, is_wheel
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters, host_platform
from pytest_ofiuco.store.links import link_mode
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.project import LocalProject
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import name_of
from pytest_ofiuco.store.threads import Threads, result_of
from pytest_ofiuco.store.trust import Trust
from pytest_ofiuco.store.wheel import UnpackedWheel, unpack, unpacked

_AT_A_TIME = 8
_PATIENCE = 1.0


class Wheels:
    """Gets wheels for one resolution; use it in a ``with``. Its threads share what fetches and builds."""

    def __init__(
        self,
        store: Store,
        project: LocalProject,
        resolution: Resolution,
        *,
        offline: bool,
        progress: Progress,
        environ: Mapping[str, str],
    ) -> None:
        self._store, self._project, self._resolution = store, project, resolution
        self._offline, self._progress, self._environ = offline, progress, environ
        self._directory = project.lock_file.parent.resolve()
        self._host = host_platform()
        self.runs_here = runs_on(resolution.target.platform, self._host)
        self._threads = Threads(_AT_A_TIME)
        self._files: dict[str, Path] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Wheels:
        return self

    def __exit__(self, *_: object) -> None:
        for each in ("_fetcher", "_builder"):
            if each in self.__dict__:
                self.__dict__[each].stop()
        if self._threads.close(_PATIENCE) and "_fetcher" in self.__dict__:
            self._fetcher.close()
        self._store.flush()

    def warnings(self) -> list[str]:
        """What there is to say about what was fetched."""
        return self._fetcher.warnings() if "_fetcher" in self.__dict__ else []

    def check(self, pins: Sequence[Pin]) -> None:
        """Whether every package has a file that may be taken.

        Raises:
            NoWheelError: one would have to be built, and cannot be here.
        """
        if not self.runs_here:
            check_locked(self._resolution, pins)

    def of(self, pins: Sequence[Pin]) -> list[UnpackedWheel]:
        """The wheels of packages, in their order.

        Raises:
            MisbuiltError: a build gave what is not for the target.
            OfiucoError: a file cannot be had, or built.
        """
        unhashed = frozenset(self._project.config.allow_unhashed) & {pin.name for pin in pins}
        if unhashed:
            trust = Trust(self._store, self._fetcher)
            names = {pin.name for pin in pins}
            pins = [
                pin for pin in trust.given(self._resolution, unhashed, self._directory).packages if pin.name in names
            ]
        found = [self._ready(pin.artifact) for pin in pins]
        futures = [
            None if wheel is not None else self._threads.submit(self._made, pin.artifact, pin.name)
            for pin, wheel in zip(pins, found, strict=True)
        ]
        wheels = []
        for wheel, future in zip(found, futures, strict=True):
            ready = wheel if future is None else result_of(future)
            assert ready is not None
            wheels.append(ready)
        return wheels

    def file(self, wheel: UnpackedWheel, pin: Pin) -> Path:
        """The file that a wheel of a package was unpacked from; fetched again if it is no longer kept.

        Raises:
            OfiucoError: it cannot be had.
        """
        built = self._files.get(wheel.sha256)
        if built is not None:
            return built
        kept = self._store.files / wheel.sha256 / wheel.filename
        if kept.is_file():
            touch(kept)
            return kept
        assert is_wheel(pin.artifact)
        return self._fetcher.fetch(pin.artifact, pin.name, self._directory)

    def of_project(self) -> UnpackedWheel:
        """The project's own wheel.

        Raises:
            BuildError: it cannot be built.
            MisbuiltError: it is for another platform than the target.
        """
        directory = self._project.directory.resolve()
        return self._made(Directory(path=str(directory)), name_of(directory))

    def _ready(self, artifact: Artifact) -> UnpackedWheel | None:
        if not is_wheel(artifact):
            return None
        return unpacked(self._store, sha256_of(artifact.hashes) or "", artifact.filename)

    def _made(self, artifact: Artifact, name: str) -> UnpackedWheel:
        if is_wheel(artifact):
            with self._lock:
                fetcher = self._fetcher
            file = fetcher.fetch(artifact, name, self._directory)
            return unpack(self._store, file, sha256_of(artifact.hashes) or "")
        with self._lock:
            builder, interpreter, locked = self._builder, self.interpreter, self._locked
        assert not isinstance(artifact, Wheel)
        source: Buildable = artifact
        if isinstance(artifact, Directory):
            source = Directory(path=artifact.path, subdirectory=artifact.subdirectory)
        built = builder.wheel(source, name, interpreter, locked)
        self._check_built(built.path.name, name)
        self._files[built.sha256] = built.path
        return unpack(self._store, built.path, built.sha256)

    def _check_built(self, filename: str, name: str) -> None:
        tags: frozenset[Tag] = parse_wheel_filename(filename)[3]
        target = self._resolution.target
        if not self.runs_here:
            check_built(filename, name, target)
        elif str(target.platform) != str(self._host) and tags.isdisjoint(target.tags):
            raise MisbuiltError(package=name, filename=filename, target=str(target))

    @cached_property
    def interpreter(self) -> Interpreter:
        """What builds: the target's own Python, or where that does not run here, any of this machine.

        Raises:
            MissingPythonError: there is none.
        """
        interpreters, python = Interpreters(self._store, self._environ), self._resolution.target.python
        try:
            return interpreters.find(python)
        except MissingPythonError:
            available = () if self.runs_here else interpreters.available()
            if not available:
                raise
            return available[-1]

    @cached_property
    def _locked(self) -> Locked:
        return Locked(self._resolution, self.interpreter, self._directory)

    @cached_property
    def _settings(self) -> IndexSettings:
        project = self._project
        settings = IndexSettings.load(self._environ, project.directory)
        return settings.for_lock(project.lock, project.lock_file.parent, self._environ)

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher(self._store, self._settings, offline=self._offline, refresh=False, progress=self._progress)

    @cached_property
    def _builder(self) -> Builder:
        return Builder(
            self._store,
            self._settings,
            self._fetcher,
            environ=self._environ,
            link_mode=link_mode(self._environ, self._project.config.link_mode),
            offline=self._offline,
            refresh=False,
            progress=self._progress,
        )

"""Wheels from source: sdists, archives, commits and folders, through their own build backends.

In a build environment made with the interpreter of the cell. What is kept, and the log of the last build with it:

- of a source, the names of what its builds have needed, in ``folder`` one of them;
- of a source, and the files that the lock has of these names, the ``folder`` of the wheel if it serves every Python;
- of a source, these files, and the interpreter's version, ABI and platform, the wheel.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, sha256_of, unknown
from pytest_ofiuco.errors import OfflineError
from pytest_ofiuco.store.builds import backend, source_archive
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.builds.forbidden import check_allowed
from pytest_ofiuco.store.builds.isolation import BuildEnvironments
from pytest_ofiuco.store.builds.job import Buildable, Job, Order
from pytest_ofiuco.store.builds.locked import Locked
from pytest_ofiuco.store.builds.pip_report import Pip
from pytest_ofiuco.store.builds.repository import Checkout, check_out
from pytest_ofiuco.store.builds.requirements import BuildRequirements
from pytest_ofiuco.store.cache import Manifest, Shape, Store, digest
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.kept import check_kept
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import tree_of
from pytest_ofiuco.store.wheel import UnpackedWheel, unpack

_OWN = {"wheel": str, "sha256": str}
_SHARED = {"folder": str | None}
_NAMES = {"names": list, "folder": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """A wheel in the store that was built here."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where in the store a build is, as far as one knows what it needs."""

    own: Path
    shared: Path


class Builder:
    """Builds wheels: once a source, interpreter and machine. Thread-safe."""

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        fetcher: Fetcher,
        *,
        environ: Mapping[str, str],
        link_mode: LinkMode,
        offline: bool,
        refresh: bool,
        progress: Progress,
    ) -> None:
        self._store, self._fetcher, self._progress, self._environ = store, fetcher, progress, environ
        self._offline, self._refresh = offline, refresh
        self._commands = Commands()
        self._environments = BuildEnvironments(store, environ, link_mode, refresh=refresh)
        pip = Pip(store, settings, self._commands, environ, offline=offline)
        self._requirements = BuildRequirements(
            store, settings, fetcher, pip, self._nested, environ=environ, offline=offline, refresh=refresh
        )
        self._refreshed: set[str] = set()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End what is being built."""
        self._requirements.close()
        self._commands.stop()

    def wheel(self, artifact: Buildable, package: str, interpreter: Interpreter, locked: Locked) -> BuiltWheel:
        """The wheel that ``artifact`` gives for ``interpreter``.

        Raises:
            BuildError: the backend failed, or there is none.
            FetchError, HashMismatchError, OfflineError, ArchiveError, CacheError: see ``Fetcher.fetch``.
        """
        return self._wheel(Order.of(artifact, package, interpreter, locked))

    def _nested(self, artifact: Artifact, name: str, job: Job) -> UnpackedWheel:
        """The wheel of a build requirement."""
        assert not isinstance(artifact, Wheel)
        order = Order.of(artifact, name, job.interpreter, job.locked, job.within)
        if order.key in (key for key, _ in job.within):
            names = [name for _, name in job.within]
            raise job.failure(f"its build requires itself: {' → '.join([*names, name])}", hint="lock wheels of these")
        built = self._wheel(order)
        return unpack(self._store, built.path, built.sha256)

    def _wheel(self, order: Order) -> BuiltWheel:
        built = self._found(order)
        if built is not None:
            return built
        # locks of different depths are different ones: builds that need each other do not wait in a circle
        depth = len(order.within)
        with ExitStack() as locks:
            if self._published(self._places(order).shared, _SHARED) is None:
                # nobody knows yet whether one build is enough for all
                locks.enter_context(self._store.lock(f"build-{order.key}-{depth}"))
            if self._published(self._places(order).shared, _SHARED) is not None:
                locks.close()
            with self._store.lock(f"build-{order.machine}-{depth}"):
                return self._found(order) or self._make(order)

    def _places(self, order: Order) -> _Places:
        manifest = self._store.published(self._store.builds / order.key, _NAMES)
        offer = order.locked.offer(_texts(manifest["names"]) if manifest else ())
        builds = self._store.builds
        return _Places(
            own=builds / digest({"machine": order.machine, "offer": offer}),
            shared=builds / digest({"source": order.key, "offer": offer}),
        )

    def _found(self, order: Order) -> BuiltWheel | None:
        """The interpreter's own wheel, or the one that serves every interpreter."""
        places = self._places(order)
        manifest = self._published(places.shared, _SHARED)
        is_own = manifest is None or manifest["folder"] is None
        folder = places.own if manifest is None or is_own else self._store.builds / manifest["folder"]
        manifest = self._published(folder, _OWN)
        return None if manifest is None else _built(folder, manifest)

    def _published(self, folder: Path, shape: Shape) -> Manifest | None:
        with self._lock:
            if self._refresh and folder.name not in self._refreshed:
                return None
        return self._store.published(folder, shape)

    def _make(self, order: Order) -> BuiltWheel:
        what = f"building {order.package} for Python {order.interpreter.python}"
        self._progress.started(what)
        try:
            check_allowed(order.artifact, order.package, self._environ)
            with self._job(order) as job:
                output = job.scratch / "output"
                with self._store.usable():
                    output.mkdir()
                    manifest = self._build(job, output)
                return self._publish(order, job, output / manifest["wheel"], manifest)
        finally:
            self._progress.finished(what)

    @contextmanager
    def _job(self, order: Order) -> Iterator[Job]:
        depth = f"-{len(order.within)}" if order.within else ""
        log = self._store.logs / f"{canonicalize_name(order.package)}-{order.machine}{depth}.log"
        with self._store.temporary() as scratch:
            with self._store.usable():
                log.parent.mkdir(exist_ok=True)
                log.write_bytes(b"")
            yield Job(
                artifact=order.artifact,
                package=order.package,
                interpreter=order.interpreter,
                locked=order.locked,
                log=log,
                scratch=scratch,
                within=(*order.within, (order.key, order.package)),
            )

    def _publish(self, order: Order, job: Job, wheel: Path, manifest: Manifest) -> BuiltWheel:
        """Keep a wheel: where it is found by what its build has needed, and what builds before have."""

        def moved(output: Path) -> Manifest:
            shutil.move(wheel, output)
            return manifest

        with self._store.lock(f"share-{order.key}"):
            source = self._store.builds / order.key
            known = self._store.published(source, _NAMES)
            names = sorted(job.names.union(_texts(known["names"]) if known else ()))
            offer = order.locked.offer(names)
            own = self._store.builds / digest({"machine": order.machine, "offer": offer})
            shared = self._store.builds / digest({"source": order.key, "offer": offer})
            if self._published(own, _OWN) is None:
                self._store.publish(own, moved)
            if known is None or known["names"] != names:
                self._store.publish(source, lambda _: {"names": names, "folder": own.name})
            if self._published(shared, _SHARED) is None:
                folder = own.name if _is_universal(manifest["wheel"]) else None
                self._store.publish(shared, lambda _: {"folder": folder})
            with self._lock:
                self._refreshed |= {own.name, shared.name}
            return _built(own, self._store.published(own, _OWN) or manifest)

    def _build(self, job: Job, output: Path) -> Manifest:
        tree = self._tree(job)
        name = backend.build(
            tree,
            output,
            job,
            self._commands,
            self._environ,
            python=lambda requirements: self._python(requirements, job),
            alone=lambda: self._alone_in(tree, job.artifact),
        )
        wheel = output / name
        try:
            parse_wheel_filename(name)
        except InvalidWheelFilename as error:
            raise job.failure(f"its backend gave no wheel: {error}") from error
        if wheel.parent != output or not wheel.is_file():
            raise job.failure(f"its backend gave no file {name!r}")
        return {"wheel": name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}

    def _tree(self, job: Job) -> Path:
        """The source tree: in place, or unpacked in the scratch folder."""
        artifact, directory = job.artifact, job.locked.directory
        match artifact:
            case Directory():
                return tree_of(artifact, directory)
            case Vcs():
                if self._offline and artifact.path is None:
                    raise OfflineError([f"{job.package} at commit {artifact.commit}"])
                wanted = Checkout(vcs=artifact, package=job.package, lock_directory=directory, log=job.log)
                root = check_out(wanted, job.scratch / "clone", self._commands, self._environ)
            case Sdist() | Archive():
                file = self._fetcher.fetch(artifact, job.package, directory)
                check_kept(file, sha256_of(artifact.hashes) or "")
                root = source_archive.unpack(file, job.scratch / "source")
            case _:
                unknown(artifact)
        subdirectory = getattr(artifact, "subdirectory", None) or "."
        tree = Path(os.path.abspath(root / subdirectory))
        if not tree.is_relative_to(os.path.abspath(root)) or not tree.is_dir():
            raise job.failure(f"its source has no folder {subdirectory!r}")
        return tree

    def _alone_in(self, tree: Path, artifact: Buildable) -> AbstractContextManager[None]:
        """Two backends at work in one folder would meet each other's files."""
        if isinstance(artifact, Directory):
            return self._store.lock(f"source-{digest(os.path.realpath(tree))}")
        return nullcontext()

    def _python(self, requirements: Sequence[str], job: Job) -> Path:
        return self._environments.with_wheels(self._requirements.wheels(requirements, job), job.interpreter)


def _built(folder: Path, manifest: Manifest) -> BuiltWheel:
    return BuiltWheel(path=folder / manifest["wheel"], sha256=manifest["sha256"])


def _texts(values: Sequence[object]) -> list[str]:
    return [each for each in values if isinstance(each, str)]


def _is_universal(filename: str) -> bool:
    tags = parse_wheel_filename(filename)[3]
    return {(tag.abi, tag.platform) for tag in tags} == {("none", "any")} and "py3" in {tag.interpreter for tag in tags}

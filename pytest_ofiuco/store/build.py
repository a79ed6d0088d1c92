"""Wheels from source: sdists, archives, commits and folders, through their own build backends.

PEP 517 (https://peps.python.org/pep-0517/) and PEP 660 for editable ones, by ``pyproject_hooks``, in a build
environment made with the interpreter of the cell. A wheel is kept under the fingerprint of its source and the
interpreter's version, ABI and platform; the log of the last build is kept too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, unknown
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import BuildError, OfflineError
from pytest_ofiuco.store import repository, source_archive
from pytest_ofiuco.store.answers import Interpreter
from pytest_ofiuco.store.cache import Manifest, Shape, Store, digest
from pytest_ofiuco.store.commands import logged, tail_of
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.isolation import BuildEnvironments, clean_environ
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import fingerprint, tree_of

Buildable = Sdist | Archive | Vcs | Directory

_LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIREMENTS = ("setuptools>=40.8.0",)

_OWN = {"wheel": str, "sha256": str}
_SHARED = {"folder": str | None}
"""The manifest of a source: the wheel's folder if it serves every interpreter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """A wheel in the store that was built here."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One build: what for, with what, where it is logged, and a scratch folder."""

    artifact: Buildable
    package: str
    interpreter: Interpreter
    lock_directory: Path
    log: Path
    scratch: Path


class Builder:
    """Builds wheels: once a source, interpreter and machine. Thread-safe."""

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        fetcher: Fetcher,
        *,
        offline: bool,
        refresh: bool,
        progress: Progress,
    ) -> None:
        self._store, self._fetcher, self._progress = store, fetcher, progress
        self._offline, self._refresh = offline, refresh
        self._environments = BuildEnvironments(store, settings, offline=offline)
        self._refreshed: set[str] = set()

    def wheel(self, artifact: Buildable, package: str, interpreter: Interpreter, lock_directory: Path) -> BuiltWheel:
        """The wheel that ``artifact`` gives for ``interpreter``.

        Raises:
            BuildError: the backend failed, or there is none.
            FetchError, HashMismatchError, OfflineError, ArchiveError, CacheError: see ``Fetcher.fetch``.
        """
        source = fingerprint(artifact, package, lock_directory)
        python = interpreter.python
        abi = [python.implementation, *python.minor, python.free_threaded, str(interpreter.platform)]
        own = self._store.builds / digest({"source": source, "interpreter": abi})
        shared = self._store.builds / digest({"source": source})
        built = self._found(own, shared)
        if built is not None:
            return built
        with ExitStack() as locks:
            if self._published(shared, _SHARED) is None:  # nobody knows yet whether one build is enough for all
                locks.enter_context(self._store.lock(f"build-{shared.name}"))
            built = self._found(own, shared)
            if built is None:
                if self._published(shared, _SHARED) is not None:
                    locks.close()
                built = self._make(artifact, package, interpreter, lock_directory, own)
                self._share(shared, built)
        return built

    def _found(self, own: Path, shared: Path) -> BuiltWheel | None:
        """The interpreter's own wheel, or the one that serves every interpreter."""
        manifest = self._published(shared, _SHARED)
        folder = own if manifest is None or manifest["folder"] is None else self._store.builds / manifest["folder"]
        manifest = self._published(folder, _OWN)
        return None if manifest is None else _built(folder, manifest)

    def _make(
        self, artifact: Buildable, package: str, interpreter: Interpreter, lock_directory: Path, folder: Path
    ) -> BuiltWheel:
        with self._store.lock(f"build-{folder.name}"):
            manifest = self._published(folder, _OWN)
            if manifest is None:
                manifest = self._build(artifact, package, interpreter, lock_directory, folder)
                self._refreshed.add(folder.name)
        return _built(folder, manifest)

    def _share(self, shared: Path, built: BuiltWheel) -> None:
        """Remember whether this wheel serves every Python 3 on every platform, as its tags say."""
        if self._published(shared, _SHARED) is None:
            with self._store.lock(f"share-{shared.name}"):
                folder = built.path.parent.name if _is_universal(built.path.name) else None
                self._store.publish(shared, lambda _: {"folder": folder})
                self._refreshed.add(shared.name)

    def _published(self, folder: Path, shape: Shape) -> Manifest | None:
        if self._refresh and folder.name not in self._refreshed:
            return None
        return self._store.published(folder, shape)

    def _build(
        self, artifact: Buildable, package: str, interpreter: Interpreter, lock_directory: Path, folder: Path
    ) -> Manifest:
        what = f"building {package} for Python {interpreter.python}"
        log = self._store.logs / f"{canonicalize_name(package)}-{folder.name}.log"
        self._progress.started(what)
        try:
            with self._store.temporary() as scratch:
                with self._store.usable():
                    log.parent.mkdir(exist_ok=True)
                    log.write_bytes(b"")
                job = _Job(
                    artifact=artifact,
                    package=package,
                    interpreter=interpreter,
                    lock_directory=lock_directory,
                    log=log,
                    scratch=scratch,
                )
                return self._store.publish(folder, lambda output: self._fill(job, output))
        finally:
            self._progress.finished(what)

    def _fill(self, job: _Job, output: Path) -> Manifest:
        name = self._run_backend(job, self._tree(job), output)
        wheel = output / name
        try:
            parse_wheel_filename(name)
        except InvalidWheelFilename as error:
            raise BuildError(job.package, f"its backend gave no wheel: {error}", "", str(job.log)) from error
        if wheel.parent != output or not wheel.is_file():
            raise BuildError(job.package, f"its backend gave no file {name!r}", "", str(job.log))
        return {"wheel": name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}

    def _tree(self, job: _Job) -> Path:
        """The source tree: in place, or unpacked in the scratch folder."""
        artifact = job.artifact
        match artifact:
            case Directory():
                return tree_of(artifact, job.lock_directory)
            case Vcs():
                if self._offline and artifact.path is None:
                    raise OfflineError([f"{job.package} at commit {artifact.commit}"])
                root = repository.checkout(artifact, job.package, job.lock_directory, job.scratch / "clone", job.log)
            case Sdist() | Archive():
                file = self._fetcher.fetch(artifact, job.package, job.lock_directory)
                root = source_archive.unpack(file, job.scratch / "source")
            case _:
                unknown(artifact)
        subdirectory = getattr(artifact, "subdirectory", None) or "."
        tree = Path(os.path.abspath(root / subdirectory))
        if not tree.is_relative_to(os.path.abspath(root)) or not tree.is_dir():
            raise BuildError(job.package, f"its source has no folder {subdirectory!r}", "", str(job.log))
        return tree

    def _run_backend(self, job: _Job, tree: Path, output: Path) -> str:
        """Ask the backend what it needs, then for the wheel; returns its file name."""
        from pyproject_hooks import (  # a run that finds everything builds nothing
            BackendUnavailable,
            BuildBackendHookCaller,
            HookMissing,
            UnsupportedOperation,
        )

        editable = isinstance(job.artifact, Directory) and job.artifact.editable
        system = _build_system(tree, job)
        runner = _Runner(job)
        caller = BuildBackendHookCaller(
            str(tree),
            system.backend,
            list(system.backend_path) or None,
            runner=runner,
            python_executable=str(self._python(system.requires, job)),
        )
        try:
            with self._alone_in(tree, job.artifact):
                ask = caller.get_requires_for_build_editable if editable else caller.get_requires_for_build_wheel
                more = ask()
            if more:
                caller.python_executable = str(self._python((*system.requires, *more), job))
            with self._alone_in(tree, job.artifact):
                build = caller.build_editable if editable else caller.build_wheel
                return build(str(output))
        except (HookMissing, UnsupportedOperation) as error:
            kind = "an editable wheel" if editable else "a wheel"
            hint = 'set `install-project = "wheel"` in [tool.ofiuco]' if editable else None
            reason = f"its backend {system.backend} cannot make {kind}"
            raise BuildError(job.package, reason, "", str(job.log), hint) from error
        except BackendUnavailable as error:
            reason = f"its backend {system.backend} cannot be imported"
            raise BuildError(job.package, reason, tail_of(job.log), str(job.log)) from error
        except runner.Failed as error:
            reason = f"its backend {system.backend} failed"
            raise BuildError(job.package, reason, tail_of(job.log), str(job.log)) from error

    def _alone_in(self, tree: Path, artifact: Buildable) -> AbstractContextManager[None]:
        """Two backends at work in one folder would meet each other's files."""
        if isinstance(artifact, Directory):
            return self._store.lock(f"source-{digest(str(tree))}")
        return nullcontext()

    def _python(self, requirements: Sequence[str], job: _Job) -> Path:
        return self._environments.with_requirements(requirements, job.interpreter, job.package, job.log)


def _built(folder: Path, manifest: Manifest) -> BuiltWheel:
    return BuiltWheel(path=folder / manifest["wheel"], sha256=manifest["sha256"])


def _is_universal(filename: str) -> bool:
    tags = parse_wheel_filename(filename)[3]
    return {(tag.abi, tag.platform) for tag in tags} == {("none", "any")} and "py3" in {tag.interpreter for tag in tags}


class _Runner:
    """Starts the processes that ``pyproject_hooks`` asks for; what they say goes to the log."""

    class Failed(Exception):
        """The process ended with a status other than zero."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        settings = job.scratch / "setuptools.cfg"
        settings.write_text(f"[build]\nbuild_base = {job.scratch / 'build'}\n", encoding="utf-8")
        # setuptools would leave `build/` in the source tree, and ship what an older build left there
        self._extra = {"DIST_EXTRA_CONFIG": str(settings)}
        # pyproject_hooks would raise a backend's warnings here again, as errors where the user has asked for that
        self._extra["PYTHONWARNINGS"] = "ignore"

    def __call__(
        self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        environ = clean_environ(Path(cmd[0]), os.environ) | self._extra | dict(extra_environ or {})
        if logged(cmd, self._job.log, environ=environ, cwd=cwd):
            raise self.Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class _BuildSystem:
    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...] = ()


def _build_system(tree: Path, job: _Job) -> _BuildSystem:
    """[build-system]; where there is none, or no backend in it, setuptools as PEP 517 says."""
    pyproject = tree / "pyproject.toml"
    if not pyproject.is_file():
        if not (tree / "setup.py").is_file():
            reason = "it has neither a pyproject.toml nor a setup.py"
            raise BuildError(job.package, reason, "", str(job.log), "name another source, or leave it out")
        return _BuildSystem(requires=_LEGACY_REQUIREMENTS, backend=_LEGACY_BACKEND)
    table: Table = parse(pyproject.read_bytes(), f"{job.package}: pyproject.toml")
    if "build-system" not in table:
        return _BuildSystem(requires=_LEGACY_REQUIREMENTS, backend=_LEGACY_BACKEND)
    system = table.table("build-system")
    return _BuildSystem(
        requires=tuple(system.texts("requires")),
        backend=system.text("build-backend") or _LEGACY_BACKEND,
        backend_path=tuple(system.texts("backend-path")),
    )

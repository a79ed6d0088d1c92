"""The store: one folder that every project and session of a user shares.

    <root>/
    ├── CACHEDIR.TAG                     backup tools pass over it
    ├── interpreters-v1.json             what each interpreter said of itself, by path, mtime and size
    ├── files-v1/<sha256>/<filename>     what was downloaded; the name says what the bytes are, so it is its own proof
    ├── documents-v1/<sha256>.json       the TOML of a large lock, parsed
    ├── plans-v1/<key>.json              what the cells of a session get, with all that was read to find it out
    ├── inspections-v1/<key>.json        what was found in an environment, with all that was read to find it out
    ├── names-v1/<key>.json              which files of a package's version some hashes are, as an index told
    ├── wheels-v1/<sha256>/              a wheel, unpacked once, read-only
    │   ├── tree/…
    │   └── ofiuco.json                  manifest: members with hash, size and mode
    ├── builds-v2/<key>/                 a wheel built here from an sdist, a commit or a folder
    │   ├── <name>.whl
    │   └── ofiuco.json                  manifest: file name and sha256; of a source: see build.py
    ├── build-requirements-v1/<key>.json which files pip chose for build requirements that no lock has
    ├── build-environments-v1/<key>/     one set of build requirements (a virtual environment + ofiuco.json)
    ├── environments-v1/<key>/           a resolution, installed (a virtual environment + ofiuco.json)
    ├── bytecode-v2/                     what the cells' interpreters compile, when it is imported
    │   ├── paths/…                      by the source's absolute path (PYTHONPYCACHEPREFIX); packages are links to …
    │   ├── wheels/<sha256>-<python>/…   … what every environment with this wheel shares
    │   └── seeded/<interpreter>         the .pyc files of its standard library are linked in ``paths``
    ├── logs-v1/<package>-<key>.log      what a build backend said
    ├── quarantine-v1/<sha256>/<name>    files whose hash was not the locked one
    ├── virtualenv-v1/                   virtualenv's own application data
    ├── locks-v1/<name>.lock
    ├── remote-v1/code/… projects/…      what other machines' sessions have carried here over ssh: run/hosts
    ├── sessions-v1/<process>.session    held while that process lives: the keys of the environments it uses
    ├── forkservers-v1/<key>.sock        where a process that forks workers is asked: run/forkserver
    └── temporary-v1/<random>/           unfinished; a kill leaves rubbish here and nowhere else

Every bucket carries the version of its layout; those of other versions are left alone. Publishing: lock the name, build
in ``temporary-v1``, write the manifest last, rename once. Virtual environments hold their own path in scripts, so they
are made where they will stay; without a manifest such a folder is rubbish, and whoever holds the lock starts over. A
reader trusts a manifest and nothing else, and no manifest of another shape; it needs no lock. Temporary folders are
held while their owners live, so what a killed session left goes with the next.

A power loss may leave a renamed folder with empty files. What is downloaded is flushed before it has its name, since
nobody hashes it again; a manifest says in which boot it was written and is not believed in a later one without a mark
beside it, ``flushed-…``. The marks are set when the whole file system has been flushed, once a session and beside its
tests: to flush 4,000 files one by one takes twice as long as unpacking them, and the file system once a wheel a fifth.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import UnionType
from typing import Any

from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store import durability, locks

MANIFEST = "ofiuco.json"
CACHE_VARIABLE = "OFIUCO_CACHE_DIR"

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of pytest-ofiuco. See https://bford.info/cachedir/\n"
_FRESH_SECONDS = 3600

_ELSEWHERE = "choose another folder with the variable OFIUCO_CACHE_DIR"
_REMEDIES = {
    errno.EACCES: f"ask for the right to write there, or {_ELSEWHERE}",
    errno.EPERM: f"ask for the right to write there, or {_ELSEWHERE}",
    errno.EROFS: f"make it writable, or {_ELSEWHERE}",
    errno.EFBIG: f"raise the limit on the size of files (`ulimit -f`), or {_ELSEWHERE}",
    errno.EMFILE: "raise the limit on open files (`ulimit -n`)",
    errno.ENAMETOOLONG: "choose a folder with a shorter path with the variable OFIUCO_CACHE_DIR",
}

Manifest = Mapping[str, Any]

Shape = Mapping[str, type[Any] | UnionType]
"""The keys that a manifest must have, and what their values are."""


def digest(value: object) -> str:
    """96 bits of the sha256 of ``value`` as canonical JSON, in hex: short enough for a path, equal for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Store:
    """The folder; nothing is made in it before something has to be kept."""

    def __init__(self, root: Path) -> None:
        root = Path(os.path.abspath(root))
        self.root = root
        self.files = root / "files-v1"
        self.documents = root / "documents-v1"
        self.names = root / "names-v1"
        self.plans = root / "plans-v1"
        self.inspections = root / "inspections-v1"
        self.wheels = root / "wheels-v1"
        self.builds = root / "builds-v2"
        self.build_requirements = root / "build-requirements-v1"
        self.build_environments = root / "build-environments-v1"
        self.environments = root / "environments-v1"
        self.bytecode = root / "bytecode-v2" / "paths"
        self.wheel_bytecode = root / "bytecode-v2" / "wheels"
        self.logs = root / "logs-v1"
        self.quarantine = root / "quarantine-v1"
        self.virtualenv = root / "virtualenv-v1"
        self.interpreters = root / "interpreters-v1.json"
        self.unfinished = root / "temporary-v1"
        self.locks = root / "locks-v1"
        self.sessions = root / "sessions-v1"
        self.forkservers = root / "forkservers-v1"
        self._is_ready = False
        self._unmarked: list[str] = []

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> Store:
        """``OFIUCO_CACHE_DIR``, or the user's cache folder for this platform."""
        chosen = environ.get(CACHE_VARIABLE)
        if chosen:
            return cls(Path(os.path.abspath(os.path.expanduser(chosen))))
        from platformdirs import user_cache_path  # a session with its own cache folder needs none of it

        return cls(user_cache_path("pytest-ofiuco", appauthor=False))

    @property
    def place(self) -> str:
        """Where the folder really is: part of the name of what holds its own path."""
        return os.path.realpath(self.root)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Work on the store's files.

        Raises:
            CacheError: the operating system refused: read-only, full, not a folder.
        """
        try:
            yield
        except OSError as error:
            path, reason = str(error.filename or self.root), error.strerror or str(error)
            remedy = _REMEDIES.get(error.errno or 0, CacheError.hint)
            raise CacheError(path, reason, remedy) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold ``name`` against every thread and process; a killed holder lets go of it.

        Raises:
            CacheError: the store cannot be written, or its file system has no locks.
        """
        self.prepare()
        with ExitStack() as held:
            with self.usable():
                self.locks.mkdir(exist_ok=True)
                held.enter_context(locks.held(self.locks / f"{name}.lock"))
            yield

    def prepare(self) -> None:
        """Make the root, once a session, and clear what killed sessions left.

        Raises:
            CacheError: it cannot be made.
        """
        if self._is_ready:
            return
        from pytest_ofiuco.store import scratch  # a run that finds everything writes nothing

        with self.usable():
            self.unfinished.mkdir(parents=True, exist_ok=True)
            tag = self.root / "CACHEDIR.TAG"
            if not tag.exists():
                tag.write_text(_TAG, encoding="utf-8")
            scratch.sweep(self.unfinished)
        self._is_ready = True

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """An empty folder on the store's file system, gone afterwards.

        Raises:
            CacheError: the store cannot be written.
        """
        from pytest_ofiuco.store import scratch  # a run that finds everything writes nothing

        self.prepare()
        with self.usable():
            folder = scratch.Folder(self.unfinished)
        try:
            yield folder.path
        finally:
            folder.remove()

    def published(self, folder: Path, shape: Shape) -> Manifest | None:
        """The manifest of a published folder; ``None`` if nothing trustworthy of that ``shape`` is there."""
        manifest = manifest_in(folder)
        if manifest is None or not has_shape(manifest, shape) or not durability.is_sound(folder, manifest):
            return None
        touch(folder / MANIFEST)
        return {key: value for key, value in manifest.items() if key != durability.WRITTEN}

    def publish(self, folder: Path, fill: Callable[[Path], Manifest]) -> Manifest:
        """Let ``fill`` fill a temporary folder and rename it to ``folder``; the caller holds its lock.

        Raises:
            CacheError: the store cannot be written.
        """
        with self.temporary() as temporary:
            content = temporary / "content"
            with self.usable():
                content.mkdir()
                manifest = fill(content)
                (content / MANIFEST).write_bytes(self._stamped(manifest, folder))
                folder.parent.mkdir(parents=True, exist_ok=True)
                self.discard(folder)
                content.rename(folder)
        return manifest

    def seal(self, folder: Path, manifest: Manifest) -> None:
        """Write the manifest of a folder that was made in place; from here on readers trust it.

        Raises:
            CacheError: the store cannot be written.
        """
        self.keep(folder / MANIFEST, self._stamped(manifest, folder))

    def keep(self, path: Path, content: bytes, *, is_promise: bool = False) -> None:
        """Write a file of the store, beside and then renamed: a reader sees the old one or the new one.

        ``is_promise``: it cannot be made again, and is to survive a power loss.

        Raises:
            CacheError: the store cannot be written.
        """
        with self.temporary() as temporary, self.usable():
            with open(temporary / "file", "wb") as file:
                file.write(content)
                if is_promise:
                    file.flush()
                    os.fsync(file.fileno())
            path.parent.mkdir(exist_ok=True)
            os.replace(temporary / "file", path)

    def flush(self) -> None:
        """Bring to disk what was published here, in a thread that the process waits for when it ends."""
        marks: list[str] = []
        while self._unmarked:
            marks.append(self._unmarked.pop())
        if marks:
            threading.Thread(target=durability.flush, args=(self.root, marks), name="ofiuco-flush").start()

    def _stamped(self, manifest: Manifest, folder: Path) -> bytes:
        """What is written as the manifest of a folder, which is to be marked as soon as it is on disk."""
        stamped = {**manifest, **durability.stamp()}
        mark = durability.mark(folder, stamped)
        if mark is not None:
            self._unmarked.append(mark)
        return json.dumps(stamped, sort_keys=True, separators=(",", ":")).encode()

    def discard(self, folder: Path) -> None:
        """Take a folder away at once, manifest first, then delete it; nothing happens if it is not there.

        Raises:
            CacheError: the store cannot be written.
        """
        if not os.path.lexists(folder):
            return
        with self.temporary() as temporary, self.usable():
            (folder / MANIFEST).unlink(missing_ok=True)
            folder.rename(temporary / "discarded")


def python_in(prefix: Path) -> Path:
    """The interpreter of the environment at ``prefix``."""
    return prefix / "Scripts" / "python.exe" if os.name == "nt" else prefix / "bin" / "python"


def has_interpreter(environment: Path, manifest: Manifest | None) -> bool:
    """Whether an environment is there with its interpreter, or was made for one that is nowhere here."""
    return manifest is not None and (not manifest["interpreter"] or os.path.exists(python_in(environment)))


def manifest_in(folder: Path) -> Manifest | None:
    """What a folder's manifest says, whatever that is; ``None`` without one that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


def has_shape(manifest: Manifest, shape: Shape) -> bool:
    """Whether a manifest has all the keys that it must have."""
    return all(key in manifest and isinstance(manifest[key], kind) for key, kind in shape.items())


def touch(path: str | Path) -> None:
    """Note that a file of the store is used now: its mtime says so, give or take an hour. A read-only one is left."""
    with suppress(OSError):
        if os.stat(path).st_mtime < time.time() - _FRESH_SECONDS:
            os.utime(path)

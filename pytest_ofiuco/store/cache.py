"""The store: one folder that every project and session of a user shares.

    <root>/
    ├── CACHEDIR.TAG                     backup tools pass over it
    ├── interpreters-v1.json             what each interpreter said of itself, by path, mtime and size
    ├── files-v1/<sha256>/<filename>     what was downloaded; the name says what the bytes are, so it is its own proof
    ├── documents-v1/<sha256>.json       the TOML of a large lock, parsed
    ├── names-v1/<key>.json              which files of a package's version some hashes are, as an index told
    ├── wheels-v1/<sha256>/              a wheel, unpacked once, read-only
    │   ├── tree/…
    │   └── ofiuco.json                  manifest: members with hash, size and mode
    ├── builds-v1/<key>/                 a wheel built here from an sdist, a commit or a folder
    │   ├── <name>.whl
    │   └── ofiuco.json                  manifest: file name and sha256; or the <key> of one that serves all Pythons
    ├── build-environments-v1/<key>/     pip and one set of build requirements (a virtual environment + ofiuco.json)
    ├── environments-v1/<key>/           a resolution, installed (a virtual environment + ofiuco.json)
    ├── bytecode-v1/…                    what the cells' interpreters compile (PYTHONPYCACHEPREFIX)
    ├── logs-v1/<package>-<key>.log      what a build backend said
    ├── quarantine-v1/<sha256>/<name>    files whose hash was not the locked one
    ├── virtualenv-v1/                   virtualenv's own application data
    ├── locks-v1/<name>.lock
    └── temporary-v1/<random>/           unfinished; a kill leaves rubbish here and nowhere else

Every bucket carries the version of its layout. Publishing: lock the name, build in ``temporary-v1``, write the manifest
last, rename once. Virtual environments hold their own path in scripts, so they are made where they will stay; without a
manifest such a folder is rubbish, and whoever holds the lock starts over. A reader trusts a manifest and nothing else,
and no manifest of another shape; it needs no lock. A temporary folder that is a day old belongs to a session that was
killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import UnionType
from typing import Any

from pytest_ofiuco.errors import CacheError

MANIFEST = "ofiuco.json"
CACHE_VARIABLE = "OFIUCO_CACHE_DIR"

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of pytest-ofiuco. See https://bford.info/cachedir/\n"
_STALE_SECONDS = 24 * 3600
_POLL_SECONDS = 0.02

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
        self.wheels = root / "wheels-v1"
        self.builds = root / "builds-v1"
        self.build_environments = root / "build-environments-v1"
        self.environments = root / "environments-v1"
        self.bytecode = root / "bytecode-v1"
        self.logs = root / "logs-v1"
        self.quarantine = root / "quarantine-v1"
        self.virtualenv = root / "virtualenv-v1"
        self.interpreters = root / "interpreters-v1.json"
        self._temporary = root / "temporary-v1"
        self._locks = root / "locks-v1"
        self._is_ready = False

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> Store:
        """``OFIUCO_CACHE_DIR``, or the user's cache folder for this platform."""
        chosen = environ.get(CACHE_VARIABLE)
        if chosen:
            return cls(Path(os.path.abspath(os.path.expanduser(chosen))))
        from platformdirs import user_cache_path  # a session with its own cache folder needs none of it

        return cls(user_cache_path("pytest-ofiuco", appauthor=False))

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Work on the store's files.

        Raises:
            CacheError: the operating system refused: read-only, full, not a folder.
        """
        try:
            yield
        except OSError as error:
            raise CacheError(str(error.filename or self.root), error.strerror or str(error)) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold ``name`` against every thread and process; a killed holder lets go of it.

        Raises:
            CacheError: the store cannot be written.
        """
        from filelock import FileLock  # a run that finds everything takes no lock

        self.prepare()
        with self.usable():
            self._locks.mkdir(exist_ok=True)
            lock = FileLock(self._locks / f"{name}.lock")
            lock.acquire(poll_interval=_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    def prepare(self) -> None:
        """Make the root, once a session, and clear what killed sessions left.

        Raises:
            CacheError: it cannot be made.
        """
        if self._is_ready:
            return
        with self.usable():
            self._temporary.mkdir(parents=True, exist_ok=True)
            tag = self.root / "CACHEDIR.TAG"
            if not tag.exists():
                tag.write_text(_TAG, encoding="utf-8")
            oldest = time.time() - _STALE_SECONDS
            for left in self._temporary.iterdir():
                with suppress(FileNotFoundError):
                    if left.stat().st_mtime < oldest:
                        remove_tree(left)
        self._is_ready = True

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """An empty folder on the store's file system, gone afterwards.

        Raises:
            CacheError: the store cannot be written.
        """
        import tempfile  # a run that finds everything writes nothing

        self.prepare()
        with self.usable():
            folder = Path(tempfile.mkdtemp(dir=self._temporary))
        try:
            yield folder
        finally:
            remove_tree(folder)

    def published(self, folder: Path, shape: Shape) -> Manifest | None:
        """The manifest of a published folder; ``None`` if nothing trustworthy of that ``shape`` is there."""
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(manifest, dict):
            return None
        fits = all(key in manifest and isinstance(manifest[key], kind) for key, kind in shape.items())
        return manifest if fits else None

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
                write_atomically(content / MANIFEST, _json(manifest))
                folder.parent.mkdir(parents=True, exist_ok=True)
                self.discard(folder)
                content.rename(folder)
        return manifest

    def seal(self, folder: Path, manifest: Manifest) -> None:
        """Write the manifest of a folder that was made in place; from here on readers trust it.

        Raises:
            CacheError: the store cannot be written.
        """
        with self.usable():
            write_atomically(folder / MANIFEST, _json(manifest))

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


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside ``path`` and rename: a reader sees the old file or the new one."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def remove_tree(folder: Path) -> None:
    """Delete a folder as far as possible; what cannot be deleted stays and harms nobody."""
    import shutil

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=_make_writable)
    else:
        shutil.rmtree(folder, onerror=_make_writable)


def _make_writable(function: Callable[[str], object], path: str, _: object) -> None:
    """POSIX asks the folder for permission to delete, Windows the file."""
    with suppress(OSError):
        os.chmod(path if sys.platform == "win32" else os.path.dirname(path), stat.S_IRWXU)
        function(path)


def _json(manifest: Manifest) -> bytes:
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()

"""Files that a lock names, brought into the store: verified while they stream, kept under their sha256.

In order: a path beside the lock; the URL in the lock; wherever the package's index, the user's indexes and
``find-links`` have a file of that name. A lock may have been written against a mirror that is not reachable
here; since the hash decides, any place will do.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of
from pytest_ofiuco.errors import (
    ArchiveError,
    FetchError,
    HashMismatchError,
    OfflineError,
    UnhashedError,
)
from pytest_ofiuco.store.cache import Store, touch
from pytest_ofiuco.store.index import Failure, Indexes, local_path, remedy
from pytest_ofiuco.store.network.failure import HINTS, Trouble, Unavailable
from pytest_ofiuco.store.network.page import Link
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.network.transfer import Transfer
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.settings import IndexSettings, shown

Fetchable = Wheel | Sdist | Archive

_CHUNK = 1 << 20


class Fetcher:
    """Fetches files: once a file, run and machine. Thread-safe.

    ``offline``: no socket is opened; files beside the lock, ``file:`` indexes and local ``find-links`` still
    serve. ``refresh`` fetches nothing again: a file that is kept is the file that is locked.
    """

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        *,
        offline: bool,
        refresh: bool,
        progress: Progress,
    ) -> None:
        self._store, self._offline, self._progress = store, offline, progress
        self._remote = Remote(settings)
        self._indexes = Indexes(settings, self._remote, offline=offline)
        self._lock = threading.Lock()
        self._is_stopped = False
        self._warnings: list[str] = []

    def warnings(self) -> list[str]:
        """What there is to say about files that were fetched, sorted."""
        with self._lock:
            return sorted(set(self._warnings))

    def stop(self) -> None:
        """End what is under way at the next chunk; nothing is fetched from here on."""
        self._is_stopped = True
        self._remote.stop()

    def close(self) -> None:
        """Close every connection, once nothing is under way."""
        self._remote.close()

    def fetch(self, artifact: Fetchable, package_name: str, lock_directory: Path) -> Path:
        """The verified file in the store, named as in the lock.

        Raises:
            UnhashedError: the lock has no sha256 for it.
            HashMismatchError: a place gave other bytes.
            FetchError: no place has it.
            OfflineError: it would have to be downloaded.
            CacheError: the store cannot be written.
        """
        sha256 = sha256_of(artifact.hashes)
        if sha256 is None:
            raise UnhashedError(package_name, artifact.filename)
        _check_name(artifact.filename)
        final = self._store.files / sha256 / artifact.filename
        if final.is_file():
            touch(final)
            return final
        with self._store.lock(f"file-{sha256[:32]}"):
            if not final.is_file():
                self._bring(artifact, package_name, lock_directory, sha256, final)
        return final

    def first_seen(self, artifact: Fetchable, package_name: str, lock_directory: Path) -> str:
        """The sha256 of a file that the lock names without one: of what is there, and kept, now.

        Raises:
            HashMismatchError: it is not what its index says that it is.
            FetchError: no place has it.
            OfflineError: it would have to be downloaded.
            CacheError: the store cannot be written.
        """
        _check_name(artifact.filename)
        failures: list[Failure] = []
        for place in self._places(artifact, package_name, lock_directory):
            if isinstance(place, Failure):
                failures.append(place)
                continue
            try:
                return self._take(place, artifact.filename, place.sha256, None)
            except Unavailable as error:
                failures.append(Failure.of(error))
        raise self._nowhere(artifact.filename, failures)

    def _bring(self, artifact: Fetchable, package_name: str, lock_directory: Path, sha256: str, final: Path) -> None:
        failures: list[Failure] = []
        listed: Link | None = None
        for place in self._places(artifact, package_name, lock_directory):
            if isinstance(place, Failure):
                failures.append(place)
                continue
            if place.sha256 is not None and place.sha256.lower() != sha256:
                listed = listed or place
                continue
            try:
                self._take(place, artifact.filename, sha256, final)
            except Unavailable as error:
                failures.append(Failure.of(error))
                continue
            if place.yanked is not None:
                self._warn(f"{artifact.filename} is locked, but was yanked: {place.yanked}")
            return
        if listed is not None and listed.sha256 is not None:
            raise HashMismatchError(artifact.filename, shown(listed.url), sha256, listed.sha256)
        raise self._nowhere(artifact.filename, failures)

    def _nowhere(self, filename: str, failures: list[Failure]) -> OfflineError | FetchError:
        if self._offline:
            return OfflineError([filename])
        reasons = "; ".join(dict.fromkeys(failure.reason for failure in failures)) or "no index is configured"
        missing = HINTS[Trouble.ABSENT] if failures else FetchError.hint
        return FetchError(filename, reasons, remedy(failures) or missing)

    def _places(self, artifact: Fetchable, package_name: str, lock_directory: Path) -> Iterator[Link | Failure]:
        if artifact.path is not None:
            path = local_path(artifact.path) or Path(artifact.path)
            path = lock_directory / path
            if path.is_file():
                yield Link(url=path.absolute().as_uri())
            else:
                yield Failure(f"{artifact.path}: no such file")
            return
        if artifact.url is not None and (not self._offline or local_path(artifact.url) is not None):
            yield Link(url=artifact.url.partition("#")[0])
        index = None if isinstance(artifact, Archive) else artifact.index
        if index is not None and "://" not in index:
            index = str(lock_directory / index)
        yield from self._indexes.places(artifact.filename, canonicalize_name(package_name), index)

    def _take(self, place: Link, filename: str, sha256: str | None, final: Path | None) -> str:
        """Bring the file from one place, to ``final`` or to where its sha256, which is returned, says.

        Raises:
            Unavailable: it cannot be had there.
            HashMismatchError: it is another file.
        """
        path = local_path(place.url)
        with self._store.temporary() as folder:
            target = folder / "file"
            actual = self._copied(path, target) if path is not None else self._received(place.url, target, sha256)
            with self._store.usable():
                size = target.stat().st_size
                if sha256 is not None and actual != sha256:
                    kept = self._store.quarantine / actual / filename
                    _move(target, kept)
                    raise HashMismatchError(filename, shown(place.url), sha256, actual, str(kept))
                target.chmod(0o444)
                _move(target, final or self._store.files / actual / filename)
        if path is None:
            self._progress.fetched(filename, size)
        return actual

    def _received(self, url: str, target: Path, sha256: str | None) -> str:
        """Download to ``target``; a file that several answers make up, and that is wrong, gets a second chance."""
        with Transfer(self._store, self._remote, url, target) as transfer:
            actual = self._remote.attempt(url, transfer.go_on)
            if actual != sha256 and transfer.was_resumed:
                transfer.restart()
                actual = self._remote.attempt(url, transfer.go_on)
            return actual

    def _copied(self, path: Path, target: Path) -> str:
        """Copy to ``target`` and return the sha256."""
        hasher = hashlib.sha256()
        with self._store.usable():
            file = target.open("wb")
        with closing(_chunks_of(path)) as source, closing(file):
            for chunk in source:
                if self._is_stopped:
                    raise Unavailable("the session is ending")
                hasher.update(chunk)
                with self._store.usable():
                    file.write(chunk)
            with self._store.usable():
                file.flush()
                os.fsync(file.fileno())
        return hasher.hexdigest()

    def _warn(self, warning: str) -> None:
        with self._lock:
            self._warnings.append(warning)


def _chunks_of(path: Path) -> Generator[bytes, None, None]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from None


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def _check_name(filename: str) -> None:
    """A lock comes from elsewhere: its file names must not lead out of the store."""
    for flavour in (PurePosixPath, PureWindowsPath):
        if flavour(filename).name != filename or filename in (".", "..", ""):
            raise ArchiveError(filename, "its name in the lock is not a plain file name")

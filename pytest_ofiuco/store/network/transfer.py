"""One file on its way into the store: written and hashed as it comes, and gone on with where a connection was cut.

What has come stays in a temporary file until all of it is there, so that nobody sees a part.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.network.failure import Unavailable, Unresumable
from pytest_ofiuco.store.network.remote import Remote

_BUFFER = 1 << 18
_GAIN = 1 << 20


class Transfer:
    """Brings ``url`` to ``target``, in as many attempts as it takes. Use it in a ``with``."""

    def __init__(self, store: Store, remote: Remote, url: str, target: Path) -> None:
        self._store, self._remote, self._url = store, remote, url
        with store.usable():
            self._file = target.open("wb", buffering=_BUFFER)
        self._hasher = hashlib.sha256()
        self._validator: str | None = None
        self._furthest = 0
        self.size = 0
        self.was_resumed = False

    def __enter__(self) -> Transfer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # what was not flushed is not wanted: ``go_on`` has flushed what is whole
            self._file.close()

    def go_on(self) -> str:
        """One attempt to get the rest; the sha256 of the whole.

        Raises:
            Unavailable: it did not come to the end; what came is kept for the next attempt.
            CacheError: the store cannot be written.
        """
        try:
            with self._remote.file(self._url, self.size, self._validator) as body:
                if body.start == 0:
                    self.restart()
                self.was_resumed = self.was_resumed or body.start > 0
                self._validator = body.validator
                for chunk in body.chunks:
                    self._take(chunk)
        except Unresumable:
            self.restart()
            raise
        except Unavailable as error:
            error.has_gained = self.size - self._furthest >= _GAIN
            self._furthest = max(self._furthest, self.size)
            raise
        with self._store.usable():
            self._file.flush()
            os.fsync(self._file.fileno())  # its name will say that its bytes are right, after a power failure too
        return self._hasher.hexdigest()

    def restart(self) -> None:
        """Forget what came."""
        if self.size:
            with self._store.usable():
                self._file.seek(0)
                self._file.truncate()
        self._hasher = hashlib.sha256()
        self._validator, self.size, self.was_resumed = None, 0, False

    def _take(self, chunk: bytes) -> None:
        self._hasher.update(chunk)
        with self._store.usable():
            self._file.write(chunk)
        self.size += len(chunk)

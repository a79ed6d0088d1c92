"""Taking things out of the store, so that nobody who runs meanwhile misses one of them.

All goes to one temporary folder first, by a rename each, and is deleted at the end. One process removes at a time. An
environment is hidden, then the sessions are read: see ``usage``. Everything else goes while nobody makes anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.upkeep.size import names_in

PATIENCE = 10.0
"""Seconds to wait for those who make something."""


class Removal:
    """Moves things out of the store's buckets."""

    def __init__(self, store: Store, trash: Path) -> None:
        self._store, self._trash = store, trash
        self._count = 0

    def environment(self, name: str, unused_since: float) -> Path | None:
        """Take an environment out; where it is now, or ``None`` if a running session uses it or one has since then.

        Raises:
            CacheError: the store cannot be written.
        """
        folder = self._store.environments / name
        with self._store.lock(f"environment-{name}"), self._store.usable():
            usage.hide(folder)
            try:
                if usage.live(self._store).may_use(name) or _last_use(folder) > unused_since:
                    return None
                return self._moved(folder)
            finally:
                usage.restore(folder)

    def take(self, path: Path) -> Path | None:
        """Take out what only those use who make something; where it is now, ``None`` if it cannot be moved.

        Raises:
            CacheError: the store cannot be written.
        """
        with self._store.usable():
            return self._moved(path)

    def _moved(self, path: Path) -> Path | None:
        self._count += 1
        target = self._trash / str(self._count)
        try:
            os.rename(path, target)
        except FileNotFoundError:
            return None
        except PermissionError:
            if os.name == "nt":  # where a file that is open cannot be moved
                return None
            raise
        return target


def _last_use(folder: Path) -> float:
    try:
        return os.stat(folder / usage.HIDDEN).st_mtime
    except FileNotFoundError:
        return 0.0


@contextmanager
def removing(store: Store) -> Iterator[Removal]:
    """Be the one who removes; what a predecessor has hidden and left is shown again.

    Raises:
        CacheError: the store cannot be written.
    """
    with store.lock("removal"), store.temporary() as trash:
        for name in names_in(store.environments):
            folder = store.environments / name
            if os.path.lexists(folder / usage.HIDDEN):
                with store.lock(f"environment-{name}"):
                    usage.restore(folder)
        yield Removal(store, trash)

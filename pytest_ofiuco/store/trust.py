"""Files that a lock names without a hash, where the project allows it: taken as they are at first sight.

From then on they are held to that: another file at the same place is refused like any other whose hash differs. A file
beside the lock is the user's own, and is taken as it is each time.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.store.cache import Store, digest
from pytest_ofiuco.store.fetch import Fetchable, Fetcher


class Trust:
    """The hashes of what was seen, in the store."""

    def __init__(self, store: Store, fetcher: Fetcher) -> None:
        self._store, self._fetcher = store, fetcher

    def given(self, resolution: Resolution, names: frozenset[str], lock_directory: Path) -> Resolution:
        """The resolution with a sha256 for every file of the packages named.

        Raises:
            HashMismatchError, FetchError, OfflineError: a file cannot be had.
            CacheError: the store cannot be used.
        """
        pins = tuple(
            self._pin(pin, pin.artifact, lock_directory)
            if pin.name in names and isinstance(pin.artifact, Wheel | Sdist | Archive)
            else pin
            for pin in resolution.packages
        )
        return replace(resolution, packages=pins)

    def _pin(self, pin: Pin, artifact: Fetchable, lock_directory: Path) -> Pin:
        if sha256_of(artifact.hashes) is not None:
            return pin
        sha256 = self._seen(artifact, pin.name, lock_directory)
        hashes = (*artifact.hashes, ("sha256", sha256))
        return replace(pin, artifact=replace(artifact, hashes=tuple(sorted(hashes))))

    def _seen(self, artifact: Fetchable, name: str, lock_directory: Path) -> str:
        if artifact.path is not None:
            return self._fetcher.first_seen(artifact, name, lock_directory)
        index = None if isinstance(artifact, Archive) else artifact.index
        file = self._store.names / f"seen-{digest([artifact.filename, artifact.url, index])}.json"
        with self._store.lock(file.stem):
            known = _read(file)
            if known is not None:
                return known
            sha256 = self._fetcher.first_seen(artifact, name, lock_directory)
            self._store.keep(file, json.dumps({"sha256": sha256}).encode(), is_promise=True)
            return sha256


def _read(file: Path) -> str | None:
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    sha256 = known.get("sha256") if isinstance(known, dict) else None
    return sha256 if isinstance(sha256, str) else None

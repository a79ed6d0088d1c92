"""Whether a file of the store is still the one that was kept, where that is not found out by reading it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ofiuco.errors import ArchiveError, CacheError

_CHUNK = 1 << 20


@contextmanager
def of_kept(file: Path, sha256: str) -> Iterator[None]:
    """Read an archive that the store has kept under its sha256.

    Raises:
        CacheError: it is another file now.
        ArchiveError: it is not, and cannot be used.
    """
    try:
        yield
    except ArchiveError as error:
        check_kept(file, sha256, error)
        raise


def check_kept(file: Path, sha256: str, cause: Exception | None = None) -> None:
    """Read a file of the store, to see whether it is what was kept.

    Raises:
        CacheError: it is another file now.
        OSError: it cannot be read.
    """
    hasher = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            hasher.update(chunk)
    if hasher.hexdigest() != sha256:
        hint = "`ofiuco cache verify --fix` removes what is damaged, and the next run makes it again"
        raise CacheError(str(file), "this file was changed since it was kept", hint) from cause

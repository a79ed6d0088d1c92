"""How much the store holds: bytes of files, each counted once however many links it has.

An environment is mostly links to the wheels it was made of: a file counts where it is met first, in the order of the
buckets, so environments count for what is theirs alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_ofiuco.store.cache import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A folder or file of the store; ``what`` it holds, in words."""

    path: Path
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What is in a bucket: ``entries`` at its top, ``files`` and ``bytes`` that no bucket before it has."""

    bucket: Bucket
    entries: int
    files: int
    bytes: int


@dataclass(slots=True)
class Ledger:
    """Files by inode: of each the links that were seen, those that there are, and the bytes."""

    _seen: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)

    def add(self, path: Path) -> tuple[int, int]:
        """Enter everything at and below ``path``; the number of files that are new here, and their bytes."""
        files = size = 0
        for status in _statuses(path):
            key = status.st_dev, status.st_ino
            seen, _, _ = self._seen.get(key, (0, 0, 0))
            self._seen[key] = seen + 1, status.st_nlink, status.st_size
            if not seen:
                files += 1
                size += status.st_size
        return files, size

    @property
    def free(self) -> int:
        """Bytes that are free once everything entered is gone: a file that has a link elsewhere stays."""
        return sum(size for seen, links, size in self._seen.values() if seen >= links)


def buckets(store: Store) -> tuple[Bucket, ...]:
    """Everything in the store that this version knows, in the order in which files are counted."""
    known = {
        store.files: "downloaded files",
        store.wheels: "unpacked wheels",
        store.builds: "wheels built here",
        store.environments: "environments",
        store.build_requirements: "which files pip chose for builds",
        store.build_environments: "environments that builds run in",
        store.bytecode.parent: "bytecode",
        store.plans: "plans of sessions",
        store.inspections: "inspections of environments",
        store.documents: "parsed locks",
        store.names: "names of files, as indexes told them",
        store.logs: "build logs",
        store.quarantine: "files whose hash was wrong",
        store.virtualenv: "virtualenv's own data",
        store.interpreters: "what interpreters are",
        store.unfinished: "unfinished",
        store.locks: "locks",
        store.sessions: "running sessions",
        store.forkservers: "fork servers",
    }
    return tuple(Bucket(path=path, what=what) for path, what in known.items())


def others(store: Store) -> tuple[str, ...]:
    """Names in the store that this version does not know: buckets of another layout, which are left alone."""
    known = {bucket.path.name for bucket in buckets(store)} | {"CACHEDIR.TAG"}
    return tuple(name for name in names_in(store.root) if name not in known and not name.startswith("."))


def measured(store: Store) -> tuple[Filled, ...]:
    """What is in each bucket, and in what is not known."""
    ledger, filled = Ledger(), []
    unknown = (Bucket(path=store.root / name, what="of another layout") for name in others(store))
    for bucket in (*buckets(store), *unknown):
        files, size = ledger.add(bucket.path)
        entries = len(names_in(bucket.path)) or files
        filled.append(Filled(bucket=bucket, entries=entries, files=files, bytes=size))
    return tuple(filled)


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted; none if it is not there or cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def newest(path: Path) -> float:
    """When a file or folder, or any file below it, was last changed; 0 if it is not there."""
    try:
        own = os.lstat(path).st_mtime
    except OSError:
        return 0.0
    return max([own, *(status.st_mtime for status in _statuses(path))])


def _statuses(path: Path) -> Iterator[os.stat_result]:
    """The status of every file at and below a path; what goes or cannot be read meanwhile is passed over."""
    pending = [os.fspath(path)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                        continue
                    try:  # not entry.stat(), which knows no inode on Windows
                        yield os.lstat(entry.path)
                    except OSError:
                        continue
        except NotADirectoryError:
            with suppress(OSError):
                yield os.lstat(folder)
        except OSError:
            continue

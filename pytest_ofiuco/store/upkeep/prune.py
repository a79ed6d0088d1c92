"""What of the store nobody needs any more, and taking it out.

Always: what no run can reach (unfinished, in quarantine, bytecode of folders that are gone). With an age, too:
environments that have not been used since, and then what no environment left needs and nobody has used since. While a
session runs, what it may have brought in or found stays, whatever the age. Hashes that files were held to at first
sight (``trust``) stay for good. Buckets of another layout are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pytest_ofiuco.store import durability, usage
from pytest_ofiuco.store.cache import MANIFEST, Manifest, Store, manifest_in
from pytest_ofiuco.store.upkeep.removal import PATIENCE, Removal, removing
from pytest_ofiuco.store.upkeep.size import Ledger, names_in, newest, others

_YOUNG = 3600.0
"""Seconds that parts of environments stay after their last use while any session runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """``older_than``: an age in seconds; ``None``: only what no run can reach.

    ``keep_latest``: for each project and Python the environment that was used last stays. ``dry_run``: nothing goes.
    """

    older_than: float | None = None
    keep_latest: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What went: its path in the store with slashes, why, and the bytes of its files, which may live on elsewhere."""

    path: str
    reason: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a prune did.

    ``freed`` in bytes; ``in_use``: keys of environments that would have gone; ``is_busy``: nothing but environments was
    looked at, since sessions were making some all the time; ``others``: what is of another layout.
    """

    removed: tuple[Removed, ...]
    freed: int
    in_use: tuple[str, ...]
    is_busy: bool
    others: tuple[str, ...]


def prune(store: Store, order: Order, now: float) -> Pruned:
    """Take out what ``order`` says; ``now`` in seconds since the epoch.

    Raises:
        CacheError: the store cannot be written.
    """
    if not store.root.is_dir():
        return Pruned(removed=(), freed=0, in_use=(), is_busy=False, others=())
    with nullcontext() if order.dry_run else removing(store) as removal:
        work = _Prune(store=store, order=order, now=now, removal=removal)
        work.environments()
        with nullcontext(True) if order.dry_run else usage.alone(store, PATIENCE) as is_alone:
            if is_alone:
                work.unreachable()
                work.unneeded()
        return Pruned(
            removed=tuple(work.removed),
            freed=work.ledger.free,
            in_use=tuple(work.in_use),
            is_busy=not is_alone,
            others=others(store),
        )


def required(manifest: Manifest) -> frozenset[str]:
    """The sha256 of every wheel that the manifest of an environment, or of one for builds, lists."""
    rows = manifest.get("packages", manifest.get("wheels"))
    lists = [row for row in rows if isinstance(row, list) and row] if isinstance(rows, list) else []
    return frozenset(row[-1] for row in lists if isinstance(row[-1], str))


@dataclass(slots=True, kw_only=True)
class _Prune:
    """One prune under way; without ``removal`` nothing is touched."""

    store: Store
    order: Order
    now: float
    removal: Removal | None
    ledger: Ledger = field(default_factory=Ledger)
    removed: list[Removed] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)
    gone: set[Path] = field(default_factory=set)

    def environments(self) -> None:
        """Those that have not been used for long."""
        if self.order.older_than is None:
            return
        before, live = self.now - self.order.older_than, usage.live(self.store)
        published = self._published(self.store.environments)
        kept = _latest(published) if self.order.keep_latest else set()
        for folder, (_, last_use) in published.items():
            if last_use > before or folder in kept:
                continue
            if live.may_use(folder.name):
                self.in_use.append(folder.name)
                continue
            taken = folder if self.removal is None else self.removal.environment(folder.name, before)
            if taken is None:
                self.in_use.append(folder.name)
            else:
                self._enter(folder, taken, _unused_for(self.now - last_use))

    def unreachable(self) -> None:
        """What no run can find any more."""
        store = self.store
        for bucket in (store.environments, store.build_environments, store.wheels, store.builds):
            for path in self._left(bucket):
                if not _can_be_trusted(path):
                    self._take(path, "unfinished")
        for path in self._left(store.files):
            if not names_in(path):
                self._take(path, "empty")
        for path in self._left(store.quarantine):
            self._take(path, "its hash was wrong")
        drive = os.path.splitdrive(store.root)[0] + os.sep
        for path in self._orphans(store.bytecode, Path(drive)):
            self._take(path, "of a folder that is gone")

    def unneeded(self) -> None:
        """What no environment left needs and nobody has used for long."""
        if self.order.older_than is None:
            return
        store, before = self.store, self._before()
        for folder, (_, last_use) in self._published(store.build_environments).items():
            if last_use <= before:
                self._take(folder, _unused_for(self.now - last_use))
        left = (*self._published(store.environments).values(), *self._published(store.build_environments).values())
        needed = frozenset[str]().union(*(required(manifest) for manifest, _ in left))
        for folder, (_, last_use) in self._published(store.wheels).items():
            if folder.name not in needed and last_use <= before:
                self._take(folder, _unused_for(self.now - last_use))
        self._files(needed, before)
        self._builds(needed, before)
        for path in self._left(store.wheel_bytecode):
            last_use = newest(path)
            if path.name.partition("-")[0] not in needed and last_use <= before:
                self._take(path, "of a wheel that no environment has")
        for bucket in (
            *(store.plans, store.inspections, store.documents),
            *(store.names, store.build_requirements, store.logs),
        ):
            for path in self._left(bucket):
                last_use = newest(path)
                if last_use <= before and not path.name.startswith("seen-"):
                    self._take(path, _unused_for(self.now - last_use))

    def _before(self) -> float:
        """The latest time of last use that lets a part of environments go: no later than a running session's start."""
        assert self.order.older_than is not None
        before, since = self.now - self.order.older_than, usage.live(self.store).since
        return before if since is None else min(before, self.now - _YOUNG, since)

    def _files(self, needed: frozenset[str], before: float) -> None:
        for folder in self._left(self.store.files):
            last_use = max((newest(folder / name) for name in names_in(folder)), default=self.now)
            if folder.name not in needed and last_use <= before:
                self._take(folder, _unused_for(self.now - last_use))

    def _builds(self, needed: frozenset[str], before: float) -> None:
        """Those that give a wheel first; then what points to one that went."""
        published = self._published(self.store.builds)
        kept: set[object] = set()
        for folder, (manifest, last_use) in published.items():
            if "folder" in manifest:
                continue
            if manifest.get("sha256") not in needed and last_use <= before:
                self._take(folder, _unused_for(self.now - last_use))
            else:
                kept.add(folder.name)
        for folder, (manifest, last_use) in published.items():
            if "folder" in manifest and manifest["folder"] not in kept and last_use <= before:
                self._take(folder, _unused_for(self.now - last_use))

    def _orphans(self, tree: Path, source: Path) -> Iterator[Path]:
        """The folders of bytecode, which mirror those of sources from the root on, whose source is gone."""
        for name in names_in(tree):
            copy, original = tree / name, source / name
            if not copy.is_dir() or copy.is_symlink():
                continue
            if original in self.gone or not original.is_dir():
                yield copy
            else:
                yield from self._orphans(copy, original)

    def _left(self, bucket: Path) -> list[Path]:
        return [path for name in names_in(bucket) if (path := bucket / name) not in self.gone]

    def _published(self, bucket: Path) -> dict[Path, tuple[Manifest, float]]:
        """Every folder with a manifest, and when it was used last."""
        found = {}
        for folder in self._left(bucket):
            manifest = manifest_in(folder)
            if manifest is not None:
                try:
                    found[folder] = manifest, os.stat(folder / MANIFEST).st_mtime
                except FileNotFoundError:
                    continue
        return found

    def _take(self, path: Path, reason: str) -> None:
        taken = path if self.removal is None else self.removal.take(path)
        if taken is not None:
            self._enter(path, taken, reason)

    def _enter(self, path: Path, taken: Path, reason: str) -> None:
        self.gone.add(path)
        self.ledger.add(taken)
        size = Ledger().add(taken)[1]
        self.removed.append(Removed(path=path.relative_to(self.store.root).as_posix(), reason=reason, bytes=size))


def _latest(published: dict[Path, tuple[Manifest, float]]) -> set[Path]:
    """For each project and Python the environment that was used last; those that name no project are of none."""
    latest: dict[tuple[str, str], tuple[float, Path]] = {}
    for folder, (manifest, last_use) in published.items():
        match manifest:
            case {"project": str(project), "python": str(python)}:
                key = project, python
                latest[key] = max(latest.get(key, (0.0, folder)), (last_use, folder))
    return {folder for _, folder in latest.values()}


def _can_be_trusted(path: Path) -> bool:
    """Whether it has a manifest, be it of a newer version, and has reached the disk; a hidden one is shown again."""
    manifest = manifest_in(path)
    if manifest is None:
        return os.path.lexists(path / usage.HIDDEN)
    return durability.is_sound(path, manifest)


def _unused_for(seconds: float) -> str:
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"not used for {int(seconds // length)} {name}"
    return "not used any more"

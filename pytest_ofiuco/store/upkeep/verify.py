"""Whether everything in the store is still what it was when it was published.

Files and unpacked wheels say themselves what they are, so does a built wheel's manifest; environments are compared with
their wheels (``installed``). An edit in an environment reaches the wheel and every other environment through the links:
each of them is named. A file is read once however many links it has. What nobody trusts is not damaged: what is
unfinished, and manifests of another shape, which are another version's. Bytecode has to be whole: see ``compiled``.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import MANIFEST, Manifest, Shape, Store, has_shape, manifest_in
from pytest_ofiuco.store.upkeep import installed
from pytest_ofiuco.store.upkeep.compiled import not_whole
from pytest_ofiuco.store.upkeep.size import names_in
from pytest_ofiuco.store.wheel import as_record

_CHUNK = 1 << 20
_AT_A_TIME = 8
_ENVIRONMENT = {"key": str, "interpreter": str, "packages": list}
_WHEEL = {"dist_info": str, "root_is_purelib": bool, "members": list}

Row = tuple[str, str, int, bool]
"""A member of a wheel: path, hash, size, executable."""

Report = Callable[[int, int], None]
"""Is told how many entries have been looked at, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with a file; ``entry`` is what has to go with it. Both paths are in the store, with slashes."""

    path: str
    problem: str
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """``entries`` is how many files, wheels, builds and environments were looked at; ``damages`` are sorted.

    ``leading``: for each wheel that environments lead to by symbolic links, their entries.
    """

    entries: int
    damages: tuple[Damage, ...]
    leading: dict[str, frozenset[str]]


def verify(store: Store, report: Report) -> Verified:
    """Look at everything that is published."""
    work = _Verification(store)
    first = [
        *(partial(work.file, path) for path in _entries(store.files)),
        *(partial(work.wheel, path) for path in _entries(store.wheels)),
        *(partial(work.build, path) for path in _entries(store.builds)),
        *(partial(work.document, path) for path in _entries(store.documents)),
        partial(work.json, store.interpreters),
        *(
            partial(work.json, path)
            for bucket in (store.names, store.build_requirements, store.plans, store.inspections)
            for path in _entries(bucket)
        ),
    ]
    then = [
        *(partial(work.environment, path) for path in _entries(store.environments)),
        *(partial(work.build_environment, path) for path in _entries(store.build_environments)),
    ]
    total, done = len(first) + len(then), 0
    with ThreadPoolExecutor(min(_AT_A_TIME, os.cpu_count() or 1)) as pool:
        for part in (first, then):  # environments share the files that have been read for wheels
            for _ in pool.map(lambda call: call(), part):
                done += 1
                report(done, total)
    for path, entry in not_whole(store):
        work.add(path, "is not whole", entry)
    return Verified(entries=total, damages=work.all_damages(), leading=work.leading_environments())


@dataclass(slots=True)
class _Verification:
    """One verification; its methods are called from several threads, each with an entry of its own."""

    store: Store
    damages: list[Damage] = field(default_factory=list)
    modes: list[Damage] = field(default_factory=list)
    has_modes: bool = False
    links: dict[str, set[str]] = field(default_factory=dict)
    _digests: dict[tuple[int, int, int, int], bytes] = field(default_factory=dict)

    def all_damages(self) -> tuple[Damage, ...]:
        """Sorted; what leads to a damaged wheel is damaged with it. Modes count where the file system keeps any."""
        found = {*self.damages, *(self.modes if self.has_modes else ())}
        entries = {damage.entry for damage in found}
        for name, environments in self.leading_environments().items():
            wheel = f"{self.store.wheels.name}/{name}"
            for entry in environments if wheel in entries else ():
                found.add(Damage(path=entry, problem=f"leads to the damaged {wheel}", entry=entry))
        return tuple(sorted(found, key=lambda each: (each.path, each.problem)))

    def leading_environments(self) -> dict[str, frozenset[str]]:
        """For each wheel the environments with links to it."""
        start = os.path.realpath(self.store.wheels) + os.sep
        leading: dict[str, set[str]] = {}
        for environment, targets in self.links.items():
            for target in targets:
                if target.startswith(start):
                    leading.setdefault(target[len(start) :].partition(os.sep)[0], set()).add(environment)
        return {wheel: frozenset(environments) for wheel, environments in leading.items()}

    def file(self, folder: Path) -> None:
        """A downloaded file: the folder says its sha256."""
        for name in names_in(folder):
            try:
                is_right = self.digest(str(folder / name)).hex() == folder.name
            except OSError as error:
                self.add(folder / name, _unreadable(error), folder)
                continue
            if not is_right:
                self.add(folder / name, "its sha256 is not that of its folder", folder)

    def wheel(self, folder: Path) -> None:
        """An unpacked wheel: the manifest says what its members are."""
        manifest = self.manifest(folder, _WHEEL)
        if manifest is None:
            return
        rows = _rows(manifest)
        if rows is None:
            self.add(folder / MANIFEST, "lists what is no member", folder)
            return
        tree = str(folder / "tree")
        found = [damage for row in rows if (damage := self._member(row, tree, folder)) is not None]
        expected = {os.path.normcase(os.path.normpath(os.path.join(tree, row[0]))) for row in rows}
        for parent, _, names in os.walk(tree):
            for name in names:
                path = os.path.join(parent, name)
                if os.path.normcase(path) not in expected and not name.endswith(".pyc"):
                    found.append(self._damage(Path(path), "is no member of the wheel", folder))
        self.keep(folder, manifest, found)

    def _member(self, row: Row, tree: str, folder: Path) -> Damage | None:
        path, hashed, size, executable = row
        target = os.path.join(tree, path)
        try:
            status = os.lstat(target)
            if not stat.S_ISREG(status.st_mode):
                return self._damage(Path(target), "is no regular file", folder)
            if status.st_size != size or as_record(self.digest(target)) != hashed:
                return self._damage(Path(target), "is not what the wheel has", folder)
        except FileNotFoundError:
            return self._damage(Path(target), "is missing", folder)
        except OSError as error:
            return self._damage(Path(target), _unreadable(error), folder)
        is_writable, can_run = bool(status.st_mode & 0o222), bool(status.st_mode & 0o100)
        self.has_modes = self.has_modes or not is_writable
        # on Windows no mode says who may run it, and all links become writable when one is deleted
        if os.name != "nt" and (is_writable or can_run != executable):
            self.modes.append(self._damage(Path(target), f"has the mode {status.st_mode & 0o777:03o}", folder))
        return None

    def build(self, folder: Path) -> None:
        """A wheel that was built here: the manifest says its sha256; or where it is."""
        manifest = self.manifest(folder, {})
        match manifest:
            case {"wheel": str(name), "sha256": str(sha256)}:
                try:
                    if self.digest(str(folder / name)).hex() != sha256:
                        self.add(folder / name, "is not what was built", folder)
                except OSError as error:
                    self.add(folder / name, _unreadable(error), folder)

    def document(self, path: Path) -> None:
        """A parsed lock: its first line is the sha256 of the rest."""
        try:
            said, _, text = path.read_bytes().partition(b"\n")
        except OSError as error:
            self.add(path, _unreadable(error), path)
            return
        if hashlib.sha256(text).hexdigest().encode() != said and not path.name.startswith("."):
            self.add(path, "is not what was written", path)

    def json(self, path: Path) -> None:
        """What was remembered."""
        try:
            json.loads(path.read_bytes())
        except FileNotFoundError:
            return
        except OSError as error:
            self.add(path, _unreadable(error), path)
        except (ValueError, RecursionError):
            if not path.name.startswith("."):
                self.add(path, "is not JSON", path)

    def environment(self, folder: Path) -> None:
        """An environment, against its wheels."""
        manifest = self.manifest(folder, _ENVIRONMENT)
        if manifest is not None:
            self._installed(folder, manifest, manifest)

    def build_environment(self, folder: Path) -> None:
        """An environment that builds run in, against its wheels: (file name, sha256) each."""
        manifest = self.manifest(folder, {})
        rows = manifest.get("wheels") if manifest is not None else None
        if manifest is not None and isinstance(rows, list):
            packages = [[str(row[0]).partition("-")[0], None, row[-1]] for row in rows if isinstance(row, list)]
            self._installed(folder, manifest, {"key": folder.name, "packages": packages})

    def _installed(self, folder: Path, manifest: Manifest, said: Manifest) -> None:
        problems, links = installed.check(folder, said, self._contents, self.digest)
        self.links[folder.relative_to(self.store.root).as_posix()] = links
        self.keep(folder, manifest, [self._damage(Path(each.path), each.problem, folder) for each in problems])

    def _contents(self, sha256: str) -> installed.Contents | None:
        manifest = manifest_in(self.store.wheels / sha256)
        rows = None if manifest is None or not has_shape(manifest, _WHEEL) else _rows(manifest)
        if manifest is None or rows is None:
            return None
        return installed.Contents(manifest["dist_info"], {path: hashed for path, hashed, _, _ in rows})

    def manifest(self, folder: Path, shape: Shape) -> Manifest | None:
        """The manifest, if there is one that is believed; one that cannot be read is damage."""
        manifest = manifest_in(folder)
        if manifest is None:
            if os.path.lexists(folder / MANIFEST):
                self.add(folder / MANIFEST, "cannot be read", folder)
            return None
        return manifest if has_shape(manifest, shape) and durability.is_sound(folder, manifest) else None

    def keep(self, folder: Path, manifest: Manifest, found: Iterable[Damage]) -> None:
        """Believe what was found, unless the entry was taken away or made anew meanwhile."""
        listed = list(found)
        if listed and manifest_in(folder) == manifest:
            self.damages += listed

    def add(self, path: Path, problem: str, entry: Path) -> None:
        self.damages.append(self._damage(path, problem, entry))

    def _damage(self, path: Path, problem: str, entry: Path) -> Damage:
        root = self.store.root
        shown = Path(os.path.relpath(path, root)).as_posix()
        return Damage(path=shown, problem=problem, entry=entry.relative_to(root).as_posix())

    def digest(self, path: str) -> bytes:
        """The sha256 of a file, read once for all its links."""
        status = os.stat(path)
        key = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
        known = self._digests.get(key) if status.st_ino else None
        if known is None:
            hasher = hashlib.sha256()
            with open(path, "rb") as file:
                while chunk := file.read(_CHUNK):
                    hasher.update(chunk)
            known = self._digests[key] = hasher.digest()
        return known


def _entries(bucket: Path) -> Sequence[Path]:
    return [bucket / name for name in names_in(bucket)]


def _rows(manifest: Manifest) -> list[Row] | None:
    rows: list[Row] = []
    for row in manifest["members"]:
        match row:
            case [str(path), str(hashed), int(size), bool(executable)]:
                rows.append((path, hashed, size, executable))
            case _:
                return None
    return rows


def _unreadable(error: OSError) -> str:
    return "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"

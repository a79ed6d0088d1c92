"""Whether an environment still holds what was put into it, and nothing else.

What should be there is known from three sources: its manifest, which lists the files that ``virtualenv`` made; the
manifests of its wheels; and RECORD, for what was written anew (scripts, for one). RECORD itself must agree with the
wheels. Bytecode is left out: Python checks it. https://packaging.python.org/specifications/recording-installed-packages/
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import MANIFEST, Manifest, python_in
from pytest_ofiuco.store.wheel import as_record

Digest = Callable[[str], bytes]
"""The sha256 of the file at a path; raises ``OSError``."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a wheel holds: members by path, with their hashes as RECORD writes them."""

    dist_info: str
    members: dict[str, str]


Wheels = Callable[[str], Contents | None]
"""The wheel with a sha256; ``None`` if it is not there."""

_LINK = "-> "
_CHANGED = "is not what was installed"


@dataclass(frozen=True, slots=True)
class Problem:
    """``path`` is absolute."""

    path: str
    problem: str


def own_files(prefix: Path) -> dict[str, str]:
    """What is in a new environment before anything is installed: path with slashes → sha256 or target of a link."""
    return {
        os.path.relpath(path, prefix).replace(os.sep, "/"): _said_by(path, _plain_digest)
        for path in _files_below(str(prefix))
    }


def check(prefix: Path, manifest: Manifest, wheels: Wheels, digest: Digest) -> tuple[list[Problem], set[str]]:
    """What is wrong with an environment, and the real folders that its symbolic links lead to."""
    work = _Check(prefix=str(prefix), manifest=manifest, wheels=wheels, digest=digest)
    return list(work.problems()), work.linked


@dataclass(slots=True, kw_only=True)
class _Check:
    prefix: str
    manifest: Manifest
    wheels: Wheels
    digest: Digest
    expected: dict[str, tuple[str, str]] = field(default_factory=dict)
    linked: set[str] = field(default_factory=set)
    found: list[Problem] = field(default_factory=list)

    @property
    def sites(self) -> list[str]:
        """The folders that packages are in; on some systems one is a link to another."""
        patterns = ("lib/python*/site-packages", "lib64/python*/site-packages", "lib/pypy*/site-packages")
        found = [str(path) for pattern in patterns for path in sorted(Path(self.prefix).glob(pattern))]
        found += [str(path) for path in Path(self.prefix).glob("Lib/site-packages")]
        return list({os.path.realpath(path): path for path in reversed(found)}.values())[::-1]

    def problems(self) -> Iterator[Problem]:
        if self.manifest["key"] != os.path.basename(self.prefix):
            yield Problem(os.path.join(self.prefix, MANIFEST), "is the manifest of another environment")
        yield from self.interpreter()
        yield from self.own()
        self.packages()
        yield from self.found
        yield from self.files()
        if isinstance(self.manifest.get("own"), dict):
            yield from self.strangers()

    def interpreter(self) -> Iterator[Problem]:
        python = str(python_in(Path(self.prefix)))
        if self.manifest.get("interpreter") == "":
            pass  # it was made for one that is not here
        elif not os.path.lexists(python):
            yield Problem(python, "is missing")
        elif not os.path.exists(python):
            yield Problem(python, f"leads to {os.path.realpath(python)}, which is gone")
        if not os.path.isfile(os.path.join(self.prefix, "pyvenv.cfg")):
            yield Problem(os.path.join(self.prefix, "pyvenv.cfg"), "is missing")

    def own(self) -> Iterator[Problem]:
        """The files of the environment itself."""
        own = self.manifest.get("own")
        for path, said in own.items() if isinstance(own, dict) else ():
            absolute = os.path.join(self.prefix, path)
            try:
                if _said_by(absolute, self.digest) != said:
                    yield Problem(absolute, "is not what was made")
            except FileNotFoundError:
                if path not in ("pyvenv.cfg",) and absolute != str(python_in(Path(self.prefix))):
                    yield Problem(absolute, "is missing")
            except OSError as error:
                yield Problem(absolute, f"cannot be read: {error.strerror}")

    def packages(self) -> None:
        """Expect what each package has installed; where two have one file, or one RECORD, the later one's."""
        placed: list[tuple[str, str, Contents | None]] = []
        for row in self.manifest["packages"]:
            match row:
                case [str(name), _, str(sha256)]:
                    contents = self.wheels(sha256)
                    folder, dist_info = self._place(name, contents)
                    if folder:
                        placed.append((folder, dist_info, contents))
                    else:
                        site = (self.sites or [self.prefix])[0]
                        self.found.append(Problem(os.path.join(site, dist_info or name), "is missing"))
                case _:
                    self.found.append(Problem(os.path.join(self.prefix, MANIFEST), "lists what is no package"))
        last = {dist_info: index for index, (_, dist_info, _) in enumerate(placed)}
        for index, (folder, dist_info, contents) in enumerate(placed):
            rows = self.expect(folder, dist_info) if last[dist_info] == index else {}
            if contents is not None:
                self._compare(folder, contents, rows)

    def _place(self, name: str, contents: Contents | None) -> tuple[str, str]:
        """The folder with a package's metadata, and the name of these."""
        for folder in self.sites:
            for found in _dist_infos(folder):
                if contents is None and canonicalize_name(found.partition("-")[0]) == canonicalize_name(name):
                    return folder, found
                if contents is not None and contents.dist_info == found:
                    return folder, found
        return "", contents.dist_info if contents is not None else ""

    def expect(self, folder: str, dist_info: str) -> dict[str, tuple[str, str]]:
        """Expect what a RECORD lists: hash and size by path."""
        record = os.path.join(folder, dist_info, "RECORD")
        try:
            with open(record, encoding="utf-8", newline="") as file:
                rows = {row[0]: (row[1].partition("=")[2], row[2]) for row in csv.reader(file) if len(row) == 3}
        except (OSError, ValueError, csv.Error):
            self.found.append(Problem(record, "cannot be read"))
            return {}
        self.expected.update({_joined(folder, path): row for path, row in rows.items()})
        return rows

    def _compare(self, folder: str, contents: Contents, rows: dict[str, tuple[str, str]]) -> None:
        """Expect what a wheel has, which its RECORD must list; what lies in ``.data`` has gone elsewhere."""
        dist_info = contents.dist_info
        data = f"{dist_info.removesuffix('.dist-info')}.data/"
        anew = {f"{dist_info}/{name}" for name in ("RECORD", "INSTALLER", "direct_url.json")}
        for path, hashed in contents.members.items():
            if path in anew or path.startswith(data):
                continue
            self.expected[_joined(folder, path)] = hashed, ""
            if rows and rows.get(path, ("", ""))[0] != hashed:
                record = os.path.join(folder, dist_info, "RECORD")
                self.found.append(Problem(record, f"does not say of {path} what its wheel does"))

    def files(self) -> Iterator[Problem]:
        """Those that are missing or changed."""
        for path, (hashed, size) in sorted(self.expected.items()):
            if path.endswith(".pyc"):
                continue
            try:
                status = os.stat(path)
                if os.path.islink(path):
                    self.linked.add(os.path.realpath(path))
                is_changed = bool(size) and size != str(status.st_size)
                if is_changed or (hashed and as_record(self.digest(path)) != hashed):
                    yield Problem(path, _CHANGED)
            except (FileNotFoundError, NotADirectoryError):
                yield Problem(path, "is missing")
            except OSError as error:
                yield Problem(path, f"cannot be read: {error.strerror}")

    def strangers(self) -> Iterator[Problem]:
        """Files that nothing has installed; a folder of them is named once."""
        known = {_joined(self.prefix, path) for path in self.manifest["own"]}
        known |= {*self.expected, _joined(self.prefix, MANIFEST)}
        mark = durability.mark(Path(self.prefix), self.manifest)
        known |= {_joined(self.prefix, mark)} if mark else set()
        folders = {os.path.normcase(self.prefix)}
        for path in known:
            parent = os.path.dirname(path)
            while parent not in folders and len(parent) > len(self.prefix):
                folders.add(parent)
                parent = os.path.dirname(parent)
        yield from self._strangers(self.prefix, known, folders)

    def _strangers(self, folder: str, known: set[str], folders: set[str]) -> Iterator[Problem]:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                path = os.path.normcase(entry.path)
                if path in known:
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    if not entry.name.endswith(".pyc"):
                        yield Problem(entry.path, "was not installed")
                elif path in folders:
                    yield from self._strangers(entry.path, known, folders)
                elif any(not each.endswith(".pyc") for each in _files_below(entry.path)):
                    yield Problem(entry.path, "was not installed")


def _dist_infos(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".dist-info"))
    except OSError:
        return []


def _files_below(folder: str) -> Iterator[str]:
    """Every file, and every link whatever it leads to."""
    for parent, folders, files in os.walk(folder):
        for name in (*files, *(each for each in folders if os.path.islink(os.path.join(parent, each)))):
            yield os.path.join(parent, name)


def _said_by(path: str, digest: Digest) -> str:
    return _LINK + os.readlink(path) if os.path.islink(path) else digest(path).hex()


def _plain_digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def _joined(folder: str, path: str) -> str:
    return os.path.normcase(os.path.normpath(os.path.join(folder, path)))

"""The files of a zip: each a path, where its bytes are, and which package it came with.

Two packages may bring one file if it is the same; folders are shared by as many as fill them (namespace packages).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco.errors import BundleError, CacheError, shown
from pytest_ofiuco.store.member_names import folded, is_special
from pytest_ofiuco.store.wheel import UnpackedWheel, as_record

_CHUNK = 1 << 20
_NOT_ON_WINDOWS = frozenset('<>"|?*\\') | frozenset(map(chr, range(32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of the zip; ``hash`` is its sha256 as RECORD writes it.

    Its bytes are ``content``, those of the ``file``, or else the member ``member`` of ``wheel``.
    """

    path: str
    package: str
    hash: str
    size: int
    executable: bool = False
    wheel: UnpackedWheel | None = None
    member: str = ""
    content: bytes | None = None
    file: Path | None = None

    @classmethod
    def of(cls, path: str, package: str, content: bytes, *, executable: bool = False) -> Entry:
        """An entry with bytes of its own."""
        size = len(content)
        return cls(path=path, package=package, hash=hashed(content), size=size, executable=executable, content=content)

    @classmethod
    def of_file(cls, path: str, package: str, file: Path, *, executable: bool = False) -> Entry:
        """An entry with the bytes of a file that is too large to be held in memory.

        Raises:
            OSError: it cannot be read.
        """
        found, size = hashlib.sha256(), 0
        for chunk in _chunks(file):
            found.update(chunk)
            size += len(chunk)
        hashed = as_record(found.digest())
        return cls(path=path, package=package, hash=hashed, size=size, executable=executable, file=file)

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, piece by piece.

        Raises:
            BundleError: the file has changed since.
            CacheError: the store's has.
            OSError: it cannot be read.
        """
        if self.content is not None:
            yield self.content
            return
        left, found = self.size, hashlib.sha256()
        try:
            for chunk in _chunks(self._place()):
                left -= len(chunk)
                if left < 0:
                    break
                found.update(chunk)
                yield chunk
        except OSError as error:
            if self.file is None:
                raise
            raise BundleError(
                f"{self.file}: cannot be read: {error.strerror}", "ask for the right to read it"
            ) from error
        if left or as_record(found.digest()) != self.hash:
            if self.file is None:
                raise CacheError(str(self._place()), "this file was changed since it was kept")
            raise BundleError(f"{self.file}: was changed while it was read", "do it again")

    def _place(self) -> Path:
        if self.file is not None:
            return self.file
        assert self.wheel is not None
        return self.wheel.tree / self.member

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            OSError: the store cannot be read.
        """
        if self.content is not None:
            return self.content
        return self._place().read_bytes()


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb", buffering=0) as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def hashed(content: bytes) -> str:
    """The sha256 of bytes as RECORD writes it."""
    return as_record(hashlib.sha256(content).digest())


def merged(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by path, sorted.

    Raises:
        BundleError: two packages have different files of one path, or one has a file where another has a folder.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        other = found.setdefault(entry.path, entry)
        if other.hash != entry.hash and other.package != entry.package:
            raise BundleError(
                f"packages {other.package} and {entry.package} both have {entry.path}, and the two files differ",
                f'leave one out: add "{entry.path}" to `exclude` in [tool.ofiuco.zip], or depend on one of them alone',
            )
        found[entry.path] = entry
    _check_folders(found)
    return dict(sorted(found.items()))


def _check_folders(found: dict[str, Entry]) -> None:
    folders: dict[str, Entry] = {}
    for path, entry in found.items():
        at = path.rfind("/")
        while at > 0 and path[:at] not in folders:
            folders[path[:at]] = entry
            at = path.rfind("/", 0, at)
    for path in sorted(folders.keys() & found.keys()):
        packages = f"{found[path].package} and {folders[path].package}"
        raise BundleError(
            f"{path} is a file and a folder at once, in packages {packages}",
            f'leave one out with `exclude` in [tool.ofiuco.zip], as in exclude = ["{path}"]',
        )


def check_cases(paths: Iterable[str], target: str) -> None:
    """Whether no two paths are one where case does not matter.

    Raises:
        BundleError: two are.
    """
    known: dict[str, str] = {}
    for path in paths:
        other = known.setdefault(folded(path), path)
        if other != path:
            raise BundleError(
                f"{other} and {path} differ in case only, and are one file on {target}",
                f'leave one out: add "{path}" to `exclude` in [tool.ofiuco.zip]',
            )


def check_windows(entries: Iterable[Entry]) -> None:
    """Whether Windows can have files of these names.

    Raises:
        BundleError: there is one that it cannot have.
    """
    for entry in entries:
        if any(is_special(part) or _NOT_ON_WINDOWS & set(part) for part in entry.path.split("/")):
            raise BundleError(
                f"{shown(entry.path)}, in package {entry.package}: a name that no file has on Windows",
                "rename it, or leave it out with `exclude` in [tool.ofiuco.zip]",
            )


def hex_of(hashed: str) -> str:
    """A hash as RECORD writes it, in hex."""
    return base64.urlsafe_b64decode(hashed + "=" * (-len(hashed) % 4)).hex()

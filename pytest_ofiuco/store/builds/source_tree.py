"""A folder that an archive's members are written to, one by one, each checked before it is.

A member must land below the folder, and a link lead there: by what it says, and once all are there by where it really
ends. No member is written through a link.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.limits import check_members, check_size

_EARLIEST, _LATEST = 315_619_200, 1 << 32
"""Seconds that are kept as the time of a file: backends cannot put earlier ones, before 1980-01-02, into a wheel."""


class SourceTree:
    """Writes the members of the archive ``filename``, which has ``packed`` bytes, below ``root``, an empty folder."""

    def __init__(self, filename: str, packed: int, root: Path) -> None:
        self._filename, self._packed, self._root = filename, packed, str(root)
        self._members = self._bytes = 0
        self._folders: set[str] = {""}
        self._files: set[str] = set()
        self._links: dict[str, str] = {}

    def admit(self, member: str, size: int) -> None:
        """Count one more member with ``size`` bytes, before anything of it is written.

        Raises:
            ArchiveError: it is one too many, or they are too many bytes.
        """
        self._members += 1
        self._bytes += size
        check_members(self._filename, self._members, member)
        check_size(self._filename, self._packed, self._bytes, member)

    def folder(self, member: str) -> None:
        """Make a folder, and those it is in."""
        self._make(self._inside(member), member)

    def file(self, member: str, content: IO[bytes], *, executable: bool, seconds: float | None = None) -> None:
        """Write a file; one of the same name is replaced, as tar has it. ``seconds``: when it was changed."""
        path = self._place(member)
        target = os.path.join(self._root, path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            handle = os.open(target, flags, 0o755 if executable else 0o644)
        except (FileExistsError, IsADirectoryError):
            self._collision(member)
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
        self._files.add(path)
        if seconds is not None and _EARLIEST <= seconds < _LATEST:
            with suppress(OSError):
                os.utime(target, (seconds, seconds))

    def link(self, member: str, target: str) -> None:
        """Make a symbolic link.

        Raises:
            ArchiveError: it leads outside, or there can be none here.
        """
        path = self._place(member)
        way = target.replace("\\", "/") if os.name == "nt" else target
        if _is_absolute(way) or _leads_out(os.path.join(os.path.dirname(path), way)):
            self._refuse(f"member {member!r} is a link that leads outside: {target!r}")
        try:
            os.symlink(target, os.path.join(self._root, path))
        except FileExistsError:
            self._collision(member)
        except OSError as error:
            self._refuse(f"member {member!r} is a symbolic link, which cannot be made here: {error.strerror}")
        self._links[path] = member

    def hardlink(self, member: str, target: str) -> None:
        """Make a second name of a file that is there.

        Raises:
            ArchiveError: it is no file of the archive.
        """
        source = _normal(target)
        if _is_absolute(target) or _leads_out(target):
            self._refuse(f"member {member!r} is a link that leads outside: {target!r}")
        if source not in self._files:
            self._refuse(f"member {member!r} is a link to {target!r}, which is no file before it")
        path = self._place(member, but=source)
        if path == source:
            return
        try:
            os.link(os.path.join(self._root, source), os.path.join(self._root, path))
        except FileExistsError:
            self._collision(member)
        self._files.add(path)

    def check_links(self) -> None:
        """Whether every link really ends within: links may lead over links.

        Raises:
            ArchiveError: one does not.
        """
        root = os.path.realpath(self._root)
        for path, member in self._links.items():
            end = os.path.realpath(os.path.join(self._root, path))
            if end != root and not end.startswith(root + os.sep):
                self._refuse(f"member {member!r} is a link that leads outside")

    def _inside(self, member: str) -> str:
        """The path of a member below the root, with slashes.

        Raises:
            ArchiveError: it would land outside.
        """
        path = member.replace("\\", "/") if os.name == "nt" else member
        if _is_absolute(member) or ".." in member.replace("\\", "/").split("/") or "\0" in member:
            self._refuse(f"member {member!r} would land outside the source tree")
        return _normal(path)

    def _place(self, member: str, *, but: str | None = None) -> str:
        """Where a member is to be. Its folders are made; what has its name is taken away, unless it is ``but``."""
        path = self._inside(member)
        if not path or path in self._folders:
            self._collision(member)
        self._make(os.path.dirname(path), member)
        if path != but and (path in self._files or path in self._links):
            os.unlink(os.path.join(self._root, path))
            self._files.discard(path)
            self._links.pop(path, None)
        return path

    def _make(self, folder: str, member: str) -> None:
        if folder in self._folders:
            return
        self._make(os.path.dirname(folder), member)
        if folder in self._links:
            self._refuse(f"member {member!r} lies behind the link {self._links[folder]!r}")
        path = os.path.join(self._root, folder)
        try:
            os.mkdir(path, 0o755)
        except FileExistsError:
            if folder in self._files or os.path.islink(path) or not os.path.isdir(path):
                self._collision(member)
        self._folders.add(folder)

    def _collision(self, member: str) -> NoReturn:
        self._refuse(f"member {member!r} is a file and a folder at once, or differs from another only in case")

    def _refuse(self, reason: str) -> NoReturn:
        raise ArchiveError(self._filename, reason)


def _is_absolute(path: str) -> bool:
    """Whether a path is, on any system."""
    return path.startswith(("/", "\\")) or path.replace("\\", "/").partition("/")[0][1:2] == ":"


def _leads_out(path: str) -> bool:
    ahead = os.path.normpath(path).replace(os.sep, "/")
    return ahead == ".." or ahead.startswith("../")


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))

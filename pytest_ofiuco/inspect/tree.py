"""The files of an environment or a zip, each with the package that it is of. Nothing is unpacked or run.

Which package a file is of, its RECORD says
(https://packaging.python.org/specifications/recording-installed-packages/); where there is none, its top folder.
"""

from __future__ import annotations

import csv
import io
import lzma
import os
import posixpath
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from packaging.utils import canonicalize_name

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.inspect.binary import UnreadableError

_MOST_BYTES, _MOST_BYTES_AT_ONCE = 32 << 30, 1 << 30
_MOST_TEXT = 64 << 20
_LAYER, _OF_LAYERS = "python/", frozenset(("python", "bin", "lib", "share", "include", "etc"))
_OF_STARTED = frozenset(("__main__.py", "site"))
_INTERPRETERS = ("python", "pypy")
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(ArithmeticError, EOFError, LookupError, RuntimeError, NotImplementedError, ValueError),
)
"""What reading a member of a zip raises: it is cut off, damaged, encrypted or compressed in a way that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file: its path in the tree, its bytes, and its permissions where they are told."""

    path: str
    size: int
    mode: int | None
    opened: Callable[[], IO[bytes]]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file, opened; it can be sought in.

        Raises:
            UnreadableError: it cannot be read.
        """
        try:
            with self.opened() as file:
                yield file
        except (OSError, *_DAMAGES) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UnreadableError(reason) from error

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            UnreadableError: it cannot be read, or is far too large for a text.
        """
        if self.size > _MOST_TEXT:
            raise UnreadableError("too large to be read")
        with self.open() as file:
            return file.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed package; ``tags`` are those that its WHEEL has."""

    name: str
    version: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_pure(self) -> bool:
        """Whether its wheel says that it is for any platform."""
        return bool(self.tags) and all(tag.endswith("-any") for tag in self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What is inspected, as it is called in messages.

    ``roots`` are the folders that modules are imported from, each with a ``/`` at its end or empty; ``owners`` says of
    each path which package it is of, ``packages`` of each .dist-info; ``odd`` are members of a zip that no tool should
    unpack, and why.
    """

    name: str
    is_zip: bool
    members: tuple[Member, ...]
    roots: tuple[str, ...]
    owners: dict[str, Package]
    packages: dict[str, Package]
    odd: tuple[tuple[str, str], ...] = ()
    zipped: int | None = None


def tree_of(path: Path) -> Tree:
    """The tree of a folder: a virtual environment, or what ``pip install --target`` has filled.

    Raises:
        UsageError: there is no such folder.
    """
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder", "name an environment's folder, or a cell")
    is_environment = (path / "pyvenv.cfg").is_file()
    members = tuple(sorted(_files(path, is_environment=is_environment), key=lambda each: each.path))
    paths = [member.path for member in members]
    roots = _site_packages(paths) if is_environment else ("",)
    return _tree(str(path), members, roots, is_zip=False)


def _files(top: Path, *, is_environment: bool) -> Iterator[Member]:
    """Regular files, also by way of links to them; no folder is entered by way of a link."""
    for folder, names, files in os.walk(top, onerror=_refuse):
        names.sort()
        inside = Path(folder).relative_to(top).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        for name in files:
            if is_environment and prefix in ("bin/", "Scripts/") and name.startswith(_INTERPRETERS):
                continue
            file = os.path.join(folder, name)
            try:
                status = os.stat(file)
            except OSError:  # a link that leads nowhere
                continue
            if stat.S_ISREG(status.st_mode):
                yield member_of(prefix + name, file, status.st_size)


def _refuse(error: OSError) -> NoReturn:
    raise UsageError(f"{error.filename}: cannot be read: {error.strerror}", "ask for the right to read it") from error


def member_of(path: str, file: str, size: int) -> Member:
    """A file on disk."""
    return Member(path=path, size=size, mode=None, opened=partial(_open, file))


def _open(file: str) -> IO[bytes]:
    return open(file, "rb")


def _site_packages(paths: Iterable[str]) -> tuple[str, ...]:
    found = set()
    for path in paths:
        before, middle, _ = path.partition("site-packages/")
        if middle and before.count("/") in (1, 2) and before.lower().startswith("lib"):
            found.add(before + middle)
    return tuple(sorted(found))


def zip_of(path: Path) -> Tree:
    """The tree of a zip: flat, or a layer with all of it in ``python/``.

    Raises:
        UsageError: there is none, or it is no zip that can be read.
    """
    try:
        archive = zipfile.ZipFile(path)
        zipped = path.stat().st_size
    except (OSError, *_DAMAGES) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path}: cannot be read: {reason}", "name a zip that is whole") from error
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > _MOST_BYTES:
        raise UsageError(f"{path}: would be larger than {_MOST_BYTES >> 30} GiB unpacked", "name a zip of your own")
    odd, known = [], {}
    for info in infos:
        reason = "another member has the same name" if info.filename in known else _oddity(info.filename)
        if reason:
            odd.append((info.filename, reason))
        elif not info.is_dir():
            known[info.filename] = info
    members = tuple(_member(archive, known[name]) for name in sorted(known))
    return _tree(str(path), members, _zip_roots(known), is_zip=True, odd=tuple(odd), zipped=zipped)


def _oddity(name: str) -> str:
    if not name:
        return "it has no name"
    if name.startswith("/") or name[1:2] == ":" or ".." in name.replace("\\", "/").split("/"):
        return "it leads outside"
    return "its name has a backslash" if "\\" in name else ""


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    def opened() -> IO[bytes]:
        if info.file_size > _MOST_BYTES_AT_ONCE:
            raise UnreadableError("too large to be looked into")
        return archive.open(info)

    attributes = info.external_attr >> 16
    return Member(
        path=info.filename, size=info.file_size, mode=attributes & 0o7777 if attributes else None, opened=opened
    )


def _zip_roots(paths: Collection[str]) -> tuple[str, ...]:
    """The root itself or, of a layer, ``python/``: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html.

    Of a zip that Python runs, and that unpacks itself, it is ``site/``.
    """
    tops = {path.partition("/")[0] for path in paths}
    if tops >= _OF_STARTED and tops <= _OF_STARTED | {"bin"}:
        return ("site/",)
    if "python" not in tops or not tops <= _OF_LAYERS:
        return ("",)
    inside = (path.removeprefix(_LAYER) for path in paths if path.startswith(_LAYER))
    return (_LAYER, *(_LAYER + root for root in _site_packages(inside)))


def _tree(
    name: str,
    members: tuple[Member, ...],
    roots: tuple[str, ...],
    *,
    is_zip: bool,
    odd: tuple[tuple[str, str], ...] = (),
    zipped: int | None = None,
) -> Tree:
    by_path = {member.path: member for member in members}
    owners: dict[str, Package] = {}
    packages: dict[str, Package] = {}
    for path in by_path:
        root = _root_of(path, roots)
        folder, _, file = path.removeprefix(root).partition("/")
        if file in ("METADATA", "RECORD", "WHEEL") and folder.endswith(".dist-info"):
            package = packages.get(root + folder) or _package(folder, by_path.get(f"{root}{folder}/WHEEL"))
            packages[root + folder] = package
            if file == "RECORD":
                owners.update((each, package) for each in _recorded(by_path[path], root) if each in by_path)
    by_name = {package.name: package for package in packages.values()}
    for path in by_path:
        if path not in owners:
            owners[path] = _unrecorded(path, _root_of(path, roots), by_name)
    return Tree(
        name=name,
        is_zip=is_zip,
        members=members,
        roots=roots,
        owners=owners,
        packages=packages,
        odd=odd,
        zipped=zipped,
    )


def _root_of(path: str, roots: tuple[str, ...]) -> str:
    return max((root for root in roots if path.startswith(root)), key=len, default="")


def _package(folder: str, wheel: Member | None) -> Package:
    name, _, version = folder.removesuffix(".dist-info").partition("-")
    tags = []
    if wheel is not None:
        try:
            lines = wheel.read().decode("utf-8", "replace").splitlines()
        except UnreadableError:
            lines = []
        tags = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("tag:")]
    return Package(name=canonicalize_name(name), version=version or None, tags=tuple(tags))


def _recorded(record: Member, root: str) -> Iterator[str]:
    """The paths in the tree that a RECORD lists; nothing of one that cannot be read."""
    try:
        text = record.read().decode("utf-8", "replace")
        for row in csv.reader(io.StringIO(text, newline="")):
            if row:
                yield posixpath.normpath(posixpath.join(root, row[0].replace("\\", "/")))
    except (UnreadableError, csv.Error):
        return


def _unrecorded(path: str, root: str, by_name: dict[str, Package]) -> Package:
    """The package that a file's top folder names; ``numpy.libs`` is numpy's."""
    top = path.removeprefix(root).partition("/")[0]
    stem = top.partition(".")[0] if top.endswith((".libs", ".py", ".pyc", ".so", ".pyd", ".data")) else top
    if stem.endswith((".dist-info", ".egg-info")):
        stem = stem.rpartition(".")[0].partition("-")[0]
    name = canonicalize_name(stem)
    return by_name.get(name) or Package(name=name)

"""Wheels, unpacked once: the members below ``tree``, read-only, and a manifest that lists them.

https://packaging.python.org/specifications/binary-distribution-format/. Refused are members that would land outside the
folder they are unpacked to, two that differ and have one name, and those whose bytes are not what RECORD says. Names
that differ in case only are one on macOS and Windows: they are refused, but for what is no code (headers of the kernel
come so) in wheels for Linux alone, where the file system has two. What RECORD does not list is covered by the hash of
the wheel, and what it lists without there being such a member is passed over, as by every installer: the environment's
own RECORD is written anew. Directory entries and the odd modes of some wheels mean nothing here: a file is readable,
and executable if any bit said so.
"""

from __future__ import annotations

import base64
import csv
import errno
import hashlib
import io
import os
import stat
import threading
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.utils import canonicalize_name, canonicalize_version

from pytest_ofiuco.errors import ArchiveError, CacheError
from pytest_ofiuco.store.cache import Manifest, Store
from pytest_ofiuco.store.damage import reading
from pytest_ofiuco.store.kept import of_kept
from pytest_ofiuco.store.member_names import check_names, folded, is_special
from pytest_ofiuco.store.members import Members

_at_once = threading.BoundedSemaphore(min(4, os.cpu_count() or 1))
"""More threads than processors wait for each other: a wheel is small files, and each a few calls to the system."""

_BUFFER = 1 << 18
_LONGEST_NAME = 255
_LONGEST_TEXT = 64 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_HASHES = ("sha256", "sha384", "sha512")
_RECORDS = ("RECORD", "RECORD.jws", "RECORD.p7s")
_SHAPE = {"dist_info": str, "root_is_purelib": bool, "members": list}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a wheel: ``path`` with slashes, ``hash`` its sha256 as RECORD writes it, ``size`` in bytes."""

    path: str
    hash: str
    size: int
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedWheel:
    """A wheel in the store; ``tree`` holds its members."""

    filename: str
    sha256: str
    tree: Path
    dist_info: str
    root_is_purelib: bool
    members: tuple[Member, ...]


def unpacked(store: Store, sha256: str, filename: str) -> UnpackedWheel | None:
    """The wheel with this hash, if it has been unpacked."""
    folder = store.wheels / sha256
    manifest = store.published(folder, _SHAPE)
    return None if manifest is None else _read(manifest, folder, filename)


def _read(manifest: Manifest, folder: Path, filename: str) -> UnpackedWheel | None:
    members: list[Member] = []
    for row in manifest["members"]:
        match row:
            case [str(path), str(hashed), int(size), bool(executable)]:
                members.append(Member(path=path, hash=hashed, size=size, executable=executable))
            case _:
                return None
    return UnpackedWheel(
        filename=filename,
        sha256=folder.name,
        tree=folder / "tree",
        dist_info=manifest["dist_info"],
        root_is_purelib=manifest["root_is_purelib"],
        members=tuple(members),
    )


def unpack(store: Store, wheel: Path, sha256: str) -> UnpackedWheel:
    """Unpack a verified file, unless it has been.

    Raises:
        ArchiveError: it is no wheel, is damaged, or has members that must not be.
        CacheError: the store cannot be written, or the file was changed in it.
    """
    known = unpacked(store, sha256, wheel.name)
    if known is not None:
        return known
    folder = store.wheels / sha256
    with store.lock(f"wheel-{sha256[:32]}"):
        known = unpacked(store, sha256, wheel.name)
        if known is None:
            with _at_once, of_kept(wheel, sha256):
                manifest = store.publish(folder, lambda temporary: _fill(wheel, temporary / "tree"))
            known = _read(manifest, folder, wheel.name)
    assert known is not None
    return known


def _fill(wheel: Path, tree: Path) -> Manifest:
    tree.mkdir()
    with reading(wheel.name), wheel.open("rb", _BUFFER) as file:
        members = _extract(Members(file, wheel.name), wheel.name, tree)
    dist_info = _dist_info(members, wheel.name)
    _check_record(dist_info, tree, members, wheel.name)
    if f"{dist_info}/METADATA" not in members:
        raise ArchiveError(wheel.name, "it has no METADATA file")
    about = _about(tree / dist_info, members, wheel.name)
    return {
        "dist_info": dist_info,
        "root_is_purelib": about.get("Root-Is-Purelib", "").strip().lower() == "true",
        "members": [
            [member.path, member.hash, member.size, member.executable]
            for member in sorted(members.values(), key=lambda each: each.path)
        ],
    }


def _extract(archive: Members, filename: str, tree: Path) -> dict[str, Member]:
    members: dict[str, Member] = {}
    known: dict[str, tuple[int, int]] = {}
    made: set[str] = {str(tree)}
    for info in archive.all:
        if info.filename.endswith("/"):
            continue
        path = _checked(info, filename)
        content = (info.file_size, info.CRC)
        if known.setdefault(path, content) != content:
            raise ArchiveError(filename, f"it has two different members {path!r}")
        if path in members:
            continue
        target = f"{tree}{os.sep}{path}"
        parent = os.path.dirname(target)
        executable = bool(info.external_attr >> 16 & 0o111) or ".data/scripts/" in path
        try:
            if parent not in made:
                os.makedirs(parent, exist_ok=True)
                made.add(parent)
            handle = os.open(target, _NEW, 0o555 if executable else 0o444)
        except OSError as error:
            raise _not_to_be_made(error, path, members, filename, tree) from error
        hashed, size = _write(handle, archive.chunks(info))
        members[path] = Member(path=path, hash=hashed, size=size, executable=executable)
    check_names(members, filename)
    return members


def _not_to_be_made(
    error: OSError, path: str, members: Iterable[str], filename: str, tree: Path
) -> OSError | ArchiveError | CacheError:
    """What is wrong if there can be no file ``path`` besides the ``members`` that are there."""
    if error.errno == errno.ENAMETOOLONG and all(len(os.fsencode(part)) <= _LONGEST_NAME for part in path.split("/")):
        hint = "choose a folder with a shorter path with the variable OFIUCO_CACHE_DIR"
        return CacheError(f"{tree}{os.sep}{path}", os.strerror(errno.ENAMETOOLONG), hint)
    if not isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return error
    for other in members:
        if folded(other) == folded(path):
            reason = f"its members {other!r} and {path!r} have one name on this file system"
            hint = "choose a folder where they have two with the variable OFIUCO_CACHE_DIR, or another file"
            return ArchiveError(filename, reason, hint)
    return ArchiveError(filename, f"member {path!r} is a file and a folder at once")


def _checked(info: zipfile.ZipInfo, filename: str, *, windows: bool = os.name == "nt") -> str:
    """A member's path, which leads to a regular file below the root."""
    path = info.orig_filename
    parts = path.split("/")
    is_outside = path.startswith("/") or ".." in parts or "\\" in path or (parts[0][1:2] == ":")
    if is_outside or "\0" in path or not path:
        raise ArchiveError(filename, f"member {path!r} would land outside the environment")
    if windows and any(is_special(part) for part in parts):
        raise ArchiveError(filename, f"member {path!r} has a name that means something else on Windows")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.create_system == 3 and kind not in (0, stat.S_IFREG):
        raise ArchiveError(filename, f"member {path!r} is not a regular file")
    return _normal(path)


def _write(handle: int, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write to a new file, which is closed then; its sha256 as RECORD writes it, and its size."""
    hasher = hashlib.sha256()
    size = 0
    try:
        for chunk in chunks:
            hasher.update(chunk)
            size += len(chunk)
            written = os.write(handle, chunk)
            while written < len(chunk):
                written += os.write(handle, memoryview(chunk)[written:])
    finally:
        os.close(handle)
    return as_record(hasher.digest()), size


def as_record(digest: bytes) -> str:
    """A digest as RECORD writes it: base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _dist_info(members: Mapping[str, Member], filename: str) -> str:
    """The metadata folder: the one of this project, where others are carried along."""
    found = {path.partition("/")[0] for path in members if path.partition("/")[0].endswith(".dist-info")}
    wanted = canonicalize_name(filename.partition("-")[0])
    own = sorted(name for name in found if canonicalize_name(name.partition("-")[0]) == wanted)
    if len(own) != 1:
        raise ArchiveError(filename, "it does not hold the one .dist-info folder that a wheel has")
    version = own[0].removesuffix(".dist-info").partition("-")[2]
    said = filename.split("-")[1]
    if canonicalize_version(version) != canonicalize_version(said):
        raise ArchiveError(filename, f"its metadata are of version {version!r}, its name says {said!r}")
    return own[0]


def _text(name: str, folder: Path, members: Mapping[str, Member], filename: str) -> str:
    """A file of the .dist-info folder."""
    member = members.get(f"{folder.name}/{name}")
    try:
        if member is not None and member.size <= _LONGEST_TEXT:
            return (folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        pass
    raise ArchiveError(filename, f"it has no readable {name}")


def _about(folder: Path, members: Mapping[str, Member], filename: str) -> Message:
    """The WHEEL file; a greater major version must be refused, says the specification."""
    about = Parser().parsestr(_text("WHEEL", folder, members, filename))
    version = about.get("Wheel-Version", "1.0").strip()
    if version.partition(".")[0] != "1":
        raise ArchiveError(filename, f"its format has version {version}; 1 is known", "update pytest-ofiuco")
    return about


def _check_record(dist_info: str, tree: Path, members: Mapping[str, Member], filename: str) -> None:
    """Every hash and size in RECORD holds."""
    try:
        rows = list(csv.reader(io.StringIO(_text("RECORD", tree / dist_info, members, filename))))
    except csv.Error as error:
        raise ArchiveError(filename, "it has no readable RECORD") from error
    cannot_be_listed = {f"{dist_info}/{name}" for name in _RECORDS}
    for row in rows:
        if len(row) < 2 or not row[1]:
            continue
        path = _normal(row[0])
        member = members.get(path)
        if member is None or path in cannot_be_listed:
            continue
        algorithm, _, expected = row[1].partition("=")
        if algorithm not in _HASHES:
            raise ArchiveError(filename, f"RECORD has a hash of an unknown kind for {path!r}")
        actual = member.hash
        if algorithm != "sha256":
            actual = as_record(hashlib.new(algorithm, (tree / path).read_bytes()).digest())
        if actual != expected.rstrip("=") or (len(row) > 2 and row[2] not in ("", str(member.size))):
            raise ArchiveError(filename, f"member {path!r} is not what RECORD says")


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))

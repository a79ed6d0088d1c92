"""Wheels, unpacked once: the members below ``tree``, read-only, and a manifest that lists them.

https://packaging.python.org/specifications/binary-distribution-format/. A member that would land outside the
folder it is unpacked to is refused, and so is one whose bytes are not what RECORD says. Directory entries and
the odd modes that some wheels carry mean nothing here: a file is readable, and executable if any bit said so.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_ofiuco.errors import ArchiveError, CacheError
from pytest_ofiuco.store.cache import Manifest, Store
from pytest_ofiuco.store.damage import reading

_CHUNK = 1 << 20
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
    if manifest is None:
        return None
    members: list[Member] = []
    for row in manifest["members"]:
        match row:
            case [str(path), str(hashed), int(size), bool(executable)]:
                members.append(Member(path=path, hash=hashed, size=size, executable=executable))
            case _:
                return None
    return UnpackedWheel(
        filename=filename,
        sha256=sha256,
        tree=folder / "tree",
        dist_info=manifest["dist_info"],
        root_is_purelib=manifest["root_is_purelib"],
        members=tuple(members),
    )


def unpack(store: Store, wheel: Path, sha256: str) -> UnpackedWheel:
    """Unpack a verified file, unless it has been.

    Raises:
        ArchiveError: it is no wheel, is damaged, or has members that must not be.
        CacheError: the store cannot be written.
    """
    known = unpacked(store, sha256, wheel.name)
    if known is not None:
        return known
    with store.lock(f"wheel-{sha256[:32]}"):
        known = unpacked(store, sha256, wheel.name)
        if known is None:
            store.publish(store.wheels / sha256, lambda temporary: _fill(wheel, temporary / "tree"))
            known = unpacked(store, sha256, wheel.name)
    if known is None:
        raise CacheError(str(store.wheels / sha256), "what was just written there is gone")
    return known


def _fill(wheel: Path, tree: Path) -> Manifest:
    tree.mkdir()
    with reading(wheel.name), zipfile.ZipFile(wheel) as archive:
        members = _extract(archive, wheel.name, tree)
    dist_info = _dist_info(members, wheel.name)
    _check_record(dist_info, tree, members, wheel.name)
    about = _about(tree / dist_info / "WHEEL", wheel.name)
    return {
        "dist_info": dist_info,
        "root_is_purelib": about.get("Root-Is-Purelib", "").strip().lower() == "true",
        "members": [
            [member.path, member.hash, member.size, member.executable]
            for member in sorted(members.values(), key=lambda each: each.path)
        ],
    }


def _extract(archive: zipfile.ZipFile, filename: str, tree: Path) -> dict[str, Member]:
    members: dict[str, Member] = {}
    made: set[str] = {str(tree)}
    for info in archive.infolist():
        if info.filename.endswith("/"):
            continue
        path = _checked(info, filename)
        target = os.path.join(tree, path)
        parent = os.path.dirname(target)
        try:
            if parent not in made:
                os.makedirs(parent, exist_ok=True)
                made.add(parent)
            if path in members:
                os.unlink(target)
            members[path] = _write(archive, info, path, target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise ArchiveError(filename, f"member {path!r} is a file and a folder at once") from error
    return members


def _checked(info: zipfile.ZipInfo, filename: str) -> str:
    """A member's path, which leads to a regular file below the root."""
    path = info.orig_filename
    parts = path.split("/")
    is_outside = path.startswith("/") or ".." in parts or "\\" in path or (parts[0][1:2] == ":")
    if is_outside or "\0" in path or not path:
        raise ArchiveError(filename, f"member {path!r} would land outside the environment")
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if info.create_system == 3 and kind not in (0, stat.S_IFREG):
        raise ArchiveError(filename, f"member {path!r} is not a regular file")
    return _normal(path)


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, target: str) -> Member:
    executable = bool(info.external_attr >> 16 & 0o111) or ".data/scripts/" in path
    hasher = hashlib.sha256()
    size = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(target, flags, 0o555 if executable else 0o444)
    with os.fdopen(handle, "wb") as file, archive.open(info) as source:
        while chunk := source.read(_CHUNK):
            hasher.update(chunk)
            file.write(chunk)
            size += len(chunk)
    return Member(path=path, hash=_as_record(hasher.digest()), size=size, executable=executable)


def _as_record(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _dist_info(members: Mapping[str, Member], filename: str) -> str:
    """The metadata folder: the one of this project, where others are carried along."""
    found = {path.partition("/")[0] for path in members if path.partition("/")[0].endswith(".dist-info")}
    wanted = canonicalize_name(filename.partition("-")[0])
    own = sorted(name for name in found if canonicalize_name(name.partition("-")[0]) == wanted)
    if len(own) != 1:
        raise ArchiveError(filename, "it does not hold the one .dist-info folder that a wheel has")
    return own[0]


def _about(path: Path, filename: str) -> Message:
    """The WHEEL file; a greater major version must be refused, says the specification."""
    try:
        about = Parser().parsestr(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        raise ArchiveError(filename, "it has no readable WHEEL file") from error
    version = about.get("Wheel-Version", "1.0").strip()
    if version.partition(".")[0] != "1":
        raise ArchiveError(filename, f"its format has version {version}; 1 is known", "update pytest-ofiuco")
    return about


def _check_record(dist_info: str, tree: Path, members: Mapping[str, Member], filename: str) -> None:
    """Every hash in RECORD holds; files that it does not list are covered by the hash of the wheel."""
    try:
        text = (tree / dist_info / "RECORD").read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(text)))
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError, csv.Error) as error:
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
            actual = _as_record(hashlib.new(algorithm, (tree / path).read_bytes()).digest())
        if actual != expected.rstrip("="):
            raise ArchiveError(filename, f"member {path!r} is not what RECORD says")


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))

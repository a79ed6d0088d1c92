"""A wheel from the store → an environment: links, scripts, ``.data``, RECORD.

Installing a wheel "spreads" it: https://packaging.python.org/specifications/binary-distribution-format/.
What pip would leave behind is left behind: INSTALLER, RECORD, direct_url.json (PEP 610). Files are links to the
store's, so nothing is ever opened for writing over one: what must differ replaces it.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.errors import ArchiveError
from pytest_ofiuco.store.cache import MANIFEST
from pytest_ofiuco.store.links import placer
from pytest_ofiuco.store.usage import HIDDEN
from pytest_ofiuco.store.virtual import Layout
from pytest_ofiuco.store.wheel import Member, UnpackedWheel

INSTALLER = "ofiuco"

_PLACEHOLDER = b"#!python"
_LONGEST_SHEBANG = 127


@dataclass(frozen=True, slots=True)
class _Placed:
    """A file that was installed, as RECORD lists it."""

    path: str
    hash: str
    size: int | str


class Installation:
    """Installs wheels into one new environment."""

    def __init__(self, layout: Layout, link_mode: LinkMode = "hardlink") -> None:
        self._layout, self._place = layout, placer(link_mode)
        self._filename = ""
        self._made = {str(layout.prefix)}
        own = (layout.prefix / name for name in ("pyvenv.cfg", MANIFEST, HIDDEN))
        self._protected = {str(path).casefold() for path in (*own, *layout.executables)}

    def install(self, wheel: UnpackedWheel, direct_url: Mapping[str, Any] | None = None) -> None:
        """Put every file of ``wheel`` where it belongs; one that another wheel has put there is replaced.

        Raises:
            ArchiveError: a file would replace the environment's own, or is a folder of another wheel.
            OSError: the environment cannot be written.
        """
        self._filename = wheel.filename
        root = str(self._layout.purelib if wheel.root_is_purelib else self._layout.platlib)
        try:
            placed = [*self._members(wheel, root), *self._entry_points(wheel, root)]
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            reason = f"{error.filename2 or error.filename} is a file in one wheel and a folder in another"
            raise ArchiveError(wheel.filename, reason) from error
        extra = {"INSTALLER": f"{INSTALLER}\n".encode()}
        if direct_url is not None:
            extra["direct_url.json"] = json.dumps(direct_url, sort_keys=True).encode()
        for name, content in extra.items():
            target = os.path.join(root, wheel.dist_info, name)
            placed.append(self._write(target, content, root))
        self._record(placed, wheel, root)

    def _members(self, wheel: UnpackedWheel, root: str) -> Iterator[_Placed]:
        data = f"{wheel.dist_info.removesuffix('.dist-info')}.data/"
        written_anew = {f"{wheel.dist_info}/{name}" for name in ("RECORD", "INSTALLER", "direct_url.json")}
        tree, start = f"{wheel.tree}{os.sep}", f"{root}{os.sep}"
        for member in wheel.members:
            if member.path in written_anew:
                continue
            path = member.path if os.sep == "/" else member.path.replace("/", os.sep)
            source = tree + path
            if not member.path.startswith(data):
                yield self._link(source, start + path, member, root)
                continue
            scheme, _, rest = member.path[len(data) :].partition("/")
            target = os.path.join(self._scheme(scheme, wheel), rest)
            if scheme == "scripts" and _has_placeholder(source):
                yield self._script(source, target, root)
            else:
                yield self._link(source, target, member, root)

    def _scheme(self, scheme: str, wheel: UnpackedWheel) -> Path:
        layout = self._layout
        match scheme:
            case "purelib":
                return layout.purelib
            case "platlib":
                return layout.platlib
            case "scripts":
                return layout.scripts
            case "headers":
                return layout.headers / wheel.dist_info.partition("-")[0]
            case "data":
                return layout.prefix
            case _:
                raise ArchiveError(wheel.filename, f"its .data folder has an unknown part {scheme!r}")

    def _script(self, source: str, target: str, root: str) -> _Placed:
        """``#!python`` and ``#!pythonw`` become the environment's interpreter."""
        content = Path(source).read_bytes()
        _, _, body = content.partition(b"\n")
        return self._write(target, shebang(self._layout.python) + b"\n" + body, root, executable=True)

    def _entry_points(self, wheel: UnpackedWheel, root: str) -> Iterator[_Placed]:
        declared = wheel.tree / wheel.dist_info / "entry_points.txt"
        if not declared.is_file():
            return
        from installer.scripts import Script  # a run that finds everything installs nothing
        from installer.utils import parse_entrypoints

        try:
            entries = list(parse_entrypoints(declared.read_text(encoding="utf-8")))
        except (configparser.Error, ValueError, AssertionError) as error:
            raise ArchiveError(wheel.filename, f"its entry_points.txt cannot be read: {_first_line(error)}") from error
        for name, module, attribute, section in entries:
            if os.path.basename(name) != name or "\\" in name or name in (".", ".."):
                raise ArchiveError(wheel.filename, f"script {name!r} would land outside the environment")
            script = Script(name, module, attribute, section)
            final_name, content = script.generate(str(self._layout.python), self._layout.launcher)
            yield self._write(str(self._layout.scripts / final_name), content, root, executable=True)

    def _link(self, source: str, target: str, member: Member, root: str) -> _Placed:
        self._clear(target)
        try:
            self._place(source, target)
        except FileExistsError:
            os.unlink(target)
            self._place(source, target)
        return _Placed(_relative(target, root), member.hash, member.size)

    def _write(self, target: str, content: bytes, root: str, *, executable: bool = False) -> _Placed:
        self._clear(target)
        with suppress(FileNotFoundError):
            os.unlink(target)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if executable:
            os.chmod(target, 0o755)
        hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return _Placed(_relative(target, root), hashed, len(content))

    def _clear(self, target: str) -> None:
        """Make the folder of ``target``, which must not be one of the environment's own files."""
        if target.casefold() in self._protected:  # in any case: some file systems take them for one
            reason = f"it would replace {os.path.basename(target)}, which is the environment's own"
            raise ArchiveError(self._filename, reason)
        self._make(os.path.dirname(target))

    def _make(self, folder: str) -> None:
        """Make a folder and those above it, each once: folders are most of the work of an installation."""
        if folder in self._made:
            return
        parent = os.path.dirname(folder)
        if parent != folder:
            self._make(parent)
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise
            if self._leads_out(folder):
                reason = f"it would write to {os.path.realpath(folder)}, which is outside the environment"
                raise ArchiveError(self._filename, reason) from None
        self._made.add(folder)

    def _leads_out(self, folder: str) -> bool:
        """Whether a folder of the environment is a link out of it: some Pythons have links there, to their own ones."""
        prefix = str(self._layout.prefix)
        real = os.path.realpath(prefix)
        is_inside = folder.startswith((prefix + os.sep, real + os.sep))
        return is_inside and not os.path.realpath(folder).startswith(real + os.sep)

    def _record(self, placed: list[_Placed], wheel: UnpackedWheel, root: str) -> None:
        target = os.path.join(root, wheel.dist_info, "RECORD")
        rows = {each.path: (each.path, f"sha256={each.hash}", str(each.size)) for each in placed}
        own = _relative(target, root)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows(rows[path] for path in sorted(rows))
        writer.writerow((own, "", ""))
        self._write(target, text.getvalue().encode(), root)


def shebang(python: Path) -> bytes:
    """The first line of a script, without its end; ``sh`` in between where the kernel could not start it.

    The kernel takes no space and no more than 127 bytes; the second form is one both for sh and for Python.
    """
    path = os.fsencode(python)
    if b" " not in path and len(path) + 3 <= _LONGEST_SHEBANG:
        return b"#!" + path
    quoted = shlex.quote(str(python)).encode()
    return b"#!/bin/sh\n'''exec' " + quoted + b' "$0" "$@"\n' + b"' '''"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _has_placeholder(source: str) -> bool:
    with open(source, "rb") as file:
        return file.read(len(_PLACEHOLDER)) == _PLACEHOLDER


def _relative(target: str, root: str) -> str:
    start = f"{root}{os.sep}"
    path = target[len(start) :] if target.startswith(start) else os.path.relpath(target, root)
    return path.replace(os.sep, "/")

"""What the machine offers: interpreters, launchers, the cache and its file system. Each finding is a remark.

Whatever is wrong is a remark, too: this is asked when nothing else works.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.links import can_clone, link_mode
from pytest_ofiuco.store.progress import size_of
from pytest_ofiuco.store.pythons.answers import Answers, Refusal
from pytest_ofiuco.store.pythons.candidates import is_shim, places
from pytest_ofiuco.store.upkeep.size import measured, names_in, others

Status = Literal["ok", "note", "warning", "error"]

_LAUNCHERS = ("docker", "podman", "wine")
_EMULATOR = "qemu-"
_MOUNTS = "/proc/self/mountinfo"
_LITTLE = 1 << 30
"""Bytes of free space below which environments of a usual size do not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One finding.

    ``error``: something that is needed is missing or broken; ``warning``: something will not work as wanted.
    ``details`` are for programs.
    """

    section: str
    status: Status
    text: str
    hint: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def failure(section: str, error: OfiucoError, status: Status = "error") -> Remark:
    """An error as a remark."""
    return Remark(section=section, status=status, text=str(error), hint=error.hint)


def interpreters(store: Store, environ: Mapping[str, str]) -> Iterator[Remark]:
    """Every interpreter that is found without being named, and those that refuse, with the reason."""
    paths = [path for place in places(environ, None) for path in place.paths if not is_shim(path)]
    unique = list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]
    known: set[str] = set()
    for path, answer in zip(unique, Answers(store, environ).of(unique), strict=True):
        if isinstance(answer, Refusal):
            details = {"path": path, "reason": answer.reason}
            text = f"{path} is passed over: {answer.reason}"
            yield Remark(section="pythons", status="note", text=text, details=details)
        elif answer.path not in known:
            known.add(answer.path)
            details = {"path": answer.path, "version": str(answer.python), "platform": str(answer.platform)}
            text = f"{answer.python} {answer.platform} {answer.path}"
            yield Remark(section="pythons", status="ok", text=text, details=details)


def launchers(environ: Mapping[str, str]) -> dict[str, str]:
    """Programs on PATH that start what this machine cannot: path by name."""
    found: dict[str, str] = {}
    path = environ.get("PATH", "")
    for folder in path.split(os.pathsep):
        for name in names_in(Path(folder)) if folder else ():
            if name.startswith(_EMULATOR) and not name.startswith((f"{_EMULATOR}system", f"{_EMULATOR}img")):
                runnable = shutil.which(name, path=folder)
                if runnable is not None:
                    found.setdefault(name, runnable)
    for name in _LAUNCHERS:
        runnable = shutil.which(name, path=path)
        if runnable is not None:
            found[name] = runnable
    return dict(sorted(found.items()))


def cache(store: Store, environ: Mapping[str, str], configured: LinkMode | None) -> Iterator[Remark]:
    """The store's folder: whether it serves, and how files get from it into environments."""
    root = store.root
    if os.path.lexists(root) and not root.is_dir():
        hint = "choose another folder with the variable OFIUCO_CACHE_DIR"
        yield Remark(section="cache", status="error", text=f"{root} is no folder", hint=hint)
        return
    size = sum(each.bytes for each in measured(store))
    text = f"{root}: {size_of(size)}" if root.is_dir() else f"{root} is not there yet"
    yield Remark(section="cache", status="ok", text=text, details={"path": str(root), "bytes": size})
    place = _existing(root)
    yield from _space(place)
    yield from _links(store, place, environ, configured)
    left = names_in(store.unfinished)
    if left:
        text = f"{len(left)} unfinished: of running sessions, or left by killed ones, and cleared by the next"
        yield Remark(section="cache", status="note", text=text, details={"unfinished": len(left)})
    unknown = others(store)
    if unknown:
        text = f"of another version of pytest-ofiuco, and left alone: {', '.join(unknown)}"
        hint = "delete these by hand if no project here uses that version"
        yield Remark(section="cache", status="note", text=text, hint=hint, details={"others": list(unknown)})


def _space(place: Path) -> Iterator[Remark]:
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return
    kind = _file_system(place)
    text = f"{size_of(free)} free" + (f" on {kind}" if kind else "")
    details = {"free": free, "file_system": kind}
    if free < _LITTLE:
        hint = "`ofiuco cache prune --older-than 30d` makes room"
        yield Remark(section="cache", status="warning", text=text, hint=hint, details=details)
    else:
        yield Remark(section="cache", status="ok", text=text, details=details)


def _links(store: Store, place: Path, environ: Mapping[str, str], configured: LinkMode | None) -> Iterator[Remark]:
    """Which links the file system has, tried out, and the mode that results."""
    try:
        wanted = link_mode(environ, configured)
    except OfiucoError as error:
        yield failure("cache", error)
        return
    try:
        can = _tried(place)
    except OSError as error:
        text = f"cannot be written: {error.strerror}; what is in it still serves"
        hint = f"ask for the right to write in {place}, or choose another folder with the variable OFIUCO_CACHE_DIR"
        yield Remark(section="cache", status="warning", text=text, hint=hint, details={"is_writable": False})
        return
    is_one = len({os.stat(path).st_dev for path in (store.wheels, store.environments) if path.is_dir()}) <= 1
    can = {mode: works and (is_one or mode == "symlink") for mode, works in can.items()}
    order = {"hardlink": ("hardlink", "clone"), "clone": ("clone",), "symlink": ("symlink", "hardlink", "clone")}
    used = next((mode for mode in order.get(wanted, ()) if can[mode]), "copy")
    said = ", ".join(f"{mode}s work" if works else f"no {mode}s" for mode, works in can.items())
    details = {"is_writable": True, **can, "wanted": wanted, "link_mode": used}
    text = f"writable; link mode {used} ({said})"
    if used == wanted:
        yield Remark(section="cache", status="ok", text=text, details=details)
        return
    hint = "keep the cache on one file system that has them: OFIUCO_CACHE_DIR"
    text = f"{text}, {wanted} is wanted"
    yield Remark(section="cache", status="warning", text=text, hint=hint, details=details)


def _tried(place: Path) -> dict[str, bool]:
    with tempfile.TemporaryDirectory(prefix=".ofiuco-", dir=place) as folder:
        source = os.path.join(folder, "file")
        with open(source, "wb") as file:
            file.write(b"x")
        can = {"hardlink": False, "clone": can_clone(source, os.path.join(folder, "clone")), "symlink": False}
        with suppress(OSError):
            os.link(source, os.path.join(folder, "hardlink"))
            can["hardlink"] = True
        with suppress(OSError, NotImplementedError):
            os.symlink(source, os.path.join(folder, "symlink"))
            can["symlink"] = True
    return can


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.is_dir())


def _file_system(place: Path) -> str | None:
    """The kind of file system, where the system lists its mounts as proc(5) says."""
    if not sys.platform.startswith("linux"):
        return None
    best, kind = "", None
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                fields, _, rest = line.partition(" - ")
                point = fields.split(" ")[4].encode().decode("unicode_escape")
                if len(point) >= len(best) and place.resolve().is_relative_to(point):
                    best, kind = point, rest.split(" ")[0]
    except (OSError, IndexError, ValueError):
        return None
    return kind

"""``ofiuco doctor``: what is here for the project's matrix, and what is missing."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

from pytest_ofiuco import __version__
from pytest_ofiuco.cli.cells import matrix_of
from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.errors import MissingPythonError, NoLockError, OfiucoError
from pytest_ofiuco.export.findings import counted
from pytest_ofiuco.run.execution import obstacle
from pytest_ofiuco.run.plan import pythons_found
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters, host_platform
from pytest_ofiuco.store.project import PYPROJECT, LocalProject, load
from pytest_ofiuco.store.pythons.containers import find_engine
from pytest_ofiuco.store.pythons.emulators import lacks_runtime
from pytest_ofiuco.store.pythons.foreign import Lacking
from pytest_ofiuco.store.pythons.wrappers import pythons as own_pythons
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.upkeep import health, reach
from pytest_ofiuco.store.upkeep.health import Remark, failure

SECTIONS = ("ofiuco", "project", "pythons", "matrix", "launchers", "indexes", "connections", "cache", "plugins")

_MARKS = {"ok": "✓", "note": "·", "warning": "!", "error": "✗"}

_PLUGINS = {
    "pytest-xdist": "`-n` and `--dist` are those of the matrix: workers of cells, as with --ofiuco-jobs",
    "pytest-cov": "measures in each cell that has it, not here",
    "pytest-randomly": "orders the tests of each cell that has it, not here",
    "pytest-rerunfailures": "runs tests again in each cell that has it, not here",
}
"""What others' plugins mean for a matrix session, where it is not what they mean in any other."""


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--project", default=".", metavar="DIR", help="the project's folder (default: here)")
    parser.add_argument("--lock", metavar="FILE", help="the lock (default: the project's)")
    parser.add_argument("--offline", action="store_true", help="ask no index")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> tuple[str, int]:
    """Examine; exit code 1 if something is missing that the matrix needs."""
    remarks = list(_remarks(options))
    code = int(any(remark.status == "error" for remark in remarks))
    return (_json(remarks) if options.format == "json" else _text(remarks)), code


def _remarks(options: Namespace) -> Iterator[Remark]:
    store, directory = Store.default(os.environ), Path(options.project)
    python = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    details = {"version": __version__, "python": python, "executable": sys.executable}
    text = f"pytest-ofiuco {__version__} on Python {python} ({sys.executable})"
    yield Remark(section="ofiuco", status="ok", text=text, details=details)
    project, said = _project(directory, options)
    yield said
    yield from _guarded("pythons", lambda: health.interpreters(store, os.environ))
    if project is not None:
        yield from _guarded("matrix", lambda: _matrix(project, store))
    yield from _launchers()
    yield from _guarded("indexes", lambda: _network(directory, project, offline=options.offline))
    configured = project.config.link_mode if project is not None else None
    yield from _guarded("cache", lambda: health.cache(store, os.environ, configured))
    yield from _plugins()


def _guarded(section: str, examine: Callable[[], Iterable[Remark]]) -> Iterator[Remark]:
    """What an examination finds; that it cannot be made is a finding."""
    try:
        yield from examine()
    except OfiucoError as error:
        yield failure(section, error)
    except OSError as error:
        yield Remark(section=section, status="error", text=f"{error.filename or ''}: {error.strerror or error}")


def _project(directory: Path, options: Namespace) -> tuple[LocalProject | None, Remark]:
    try:
        project = load(directory, options.lock, offline=options.offline)
    except NoLockError as error:
        if options.lock is None and not (directory / PYPROJECT).is_file():
            text = f"{directory.absolute()} is no project: it has neither {PYPROJECT} nor a lock"
            return None, Remark(section="project", status="note", text=text, hint="name one with --project")
        return None, failure("project", error)
    except OfiucoError as error:
        return None, failure("project", error)
    lock = project.lock
    text = f"{project.directory.absolute()}: {lock.path} ({lock.format} {lock.version})"
    details = {"directory": str(project.directory.absolute()), "lock": lock.path, "format": lock.format}
    if lock.stale:
        text, hint = f"{text} is out of date with {PYPROJECT}", f"lock again: `{lock.relock}`"
        return project, Remark(section="project", status="warning", text=text, hint=hint, details=details)
    return project, Remark(section="project", status="ok", text=text, details=details)


def _matrix(project: LocalProject, store: Store) -> Iterator[Remark]:
    """Whether each cell has its interpreter."""
    interpreters, host = Interpreters(store, os.environ), host_platform()
    config = project.config
    pythons = config.python if config.python is not None else pythons_found(project.lock, interpreters)
    for cell in matrix_of(project, pythons):
        settings = config.settings.get(cell.platform, PlatformSettings())
        details = {"cell": cell.name, "python": str(cell.python)}
        if settings.ssh is not None:
            text = f"{cell.name}: runs on another machine, which is not asked: ssh {settings.ssh}"
            yield Remark(section="matrix", status="note", text=text, details=details | {"ssh": settings.ssh})
            continue
        if not settings.runs:
            text = f"{cell.name}: {cell.target.platform} is not run (`launcher = false`); it is resolved and inspected"
            yield Remark(section="matrix", status="note", text=text, details=details)
            continue
        if settings.container is not None:
            yield _contained(cell, settings.container.image_for(cell.python))
            continue
        if not (settings.launcher or runs_on(cell.target.platform, host)):
            yield from _foreign(cell, settings, interpreters, host)
            continue
        try:
            found = interpreters.find(cell.python, settings.interpreters, settings.launcher)
        except MissingPythonError as error:
            is_skipped = config.missing_python == "skip"
            text = f"{cell.name}: Python {cell.python} is missing"
            hint = error.remedy if is_skipped else error.hint
            status: health.Status = "warning" if is_skipped else "error"
            yield Remark(section="matrix", status=status, text=text, hint=hint, details=details)
        except OfiucoError as error:
            yield Remark(section="matrix", status="error", text=f"{cell.name}: {error}", hint=error.hint)
        else:
            text, told = f"{cell.name}: Python {found.python}, {found.path}", details | {"path": found.path}
            yield Remark(section="matrix", status="ok", text=text, details=told)


def _contained(cell: Cell, image: str) -> Remark:
    """Which engine runs a cell in a container; the image is not asked for, since it may have to be fetched."""
    engine = find_engine(os.environ)
    details = {"cell": cell.name, "python": str(cell.python), "image": image}
    if isinstance(engine, Lacking):
        text = f"{cell.name}: {engine.reason}; it is resolved and inspected"
        return Remark(section="matrix", status="note", text=text, hint=engine.remedy, details=details)
    text = f"{cell.name}: runs in a container of {image}, by {engine.name} {engine.version}"
    return Remark(section="matrix", status="ok", text=text, details=details | {"engine": engine.path})


def _foreign(cell: Cell, settings: PlatformSettings, interpreters: Interpreters, host: Platform) -> Iterator[Remark]:
    """What runs a cell of a platform that this machine does not run by itself, or what is missing."""
    platform = cell.target.platform
    try:
        found = interpreters.find_foreign(cell.python, platform, settings.interpreters)
    except OfiucoError as error:
        yield Remark(section="matrix", status="error", text=f"{cell.name}: {error}", hint=error.hint)
        return
    details: dict[str, object] = {"cell": cell.name, "python": str(cell.python), "tag": str(platform)}
    if isinstance(found, Lacking):
        reason, remedy = obstacle(cell, host, found)
        text = f"{cell.name}: {reason}; it is resolved and inspected"
        yield Remark(section="matrix", status="note", text=text, hint=remedy, details=details)
        return
    text = f"{cell.name}: Python {found.python} for {found.platform}, {found.path}"
    yield Remark(section="matrix", status="ok", text=text, details=details | {"path": found.path})
    command = Path(found.path)
    system = command.parents[1] / "system"
    if command.is_relative_to(own_pythons(os.environ)) and system.is_dir() and lacks_runtime(str(system)):
        text = f"{cell.name}: there is no libstdc++.so.6 among the libraries of its Python, which wheels may need"
        hint = f"install it beside them ({os.path.realpath(system / 'lib')})"
        yield Remark(section="matrix", status="warning", text=text, hint=hint, details=details)


def _launchers() -> Iterator[Remark]:
    found = health.launchers(os.environ)
    for name, path in found.items():
        yield Remark(section="launchers", status="ok", text=f"{name}: {path}", details={"path": path})
    if not found:
        yield Remark(section="launchers", status="note", text="no emulator (qemu-…) and no docker on PATH")


def _network(directory: Path, project: LocalProject | None, *, offline: bool) -> Iterator[Remark]:
    settings = IndexSettings.load(os.environ, directory)
    if project is not None:
        settings = settings.for_lock(project.lock, project.lock_file.parent, os.environ)
    yield from reach.indexes(settings, offline=offline)
    yield from reach.connections(settings)


def _plugins() -> Iterator[Remark]:
    """pytest's plugins beside this one that behave differently in a matrix session."""
    found = {point.dist.name.lower(): point.dist.version for point in entry_points(group="pytest11") if point.dist}
    for name, meaning in _PLUGINS.items():
        if name in found:
            details = {"name": name, "version": found[name]}
            text = f"{name} {found[name]}: {meaning}"
            yield Remark(section="plugins", status="note", text=text, details=details)


def _text(remarks: Iterable[Remark]) -> str:
    known = list(remarks)
    lines = []
    for section in SECTIONS:
        own = [remark for remark in known if remark.section == section]
        lines += [section] if own else []
        for remark in own:
            lines.append(f"  {_MARKS[remark.status]} {remark.text}")
            if remark.hint:
                lines.append(f"    hint: {remark.hint}")
    errors = sum(remark.status == "error" for remark in known)
    warnings = sum(remark.status == "warning" for remark in known)
    lines.append(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return "\n".join(lines) + "\n"


def _json(remarks: Iterable[Remark]) -> str:
    listed = [
        {
            "section": remark.section,
            "status": remark.status,
            "text": remark.text,
            "hint": remark.hint,
            "details": dict(remark.details),
        }
        for remark in remarks
    ]
    return json.dumps({"version": 1, "remarks": listed}, sort_keys=True, indent=2) + "\n"

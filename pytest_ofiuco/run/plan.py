"""Project + what this machine has → the cells of a session: each to run, to skip with a reason, or in error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.lock import MAIN, Lock, Selection
from pytest_ofiuco.core.matrix import HOST, Cell, expand
from pytest_ofiuco.core.platforms import BUILTIN, Platform, runs_on
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import (
    BrokenPythonError,
    HostError,
    MissingPytestError,
    MissingPythonError,
    MissingThereError,
    OfiucoError,
    UsageError,
)
from pytest_ofiuco.run.cells import LockFacts, Narrowing, PlannedCell, SessionPlan
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters, host_platform
from pytest_ofiuco.store.project import LocalProject
from pytest_ofiuco.store.request import Plan, Project
from pytest_ofiuco.store.variants import Variants

if TYPE_CHECKING:
    from pytest_ofiuco.run.hosts.hosts import Hosts  # most sessions have none
    from pytest_ofiuco.store.pythons.foreign import Lacking

_ADD_PYTEST = {
    "poetry": "poetry add --group dev pytest",
    "uv": "uv add --dev pytest",
    "pdm": "pdm add --dev --group test pytest",
    "requirements": "add pytest to requirements.in, and compile it again",
    "pylock": "uv add --dev pytest && uv export --format pylock.toml --output-file pylock.toml",
}


def how_to_add(package: str, lock_format: str) -> str:
    """What puts pytest, or a plugin of it, into the cells."""
    command = _ADD_PYTEST.get(lock_format, "add pytest to the project's development dependencies")
    return command.replace("pytest", package)


def plan(
    project: LocalProject, narrowing: Narrowing, interpreters: Interpreters, *, needs_pytest: bool = True
) -> SessionPlan:
    """Expand the matrix, resolve every cell, and find its interpreter.

    Raises:
        UsageError: nothing is left of the matrix, or a platform has no meaning.
        NoReplacementError: what a variant puts in a package's place is nowhere to be found.
        MissingPythonError: a Python is not here and may not be skipped.
        MissingPytestError: no cell's resolution has pytest.
        OfiucoError: what the lock's selection raises.
    """
    config, lock = project.config, project.lock
    host = host_platform()
    selection, warnings = select(project)
    pythons = config.python if config.python is not None else pythons_found(lock, interpreters)
    axes = [config.axis(name, str(host)) for name in config.platforms]
    cells = expand(pythons, axes, config.exclude, [each.name for each in config.variants])
    wanted = [cell for cell in cells if narrowing.admits(cell)]
    if not wanted:
        raise UsageError(
            "no cell is left of the matrix" if cells else "the matrix is empty",
            _what_there_is(cells, narrowing, project) if cells else "see `exclude` in [tool.ofiuco]",
        )
    variants = Variants(project)
    far = _hosts(project, wanted)
    planned = tuple(_plan_cell(variants, cell, selection, host, interpreters, far) for cell in wanted)
    return SessionPlan(
        lock=LockFacts.of(lock),
        cells=_with_pytest(planned, lock) if needs_pytest else planned,
        all_names=tuple(cell.name for cell in cells),
        warnings=(
            *lock.remarks,
            *variants.remarks,
            *warnings,
            *_unasked(project),
            *_without_cells(project),
            *project.misnamed(),
        ),
        defined=frozenset((HOST, *config.settings)),
        variants=tuple(each.name for each in config.variants),
        project=project,
    )


def _hosts(project: LocalProject, cells: Sequence[Cell]) -> Hosts | None:
    """The other machines that cells run on, which it begins to connect to."""
    settings = project.config.settings
    if not any(settings[cell.platform].ssh for cell in cells if cell.platform in settings):
        return None
    from pytest_ofiuco.run.hosts.hosts import Hosts

    hosts = Hosts(project)
    hosts.connect(cells)
    project.witness.is_lasting = False  # what is there may change unseen
    return hosts


def _what_there_is(cells: Sequence[Cell], narrowing: Narrowing, project: LocalProject) -> str:
    """What to choose from, and where a platform that was asked for may be added."""
    names = f"choose from: {', '.join(cell.name for cell in cells)}"
    known = (name for name in narrowing.platforms if name in BUILTIN or name in project.config.settings)
    absent = [name for name in known if not any(cell.has_platform([name]) for cell in cells)]
    if not absent:
        return names
    listed = ", ".join(f'"{name}"' for name in dict.fromkeys((*project.config.platforms, *absent)))
    return f"{names}; or make cells of it: platforms = [{listed}] in [tool.ofiuco]"


def _without_cells(project: LocalProject) -> tuple[str, ...]:
    """What is described, and has no cells since nobody has said which platforms have."""
    table = project.pyproject.table("tool").table("ofiuco")
    described = [name for name in project.config.settings if name not in project.config.platforms]
    if "platforms" in table or not described:
        return ()
    listed = ", ".join(f'"{name}"' for name in (HOST, *described))
    return (f"{', '.join(described)}: described, and in no cell: platforms = [{listed}] in [tool.ofiuco] makes cells",)


def _unasked(project: LocalProject) -> tuple[str, ...]:
    if not project.other_locks:
        return ()
    others = ", ".join(project.other_locks)
    return (f"{project.lock.path} was taken, and {others} lies here too: name one with `lock` in [tool.ofiuco]",)


def select(project: LocalProject) -> tuple[Selection, tuple[str, ...]]:
    """What an environment holds: the groups that ship and, on top, those that the tests need.

    A lock that was exported flat has no groups left; those that the project configures are in it unnamed.
    """
    config, lock = project.config, project.lock
    test_groups = config.test_groups
    if test_groups is None:
        test_groups = tuple(name for name in lock.default_groups if name != MAIN)
    groups = dict.fromkeys((*config.groups, *test_groups))
    warnings: tuple[str, ...] = ()
    if lock.flat:
        lost = [name for name in groups if name not in lock.groups]
        if lost:
            warnings = (f"{lock.path} names no groups: {', '.join(lost)} cannot be told apart in it",)
        groups = dict.fromkeys(name for name in groups if name in lock.groups)
    return lock.selection(groups=groups, extras=config.extras), warnings


def pythons_found(lock: Lock, interpreters: Interpreters) -> tuple[Python, ...]:
    """The minor versions on this machine that the lock admits."""
    found: dict[str, Python] = {}
    for interpreter in interpreters.available():
        python = interpreter.python
        admitted = lock.requires_python
        if admitted and not any(each.contains(python.release) for each in admitted):
            continue
        minor = python.any_patch
        found.setdefault(minor.label, minor)
    if not found:
        raise MissingPythonError(lock.requires_python_text or "3", ["PATH", "pyenv", "uv"])
    return tuple(found.values())


def _plan_cell(
    variants: Variants,
    cell: Cell,
    selection: Selection,
    host: Platform,
    interpreters: Interpreters,
    far: Hosts | None,
) -> PlannedCell:
    project = variants.project
    variant = variants.find(cell.variant) if cell.variant is not None else None
    settings = project.config.settings.get(cell.platform, PlatformSettings())
    try:
        interpreter = _interpreter(cell, settings, host, interpreters, far, project)
    except (MissingPythonError, MissingThereError) as error:
        if project.config.missing_python == "skip":
            return PlannedCell(cell=cell, skip=_without(cell, error))
        if isinstance(error, MissingPythonError):
            raise
        return PlannedCell(cell=cell, error=error)
    except (HostError, BrokenPythonError) as error:
        if isinstance(error, BrokenPythonError) and not (settings.launcher or settings.container):
            if error.path in settings.interpreters and error.hint == BrokenPythonError.hint:
                error.hint = f"reinstall it, or correct `interpreters` in [tool.ofiuco.platform.{cell.platform}]"
            raise
        return PlannedCell(cell=cell, error=error)
    if isinstance(interpreter, Interpreter):
        cell = replace(cell, target=Target(python=interpreter.python, platform=cell.target.platform))
    try:
        resolution = resolve(project.lock, cell.target, selection, variant)
    except OfiucoError as error:
        return PlannedCell(cell=cell, error=error)
    if not isinstance(interpreter, Interpreter):
        from pytest_ofiuco.run.execution import why_not  # most sessions run all of their cells

        reason = f"{why_not(cell, host, interpreter)}; its {_resolving(len(resolution.packages))}"
        nowhere = Interpreter.nowhere(cell.target.python, cell.target.platform)
        return PlannedCell(
            cell=cell,
            versions=resolution.versions(),
            plan=_to_prepare(project, resolution, nowhere, _builder(cell, interpreters)),
            skip="; ".join((reason, *resolution.remarks)),
            is_by_choice=not settings.runs,
        )
    is_foreign = settings.ssh is None and (interpreter.is_contained or not runs_on(cell.target.platform, host))
    return PlannedCell(
        cell=cell,
        versions=resolution.versions(),
        plan=_to_prepare(project, resolution, interpreter, _compiler(cell, interpreters) if is_foreign else None),
        runs_as=interpreter.platform if is_foreign else None,
    )


def _interpreter(
    cell: Cell,
    settings: PlatformSettings,
    host: Platform,
    interpreters: Interpreters,
    far: Hosts | None,
    project: LocalProject,
) -> Interpreter | Lacking | None:
    """What runs a cell: here, behind a launcher, in a container, or on another machine; or what is lacking.

    Nothing: it is not to run.

    Raises:
        MissingPythonError, MissingThereError: there is no such Python.
        BrokenPythonError: one that is named is of no use.
        HostError: the other machine is of no use.
    """
    machine = far.of(cell) if far is not None else None
    if machine is not None:
        return machine.find(cell.python, cell.target.platform)
    if not settings.runs:
        return None
    if settings.launcher:
        found = interpreters.find(cell.python, settings.interpreters, settings.launcher)
        if not runs_on(cell.target.platform, found.platform):
            reason = f"behind its launcher it is for {found.platform}, not for {cell.target.platform}"
            raise BrokenPythonError(found.path, reason, "correct `tag`, `interpreters` or `launcher` of the platform")
        return found
    if settings.container:
        folders = [str(project.directory.absolute()), str(project.lock_file.parent.absolute())]
        return interpreters.find_contained(cell.python, cell.target.platform, settings.container, folders)
    if runs_on(cell.target.platform, host):
        return interpreters.find(cell.python, settings.interpreters)
    return interpreters.find_foreign(cell.python, cell.target.platform, settings.interpreters)


def _resolving(packages: int) -> str:
    return f"{packages} packages resolve" if packages != 1 else "1 package resolves"


def _without(cell: Cell, error: MissingPythonError | MissingThereError) -> str:
    if isinstance(error, MissingThereError):
        return f"no Python {cell.python} on {error.host}; {error.remedy} makes it run"
    remedy = f"`uv python install {cell.python}` or `pyenv install {cell.python}` makes it run"
    return f"no Python {cell.python} on this machine; {remedy}"


def _compiler(cell: Cell, interpreters: Interpreters) -> Interpreter | None:
    """An interpreter of this machine that writes the same bytecode as the cell's."""
    try:
        return interpreters.find(cell.python.any_patch)
    except MissingPythonError:
        return None


def _builder(cell: Cell, interpreters: Interpreters) -> Interpreter | None:
    """An interpreter of this machine that builds the project for a cell that nothing here runs."""
    return _compiler(cell, interpreters) or next(reversed(interpreters.available()), None)


def _to_prepare(
    project: LocalProject, resolution: Resolution, interpreter: Interpreter, compiler: Interpreter | None
) -> Plan:
    """What a cell needs of the store."""
    return Plan(
        resolution=resolution,
        interpreter=interpreter,
        lock_directory=project.lock_file.parent.resolve(),
        project=project_to_install(project),
        unhashed=frozenset(project.config.allow_unhashed),
        compiler=compiler,
    )


def project_to_install(project: LocalProject) -> Project | None:
    """The project under test, as it is to be installed; nothing where it is no package or should not be."""
    mode = project.config.install_project
    if mode == "no" or (mode == "auto" and not project.is_package):
        return None
    return Project(directory=project.directory.resolve(), install="wheel" if mode == "wheel" else "editable")


def _with_pytest(cells: Sequence[PlannedCell], lock: Lock) -> tuple[PlannedCell, ...]:
    """A cell without pytest cannot run: an error there, and one for all where no cell has it."""
    command = how_to_add("pytest", lock.format)
    checked = []
    for planned in cells:
        if planned.is_run and "pytest" not in planned.versions:
            error = MissingPytestError(lock.path, planned.cell.name, command)
            planned = PlannedCell(cell=planned.cell, error=error)
        checked.append(planned)
    missing = [planned.error for planned in checked if isinstance(planned.error, MissingPytestError)]
    if missing and not any(planned.is_run for planned in checked):
        raise missing[0]
    return tuple(checked)

"""A project on disk: its pyproject.toml, [tool.ofiuco] and its lock, read once.

The lock lies beside pyproject.toml or, for a member of a uv workspace, beside the workspace's
(https://docs.astral.sh/uv/concepts/projects/workspaces/).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from os.path import isdir
from pathlib import Path, PurePosixPath

from pytest_ofiuco import config, formats
from pytest_ofiuco.config import Config
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.provided import misnamed
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError, NoLockError, StaleLockError, UsageError
from pytest_ofiuco.store.documents import parsed
from pytest_ofiuco.store.witness import Witness

PYPROJECT = "pyproject.toml"
_WORKSPACE_LOCK = "uv.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalProject:
    """A project's folder, and what its files say; ``other_locks`` lie beside the one that was taken unasked."""

    directory: Path
    pyproject: Table
    config: Config
    lock: Lock
    lock_file: Path
    offline: bool = False
    other_locks: tuple[str, ...] = ()
    witness: Witness = field(default_factory=Witness, repr=False, compare=False)

    @property
    def is_package(self) -> bool:
        """Whether it can be built and installed, as its own tool sees it.

        A [build-system] or a setup.py says yes; ``package-mode = false`` (Poetry), ``package = false`` (uv) and
        ``distribution = false`` (pdm) say no.
        """
        tools = self.pyproject.table("tool")
        if not tools.table("poetry").boolean("package-mode", default=True):
            return False
        if not tools.table("uv").boolean("package", default=True):
            return False
        if not tools.table("pdm").boolean("distribution", default=True):
            return False
        return "build-system" in self.pyproject or self.witness.is_file(self.directory / "setup.py")

    def misnamed(self, platform: str | None = None) -> tuple[str, ...]:
        """What to say of the names in ``provided`` of all platforms, or of one."""
        settings = self.config.settings.items()
        provided = {name: each.provided for name, each in settings if platform in (None, name)}
        return tuple(misnamed(provided, {package.name for package in self.lock.packages}))


def load(directory: Path, lock: str | None = None, *, locked: bool = False, offline: bool = False) -> LocalProject:
    """Read the project in ``directory``; ``lock`` overrides what [tool.ofiuco] or the folder's files say.

    ``locked``: a lock that is out of date with pyproject.toml is an error. ``offline``: nobody is asked which files
    the hashes of a requirements.txt are of.

    Raises:
        UsageError: there is no such folder.
        NoLockError: there is no lock.
        StaleLockError: the lock is out of date and may not be.
        InputError, LockVersionError: a file is not what it should be.
        NamingError, OfflineError: which files the lock means cannot be found out.
    """
    if not isdir(directory):
        raise UsageError(f"{directory}: no such folder", "name the folder that holds pyproject.toml")
    if not os.access(directory, os.X_OK):
        raise UsageError(f"{directory}: cannot be read: Permission denied", "ask for the right to read it")
    witness = Witness()
    pyproject = read_pyproject(directory, PYPROJECT, witness)
    settings = config.read(pyproject)
    lock_file, name = _find_lock(directory, lock, settings.lock, witness)
    for folder in (directory, lock_file.parent):
        witness.end(folder)
    read = read_lock(lock_file, name, pyproject, witness, offline=offline)
    if locked and read.stale:
        raise StaleLockError(name, read.stale, read.relock)
    return LocalProject(
        directory=directory,
        pyproject=pyproject,
        config=settings,
        lock=read,
        lock_file=lock_file,
        offline=offline,
        other_locks=() if lock or settings.lock else _others(directory, lock_file, witness),
        witness=witness,
    )


def read_pyproject(directory: Path, name: str, witness: Witness) -> Table:
    """The root table of the pyproject.toml in ``directory``, which is called ``name`` in messages; empty without one.

    Raises:
        InputError: it cannot be read.
    """
    file = directory / PYPROJECT
    return parse(_content(file, name, witness), name) if witness.is_file(file) else Table({}, file=name)


def read_lock(file: Path, name: str, pyproject: Table, witness: Witness, *, offline: bool = False) -> Lock:
    """The lock in ``file``, which is called ``name`` in messages; ``pyproject`` is that beside it.

    Raises:
        InputError, LockVersionError: it is not what it should be.
        NamingError, OfflineError: which files it means cannot be found out.
    """
    beside = partial(_beside, file, name, witness)
    lock = formats.read(_content(file, name, witness), name, pyproject, beside, parsed)
    if not lock.unnamed:
        return lock
    from pytest_ofiuco.store.lookup import naming  # most locks name their files

    named = naming.named(lock, file.parent, os.environ, offline=offline)
    if named.warnings != lock.warnings:  # not every file was found: the next time it may be
        witness.is_lasting = False
    return named


def _beside(lock_file: Path, name: str, witness: Witness, path: str) -> bytes:
    """A file that the lock names; a path is relative to the lock's folder, in messages too."""
    return _content(lock_file.parent / path, (PurePosixPath(name).parent / path).as_posix(), witness)


def _others(directory: Path, taken: Path, witness: Witness) -> tuple[str, ...]:
    return tuple(name for name in formats.DEFAULT_NAMES if name != taken.name and witness.is_file(directory / name))


def _content(path: Path, name: str, witness: Witness) -> bytes:
    try:
        return witness.content(path)
    except OSError as error:
        hint = "ask for the right to read it" if isinstance(error, PermissionError) else None
        raise InputError(name, "", f"cannot be read: {error.strerror}", hint) from error


def _find_lock(directory: Path, given: str | None, configured: str | None, witness: Witness) -> tuple[Path, str]:
    """The lock, and its name for messages and output: relative to the project's folder where it may be."""
    if given is not None:
        path = Path(given)
        found = path if witness.is_file(path) or path.is_absolute() else directory / path
        if isdir(found):
            raise UsageError(f"{given or '.'}: a folder, not a lock", "name the lock file in it")
        if not witness.is_file(found):
            raise NoLockError(str(directory), [given], "name a lock file that exists")
        # The folder is resolved, the file is not: a link to a lock is read as what it is named here.
        is_beside = found.parent.resolve() == directory.resolve()
        return found, found.name if is_beside else str(found)
    if configured is not None:
        if not witness.is_file(directory / configured):
            raise NoLockError(str(directory), [configured], "make it, or correct `lock` in [tool.ofiuco]")
        return directory / configured, configured
    for name in formats.DEFAULT_NAMES:
        if witness.is_file(directory / name):
            return directory / name, name
    root = workspace_of(directory.resolve(), witness)
    if root is not None and witness.is_file(root / _WORKSPACE_LOCK):
        return root / _WORKSPACE_LOCK, Path(os.path.relpath(root / _WORKSPACE_LOCK, directory.resolve())).as_posix()
    return _requirements(directory, witness), formats.REQUIREMENTS


def _project_above(directory: Path) -> Path | None:
    """The nearest folder above one without a pyproject.toml that has one, and a lock."""
    if (directory / PYPROJECT).is_file():
        return None
    for folder in directory.resolve().parents:
        if (folder / PYPROJECT).is_file():
            return folder if any((folder / name).is_file() for name in formats.DEFAULT_NAMES) else None
    return None


def _requirements(directory: Path, witness: Witness) -> Path:
    """The requirements.txt, where it is a lock: a list of what is wanted, which many projects have, must not pass."""
    file = directory / formats.REQUIREMENTS
    looked_for = (*formats.DEFAULT_NAMES, formats.REQUIREMENTS)
    if not witness.is_file(file):
        above = _project_above(directory)
        if above is not None:
            hint = f"the project is in {above}: go there, or name it with --project"
            raise NoLockError(str(directory), looked_for, hint)
        raise NoLockError(str(directory), looked_for)
    from pytest_ofiuco.formats.requirements import has_hashes  # most projects have another lock

    if not has_hashes(_content(file, formats.REQUIREMENTS, witness)):
        hint = f"compile {file.name} with hashes, make a lock (`poetry lock`, `uv lock`), or name one in [tool.ofiuco]"
        raise NoLockError(str(directory), (*formats.DEFAULT_NAMES, f"{file.name} with hashes"), hint)
    return file


def workspace_of(directory: Path, witness: Witness | None = None) -> Path | None:
    """The root of the uv workspace that a folder is a member of: the nearest workspace above decides."""
    witness = witness or Witness()
    for above in directory.parents if witness.is_file(directory / PYPROJECT) else ():
        file = above / PYPROJECT
        if not witness.is_file(file):
            continue
        settings = parse(_content(file, str(file), witness), str(file)).table("tool").table("uv")
        if "workspace" in settings:
            workspace, parts = settings.table("workspace"), directory.relative_to(above).parts
            is_member = _is_named(parts, workspace, "members") and not _is_named(parts, workspace, "exclude")
            return above if is_member else None
    return None


def _is_named(parts: tuple[str, ...], workspace: Table, key: str) -> bool:
    return any(_matches(parts, PurePosixPath(pattern).parts) for pattern in workspace.texts(key))


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a glob names the folder; ``**`` stands for any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])

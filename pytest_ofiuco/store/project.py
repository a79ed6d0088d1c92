"""A project on disk: its pyproject.toml, [tool.ofiuco] and its lock, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco import config, formats
from pytest_ofiuco.config import Config
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError, NoLockError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalProject:
    """A project's folder, and what its files say; ``other_locks`` lie beside the one that was taken unasked."""

    directory: Path
    pyproject: Table
    config: Config
    lock: Lock
    lock_file: Path
    other_locks: tuple[str, ...] = ()

    @property
    def is_package(self) -> bool:
        """Whether it can be built and installed, as its own tool sees it.

        A [build-system] or a setup.py says yes; ``package-mode = false`` (Poetry) and ``package = false`` (uv) say no.
        """
        tools = self.pyproject.table("tool")
        if not tools.table("poetry").boolean("package-mode", default=True):
            return False
        if not tools.table("uv").boolean("package", default=True):
            return False
        return "build-system" in self.pyproject or (self.directory / "setup.py").is_file()


def load(directory: Path, lock: str | None = None) -> LocalProject:
    """Read the project in ``directory``; ``lock`` overrides what [tool.ofiuco] or the folder's files say.

    Raises:
        UsageError: there is no such folder.
        NoLockError: there is no lock.
        InputError, LockVersionError: a file is not what it should be.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory}: no such folder", "name the folder that holds pyproject.toml")
    pyproject_file = directory / "pyproject.toml"
    if pyproject_file.is_file():
        pyproject = parse(_content(pyproject_file, "pyproject.toml"), "pyproject.toml")
    else:
        pyproject = Table({}, file="pyproject.toml")
    settings = config.read(pyproject)
    lock_file = _find_lock(directory, lock, settings.lock)
    name = lock_file.name if lock_file.parent == directory else str(lock_file)
    if lock is None and settings.lock is not None:
        name = settings.lock
    return LocalProject(
        directory=directory,
        pyproject=pyproject,
        config=settings,
        lock=formats.read(_content(lock_file, name), name, pyproject),
        lock_file=lock_file,
        other_locks=() if lock or settings.lock else _others(directory, lock_file),
    )


def _others(directory: Path, taken: Path) -> tuple[str, ...]:
    return tuple(name for name in formats.DEFAULT_NAMES if name != taken.name and (directory / name).is_file())


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(name, "", f"cannot be read: {error.strerror}") from error


def _find_lock(directory: Path, given: str | None, configured: str | None) -> Path:
    if given is not None:
        path = Path(given)
        found = path if path.is_file() or path.is_absolute() else directory / path
        if not found.is_file():
            raise NoLockError(str(directory), [given], "name an existing lock with --lock")
        return directory / found.name if found.resolve().parent == directory.resolve() else found
    if configured is not None:
        if not (directory / configured).is_file():
            raise NoLockError(str(directory), [configured], "make it, or correct `lock` in [tool.ofiuco]")
        return directory / configured
    for name in formats.DEFAULT_NAMES:
        if (directory / name).is_file():
            return directory / name
    raise NoLockError(str(directory), formats.DEFAULT_NAMES)

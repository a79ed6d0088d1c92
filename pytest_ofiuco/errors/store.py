"""What stands between a resolution and an environment: interpreters, files, builds, the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ofiuco.errors.base import OfiucoError


@dataclass(eq=False)
class MissingPytestError(OfiucoError):
    """A cell's resolution has no pytest in it."""

    exit_code = 1
    file: str
    cell: str
    command: str

    @property
    def hint(self) -> str:  # type: ignore[override]
        return f"add it and lock again: `{self.command}`, or select its group with `test-groups` in [tool.ofiuco]"

    def __str__(self) -> str:
        return f"{self.file}: package pytest: not in the selected groups, so cell {self.cell} cannot run tests"


@dataclass(eq=False)
class MissingPythonError(OfiucoError):
    """No interpreter on this machine is the Python that a cell asks for."""

    exit_code = 1
    python: str
    looked_in: Sequence[str]

    @property
    def remedy(self) -> str:
        """What makes the cell run."""
        return f"install it (`uv python install {self.python}`, `pyenv install {self.python}`)"

    @property
    def hint(self) -> str:  # type: ignore[override]
        return f'{self.remedy}, or leave the cell out with `missing-python = "skip"` in [tool.ofiuco]'

    def __str__(self) -> str:
        return f"Python {self.python}: no such interpreter found (looked in {', '.join(self.looked_in)})"


@dataclass(eq=False)
class BrokenPythonError(OfiucoError):
    """An interpreter that does not answer as one."""

    exit_code = 1
    path: str
    reason: str
    hint: str | None = "reinstall it, or name another one"

    def __str__(self) -> str:
        return f"{self.path}: this interpreter cannot be used: {self.reason}"


@dataclass(eq=False)
class BrokenImageError(BrokenPythonError):
    """An image of a container that cannot be had, or is for other machines; ``path`` is its name."""

    def __str__(self) -> str:
        return f"{self.path}: this image cannot be used: {self.reason}"


@dataclass(eq=False)
class NotInstalledError(OfiucoError):
    """A Python of another platform that ``ofiuco python install`` could not install."""

    exit_code = 1
    python: str
    platform: str
    reason: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"Python {self.python} for {self.platform}: {self.reason}"


@dataclass(eq=False)
class HashMismatchError(OfiucoError):
    """A file whose bytes are not the ones that were locked."""

    exit_code = 1
    filename: str
    origin: str
    expected: str
    actual: str
    kept: str | None = None
    hint: str | None = (
        "do not trust this file: compare the index with the lock, and lock again only if the lock is wrong"
    )

    def __str__(self) -> str:
        kept = f" (kept for inspection as {self.kept})" if self.kept else ""
        return f"{self.filename}: hash differs: the lock has {self.expected}, {self.origin} gave {self.actual}{kept}"


@dataclass(eq=False)
class FetchError(OfiucoError):
    """A file that could not be had: the index is down, refuses, or has no such file."""

    exit_code = 1
    filename: str
    reason: str
    hint: str | None = (
        "check the network and the index settings (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf), then run again"
    )

    def __str__(self) -> str:
        return f"{self.filename}: cannot be fetched: {self.reason}"


@dataclass(eq=False)
class UnhashedError(OfiucoError):
    """A file that the lock names without a hash."""

    exit_code = 1
    file: str
    filename: str
    hint: str | None = "lock again with a tool that records hashes, or allow it with `allow-unhashed` in [tool.ofiuco]"

    def __str__(self) -> str:
        return f"{self.file}: {self.filename}: the lock has no sha256 for this file"


@dataclass(eq=False)
class NamingError(OfiucoError):
    """No place tells which files of a package its locked hashes are."""

    exit_code = 1
    file: str
    at: str
    package: str
    reason: str
    hint: str | None = (
        "check the network and the index settings (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf),"
        " or compile the file again with the indexes in use"
    )

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: package {self.package}: {self.reason}"


@dataclass(eq=False)
class NoLocationError(OfiucoError):
    """A file of which neither the lock nor an index says where it is."""

    exit_code = 1
    file: str
    package: str
    filename: str
    hint: str | None = "lock again with a tool that records URLs, or configure the index that has it"

    def __str__(self) -> str:
        return f"{self.file}: package {self.package}: nothing says where {self.filename} is"


@dataclass(eq=False)
class ArchiveError(OfiucoError):
    """A wheel or sdist that is damaged or unsafe."""

    exit_code = 1
    filename: str
    reason: str
    hint: str | None = "this file must not be installed: report it to its publisher"

    def __str__(self) -> str:
        return f"{self.filename}: refused: {self.reason}"


@dataclass(eq=False)
class BuildError(OfiucoError):
    """A build backend that failed; ``log`` holds everything it said, ``tail`` the last lines."""

    exit_code = 1
    longest = 20_000
    package: str
    reason: str
    tail: str
    log: str
    hint: str | None = None

    def __post_init__(self) -> None:
        self.hint = self.hint or f"read the whole build log: {self.log}"

    def __str__(self) -> str:
        tail = f"\n{self.tail}" if self.tail else ""
        return f"{self.package}: cannot be built: {self.reason}{tail}"


@dataclass(eq=False)
class OfflineError(OfiucoError):
    """A file is lacking and the network may not be asked."""

    exit_code = 1
    lacking: Sequence[str]
    hint: str | None = "run once with the network: without --offline or --ofiuco-offline"

    def __str__(self) -> str:
        return f"offline, and the cache lacks {', '.join(self.lacking)}"


@dataclass(eq=False)
class NoWheelError(OfiucoError):
    """A package without a wheel for a platform that does not run here: what is built here is for this machine.

    ``nearest`` is what the nearest of its wheels needs, and the platform lacks.
    """

    exit_code = 1
    file: str
    package: str
    target: str
    what: str
    nearest: str = ""

    @property
    def hint(self) -> str:  # type: ignore[override]
        version = "lock a version with a wheel that suits it, or " if self.nearest else ""
        return f"{version}build its wheel on such a machine, put it on an index, and lock again"

    def __str__(self) -> str:
        nearest = f" (the nearest {self.nearest})" if self.nearest else ""
        return (
            f"{self.file}: package {self.package}: there is no wheel for {self.target}{nearest},"
            f" and {self.what} would be built for this machine"
        )


@dataclass(eq=False)
class MisbuiltError(OfiucoError):
    """What was built of a folder is for this machine, and not for the platform that it was built for."""

    exit_code = 1
    package: str
    filename: str
    target: str
    hint: str | None = "build its wheel there and lock that, or make the package one without compiled code"

    def __str__(self) -> str:
        return f"package {self.package}: what is built here is {self.filename}, which is not for {self.target}"

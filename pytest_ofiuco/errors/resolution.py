"""Locks that give a target no answer, or several; variants that do not suit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ofiuco.errors.base import OfiucoError, shown


@dataclass(eq=False)
class PythonNotAdmittedError(OfiucoError):
    """The lock, or a package in it, does not admit the target's Python."""

    exit_code = 1
    file: str
    at: str
    python: str
    required: str
    hint: str | None = "choose a Python that it admits, or lock the project again for this one"

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: Python {self.python} is not admitted by {shown(self.required)}"


@dataclass(eq=False)
class PlatformNotAdmittedError(OfiucoError):
    """None of the environments that the lock was made for is the target."""

    exit_code = 1
    file: str
    at: str
    target: str
    environments: Sequence[str]
    hint: str | None = "lock the project again with this platform among its environments"

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: none holds for {self.target}: {'; '.join(self.environments)}"


@dataclass(eq=False)
class NotLockedError(OfiucoError):
    """A dependency whose marker holds and whose package is not in the lock."""

    file: str
    at: str
    package: str
    required_by: str
    hint: str | None = "lock the project again: this lock is incomplete"

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: {self.required_by} depends on {self.package}, which is not locked"


@dataclass(eq=False)
class AmbiguousError(OfiucoError):
    """Two entries of one package hold for one target."""

    exit_code = 1
    file: str
    package: str
    target: str
    entries: Sequence[str]
    hint: str | None = "lock the project again: the markers of these entries must exclude each other"

    def __str__(self) -> str:
        listed = " and ".join(self.entries)
        return f"{self.file}: package {self.package}: several entries hold for {self.target}: {listed}"


@dataclass(eq=False)
class NoArtifactError(OfiucoError):
    """No file of a package fits the target."""

    exit_code = 1
    file: str
    at: str
    package: str
    version: str
    target: str
    offers: Sequence[str]
    reason: str

    @property
    def hint(self) -> str:  # type: ignore[override]
        return f"lock a version of {self.package} that has a file for this platform, or leave this cell out"

    def __str__(self) -> str:
        named = list(self.offers[:6])
        more = len(self.offers) - len(named)
        offers = ", ".join(named) + (f", and {more} more" if more > 0 else "") if named else "no files at all"
        return (
            f"{self.file}: {self.at}: no file of {self.package} {self.version} fits {self.target}"
            f" ({self.reason}); the lock offers {offers}"
        )


@dataclass(eq=False)
class NothingToReplaceError(OfiucoError):
    """A variant replaces a package that is not there."""

    exit_code = 1
    file: str
    at: str
    variant: str
    package: str
    reason: str
    hint: str | None

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: variant {self.variant} replaces {self.package}: {self.reason}"


@dataclass(eq=False)
class NoReplacementError(OfiucoError):
    """What a variant puts in a package's place is in none of the locks."""

    file: str
    at: str
    variant: str
    wanted: str
    looked_in: Sequence[str]
    hint: str | None = 'lock it in a lock of its own, and name that with `lock = "…"`'

    def __str__(self) -> str:
        looked_in = ", ".join(self.looked_in)
        return f"{self.file}: {self.at}: variant {self.variant}: {self.wanted} is not in {looked_in}"


@dataclass(eq=False)
class UnmetDependencyError(OfiucoError):
    """What a variant put in a package's place lacks something that it depends on, or is not what others depend on.

    ``found`` is what is there instead, if anything; ``other`` the package that might be replaced, too.
    """

    exit_code = 1
    file: str
    variant: str
    package: str
    wanted: str
    found: str
    other: str

    @property
    def hint(self) -> str:  # type: ignore[override]
        if self.found:
            return f"let variant {self.variant} replace {self.other} by a version that suits"
        return f"add {self.wanted} to the project's dependencies, and lock it again"

    def __str__(self) -> str:
        found = self.found or "nothing of that name"
        return (
            f"{self.file}: variant {self.variant}: {self.package} depends on {self.wanted},"
            f" and {found} is in this resolution"
        )


@dataclass(eq=False)
class IndistinctCellsError(OfiucoError):
    """Two cells that get different packages, and have the same marker environment."""

    exit_code = 1
    file: str
    package: str
    first: str
    second: str
    hint: str | None = "export one of them alone, with --python, --platform and --variant"

    def __str__(self) -> str:
        return (
            f"{self.file}: package {self.package}: no marker tells cell {self.first} from cell {self.second},"
            " and they do not get the same of it"
        )

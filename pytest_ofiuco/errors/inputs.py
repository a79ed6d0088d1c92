"""Files, and what is asked of them: what cannot be read, and names that they do not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ofiuco.errors.base import OfiucoError, brief, shown


@dataclass(eq=False)
class InputError(OfiucoError):
    """A file that cannot be read as what it claims to be.

    ``at`` is the TOML path of the offence, or its line; ``package`` the name of the entry it is in.
    """

    file: str
    at: str
    reason: str
    hint: str | None = None
    package: str = ""

    def __post_init__(self) -> None:
        self.hint = self.hint or "correct it there, or restore the file from version control"

    def __str__(self) -> str:
        package = f"package {brief(self.package)}" if self.package else ""
        return ": ".join(filter(None, (self.file, self.at, package, self.reason)))


@dataclass(eq=False)
class LockVersionError(OfiucoError):
    """A lock whose major format version nobody here knows."""

    file: str
    at: str
    version: str
    known: str

    @property
    def hint(self) -> str:  # type: ignore[override]
        return f"lock the project again with a tool that writes {self.known}, or update pytest-ofiuco"

    def __str__(self) -> str:
        return f"{self.file}: {self.at}: version {self.version} of this format is not known (known: {self.known})"


@dataclass(eq=False)
class NoLockError(OfiucoError):
    """No lock beside the project."""

    directory: str
    looked_for: Sequence[str]
    hint: str | None = "make one (`poetry lock`, `uv lock`, …) or name it with `lock = …` in [tool.ofiuco]"

    def __str__(self) -> str:
        return f"{self.directory}: no lock file here (looked for {', '.join(self.looked_for)})"


@dataclass(eq=False)
class StaleLockError(OfiucoError):
    """A lock that is out of date with pyproject.toml, where that is an error; ``command`` renews it."""

    exit_code = 1
    file: str
    reason: str
    command: str

    @property
    def hint(self) -> str:  # type: ignore[override]
        return f"lock the project again: `{self.command}`"

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(eq=False)
class UnknownNameError(OfiucoError):
    """A group or an extra that the lock does not have."""

    file: str
    kind: str
    name: str
    known: Sequence[str]

    @property
    def hint(self) -> str:  # type: ignore[override]
        if self.known:
            return f"choose from: {', '.join(self.known)}"
        return f"this lock lists no {self.kind}s: leave it out, or lock again with it"

    def __str__(self) -> str:
        return f"{self.file}: the lock has no {self.kind} {shown(self.name)}"


@dataclass(eq=False)
class ConflictError(OfiucoError):
    """Two selected extras or groups that the lock declares incompatible."""

    file: str
    first: str
    second: str
    hint: str | None = "select one of them"

    def __str__(self) -> str:
        return f"{self.file}: {self.first} and {self.second} conflict and cannot be selected together"


@dataclass(eq=False)
class UnknownPackageError(OfiucoError):
    """A package that the lock does not have at all."""

    exit_code = 1
    file: str
    package: str
    known: Sequence[str]

    @property
    def hint(self) -> str:  # type: ignore[override]
        from difflib import get_close_matches  # slow to import, and seldom needed

        near = get_close_matches(self.package, self.known, n=3)
        return f"did you mean {' or '.join(near)}?" if near else "name a package of the lock"

    def __str__(self) -> str:
        return f"{self.file}: package {brief(self.package)}: not in this lock"

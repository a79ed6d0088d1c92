"""Every error that a user can cause.

An error carries its parts as fields; ``str()`` gives the sentence, ``hint`` one remedy, ``exit_code`` what a
command returns: 1 when the answer is no, 2 for wrong usage or unreadable input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 120


def brief(text: str) -> str:
    """A text that a message repeats, of at most 120 characters."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def shown(value: object) -> str:
    """A value that a message repeats: quoted, and cut where it is long."""
    try:
        return repr(brief(value)) if isinstance(value, str) else brief(repr(value))
    except ValueError:  # an integer of more digits than Python writes
        return "a number of too many digits"


class OfiucoError(Exception):
    """The root of all errors raised on purpose."""

    exit_code = 2
    hint: str | None = None

    def render(self) -> str:
        """The ``error:`` line and, where there is a remedy, the ``hint:`` line."""
        text = f"error: {self}"
        return f"{text}\nhint: {self.hint}" if self.hint else text


@dataclass(eq=False)
class UsageError(OfiucoError):
    """An option, a name or a value that cannot be taken."""

    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return self.message


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
    def hint(self) -> str:  # type: ignore[override]
        return (
            f"install it (`uv python install {self.python}`, `pyenv install {self.python}`), or leave the cell out"
            ' with `missing-python = "skip"` in [tool.ofiuco]'
        )

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
    hint: str | None = "lock again with a tool that records hashes"

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
class CacheError(OfiucoError):
    """The store's folder cannot be used: read-only, full, or damaged."""

    exit_code = 1
    path: str
    reason: str
    hint: str | None = "free the disk or choose another folder with the variable OFIUCO_CACHE_DIR"

    def __str__(self) -> str:
        return f"{self.path}: the cache cannot be used: {self.reason}"


@dataclass(eq=False)
class OfflineError(OfiucoError):
    """A file is lacking and the network may not be asked."""

    exit_code = 1
    lacking: Sequence[str]
    hint: str | None = "run once without --ofiuco-offline"

    def __str__(self) -> str:
        return f"offline, and the cache lacks {', '.join(self.lacking)}"

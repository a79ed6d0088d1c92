"""check(lock, subjects) → Report: everything that is wrong with a lock, over all cells, from the lock alone.

``resolve`` stops at the first thing that is wrong; here the same walk goes on and notes them all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from pytest_ofiuco.core.artifact import Archive, Artifact, Sdist, Vcs, Wheel, is_sha256, sha256_of
from pytest_ofiuco.core.choice import Choice
from pytest_ofiuco.core.finding import Finding, Note, Notes, Severity, place_of
from pytest_ofiuco.core.lock import Dependency, Lock, Package, Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.unmet import unmet
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.core.walk import Walk
from pytest_ofiuco.errors import (
    AmbiguousError,
    NoArtifactError,
    NoReplacementError,
    NothingToReplaceError,
    NotLockedError,
    OfiucoError,
    PlatformNotAdmittedError,
    PythonNotAdmittedError,
    UnhashedError,
    UnmetDependencyError,
    brief,
    shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A cell to check; ``is_foreign``: what is built here is not for its platform."""

    name: str
    target: Target
    selection: Selection
    variant: Variant | None = None
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An entry, an artifact of it that cells take, and the names of these cells."""

    package: Package
    artifact: Artifact
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found; ``taken`` are in the order of the lock, what variants bring after it."""

    lock: Lock
    cells: tuple[str, ...]
    findings: tuple[Finding, ...]
    taken: tuple[Taken, ...]


def check(lock: Lock, subjects: Sequence[Subject], *, locked: bool = False, unhashed: Collection[str] = ()) -> Report:
    """Check a lock for these cells; ``locked``: a lock that is out of date is an error.

    ``unhashed``: the packages whose files need no hash.

    Raises:
        InputError: a marker or a specifier in it cannot be evaluated.
    """
    checker = _Checker(lock, subjects)
    for subject in subjects:
        checker.check_cell(subject)
    checker.check_files(unhashed)
    for note in unmet(lock, [subject.target for subject in subjects]):
        checker.notes.add(note)
    if lock.stale:
        checker.note("stale", lock.stale, f"lock again: `{lock.relock}`", severity="error" if locked else "warning")
    return Report(
        lock=lock,
        cells=tuple(subject.name for subject in subjects),
        findings=checker.notes.findings(),
        taken=checker.taken(),
    )


class _Collecting(Walk):
    """A walk that keeps the edges that lead nowhere, and goes on."""

    def __init__(self, lock: Lock, target: Target, selection: Selection) -> None:
        super().__init__(lock, target, selection)
        self.missing: dict[str, NotLockedError] = {}

    def entries(self, owner: Package | None, edge: Dependency) -> list[Package]:
        try:
            return super().entries(owner, edge)
        except NotLockedError as error:
            if not self.is_trial:
                self.missing[error.at] = error
            return []


_Key = tuple[str, str, str | None]


def _key(package: Package) -> _Key:
    """What tells an entry from others, in the lock with a variant's replacements, too."""
    return package.at, package.name, package.version


class _Checker:
    """The state of one check."""

    def __init__(self, lock: Lock, subjects: Sequence[Subject]) -> None:
        self.lock, self.notes = lock, Notes(len(subjects))
        self.entries: dict[_Key, Package] = {_key(package): package for package in lock.packages}
        self.names: dict[tuple[_Key, Artifact], list[str]] = {}

    def taken(self) -> tuple[Taken, ...]:
        order = {key: position for position, key in enumerate(self.entries)}
        found = sorted(self.names.items(), key=lambda each: (order[each[0][0]], each[1]))
        return tuple(
            Taken(package=self.entries[key], artifact=artifact, cells=tuple(cells)) for (key, artifact), cells in found
        )

    def note(
        self,
        code: str,
        before: str,
        hint: str | None,
        *,
        package: Package | None = None,
        cells: Sequence[str] = (),
        file: str = "",
        at: str = "",
        after: str = "",
        everywhere: str = "every cell",
        severity: Severity = "error",
    ) -> None:
        if package is not None:
            file, at = place_of(package)
        note = Note(
            severity=severity,
            code=code,
            file=file or self.lock.path,
            at=at,
            package=package.name if package else "",
            version=package.version if package else None,
            before=before,
            after=after,
            everywhere=everywhere,
            hint=hint or "",
        )
        self.notes.add(note, cells)

    def check_cell(self, subject: Subject) -> None:
        """Everything that a resolution for a cell would raise."""
        cells = (subject.name,)
        walk = _Collecting(self.lock, subject.target, subject.selection)
        try:
            walk.check_target()
        except PythonNotAdmittedError as error:
            after = f": Python {error.python} is not admitted by {shown(error.required)}"
            self.note("not-admitted", "", error.hint, cells=cells, file=error.file, at=error.at, after=after)
            return
        except PlatformNotAdmittedError as error:
            after = f": none of these holds there: {brief('; '.join(error.environments))}"
            self.note("not-admitted", "", error.hint, cells=cells, at=error.at, after=after)
            return
        walk.reach()
        walk.check_edges()
        for missing in walk.missing.values():
            before = f"{missing.required_by} depends on {missing.package}, which is not locked, in"
            self.note("not-locked", before, missing.hint, cells=cells, at=missing.at)
        if subject.variant is None:
            self._check_reached(cells, walk, subject)
        elif not walk.missing:
            self._check_variant(cells, walk, subject, subject.variant)

    def _check_variant(self, cells: tuple[str, ...], base: Walk, subject: Subject, variant: Variant) -> None:
        """The same with a variant's replacements; that they suit what is around them, too."""
        try:
            walk = variant.walked(base)
            chosen = self._check_reached(cells, walk, subject)
            variant.check_dependencies(walk, chosen, base)
        except (NothingToReplaceError, NoReplacementError) as error:
            self._note_variant(cells, error, error.file, error.at)
        except (AmbiguousError, UnmetDependencyError) as error:
            self._note_variant(cells, error, error.file, "")

    def _note_variant(self, cells: tuple[str, ...], error: OfiucoError, file: str, at: str) -> None:
        text = str(error).removeprefix(f"{file}: ").removeprefix(f"{at}: ")
        self.note("variant", "", error.hint, cells=cells, file=file, at=at, after=f": {text}")

    def _check_reached(self, cells: tuple[str, ...], walk: Walk, subject: Subject) -> dict[NormalizedName, Package]:
        """The entries that a walk has reached; of several of one name, one."""
        choice = Choice(walk.lock, subject.target)
        by_name: dict[NormalizedName, list[Package]] = {}
        for package, _ in walk.reached.values():
            by_name.setdefault(package.name, []).append(package)
            self._check_python(cells, walk, package)
            if not package.is_virtual:
                self._check_choice(cells, choice, package, is_foreign=subject.is_foreign)
        for entries in by_name.values():
            if len(entries) > 1:
                after = f": {' and '.join(walk.described(each) for each in entries)}"
                first, hint = entries[0], AmbiguousError.hint
                self.note("conflicting", "several entries hold in", hint, package=first, cells=cells, after=after)
        return {name: entries[0] for name, entries in by_name.items()}

    def _check_python(self, cells: tuple[str, ...], walk: Walk, package: Package) -> None:
        required = package.requires_python
        if required is not None and not walk.admits(required, package.at):
            after = f": Python {walk.target.python.full_version} is not admitted by {shown(str(required))}"
            self.note("not-admitted", "", PythonNotAdmittedError.hint, package=package, cells=cells, after=after)

    def _check_choice(self, cells: tuple[str, ...], choice: Choice, package: Package, *, is_foreign: bool) -> None:
        try:
            artifact = choice.artifact(package)
        except NoArtifactError as error:
            after, hint = f" ({error.reason})", "lock a version that has files for these cells, or leave the cells out"
            self.note("unfit", "no file fits", hint, package=package, cells=cells, after=after, everywhere="any cell")
            return
        self.entries.setdefault(_key(package), package)
        self.names.setdefault((_key(package), artifact), []).extend(cells)
        if is_foreign and isinstance(artifact, Sdist | Archive | Vcs):
            before = "there is no wheel, only what must be built natively, for"
            hint, lacking = "lock a version that has wheels for these cells", choice.lacking(package.wheels)
            after = f" ({lacking})" if lacking else ""
            self.note("source-only", before, hint, package=package, cells=cells, after=after, severity="warning")

    def check_files(self, allowed: Collection[str]) -> None:
        """Files without a sha256: installing refuses them, so it is an error where a cell takes one."""
        for key, package in self.entries.items():
            if package.name in allowed:
                continue
            others: dict[str, list[str]] = {}
            for file in _files(package):
                reason = _why_unhashed(file)
                cells = self.names.get((key, file), ())
                if cells and reason:
                    after = f": {file.filename}: {reason}"
                    self.note("unhashed", "refused in", UnhashedError.hint, package=package, cells=cells, after=after)
                elif reason:
                    others.setdefault(reason, []).append(file.filename)
            for reason, names in others.items():
                message = f"{brief(', '.join(names))}: {reason}"
                self.note("unhashed", message, UnhashedError.hint, package=package, severity="warning")


def _files(package: Package) -> list[Wheel | Sdist | Archive]:
    direct = [package.direct] if isinstance(package.direct, Archive) else []
    return [*package.wheels, *([package.sdist] if package.sdist else ()), *direct]


def _why_unhashed(file: Wheel | Sdist | Archive) -> str:
    """Why the hashes of a file do not do; empty where they do."""
    sha256 = sha256_of(file.hashes)
    if sha256 is None:
        others = ", ".join(algorithm for algorithm, _ in file.hashes)
        return f"no sha256, only {others}" if others else "no hash"
    if not is_sha256(sha256):
        return f"{shown(sha256)} is no sha256"
    return ""

"""What is wrong with a lock: findings, each with the cells it concerns, in an order that is always the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pytest_ofiuco.core.lock import Package

Severity = Literal["error", "warning"]

_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong; ``at`` is its TOML path in ``file``, ``cells`` the names of those it concerns."""

    severity: Severity
    code: str
    message: str
    file: str
    at: str = ""
    package: str = ""
    version: str | None = None
    cells: tuple[str, ...] = ()
    hint: str = ""

    @property
    def subject(self) -> str:
        """The package, with its version where it has one."""
        return f"{self.package} {self.version}" if self.version else self.package


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A finding before it is known in which other cells it is one: its message goes around their names.

    ``everywhere`` stands for the names where it is one in every cell of several.
    """

    severity: Severity
    code: str
    file: str
    at: str = ""
    package: str = ""
    version: str | None = None
    before: str
    after: str = ""
    everywhere: str = "every cell"
    hint: str = ""

    def message(self, cells: Sequence[str], *, is_everywhere: bool) -> str:
        """The sentence, with the names of the cells in it."""
        more = len(cells) - _MOST_NAMED
        names = f"{', '.join(cells[:_MOST_NAMED])}{f' and {more} more' if more > 0 else ''}"
        return f"{self.before} {self.everywhere if is_everywhere else names}".strip() + self.after


class Notes:
    """Notes as they come, cell by cell, of ``cells`` cells; the same one in several is one finding."""

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._found: dict[Note, dict[str, None]] = {}

    def add(self, note: Note, cells: Iterable[str] = ()) -> None:
        """Note something, of the cells of these names or, where there are none, of the lock."""
        self._found.setdefault(note, {}).update(dict.fromkeys(cells))

    def findings(self) -> tuple[Finding, ...]:
        """All of them, sorted."""
        return in_order(
            Finding(
                severity=note.severity,
                code=note.code,
                message=note.message(tuple(cells), is_everywhere=len(cells) == self._cells > 1),
                file=note.file,
                at=note.at,
                package=note.package,
                version=note.version,
                cells=tuple(cells),
                hint=note.hint,
            )
            for note, cells in self._found.items()
        )


def place_of(package: Package) -> tuple[str, str]:
    """The file and the TOML path of an entry: what a variant brings names the file, what is empty is the lock."""
    file, _, at = package.at.rpartition(": ")
    return file, at


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by code, then as they come in the lock."""
    return tuple(sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[object, ...]:
    return finding.severity, finding.code, _natural(finding.at), finding.package, finding.message


def _natural(at: str) -> list[tuple[int, str]]:
    """``package[10]`` comes after ``package[9]``."""
    parts = ("".join(group) for _, group in groupby(at, str.isdecimal))
    return [(int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part) for part in parts]

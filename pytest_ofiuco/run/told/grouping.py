"""The reports of failures → groups: one for each failure of a test that is alike in some cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ofiuco.run.differences import CellFacts, Difference, differences
from pytest_ofiuco.run.proxies import with_cell
from pytest_ofiuco.run.told.likeness import Likeness, Place, is_project, likeness, normalised, places_in, said_in

Report = Any
"""A report of pytest's, or of a plugin's: whatever its ``stats`` hold."""

NOT_RUN = "not run"
OTHERWISE = "otherwise"
PASSED = "passed"

CELL = "ofiuco"
"""Stands for a test's file where it is the cell itself that fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A report of a failure, with what makes it comparable. ``test`` and ``title`` do not name the cell.

    ``text`` is its traceback, ``said`` what the exception says, ``places`` the project's lines it went through.
    """

    report: Report
    cell: str
    test: str
    title: str
    text: str
    said: str
    places: tuple[Place, ...]

    def likeness(self, cells: Iterable[str]) -> Likeness:
        """What it shares with those that are the same failure in other cells."""
        return likeness(self.text, self.said, self.places, cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One failure, in the order of the matrix; ``elsewhere`` is how the test ended in the other cells that have it.

    ``unlike``: the cells whose captured output is another than the first one's.
    """

    failures: tuple[Failure, ...]
    elsewhere: Mapping[str, str]
    differences: tuple[Difference, ...]
    unlike: tuple[str, ...]

    @property
    def first(self) -> Failure:
        """The failure that is shown."""
        return self.failures[0]

    @property
    def cells(self) -> tuple[str, ...]:
        """Where it fails."""
        return tuple(each.cell for each in self.failures)

    @property
    def is_everywhere(self) -> bool:
        """Whether no other cell has the test."""
        return not self.elsewhere

    def where(self) -> str:
        """``all 4 cells``, ``2 of 4 cells``, or the only cell's name."""
        if len(self.failures) == 1:
            return self.first.cell
        count = len(self.failures)
        return f"all {count} cells" if self.is_everywhere else f"{count} of {count + len(self.elsewhere)} cells"

    def ended(self, outcome: str) -> tuple[str, ...]:
        """The other cells in which the test ended so."""
        return tuple(cell for cell, other in self.elsewhere.items() if other == outcome)

    def places(self) -> list[tuple[str, tuple[str, ...]]]:
        """In words how it ended, and in which cells, those in which it fails first."""
        passes = "not in" if self.first.report.when == "collect" else "passes in"
        words = {PASSED: passes, OTHERWISE: "fails otherwise in"}
        others = sorted(set(self.elsewhere.values()), key=lambda each: (each != PASSED, each == NOT_RUN, each))
        return [("fails in", self.cells), *((words.get(each, f"{each} in"), self.ended(each)) for each in others)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a session knows: its cells that run and its items' node ids, both in order, and its reports by outcome.

    ``write`` makes a report the text that the terminal would show; ``skipped`` are cells that are only inspected.
    """

    cells: Mapping[str, CellFacts]
    items: Sequence[str]
    stats: Mapping[str, Sequence[Report]]
    write: Callable[[Report], str]
    skipped: Collection[str] = ()

    def grouped(self, outcome: str) -> list[Group | Report]:
        """The groups of an outcome, in the order of the items; a report of no cell stays as it is, and comes first."""
        told: dict[object, list[Failure] | Report] = {}
        for report in self.stats.get(outcome, ()):
            failure = self._failure(report)
            if failure is None:
                told[id(report)] = report
                continue
            key = (failure.test, failure.title, report.when, failure.likeness(self.cells))
            told.setdefault(key, []).append(failure)
        everywhere = self._outcomes([each[0] for each in told.values() if isinstance(each, list)])
        groups = [self._group(each, everywhere[each[0].test]) for each in told.values() if isinstance(each, list)]
        places = {nodeid: index for index, nodeid in enumerate(self.items)}
        groups.sort(key=lambda group: places.get(group.first.report.nodeid, -1))
        return [*(each for each in told.values() if not isinstance(each, list)), *groups]

    def _failure(self, report: Report) -> Failure | None:
        nodeid = str(getattr(report, "nodeid", ""))
        cell = next((name for name in self.cells if nodeid.endswith(with_cell("", name))), None)
        if cell is None or not hasattr(report, "when"):
            return None
        text = self.write(report)
        crash = getattr(report.longrepr, "reprcrash", None)
        end = ((str(crash.path), int(crash.lineno)),) if crash and is_project(str(crash.path)) else ()
        return Failure(
            report=report,
            cell=cell,
            test=nodeid.removesuffix(with_cell("", cell)),
            title=str(report.head_line or nodeid).replace(with_cell("", cell), ""),
            text=text,
            said=str(crash.message) if crash else said_in(text),
            places=places_in(text) or end,
        )

    def _outcomes(self, failures: Iterable[Failure]) -> dict[str, dict[str, str]]:
        """How each of these tests ended in each cell that has it, by its name without the cell."""
        found: dict[str, dict[str, str]] = {}
        lost = {cell for cell in self.cells if self._is_lost(cell)}
        for failure in failures:
            ends = found.setdefault(failure.test, {})
            if failure.report.when == "collect":  # where something could be collected, nothing is reported of it
                running = [cell for cell in self.cells if cell not in self.skipped]
                ends.update((cell, NOT_RUN if cell in lost else PASSED) for cell in running)
        wanted = {with_cell(test, cell): (test, cell) for test in found for cell in self.cells}
        for nodeid in self.items:
            if nodeid in wanted:
                test, cell = wanted[nodeid]
                found[test][cell] = NOT_RUN
        for outcome in ("passed", "xpassed", "xfailed", "skipped", "failed", "error"):
            for report in self.stats.get(outcome, ()):
                test, cell = wanted.get(str(getattr(report, "nodeid", "")), ("", ""))
                if test:
                    found[test][cell] = OTHERWISE if outcome in ("failed", "error") else outcome
        return found

    def _is_lost(self, cell: str) -> bool:
        return any(str(getattr(each, "nodeid", "")) == with_cell(CELL, cell) for each in self.stats.get("error", ()))

    def _group(self, failures: Sequence[Failure], ended: Mapping[str, str]) -> Group:
        by_cell = {each.cell: each for each in reversed(failures)}
        ordered = tuple(by_cell[cell] for cell in self.cells if cell in by_cell)
        elsewhere = {cell: ended[cell] for cell in self.cells if cell in ended and cell not in by_cell}
        passing = [self.cells[cell] for cell, outcome in elsewhere.items() if outcome == PASSED]
        outputs = {each.cell: self._output(each) for each in ordered}
        return Group(
            failures=ordered,
            elsewhere=elsewhere,
            differences=differences([self.cells[each.cell] for each in ordered], passing, ordered[0].text),
            unlike=tuple(cell for cell in outputs if outputs[cell] != outputs[ordered[0].cell]),
        )

    def _output(self, failure: Failure) -> list[tuple[str, str]]:
        return [(str(name), normalised(str(text), self.cells)) for name, text in failure.report.sections]

"""pytest's long sections, FAILURES and ERRORS, with one entry for a failure that is alike in several cells.

pytest writes them itself: while it does, its reports are replaced by stand-ins that know the other cells.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap
from types import SimpleNamespace
from typing import Any

from pytest_ofiuco.run.differences import told
from pytest_ofiuco.run.told.grouping import PASSED, Group, Report

_SECTIONS = (("summary_failures", "failed"), ("summary_errors", "error"))
"""The methods of pytest's terminal reporter that write the sections, and the outcomes they write of."""

Lines = list[tuple[str, dict[str, bool]]]
"""Lines, each with its markup."""


@contextmanager
def grouped_sections(reporter: Any, grouped: Callable[[str], Sequence[Group | Report]]) -> Iterator[None]:
    """Have the terminal reporter write groups until this ends; a reporter of another build writes what it would."""
    replaced = []
    for method, outcome in _SECTIONS:
        write = getattr(reporter, method, None)
        if callable(write) and isinstance(getattr(reporter, "stats", None), dict):
            setattr(reporter, method, _writing(reporter, write, outcome, grouped))
            replaced.append(method)
    try:
        yield
    finally:
        for method in replaced:
            delattr(reporter, method)


def _writing(
    reporter: Any, write: Callable[[], None], outcome: str, grouped: Callable[[str], Sequence[Group | Report]]
) -> Callable[[], None]:
    def write_grouped() -> None:
        reports = reporter.stats.get(outcome)
        if not reports:
            write()
            return
        style = getattr(reporter.config.option, "tbstyle", "auto")
        stand_ins = [stand_in(each, style) if isinstance(each, Group) else each for each in grouped(outcome)]
        reporter.stats[outcome] = stand_ins
        try:
            write()
        finally:
            reporter.stats[outcome] = reports

    return write_grouped


class _StandIn:
    """What is another in a report that stands for those of several cells."""

    ofiuco_title: str
    ofiuco_original: Report
    ofiuco_lines: Callable[[int], Lines]

    @property
    def head_line(self) -> str:
        return self.ofiuco_title

    def toterminal(self, out: Any) -> None:
        for line, markup in self.ofiuco_lines(out.fullwidth):
            out.line(line, **markup)
        self.ofiuco_original.toterminal(out)


def stand_in(group: Group, style: str) -> Report:
    """The first cell's report, saying in which cells it is the same and how it ended in the others."""
    first = group.first
    report = copy.copy(first.report)
    kind = type(report)
    report.__class__ = type(kind.__name__, (_StandIn, kind), {})
    is_one = len(group.cells) == 1
    report.ofiuco_title = first.report.head_line if is_one else f"{first.title} in {group.where()}"
    report.ofiuco_original = first.report
    report.ofiuco_lines = lambda width: [] if style == "line" else lines(group, width)
    if style == "line" and not (is_one and group.is_everywhere):
        crash = getattr(first.report.longrepr, "reprcrash", None) or str(first.report.longrepr)[:50]
        cells = "" if group.is_everywhere else f": {', '.join(group.cells)}"
        where = f"1 of {1 + len(group.elsewhere)} cells" if is_one else group.where()
        report.longrepr = SimpleNamespace(reprcrash=f"{crash} [{where}{cells}]")
    return report


def lines(group: Group, width: int) -> Lines:
    """In which cells a failure is, and what differs there; nothing where only one cell has the test."""
    if len(group.cells) == 1 and group.is_everywhere:
        return []
    found: Lines = [(line, {}) for head, cells in group.places() for line in _wrapped(head, cells, width)]
    if group.ended(PASSED):
        head = "what differs: "
        for index, line in enumerate(told(group.differences)):
            found.append((f"{head if index == 0 else ' ' * len(head)}{line}", {"bold": True}))
    if group.unlike:
        shown = f"captured output is of {group.first.cell}, it differs in"
        found += [(line, {}) for line in _wrapped(shown, group.unlike, width)]
    return found


def _wrapped(head: str, cells: Sequence[str], width: int) -> list[str]:
    text = f"{head}: {', '.join(cells)}"
    return wrap(text, max(width, 40), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)

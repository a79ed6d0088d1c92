"""What plugins and conftest files of the cells want to be read: shown once where several cells say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from pytest_ofiuco.run.messages import Said

Texts = dict[str, dict[str, None]]
"""Texts, each with the cells that say it; both in their order."""


class Words:
    """Collects what is said, and shows it."""

    def __init__(self) -> None:
        self._runs: Texts = {}
        self._header: Texts = {}
        self._summary: Texts = {}

    def hear(self, said: Said, cell: str) -> None:
        """Keep what a cell's worker says."""
        if said.where == "header":
            for line in said.text.splitlines():
                self._header.setdefault(line, {})[cell] = None
        else:
            self._summary.setdefault(said.text, {})[cell] = None

    def hear_what_runs(self, said: str, cell: str) -> None:
        """Keep what runs a cell: it is of that cell, whoever else says the same."""
        self._runs.setdefault(said, {})[cell] = None

    def show_header(self, reporter: pytest.TerminalReporter, cells: Sequence[str]) -> None:
        """Lines that all ``cells`` have in common as they are, others below the names of theirs.

        Where none are given, no cell has tests: then it is those that say something.
        """
        heard = dict.fromkeys(name for names in (*self._runs.values(), *self._header.values()) for name in names)
        cells = cells or list(heard)
        order = {name: index for index, name in enumerate((*cells, *(name for name in heard if name not in cells)))}
        by_cells: dict[tuple[str, ...], list[str]] = {}
        for line, names in self._runs.items():
            by_cells.setdefault(tuple(sorted(names, key=order.__getitem__)), []).append(line)
        for line, names in self._header.items():
            is_common = names.keys() >= set(cells)
            key = () if is_common else tuple(sorted(names, key=order.__getitem__))
            by_cells.setdefault(key, []).append(line)
        for cells_of, lines in by_cells.items():
            if cells_of:
                reporter.write_line(f"{', '.join(cells_of)}:")
            for line in lines:
                reporter.write_line(f"  {line}" if cells_of else line)

    def show_summary(self, reporter: pytest.TerminalReporter) -> None:
        """Each text below the names of its cells."""
        for text, names in self._summary.items():
            reporter.ensure_newline()
            reporter.write_sep("─", ", ".join(names))
            reporter.write(text if text.endswith("\n") else f"{text}\n")


class OwnStatuses:
    """Answers for reports whose status a plugin of the cell has said."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, str | tuple[str, Mapping[str, bool]]] | None:
        status: tuple[str, str, str] | None = report.__dict__.get("ofiuco_status")
        return status


def with_its_end_first(reason: str) -> str:
    """What follows a traceback's last frame says what is wrong, and the summary shows a first line."""
    lines = reason.strip().splitlines()
    frames = [index for index, line in enumerate(lines) if line.startswith('  File "')]
    said = next((line for line in lines[frames[-1] :] if not line.startswith(" ")), lines[-1]) if frames else ""
    return f"{said}\n{reason}" if said else reason

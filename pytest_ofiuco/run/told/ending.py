"""What is told at a session's end: to the terminal, and to GitHub Actions where a session runs there.

https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.run.cells import SessionPlan
from pytest_ofiuco.run.differences import CellFacts
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.told.grouping import Group, Report, Session

_ANNOTATOR = "pytest_github_actions_annotate_failures"
"""The plugin that annotates each report: where it is there, failures are its to annotate."""


@dataclass(slots=True, kw_only=True)
class Ending:
    """The end of a session, seen by its terminal reporter; groups are made once."""

    config: pytest.Config
    reporter: Any
    plan: SessionPlan
    tallies: Sequence[Tally]
    session: Session
    _groups: dict[str, list[Group | Report]] = field(default_factory=dict)

    def grouped(self, outcome: str) -> list[Group | Report]:
        """The groups of an outcome's reports."""
        if outcome not in self._groups:
            self._groups[outcome] = self.session.grouped(outcome)
        return self._groups[outcome]

    def groups(self) -> list[Group]:
        """All groups, errors first, as in the terminal."""
        return [each for outcome in ("error", "failed") for each in self.grouped(outcome) if isinstance(each, Group)]

    def tell_github(self, environ: Mapping[str, str]) -> None:
        """Annotate failures and append to the job's summary; ``environ`` is that of a workflow's step."""
        groups = self.groups()
        manager = self.config.pluginmanager
        if groups and not any(name.startswith(_ANNOTATOR) and plugin for name, plugin in manager.list_name_plugin()):
            from pytest_ofiuco.run.told.annotations import Places, workflow_commands

            places = Places(
                directory=str(self.config.invocation_params.dir),
                root=str(self.config.rootpath),
                workspace=environ.get("GITHUB_WORKSPACE", ""),
            )
            for line in workflow_commands(groups, places):
                self.reporter.write_line(line)
        file = environ.get("GITHUB_STEP_SUMMARY")
        if file:
            self._append(Path(file), groups)

    def _append(self, path: Path, groups: Sequence[Group]) -> None:
        from pytest_ofiuco.run.told.markdown import LIMIT, summary

        try:
            with path.open("ab") as file:
                room = LIMIT - file.tell()
                text = summary(self.plan.lock, self.tallies, groups, self.session.cells, room)
                file.write(text.encode(errors="replace"))
        except OSError as error:
            line = f"ofiuco: the job summary cannot be written to {path}: {error.strerror}"
            self.reporter.write_line(line, yellow=True)


def facts_of(plan: SessionPlan) -> dict[str, CellFacts]:
    """What the cells that run, or are inspected, consist of, in the matrix's order; those in error are among them."""
    return {
        each.cell.name: CellFacts(
            name=each.cell.name,
            python=str(each.cell.target.python),
            platform=each.cell.platform,
            variant=each.cell.variant,
            versions=each.versions,
        )
        for each in plan.cells
        if each.skip is None or each.is_prepared
    }


def traceback_of(report: Report) -> str:
    """A report's traceback as text: its ``longreprtext``, with its first line's indentation where pytest lets us."""
    try:
        from _pytest._io import TerminalWriter
    except ImportError:
        return str(report.longreprtext)
    file = StringIO()
    out = TerminalWriter(file)
    out.hasmarkup = False
    report.toterminal(out)
    return file.getvalue().strip("\n")

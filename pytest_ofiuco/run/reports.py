"""The plugin object for a session's end: failures are told once for all cells, and GitHub Actions is told, too.

What does so is imported where there is a failure or GitHub listens.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_ofiuco.run.cells import SessionPlan
from pytest_ofiuco.run.report import Tally


class Reports:
    """Wraps pytest's summary. ``tallies`` are asked for when the session has ended."""

    def __init__(self, config: pytest.Config, plan: SessionPlan, tallies: Callable[[], Sequence[Tally]]) -> None:
        self.config, self.plan, self.tallies = config, plan, tallies
        self.items: Sequence[pytest.Item] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
        option = self.config.option
        has_failures = any(_stats(terminalreporter).get(outcome) for outcome in ("failed", "error"))
        is_on_github = os.environ.get("GITHUB_ACTIONS") == "true" and not option.collectonly
        if not has_failures and not is_on_github:
            return (yield)
        from pytest_ofiuco.run.told.ending import Ending, facts_of, traceback_of
        from pytest_ofiuco.run.told.grouping import Session
        from pytest_ofiuco.run.told.sections import grouped_sections

        nodeids = [item.nodeid for item in self.items] if has_failures else []
        session = Session(
            cells=facts_of(self.plan),
            items=nodeids,
            stats=_stats(terminalreporter),
            write=traceback_of,
            skipped=[planned.cell.name for planned in self.plan.cells if planned.skip is not None],
        )
        ending = Ending(
            config=self.config, reporter=terminalreporter, plan=self.plan, tallies=self.tallies(), session=session
        )
        with ExitStack() as stack:
            if self.config.get_verbosity() < 2:  # -vv shows each cell's own
                stack.enter_context(grouped_sections(terminalreporter, ending.grouped))
            yield
        if is_on_github:
            ending.tell_github(os.environ)


def _stats(reporter: object) -> Mapping[str, Sequence[Any]]:
    """The reports by outcome; none where the reporter is of another build than pytest's."""
    found = getattr(reporter, "stats", None)
    return found if isinstance(found, dict) else {}

"""What the cells have collected → the session's items: reported, selected and ordered by pytest's own hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import find
from pytest_ofiuco.errors import UsageError, shown
from pytest_ofiuco.run.arguments import INSPECTION, Arguments, means
from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.cells import SessionPlan
from pytest_ofiuco.run.messages import ProtocolError, RemoteItem
from pytest_ofiuco.run.proxies import Forest, ProxyItem, interleaved
from pytest_ofiuco.run.replay import Replay
from pytest_ofiuco.run.scheduler import Scheduler

_ABSENT = ("not found: ", "found no collectors for ")
"""What pytest says of tests that are named and not there: some cells may well lack them."""

MARKS = {"platform": 'platform("aws_lambda")', "python": 'python(">=3.12")', "variant": 'variant("django4.2.4")'}
"""The marks that choose cells, with an example of each; with ``ofiuco_`` in front they mean the same."""


def _by_text(runs: Sequence[CellRun]) -> dict[str, list[str]]:
    """The errors of cells, each with the cells that say so."""
    found: dict[str, list[str]] = {}
    for run in runs:
        for error in run.errors:
            found.setdefault(error, []).append(run.cell.name)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The collections of all cells. ``notes`` takes what the session says at its end."""

    config: pytest.Config
    plan: SessionPlan
    runs: Mapping[str, CellRun]
    scheduler: Scheduler
    replay: Replay
    own_marks: frozenset[str]
    notes: list[str]
    inspected: Callable[[CellRun, Forest], list[ProxyItem]] = lambda *_: []

    def report(self, session: pytest.Session) -> bool:
        """Turn what the cells collected into the session's items; whether there are any."""
        runs = [run for run in self.runs.values() if run.phase is Phase.COLLECTED and not run.errors]
        self.check_arguments(runs)
        option = session.config.option
        continuing = option.continue_on_collection_errors or option.collectonly
        for run in runs:
            try:
                failed = [self.replay.collected(report, run.tally) for report in run.collect_reports]
            except ProtocolError as error:
                self.scheduler.fail_cell(run, "collect", str(error))
                run.items = []
                continue
            if any(failed) and not continuing:
                run.tally.remark = "error: could not collect"
                run.items = []
        forest = Forest(session)
        tests = {run.cell.name: self.proxies(run, forest) for run in runs}
        self.note_homeless(runs, tests)
        deselected = [item for run in runs for item in forest.deselected(run.deselected, run.cell)]
        if deselected:
            self.config.hook.pytest_deselected(items=deselected)
        inspected = [(name, self.inspected(run, forest)) for name, run in self.runs.items()]
        items: list[pytest.Item] = list(interleaved([[*first, *tests.get(name, ())] for name, first in inspected]))
        self.replay.collected_items(items)
        session.items = items
        try:
            self.modify(session=session, config=self.config, items=items)
        finally:
            session.testscollected = len(items)
            self.config.hook.pytest_collection_finish(session=session)
        for item in items:
            if isinstance(item, ProxyItem) and item.remote.nodeid != INSPECTION:
                self.runs[item.cell.name].todo.append(item)
        return bool(items)

    def note_homeless(self, runs: Sequence[CellRun], tests: Mapping[str, Sequence[ProxyItem]]) -> None:
        """Tell of tests whose marks choose no cell, where all of the matrix runs, or not the cell that names them."""
        elsewhere = self.note_elsewhere(runs, tests)
        if len(runs) < len(self.plan.all_names):
            return
        housed = {item.remote.nodeid for collected in tests.values() for item in collected}
        homeless = {remote.nodeid for run in runs for remote in run.items} - housed - elsewhere
        if homeless:
            said = "1 test is" if len(homeless) == 1 else f"{len(homeless)} tests are"
            self.notes.append(f"{said} in no cell, by the marks: {min(homeless)}{', …' * (len(homeless) > 1)}")

    def note_elsewhere(self, runs: Sequence[CellRun], tests: Mapping[str, Sequence[ProxyItem]]) -> set[str]:
        """Tell of tests that are named with a cell that their marks do not choose; their node ids."""
        items = {run.cell.name: [remote.nodeid for remote in run.items] for run in runs}
        cells_of: dict[str, list[str]] = {}
        elsewhere: set[str] = set()
        for cell, named in self.arguments.by_cell:
            meant = {nodeid for nodeid in items.get(cell, ()) if means(named, nodeid)}
            if meant and meant.isdisjoint(item.remote.nodeid for item in tests[cell]):
                cells_of.setdefault(named, []).append(cell)
                elsewhere |= meant
        for named, cells in cells_of.items():
            self.notes.append(f"{named} is not in {', '.join(cells)}, by its marks")
        return elsewhere

    @property
    def arguments(self) -> Arguments:
        """The command line."""
        return Arguments.read(self.config.invocation_params.args, self.plan.all_names)

    @property
    def modify(self) -> Any:
        """The hook for selecting and ordering, without pytest's ordering by fixtures: each cell's own has done that."""
        manager = self.config.pluginmanager
        fixtures = manager.get_plugin("funcmanage")
        return manager.subset_hook_caller("pytest_collection_modifyitems", [fixtures] if fixtures is not None else [])

    def check_arguments(self, runs: Sequence[CellRun]) -> None:
        """What no cell's pytest accepts is wrong usage; what only some refuse is theirs to say."""
        refused = [run for run in self.runs.values() if run.errors]
        for run in refused:
            is_absent = all(error.startswith(_ABSENT) for error in run.errors)
            run.tally.remark = "has none of these tests" if is_absent else "error: wrong usage"
        if refused and not runs:
            errors = [
                error if len(names) == len(refused) else f"{', '.join(names)}: {error}"
                for error, names in _by_text(refused).items()
            ]
            cells = f"a test is named with or without its cell at the end: {', '.join(self.plan.all_names)}"
            hints = self.unknown_cells(refused) or ([cells] if any("::" in error for error in errors) else [])
            raise pytest.UsageError(*errors, *hints)
        self.notes.extend(self.unknown_cells(refused))
        for run in refused:
            if all(error.startswith(_ABSENT) for error in run.errors):
                self.notes.append(f"{run.cell.name}: {'; '.join(run.errors)}")
            else:
                self.scheduler.fail_cell(run, "collect", "\n".join(run.errors))

    def unknown_cells(self, refused: Sequence[CellRun]) -> list[str]:
        """In words which tests are not found since they end in what may be meant as a cell's name."""
        absent = {error.split("\n")[0] for run in refused for error in run.errors if error.startswith(_ABSENT)}
        names = {
            cell: None
            for test, cell in self.arguments.strangers()
            if any(error.endswith(f"::{test.partition('::')[2].partition('[')[0]}") for error in absent)
        }
        return [f"no cell is called {', '.join(names)}: there are {', '.join(self.plan.all_names)}"] if names else []

    def proxies(self, run: CellRun, forest: Forest) -> list[ProxyItem]:
        return [
            forest.item(remote, run.cell, index)
            for index, remote in enumerate(run.items)
            if self.belongs(remote, run.cell)
        ]

    def belongs(self, item: RemoteItem, cell: Cell) -> bool:
        """Whether a test's marks choose the cell; with no mark, every cell.

        A mark that the project registers itself and that makes no sense here is the project's own.
        """
        for name, arguments, keywords in item.markers:
            kind = name.removeprefix("ofiuco_")
            if kind not in MARKS:
                continue
            try:
                if not self.chooses(kind, _texts(kind, arguments, keywords), cell):
                    return False
            except UsageError as error:
                if name not in self.own_marks:
                    raise pytest.UsageError(f"{item.nodeid}: mark {name}: {error}") from error
        return True

    def chooses(self, kind: str, arguments: list[str], cell: Cell) -> bool:
        match kind:
            case "platform":
                for name in set(arguments) - self.plan.defined:
                    find(name)
                return cell.has_platform(arguments)
            case "python":
                return cell.has_python(arguments)
            case _:
                unknown = set(arguments).difference([""], self.plan.variants)
                if unknown:
                    raise UsageError(f"{shown(min(unknown))} is not a variant of the project")
                return cell.has_variant(arguments)


def _texts(kind: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[str]:
    """The arguments of a mark.

    Raises:
        UsageError: it has none, or others than texts, and would choose no cell: 3.10 is the number 3.1.
    """
    if keywords or not arguments or not all(isinstance(each, str) for each in arguments):
        given = [repr(each) for each in arguments] + [f"{name}={value!r}" for name, value in keywords.items()]
        found = f"({', '.join(given)})" if given else "without an argument"
        raise UsageError(f"{found}: it takes texts, one or more, as in {MARKS[kind]}")
    return list(arguments)

"""``ofiuco sync``: make the environments of the matrix, and run nothing."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from dataclasses import dataclass

from pytest_ofiuco.cli.subject import add_lock_options, project_of, warn
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.plan import Narrowing, PlannedCell, SessionPlan, plan
from pytest_ofiuco.run.preparation import Preparation, Prepared, PrepareFailed
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Preparer
from pytest_ofiuco.store.interpreters import Interpreters
from pytest_ofiuco.store.settings import IndexSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of a cell: ``state`` is cached, made, skipped or failed; ``said`` is its environment, or why not."""

    cell: str
    state: str
    said: str


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    for name, what in (("cell", "NAME"), ("python", "X.Y"), ("platform", "NAME"), ("variant", "NAME")):
        parser.add_argument(f"--{name}", action="append", default=[], metavar=what, help="only these; repeatable")
    parser.add_argument("--refresh", action="store_true", help="make environments and builds anew")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: Namespace) -> tuple[str, int]:
    """Prepare every cell; exit code 1 if one could not be."""
    store = Store.default(os.environ)
    project = project_of(options)
    narrowing = Narrowing(
        cells=tuple(options.cell),
        pythons=tuple(options.python),
        platforms=tuple(options.platform),
        variants=tuple(options.variant),
    )
    planned = plan(project, narrowing, Interpreters(store, os.environ), needs_pytest=False)
    warn(each for each in planned.warnings if each not in project.lock.remarks)
    outcomes = _prepared(planned, store, options)
    code = int(any(each.state == "failed" for each in outcomes))
    return (_json(outcomes) if options.format == "json" else _table(outcomes)), code


def _prepared(planned: SessionPlan, store: Store, options: Namespace) -> list[_Outcome]:
    project = planned.project
    settings = IndexSettings.load(os.environ, project.directory).for_lock(
        project.lock, project.lock_file.parent, os.environ
    )
    cells = [each for each in planned.cells if each.interpreter is not None]
    found = {each.cell.name: _unprepared(each) for each in planned.cells if each.interpreter is None}

    def post(name: str, outcome: Prepared | PrepareFailed) -> None:
        found[name] = _outcome(name, outcome)

    terminal = sys.stderr if sys.stderr.isatty() else None
    with PreparationProgress(len(cells), lambda _: None, terminal) as progress:
        preparer = Preparer(store, settings, offline=options.offline, refresh=options.refresh, progress=progress)
        with closing(preparer):
            preparation = Preparation(preparer, project, progress, post)
            preparation.begin(cells, at_a_time=len(os.sched_getaffinity(0)))
            preparation.join()
        warn(preparer.warnings())
    return [found[each.cell.name] for each in planned.cells]


def _unprepared(planned: PlannedCell) -> _Outcome:
    if planned.error is not None:
        return _failed(planned.cell.name, planned.error)
    return _Outcome(cell=planned.cell.name, state="skipped", said=planned.skip or "")


def _outcome(name: str, outcome: Prepared | PrepareFailed) -> _Outcome:
    if isinstance(outcome, PrepareFailed):
        return _failed(name, outcome.error)
    environment = outcome.environment
    state = "cached" if environment.was_cached else "made"
    return _Outcome(cell=name, state=state, said=str(environment.path))


def _failed(name: str, error: OfiucoError) -> _Outcome:
    return _Outcome(cell=name, state="failed", said=error.render())


def _table(outcomes: list[_Outcome]) -> str:
    width = max(len(each.cell) for each in outcomes)
    lines = []
    for each in outcomes:
        first, *others = each.said.splitlines()
        lines.append(f"{each.cell.ljust(width)}  {each.state.ljust(7)}  {first}")
        lines.extend(f"{' ' * width}           {line}" for line in others)
    return "\n".join(lines) + "\n"


def _json(outcomes: list[_Outcome]) -> str:
    cells = [{"name": each.cell, "state": each.state, "said": each.said} for each in outcomes]
    return json.dumps({"version": 1, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

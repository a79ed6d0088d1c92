"""``ofiuco sync``: make the environments of the matrix, and run nothing."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_ofiuco.cli.options import add_lock_options
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.plans import Plans, question

if TYPE_CHECKING:
    from pytest_ofiuco.errors import OfiucoError
    from pytest_ofiuco.run.cells import PlannedCell, SessionPlan
    from pytest_ofiuco.run.planner import Planner
    from pytest_ofiuco.store.environment import Environment

_AXES = {"cells": "cell", "pythons": "python", "platforms": "platform", "variants": "variant"}
"""The parts of a ``Narrowing``, and the options that they come from."""


class _Outcome(NamedTuple):
    """What became of a cell: ``state`` is cached, made, skipped or failed.

    ``reason`` says why it has no environment, or why its tests are not run in it.
    """

    cell: str
    state: str
    environment: str | None = None
    reason: str | None = None


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
    narrowing = {axis: list(getattr(options, option)) for axis, option in _AXES.items()}
    asked = question(options.project, options.lock, narrowing, locked=options.locked, needs_pytest=False)
    known = None if options.refresh else Plans(store, asked, os.environ).find()
    outcomes = _prepared(options, store, narrowing) if known is None else _recalled(store, known)
    code = int(any(each.state == "failed" for each in outcomes))
    return (_json(outcomes) if options.format == "json" else _table(outcomes)), code


def _recalled(store: Store, known: Mapping[str, Any]) -> list[_Outcome]:
    """The same as last time, said again without any of what it took to find it out."""
    _warn(known["warnings"])
    return [
        _Outcome(cell=each["name"], state="skipped", reason=each["skip"])
        if each["key"] is None
        else _Outcome(
            cell=each["name"],
            state="cached",
            environment=str(store.environments / each["key"]),
            reason=each["skip"],
        )
        for each in known["cells"]
    ]


def _prepared(options: Namespace, store: Store, narrowing: Mapping[str, list[str]]) -> list[_Outcome]:
    from pathlib import Path  # with all of this a sync that finds everything has nothing to do

    from pytest_ofiuco.run.cells import Narrowing
    from pytest_ofiuco.run.planner import Planner

    planner = Planner(
        store=store,
        directory=Path(options.project),
        lock=options.lock,
        narrowing=Narrowing(**{axis: tuple(words) for axis, words in narrowing.items()}),
        locked=options.locked,
        offline=options.offline,
        refresh=options.refresh,
        needs_pytest=False,
    )
    planned = planner.plan()
    _warn(planned.warnings)
    found, environments = _environments(planner, planned)
    planner.remember(environments)
    return [found[each.cell.name] for each in planned.cells]


def _environments(planner: Planner, planned: SessionPlan) -> tuple[dict[str, _Outcome], dict[str, Environment]]:
    from contextlib import closing

    from pytest_ofiuco.run.preparation import Preparation, Prepared, PrepareFailed
    from pytest_ofiuco.run.progress import PreparationProgress

    cells = [each for each in planned.cells if each.is_prepared]
    skips = {each.cell.name: each.skip for each in cells}
    found = {each.cell.name: _unprepared(each) for each in planned.cells if not each.is_prepared}
    environments: dict[str, Environment] = {}

    def post(name: str, outcome: Prepared | PrepareFailed) -> None:
        if isinstance(outcome, PrepareFailed):
            found[name] = _failed(name, outcome.error)
            return
        environment = environments[name] = outcome.environment
        state = "cached" if environment.was_cached else "made"
        place = f"{environment.host}:" if environment.host is not None else ""
        found[name] = _Outcome(cell=name, state=state, environment=f"{place}{environment.path}", reason=skips[name])

    terminal = sys.stderr if sys.stderr.isatty() else None
    with PreparationProgress(len(cells), lambda _: None, terminal) as progress:
        with closing(planner.preparer(progress)) as preparer:
            preparation = Preparation(preparer, progress, post)
            preparation.begin(cells, at_a_time=os.cpu_count() or 1)
            preparation.join()
        _warn(preparer.warnings())
    return found, environments


def _unprepared(planned: PlannedCell) -> _Outcome:
    if planned.error is not None:
        return _failed(planned.cell.name, planned.error)
    return _Outcome(cell=planned.cell.name, state="skipped", reason=planned.skip)


def _failed(name: str, error: OfiucoError) -> _Outcome:
    return _Outcome(cell=name, state="failed", reason=error.render())


def _warn(remarks: Iterable[str]) -> None:
    for remark in remarks:
        print(f"warning: {remark}", file=sys.stderr)


def _table(outcomes: list[_Outcome]) -> str:
    width = max(len(each.cell) for each in outcomes)
    lines = []
    for each in outcomes:
        first, *others = (each.environment or each.reason or "").splitlines()
        lines.append(f"{each.cell.ljust(width)}  {each.state.ljust(7)}  {first}")
        lines.extend(f"{' ' * width}           {line}" for line in others)
    return "\n".join(lines) + "\n"


def _json(outcomes: list[_Outcome]) -> str:
    cells = [
        {"name": each.cell, "state": each.state, "environment": each.environment, "reason": each.reason}
        for each in outcomes
    ]
    return json.dumps({"version": 1, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

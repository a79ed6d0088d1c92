"""``ofiuco::inspect[CELL]``: the inspection of a cell's environment as an item of the session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pytest

from pytest_ofiuco.core.matrix import HOST, Cell
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.arguments import INSPECTION, Arguments
from pytest_ofiuco.run.inspection.verdicts import Verdict
from pytest_ofiuco.run.messages import RemoteItem
from pytest_ofiuco.run.proxies import Forest, ProxyItem
from pytest_ofiuco.run.replay import reporter

Inspected = Literal["platforms", "all", "none"]
"""Which environments are inspected: those of named platforms, which the project ships to; all; none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cells' environments are inspected: those that the command line names, else those of ``which``.

    ``only`` are the cells of which no tests are wanted.
    """

    which: Inspected
    named: Collection[str] = ()
    only: frozenset[str] = frozenset()

    def admits(self, cell: Cell) -> bool:
        """Whether a cell's is."""
        if self.named:
            return cell.name in self.named or "" in self.named
        return self.which == "all" or (self.which == "platforms" and cell.platform != HOST)


def asked(config: pytest.Config, arguments: Arguments, only: Collection[str]) -> Wanted:
    """What ``--ofiuco-inspect`` and the command line ask for; nothing where that names files or tests.

    Raises:
        UsageError: the option has another value.
    """
    which: Any = config.getoption("--ofiuco-inspect")
    if which not in get_args(Inspected):
        raise UsageError(f"--ofiuco-inspect={which}: no such choice", f"use one of: {', '.join(get_args(Inspected))}")
    start = config.invocation_params.dir
    is_given = config.args_source == pytest.Config.ArgsSource.ARGS
    if is_given and (config.option.pyargs or any("::" in each or (start / each).is_file() for each in config.args)):
        which = "none"
    return Wanted(which=which, named=arguments.inspected, only=frozenset(only))


def item_of(cell: Cell, forest: Forest) -> ProxyItem:
    """The item of a cell's inspection."""
    name, _, kind = INSPECTION.partition("::")
    path = str(forest.session.config.rootpath / name)
    remote = RemoteItem(
        nodeid=INSPECTION,
        name=kind,
        type="Inspection",
        path=path,
        location=(name, None, kind),
        chain=(("File", name, path),),
        markers=(),
        names=(kind, name),
        originalname=None,
        parameters=None,
        doc="",
    )
    return forest.item(remote, cell, -1)


def reports_of(proxy: ProxyItem, verdict: Verdict) -> list[pytest.TestReport]:
    """The reports of a verdict: errors fail it, and what else there is to say is shown where output is."""
    report = reporter(proxy)
    text = verdict.text.rstrip("\n")
    said = verdict.summary if not verdict.is_fine else f"{verdict.text}{verdict.summary}"
    outcome: Literal["passed", "failed"] = "passed" if verdict.is_fine else "failed"
    judged = report(
        outcome=outcome,
        longrepr=None if verdict.is_fine else text,
        when="call",
        sections=[("Inspection", said)] if said else [],
        duration=verdict.seconds,
    )
    return [judged, report(outcome="passed", longrepr=None, when="teardown")]

"""A session's plan ↔ the document that the store keeps of it, for the next session that asks the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.cells import LockFacts, PlannedCell, SessionPlan
from pytest_ofiuco.store.cache import Store, python_in
from pytest_ofiuco.store.plans import Document, Plans
from pytest_ofiuco.store.request import Environment

if TYPE_CHECKING:
    from pytest_ofiuco.store.witness import Witness


def watch(cells: Sequence[PlannedCell], witness: Witness) -> None:
    """Have a witness see what else decides the environments, before they are made of it."""
    from pytest_ofiuco.store import sources  # to tell a plan again needs none of it

    plans = [each.plan for each in cells if each.plan is not None]
    try:
        for artifact, directory in dict.fromkeys(each for plan in plans for each in plan.directories()):
            sources.watch(artifact, directory, witness)
    except (OfiucoError, OSError):
        witness.is_lasting = False
    if any(plan.reads_anew() for plan in plans):
        witness.is_lasting = False


def remember(plans: Plans, plan: SessionPlan, environments: Mapping[str, Environment]) -> None:
    """Keep a plan whose cells have all become environments or are skipped; another one is not worth keeping."""
    if plan.project is None or not plan.project.witness.is_lasting:
        return
    if any((each.is_prepared or not each.skip) and each.cell.name not in environments for each in plan.cells):
        return
    document = {
        "lock": asdict(plan.lock),
        "all_names": plan.all_names,
        "warnings": plan.warnings,
        "defined": sorted(plan.defined),
        "variants": plan.variants,
        "cells": [_cell_document(each, environments.get(each.cell.name)) for each in plan.cells],
    }
    plans.keep(document, plan.project.witness)


def recall(store: Store, document: Document) -> SessionPlan | None:
    """The plan that a document is of; ``None`` where it is of another shape."""
    try:
        return SessionPlan(
            lock=LockFacts(**document["lock"]),
            cells=tuple(_cell(store, each) for each in document["cells"]),
            all_names=tuple(document["all_names"]),
            warnings=tuple(document["warnings"]),
            defined=frozenset(document["defined"]),
            variants=tuple(document["variants"]),
        )
    except (KeyError, TypeError, AttributeError, OfiucoError):
        return None


def _cell_document(planned: PlannedCell, environment: Environment | None) -> dict[str, Any]:
    cell = planned.cell
    return {
        "name": cell.name,
        "python": str(cell.python),
        "exact": str(cell.target.python),
        "platform": cell.platform,
        "tag": str(cell.target.platform),
        "variant": cell.variant,
        "versions": dict(planned.versions),
        "skip": planned.skip,
        "is_by_choice": planned.is_by_choice,
        "runs_as": str(planned.runs_as) if planned.runs_as else None,
        "key": environment.key if environment else None,
        "launcher": environment.launcher if environment else (),
    }


def _cell(store: Store, document: Mapping[str, Any]) -> PlannedCell:
    target = Target(python=Python.parse(document["exact"]), platform=Platform.parse(document["tag"]))
    cell = Cell(
        name=document["name"],
        python=Python.parse(document["python"]),
        platform=document["platform"],
        target=target,
        variant=document["variant"],
    )
    planned = PlannedCell(
        cell=cell,
        versions=document["versions"],
        skip=document["skip"],
        is_by_choice=document["is_by_choice"],
        runs_as=Platform.parse(document["runs_as"]) if document["runs_as"] else None,
    )
    key = document["key"]
    if key is None:
        return planned
    path = store.environments / key
    launcher = tuple(document["launcher"])
    environment = Environment(path=path, python=python_in(path), key=key, was_cached=True, launcher=launcher)
    return replace(planned, environment=environment)

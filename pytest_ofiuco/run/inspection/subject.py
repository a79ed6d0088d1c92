"""What is looked into and what for, and what is found: the same for a session's item and for ``ofiuco check``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pytest_ofiuco.config import Config
from pytest_ofiuco.core.limits import largest
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.sizes import binary_size
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.export.findings import counted, counts_of
from pytest_ofiuco.inspect.imports import complaints
from pytest_ofiuco.inspect.inspection import Inspection, inspect
from pytest_ofiuco.inspect.sizes import Limits
from pytest_ofiuco.inspect.tree import Tree, tree_of
from pytest_ofiuco.run.inspection.shipping import Shipping
from pytest_ofiuco.store.project import LocalProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked into, and what for; ``folder`` of an environment; ``project`` where there is one with a lock."""

    tree: Tree
    folder: Path | None
    target: Target
    platform: str
    settings: Config
    project: LocalProject | None
    is_cell: bool = False

    @property
    def shipping(self) -> Shipping:
        """What ships of it."""
        return Shipping(project=self.project, target=self.target, platform=self.platform, is_cell=self.is_cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found; ``own`` is how many modules are the project's."""

    inspection: Inspection
    own: int

    @property
    def summary(self) -> str:
        """All of it in a line."""
        found = self.inspection
        what = f"{counted(found.files, 'file')}, {found.binaries} of machine code, {binary_size(found.size)}"
        counts = counts_of(found.findings)
        note = "" if self.own else "; no imports were followed: none of its modules is known to be the project's own"
        return f"{found.tree}: {counts or 'fine'} for {found.target} ({what}){note}"


def of_cell(cell: Cell, folder: Path, project: LocalProject) -> Subject:
    """A cell's environment."""
    return Subject(
        tree=replace(tree_of(folder), name=cell.name),
        folder=folder,
        target=cell.target,
        platform=cell.platform,
        settings=project.config,
        project=project,
        is_cell=True,
    )


def look_into(subject: Subject) -> Found:
    """Look at all of its files, and follow the imports of the project's modules."""
    shipping = subject.shipping
    modules = shipping.modules(subject.tree, subject.folder)
    shipment = shipping.shipment()
    found = inspect(
        subject.tree,
        subject.target,
        limits=_limits(subject),
        not_shipped=() if subject.tree.is_zip else {*shipment.left_out, *shipment.provided},
        more=complaints(modules, subject.target, shipment),
    )
    return Found(inspection=found, own=sum(module.is_own for module in modules.values()))


def _limits(subject: Subject) -> Limits:
    settings = subject.settings.settings.get(subject.platform)
    unpacked, zipped = largest(subject.platform, settings.max_size if settings is not None else None)
    return Limits(unpacked=unpacked, zipped=zipped)

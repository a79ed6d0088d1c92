"""The cells that a command is about: one target that its options name, or the matrix of [tool.ofiuco]."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from pytest_ofiuco.cli.subject import selection_of, target_of, variant_of, warn
from pytest_ofiuco.core.lock import MAIN, Selection
from pytest_ofiuco.core.matrix import HOST, Cell, expand
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.store.project import LocalProject


def matrix_of(project: LocalProject, pythons: Sequence[Python]) -> tuple[Cell, ...]:
    """The cells of the project's matrix; the host is asked what it is where it is among the platforms.

    Raises:
        UsageError: there are none, or a platform has no meaning.
    """
    config, host_tag = project.config, ""
    if HOST in config.platforms:
        from pytest_ofiuco.store.interpreters import host_platform

        host_tag = str(host_platform())
    axes = [config.axis(name, host_tag) for name in config.platforms]
    cells = expand(pythons, axes, config.exclude, [each.name for each in config.variants])
    if not cells:
        raise UsageError("the matrix is empty", "see `exclude` in [tool.ofiuco]")
    return cells


def resolved_target(options: Namespace, project: LocalProject) -> ResolvedCell:
    """The target that the options name, as a cell.

    Raises:
        OfiucoError: there is no such target, or it gets nothing from the lock.
    """
    target, variant = target_of(options, project), variant_of(options, project)
    resolution = resolve(project.lock, target, selection_of(options, project.lock), variant)
    warn(f"{project.lock.path}: {remark}" for remark in resolution.remarks)
    name = "-".join(filter(None, (target.python.label, options.platform, options.variant)))
    cell = Cell(name=name, python=target.python, platform=options.platform, target=target, variant=options.variant)
    return ResolvedCell(cell=cell, resolution=resolution)


def resolved_matrix(options: Namespace, project: LocalProject, cells: Sequence[Cell]) -> list[ResolvedCell]:
    """What each cell gets, of what ships or of what the options select.

    Raises:
        OfiucoError: a cell cannot be resolved.
    """
    from pytest_ofiuco.store.variants import Variants

    selection, variants = _selection(options, project), Variants(project)
    found = []
    for cell in cells:
        variant = variants.find(cell.variant) if cell.variant is not None else None
        resolution = resolve(project.lock, cell.target, selection, variant)
        found.append(ResolvedCell(cell=cell, resolution=resolution))
    warn(variants.remarks)
    warn(f"{each.cell.name}: {remark}" for each in found for remark in each.resolution.remarks)
    return found


def _selection(options: Namespace, project: LocalProject) -> Selection:
    """The groups and extras that ship, those of the tests where they are asked for, or those that the options name.

    A lock that was exported flat has no groups left; those that the project configures are in it unnamed.
    """
    config, lock = project.config, project.lock
    groups = options.group
    if groups is None:
        test_groups = config.test_groups if config.test_groups is not None else lock.default_groups
        asked_for = [name for name in test_groups if name != MAIN] if options.with_test_groups else []
        groups = list(dict.fromkeys((*config.groups, *asked_for)))
        lost = [name for name in groups if lock.flat and name not in lock.groups]
        if lost:
            names = ", ".join(lost)
            warn([f"{lock.path} names no groups: {names} cannot be told apart in it"])
        groups = [name for name in groups if name not in lost]
    return lock.selection(
        groups=groups,
        extras=options.extra or config.extras,
        all_groups=options.all_groups,
        all_extras=options.all_extras,
    )

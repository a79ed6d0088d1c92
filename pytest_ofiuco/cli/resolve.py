"""``ofiuco resolve``: exactly which files a Python on a platform gets from the lock."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pytest_ofiuco.cli.options import add_lock_options, add_selection_options, add_target_options
from pytest_ofiuco.cli.subject import project_of, selection_of, target_of, variant_of, warn
from pytest_ofiuco.core.resolve import resolve


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    add_target_options(parser)
    add_selection_options(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: Namespace) -> tuple[str, int]:
    """Resolve; the answer as text."""
    project = project_of(options)
    target, variant = target_of(options, project), variant_of(options, project)
    resolution = resolve(project.lock, target, selection_of(options, project.lock), variant)
    warn(f"{project.lock.path}: {remark}" for remark in resolution.remarks)
    if options.format == "json":
        from pytest_ofiuco.export.json import resolution_json

        return resolution_json(resolution), 0
    from pytest_ofiuco.export.table import resolution_table

    return resolution_table(resolution), 0

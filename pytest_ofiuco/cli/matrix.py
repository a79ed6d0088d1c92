"""``ofiuco matrix``: the cells that `pytest --ofiuco-matrix` has here."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from pytest_ofiuco.cli.cells import matrix_of
from pytest_ofiuco.cli.options import add_lock_options
from pytest_ofiuco.cli.subject import project_of
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.export.matrix import github_matrix, matrix_json, matrix_table
from pytest_ofiuco.store.project import LocalProject


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    parser.add_argument("--format", choices=("table", "json", "github"), default="table", help="default: table")


def run(options: Namespace) -> tuple[str, int]:
    """List the cells."""
    project = project_of(options)
    configured = project.config.python
    cells = matrix_of(project, configured if configured is not None else _found(project))
    match options.format:
        case "json":
            return matrix_json(project.lock, cells), 0
        case "github":
            return github_matrix(cells), 0
        case _:
            return matrix_table(cells), 0


def _found(project: LocalProject) -> tuple[Python, ...]:
    """The Pythons of this machine that the lock admits."""
    from pytest_ofiuco.run.plan import pythons_found
    from pytest_ofiuco.store.cache import Store
    from pytest_ofiuco.store.interpreters import Interpreters

    return pythons_found(project.lock, Interpreters(Store.default(os.environ), os.environ))

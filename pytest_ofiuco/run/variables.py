"""The variables that make a process one of a cell's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_ofiuco.store.request import Environment


def cell_variables(
    environment: Environment, name: str, path: str, bytecode: Path, coverage: Path | None
) -> Mapping[str, str]:
    """The variables that make a process one of the cell's.

    ``path`` is the controller's PATH, ``coverage`` the file that the cell's coverage data goes to, if any is taken.
    """
    scripts = str(environment.python.parent)
    measured = {"COVERAGE_FILE": str(coverage)} if coverage is not None else {}
    return measured | {
        "PATH": f"{scripts}{os.pathsep}{path}" if path else scripts,
        "VIRTUAL_ENV": str(environment.path),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "OFIUCO_CELL": name,
    }

"""The variables that make a process one of a cell's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_ofiuco.store.request import Environment


def cell_variables(
    environment: Environment, name: str, path: str, module_path: str, coverage: Path | None
) -> Mapping[str, str]:
    """The variables that make a process one of the cell's.

    ``path`` is the controller's PATH, ``module_path`` the cell's PYTHONPATH, ``coverage`` the file that the cell's
    coverage data goes to, if any is taken.
    """
    scripts = str(environment.python.parent)
    measured = {"COVERAGE_FILE": str(coverage)} if coverage is not None else {}
    modules = {"PYTHONPATH": module_path} if module_path else {}
    return {
        **measured,
        **modules,
        "PATH": f"{scripts}{os.pathsep}{path}" if path else scripts,
        "VIRTUAL_ENV": str(environment.path),
        "OFIUCO_CELL": name,
    }

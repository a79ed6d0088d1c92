"""What a pyproject.toml declares that it depends on directly: PEP 621, PEP 735 and [tool.poetry].

A star lock does not tell which of its packages the project itself asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats import _poetry_project
from pytest_ofiuco.formats._poetry_dependency import Declared

__all__ = ["Declared", "declared"]


def declared(pyproject: Table, groups: Iterable[str], extras: Iterable[str]) -> tuple[Declared, ...] | None:
    """The direct dependencies of these groups and extras; ``None`` where the file leaves them to others.

    Raises:
        InputError: a dependency cannot be read.
    """
    is_dynamic = "dependencies" in pyproject.table("project").texts("dynamic")
    has_poetry = "poetry" in pyproject.table("tool")
    if not _poetry_project.says_what_is_wanted(pyproject) or (is_dynamic and not has_poetry):
        return None
    project = _poetry_project.read(pyproject)
    found = [project.groups.get(name, ()) for name in groups] + [project.extras.get(name, ()) for name in extras]
    return tuple(chain.from_iterable(found))

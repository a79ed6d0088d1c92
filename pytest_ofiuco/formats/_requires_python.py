"""The Pythons that a project admits, as its pyproject.toml says."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._constraint import alternatives


def of_project(pyproject: Table) -> tuple[tuple[SpecifierSet, ...], str]:
    """``requires-python`` of [project], else ``python`` of [tool.poetry.dependencies]: alternatives, and their text.

    Raises:
        InputError: what it says is no version constraint.
    """
    specifiers = pyproject.table("project").specifiers("requires-python")
    if specifiers is not None:
        return ((specifiers,), str(specifiers)) if specifiers else ((), "")
    dependencies = pyproject.table("tool").table("poetry").table("dependencies")
    text = dependencies.text("python")
    if not text:
        return (), ""
    try:
        return alternatives(text), text
    except ValueError as error:
        raise dependencies.wrong("python", str(error)) from error

"""A cell of the matrix is what it says: its interpreter, its environment, the versions that the lock pins."""

import importlib.metadata
import platform
import sys
from pathlib import Path
from typing import Any

import pytest


def test_name(cell: Any) -> None:
    tag = "py" + cell.python.replace(".", "")
    assert cell.name == "-".join(part for part in (tag, cell.platform, cell.variant) if part)


def test_python(cell: Any) -> None:
    assert ".".join(map(str, sys.version_info[:2])) == cell.python
    assert platform.python_version().startswith(f"{cell.python}.")


def test_prefix(cell: Any) -> None:
    assert sys.prefix != sys.base_prefix
    assert Path(sys.executable).is_relative_to(sys.prefix)


def test_versions(cell: Any) -> None:
    installed = {name: importlib.metadata.version(name) for name in cell.resolution}
    assert installed == dict(cell.resolution)
    assert {"boto3", "numpy", "pydantic", "pytest", "requests", "shapely"} <= installed.keys()


def test_packages_come_from_the_cell(cell: Any) -> None:
    places = [Path(str(importlib.metadata.distribution(name).locate_file(""))) for name in cell.resolution]
    assert [place for place in places if not place.is_relative_to(sys.prefix)] == []


@pytest.mark.python("<3.11")
def test_a_backport_is_there_where_it_is_needed(cell: Any) -> None:
    assert "exceptiongroup" in cell.resolution


@pytest.mark.python(">=3.11")
def test_a_backport_is_not_there_where_it_is_not_needed(cell: Any) -> None:
    assert "exceptiongroup" not in cell.resolution

"""The standard library of each Python."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pytest_ofiuco.inspect.stdlib import modules


@pytest.mark.parametrize(
    ("name", "has"),
    [
        pytest.param("os", ["3.8", "3.11", "3.12", "3.14"], id="os"),
        pytest.param("distutils", ["3.8", "3.11"], id="distutils"),
        pytest.param("cgi", ["3.8", "3.11", "3.12"], id="cgi"),
        pytest.param("tomllib", ["3.11", "3.12", "3.14"], id="tomllib"),
        pytest.param("zoneinfo", ["3.11", "3.12", "3.14"], id="zoneinfo"),
        pytest.param("symbol", ["3.8"], id="symbol"),
        pytest.param("compression", ["3.14"], id="compression"),
        pytest.param("numpy", [], id="nobody's"),
    ],
)
def test_what_came_and_went(name: str, has: list[str]) -> None:
    pythons = {"3.8": (3, 8), "3.11": (3, 11), "3.12": (3, 12), "3.14": (3, 14)}
    assert [text for text, python in pythons.items() if name in modules(python)] == has


@pytest.mark.e2e
@pytest.mark.parametrize("minor", [10, 11, 12, 13, 14])
def test_what_other_pythons_say(minor: int) -> None:
    """Private modules come and go with each, and are never asked for."""
    program = "import json, sys; print(json.dumps(sorted(sys.stdlib_module_names)))"
    try:
        printed = subprocess.run([f"python3.{minor}", "-c", program], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"no python3.{minor} on PATH")
    said = {name for name in json.loads(printed) if not name.startswith("_")}
    known = {name for name in modules((3, minor)) if not name.startswith("_")} - {"test"}
    later = set(sys.stdlib_module_names) if sys.version_info[:2] > (3, 14) else set()
    assert known - later == said - later

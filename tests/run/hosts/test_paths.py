"""Paths in the project, here and there."""

from __future__ import annotations

import json

import pytest

from pytest_ofiuco.run.hosts.paths import Paths

PATHS = Paths(near='/home/me/a "project"', far="/var/cache/key/project")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(PATHS.near, PATHS.far, id="itself"),
        pytest.param(f"{PATHS.near}/a.py::test", f"{PATHS.far}/a.py::test", id="a test"),
        pytest.param(f"--rootdir={PATHS.near}", f"--rootdir={PATHS.far}", id="an option"),
        pytest.param(f"{PATHS.near}s/a.py", f"{PATHS.near}s/a.py", id="another folder"),
        pytest.param("tests/a.py", "tests/a.py", id="relative"),
    ],
)
def test_there(text: str, expected: str) -> None:
    assert PATHS.to_far(text) == expected


def test_here() -> None:
    message = json.dumps({"longrepr": f"{PATHS.far}/a.py:3: Error", "path": "/var/cache/other"}).encode()
    expected = {"longrepr": f"{PATHS.near}/a.py:3: Error", "path": "/var/cache/other"}
    assert json.loads(PATHS.to_near(message)) == expected


def test_what_is_carried() -> None:
    assert PATHS.has(PATHS.near)
    assert PATHS.has(f"{PATHS.near}/lib")
    assert not PATHS.has(f"{PATHS.near}s")

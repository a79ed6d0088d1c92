"""Whether a pdm.lock is out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from tests.formats.pdm_locks import entry, metadata, read

PROJECT = '[project]\ndependencies = ["a"]\nrequires-python = ">=3.9"\n'
SETTINGS = (
    "[dependency-groups]\nTest = ['b']\n[tool.pdm.dev-dependencies]\nlocal = ['-e ./c']\n"
    "[tool.pdm.resolution]\nexcludes = ['d']\n[tool.pdm.resolution.overrides]\ne = '1.0'\n"
)


def content_hash(changed: Mapping[str, Any] = MappingProxyType({}), algorithm: str = "sha256") -> str:
    """What pdm keeps of PROJECT, with what is changed."""
    hashed = {
        "sources": [],
        "dependencies": ["a"],
        "dev-dependencies": {},
        "optional-dependencies": {},
        "requires-python": ">=3.9",
        "resolution": {},
        **changed,
    }
    kept = {key: value for key, value in hashed.items() if value is not None}
    return f"{algorithm}:{hashlib.new(algorithm, json.dumps(kept, sort_keys=True).encode()).hexdigest()}"


OVERRIDES = {"e": "1.0"}
NEW = {"test": ["b"], "local": ["-e ./c"]}
OLD = {"local": ["-e ./c"]}


@pytest.mark.parametrize(
    ("pyproject", "locked", "stale"),
    [
        pytest.param(PROJECT, content_hash(), False, id="the same"),
        pytest.param(PROJECT, content_hash(algorithm="md5"), False, id="another algorithm"),
        pytest.param(PROJECT, content_hash({"dependencies": ["b"]}), True, id="another dependency"),
        pytest.param(
            PROJECT + SETTINGS,
            content_hash({"dev-dependencies": NEW, "resolution": {"excludes": ["d"], "overrides": OVERRIDES}}),
            False,
            id="groups and overrides",
        ),
        pytest.param(
            PROJECT + SETTINGS,
            content_hash({"dev-dependencies": OLD, "resolution": None, "overrides": OVERRIDES}),
            False,
            id="groups and overrides, as they once were",
        ),
        pytest.param(PROJECT + SETTINGS, content_hash(), True, id="other groups"),
        pytest.param(PROJECT, "", False, id="no hash"),
        pytest.param(PROJECT, "unknown:00", False, id="an algorithm that is not known"),
        pytest.param(PROJECT, "shake_128:00", False, id="an algorithm without a length"),
        pytest.param("", "sha256:00", False, id="no pyproject.toml"),
        pytest.param("[tool.poetry]\nname = 'p'", "sha256:00", False, id="a project that pdm converts"),
        pytest.param("[tool.pdm]\n", "sha256:00", True, id="no project"),
        pytest.param(PROJECT + "[tool.pdm.workspace]\nmembers = ['x']", "sha256:00", False, id="a workspace"),
        pytest.param(PROJECT + "[tool.pdm.resolution]\nday = 2020-01-01", "sha256:00", False, id="a date"),
        pytest.param(
            PROJECT + "[dependency-groups]\ntest = ['b']\n[tool.pdm.dev-dependencies]\nTest = ['c']",
            "sha256:00",
            False,
            id="two groups of one name",
        ),
    ],
)
def test_out_of_date(pyproject: str, locked: str, stale: bool) -> None:
    lock = read(entry("a"), head=metadata(more=f'content_hash = "{locked}"'), pyproject=pyproject)
    assert (lock.stale, lock.relock) == ("out of date with pyproject.toml" if stale else "", "pdm lock")


def test_inputs_that_are_kept_whole_are_not_compared() -> None:
    more = 'content_hash = "sha256:00"\nlock_inputs = {project = {}}'
    assert read(entry("a"), head=metadata(more=more), pyproject=PROJECT).stale == ""

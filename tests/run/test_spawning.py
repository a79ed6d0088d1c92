"""The variables of a worker's process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_ofiuco.run.spawning import own_modules


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", [], id="none"),
        pytest.param("{here}/src:{here}:/elsewhere/lib", ["src", "."], id="the project's"),
        pytest.param("src::/elsewhere", ["src", "."], id="from where pytest was started"),
        pytest.param("{here}/.venv/lib/site-packages:{here}/../other:..", [], id="installed, or beside"),
    ],
)
def test_own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, kept: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    expected = os.pathsep.join(str(tmp_path / each) for each in kept)
    assert own_modules(given.replace("{here}", str(tmp_path)).replace(":", os.pathsep), [tmp_path]) == expected

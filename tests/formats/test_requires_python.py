"""The Pythons that a project admits, for locks that do not say it themselves."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import InputError
from tests.locks import read_lock

PYLOCK = 'lock-version = "1.0"\ncreated-by = "hand"\npackages = []'


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        pytest.param("", "", id="nobody says"),
        pytest.param('[project]\nrequires-python = ">=3.9"', ">=3.9", id="[project]"),
        pytest.param('[project]\nrequires-python = ""', "", id="empty"),
        pytest.param('[tool.poetry.dependencies]\npython = "^3.9 || 4.0"', "^3.9 || 4.0", id="[tool.poetry]"),
    ],
)
def test_of_project(pyproject: str, expected: str) -> None:
    lock = read_lock("pylock.toml", PYLOCK, pyproject)
    assert (lock.requires_python_text, bool(lock.requires_python)) == (expected, bool(expected))


def test_wrong() -> None:
    with pytest.raises(InputError) as caught:
        read_lock("pylock.toml", PYLOCK, '[tool.poetry.dependencies]\npython = "three"')
    assert caught.value.render() == (
        "error: pyproject.toml: tool.poetry.dependencies.python: 'three' is not a version constraint\n"
        "hint: correct it there, or restore the file from version control"
    )

"""Locks that older Poetries wrote, and what they said they would install from them (tests/data/poetry/ORIGIN.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from tests.locks import read_lock
from tests.targets import target

FOLDER = Path(__file__).parent.parent / "data" / "poetry"
VERSIONS = {"1.0.10": "1.0", "1.1.15": "1.1", "1.2.2": "1.1", "1.8.5": "2.0"}


def lock_of(poetry: str) -> Lock:
    folder = FOLDER / poetry
    text, pyproject = ((folder / name).read_text(encoding="utf-8") for name in ("poetry.lock", "pyproject.toml"))
    return read_lock("poetry.lock", text, pyproject)


@pytest.mark.parametrize("poetry", VERSIONS)
def test_the_lock(poetry: str) -> None:
    lock = lock_of(poetry)
    assert (lock.version, lock.shape, lock.remarks) == (VERSIONS[poetry], "graph", ())
    assert (sorted(lock.groups), sorted(lock.extras)) == (["dev", "main"], ["toml"])


@pytest.mark.parametrize(
    ("option", "groups", "extras"),
    [
        pytest.param("default", None, (), id="default"),
        pytest.param("main", ("main",), (), id="main"),
        pytest.param("toml", None, ("toml",), id="an extra"),
    ],
)
@pytest.mark.parametrize("python", ["3.8", "3.9", "3.10"])
@pytest.mark.parametrize("poetry", VERSIONS)
def test_installed(
    poetry: str, python: str, option: str, groups: tuple[str, ...] | None, extras: tuple[str, ...]
) -> None:
    lock = lock_of(poetry)
    expected = json.loads((FOLDER / poetry / "installed.json").read_text(encoding="utf-8"))[python][option]
    if (poetry, python, option) == ("1.0.10", "3.10", "main"):
        expected["typing-extensions"] = "4.8.0"  # Poetry 1.0 takes a direct dependency for one of dev
    here = target(python, "manylinux_2_28_x86_64")
    found = resolve(lock, here, lock.selection(groups=groups, extras=extras))
    assert found.versions() == expected
    for pin in found.packages:
        assert pin.version is not None
        assert f"-{pin.version}" in getattr(pin.artifact, "filename", "")

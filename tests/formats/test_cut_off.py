"""Locks that are cut off exactly between two entries: as TOML there is nothing wrong with them, and a part is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ofiuco import formats
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError, OfiucoError
from tests.locks import included
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

DATA = Path(__file__).parent.parent / "data"
LOCKS = [str(path.relative_to(DATA)) for path in sorted(DATA.rglob("*.lock"))]
TARGETS = (
    LINUX_X86_64,
    MACOS_ARM64,
    WINDOWS,
    target("3.8", "manylinux_2_28_x86_64"),
    target("3.10", "manylinux_2_28_x86_64"),
    target("3.10", "win_amd64"),
)


def read(name: str, size: int | None = None) -> Lock:
    path = DATA / name
    beside = path.parent / "pyproject.toml"
    pyproject = parse(beside.read_bytes(), beside.name) if beside.exists() else Table({}, file=beside.name)
    return formats.read(path.read_bytes()[:size], path.name, pyproject, included({}))


def entries(name: str) -> list[int]:
    """Where entries begin; of many some."""
    found = [each.start() for each in re.finditer(rb"(?m)^\[\[package\]\]", (DATA / name).read_bytes())]
    return found[1 :: len(found) // 12 + 1]


def outcomes(name: str, size: int | None = None) -> list[str]:
    """What each target gets, or the error."""
    try:
        lock = read(name, size)
    except InputError as error:
        return [str(error)]
    found = []
    for here in TARGETS:
        try:
            selection = lock.selection(all_groups=not lock.conflicts)
            found.append(str(resolve(lock, here, selection).versions()))
        except OfiucoError as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_between_entries(name: str) -> None:
    whole = outcomes(name)
    for size in entries(name):
        found = outcomes(name, size)
        assert any("cut off" in each or "not locked" in each for each in found) or found == whole, size

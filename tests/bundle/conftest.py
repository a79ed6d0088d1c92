"""A store of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture(autouse=True)
def _nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "flush", lambda root, marks: None)

"""Three indexes on loopback, and nothing else that is configured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import CACHE_VARIABLE
from tests.plugin.conftest import only_index
from tests.store.serving import serving
from tests.torch.stand_ins import Hosts


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hosts]:
    """The main index is the default one; the others are known to who reads the lock or pyproject.toml."""
    with serving() as main, serving() as cuda, serving() as cpu:
        for name, value in only_index(main.simple, tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("UV_NO_CONFIG")
        monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("POETRY_CONFIG_DIR", str(tmp_path))
        yield Hosts(main, cuda, cpu)


@pytest.fixture(autouse=True)
def _nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "flush", lambda root, marks: None)

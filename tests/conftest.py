"""What holds for all tests: those that are hermetic leave the user's cache alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import CACHE_VARIABLE
from pytest_ofiuco.store.pythons.wrappers import DATA_VARIABLE


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, session_cache: Path) -> None:
    if request.node.get_closest_marker("e2e") is None:
        monkeypatch.setenv(CACHE_VARIABLE, str(session_cache))
        monkeypatch.setenv(DATA_VARIABLE, f"{session_cache}-data")


@pytest.fixture(autouse=True)
def _nothing_is_used_any_more() -> Iterator[None]:
    """What one test has prepared, the next may prune; and a file is open for each store."""
    yield
    usage.end()

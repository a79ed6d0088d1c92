"""A store of its own for each test, an index on loopback, and the interpreter that runs the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from pytest_ofiuco.store.network import remote
from tests.store.makers import THIS_PYTHON
from tests.store.serving import Index, serving


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def index() -> Iterator[Index]:
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    found = Interpreters(Store(tmp_path_factory.mktemp("interpreters")), {})
    return found.find(Python.parse(THIS_PYTHON), [sys.executable])


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test would wait for what all others have written; ``test_durability`` has the real one."""
    monkeypatch.setattr(durability, "flush", lambda root, marks: None)

"""Bytecode that is not whole, as a full disk leaves it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.upkeep.repair import fix
from pytest_ofiuco.store.upkeep.verify import verify
from tests.store.installing import prepare, run, site_packages
from tests.store.makers import wheel

TAG = sys.implementation.cache_tag


@pytest.fixture
def environment(store: Store, interpreter: Interpreter, tmp_path: Path) -> Environment:
    return prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": "ANSWER = 42\n"}))


def _said(store: Store) -> list[str]:
    return [f"{each.path}: {each.problem}" for each in verify(store, lambda done, total: None).damages]


def _cut(compiled: Path) -> None:
    compiled.write_bytes(compiled.read_bytes()[:-8])


def test_in_an_environment(store: Store, interpreter: Interpreter, environment: Environment, tmp_path: Path) -> None:
    run(environment, "import demo")
    compiled = site_packages(environment) / "__pycache__" / f"demo.{TAG}.pyc"
    assert _said(store) == []
    _cut(compiled)
    assert _said(store) == [f"{compiled.relative_to(store.root).as_posix()}: is not whole"]
    usage.end()
    assert fix(store, verify(store, lambda done, total: None)).removed == (f"environments-v1/{environment.key}",)
    again = prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": "ANSWER = 42\n"}))
    assert run(again, "import demo; print(demo.ANSWER)") == "42"


@pytest.mark.parametrize("name", [f"demo.{TAG}.pyc", f"demo.{TAG}.opt-1.pyc", f"test_demo.{TAG}-pytest-8.0.0.pyc"])
def test_of_cells(store: Store, environment: Environment, name: str) -> None:
    """The file goes, and nothing else: it is compiled when it is imported."""
    run(environment, "import demo")
    compiled = store.bytecode / "some" / "folder" / name
    compiled.parent.mkdir(parents=True)
    (site_packages(environment) / "__pycache__" / f"demo.{TAG}.pyc").rename(compiled)
    assert _said(store) == []
    _cut(compiled)
    found = verify(store, lambda done, total: None)
    assert fix(store, found).removed == (compiled.relative_to(store.root).as_posix(),)
    assert _said(store) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("demo.cpython-27.pyc", b"what only that Python can read", id="another python's name"),
        pytest.param(f"demo.{TAG}.pyc", b"made by an older Python of this name", id="another python's content"),
        pytest.param(f"demo.{TAG}.pyc", b"short", id="less than a header"),
    ],
)
def test_what_python_does_not_believe_is_no_damage(
    store: Store, environment: Environment, name: str, content: bytes
) -> None:
    assert environment.path.is_dir()
    store.bytecode.mkdir(parents=True, exist_ok=True)
    (store.bytecode / name).write_bytes(content)
    assert _said(store) == []

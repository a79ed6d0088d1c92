"""How much is in the store, each file counted once."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.upkeep.size import Ledger, buckets, measured, others
from tests.store.installing import prepare
from tests.store.makers import wheel


def test_every_part_of_the_store_is_in_a_bucket(store: Store) -> None:
    known = [bucket.path for bucket in buckets(store)]
    parts = [value for name, value in vars(store).items() if isinstance(value, Path) and name != "root"]
    assert parts
    assert [path for path in parts if not any(path.is_relative_to(each) for each in known)] == []


def test_of_a_cache_that_is_not_there(store: Store) -> None:
    assert {(each.entries, each.files, each.bytes) for each in measured(store)} == {(0, 0, 0)}


def test_a_file_counts_where_it_is_met_first(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": "x" * 100_000}))
    by_path = {each.bucket.path: each for each in measured(store)}
    assert by_path[store.wheels].bytes > 100_000
    assert by_path[store.wheels].entries == 1
    assert by_path[store.environments].bytes < 100_000
    assert by_path[store.environments].entries == 1


def test_what_is_of_another_layout_is_named(store: Store) -> None:
    (store.root / "wheels-v0").mkdir(parents=True)
    (store.root / "wheels-v0" / "x").write_text("abc")
    assert others(store) == ("wheels-v0",)
    last = measured(store)[-1]
    assert (last.bucket.what, last.entries, last.files, last.bytes) == ("of another layout", 1, 1, 3)


def test_what_has_a_link_elsewhere_is_not_free(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("12345")
    os.link(tmp_path / "a" / "x", tmp_path / "a" / "y")
    os.link(tmp_path / "a" / "x", tmp_path / "z")
    (tmp_path / "a" / "own").write_text("123")
    ledger = Ledger()
    assert ledger.add(tmp_path / "a") == (2, 8)
    assert ledger.free == 3
    assert ledger.add(tmp_path / "z") == (0, 0)
    assert ledger.free == 8
    assert ledger.add(tmp_path / "none") == (0, 0)

"""Files without a hash in the lock, where the project allows it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Directory, Wheel
from pytest_ofiuco.errors import FetchError, HashMismatchError, OfflineError, UnhashedError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.installing import run
from tests.store.makers import File, plan, preparer, wheel
from tests.store.serving import Index

DEMO = wheel("demo", {"demo.py": "ANSWER = 42\n"})
OTHER = wheel("demo", {"demo.py": "ANSWER = 43\n"})


def prepare(
    store: Store,
    interpreter: Interpreter,
    folder: Path,
    artifact: Wheel,
    *,
    index: Index | None = None,
    offline: bool = False,
    allowed: tuple[str, ...] = ("demo",),
) -> Environment:
    settings = IndexSettings(default_index=index.simple) if index else IndexSettings(no_index=True)
    wanted = replace(plan(interpreter, folder, {"demo": artifact}), unhashed=frozenset(allowed))
    with preparer(store, settings, offline=offline) as made:
        return made.prepare(wanted)


def answer(environment: Environment) -> str:
    return run(environment, "import demo; print(demo.ANSWER)")


def unhashed(file: File, *, path: str | None = None, url: str | None = None) -> Wheel:
    return Wheel(filename=file.filename, hashes=(("md5", "0" * 32),), path=path, url=url)


def test_a_file_beside_the_lock_is_taken_as_it_is(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    artifact = unhashed(DEMO, path=DEMO.filename)
    DEMO.write(tmp_path)
    first = prepare(store, interpreter, tmp_path, artifact)
    assert (answer(first), prepare(store, interpreter, tmp_path, artifact).was_cached) == ("42", True)
    OTHER.write(tmp_path)
    assert answer(prepare(store, interpreter, tmp_path, artifact)) == "43"


def test_a_download_is_held_to_what_was_seen_first(
    store: Store, interpreter: Interpreter, tmp_path: Path, index: Index
) -> None:
    index.add("demo", DEMO)
    artifact = unhashed(DEMO, url=index.url(DEMO))
    assert answer(prepare(store, interpreter, tmp_path, artifact, index=index)) == "42"
    asked = len(index.asked)
    assert prepare(store, interpreter, tmp_path, artifact, index=index, offline=True).was_cached
    assert len(index.asked) == asked
    index.changed[DEMO.filename] = OTHER.content
    (store.files / DEMO.sha256 / DEMO.filename).unlink()
    for folder in (store.environments, store.wheels):
        folder.rename(tmp_path / f"old-{folder.name}")
    with pytest.raises(HashMismatchError) as caught:
        prepare(store, interpreter, tmp_path, artifact, index=index)
    assert (caught.value.expected, caught.value.actual) == (DEMO.sha256, OTHER.sha256)


def test_what_was_seen_outlives_a_power_loss(
    store: Store, interpreter: Interpreter, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on disk before it has its name: nothing else could tell that there is another file now."""
    index.add("demo", DEMO)
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_ino))
    prepare(store, interpreter, tmp_path, unhashed(DEMO, url=index.url(DEMO)), index=index)
    (seen,) = store.names.glob("seen-*")
    assert seen.stat().st_ino in flushed


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"sha256": 1}'])
def test_a_damaged_memory_is_not_believed(
    damage: bytes, store: Store, interpreter: Interpreter, tmp_path: Path, index: Index
) -> None:
    index.add("demo", DEMO)
    prepare(store, interpreter, tmp_path, unhashed(DEMO), index=index)
    (file,) = store.names.glob("seen-*.json")
    assert json.loads(file.read_bytes()) == {"sha256": DEMO.sha256}
    file.write_bytes(damage)
    assert prepare(store, interpreter, tmp_path, unhashed(DEMO), index=index).was_cached
    assert json.loads(file.read_bytes()) == {"sha256": DEMO.sha256}


def test_what_an_index_says_of_a_file_holds(
    store: Store, interpreter: Interpreter, tmp_path: Path, index: Index
) -> None:
    index.add("demo", DEMO)
    index.listed[DEMO.filename] = "1" * 64
    with pytest.raises(HashMismatchError):
        prepare(store, interpreter, tmp_path, unhashed(DEMO), index=index)


def test_refused_where_it_is_not_allowed(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    DEMO.write(tmp_path)
    with pytest.raises(UnhashedError) as caught:
        prepare(store, interpreter, tmp_path, unhashed(DEMO, path=DEMO.filename), allowed=("other",))
    assert caught.value.hint == (
        "lock again with a tool that records hashes, or allow it with `allow-unhashed` in [tool.ofiuco]"
    )


def test_nowhere(store: Store, interpreter: Interpreter, tmp_path: Path, index: Index) -> None:
    with pytest.raises(FetchError, match="404"):
        prepare(store, interpreter, tmp_path, unhashed(DEMO, url=index.url(DEMO)), index=index)
    with pytest.raises(FetchError, match="no index is configured"):
        prepare(store, interpreter, tmp_path, unhashed(DEMO))
    with pytest.raises(OfflineError):
        prepare(store, interpreter, tmp_path, unhashed(DEMO, url=index.url(DEMO)), offline=True)


def test_hashes_of_the_lock_stay(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    DEMO.write(tmp_path)
    wrong = Wheel(filename=DEMO.filename, hashes=(("sha256", "1" * 64),), path=DEMO.filename)
    with pytest.raises(HashMismatchError):
        prepare(store, interpreter, tmp_path, wrong)


def test_what_has_no_file_is_left_alone(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    wanted = replace(plan(interpreter, tmp_path, {"demo": Directory(path="demo")}), unhashed=frozenset({"demo"}))
    with preparer(store) as made:
        assert len(made.key(wanted)) == 24

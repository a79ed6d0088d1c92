"""Who uses what, as other processes see it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_ofiuco.store import holding, usage
from pytest_ofiuco.store.cache import MANIFEST, Store, touch
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.installing import prepare
from tests.store.makers import wheel
from tests.store.sessions import Session


def test_a_session_is_seen_as_long_as_its_process_lives(store: Store) -> None:
    before = time.time()
    with Session(store) as session:
        session.says("use one")
        session.says("use two")
        live = usage.live(store)
        assert live.keys == {"one", "two"}
        assert live.may_use("one")
        assert not live.may_use("three")
        assert live.since is not None
        assert before <= live.since <= time.time()
        session.process.kill()
        session.process.wait()
        assert usage.live(store) == usage.Live(keys=frozenset(), since=None, is_unsure=False)
    assert os.listdir(store.sessions) == []


def test_an_ordinary_end_leaves_no_file(store: Store) -> None:
    with Session(store) as session:
        session.says("use one")
        assert len(os.listdir(store.sessions)) == 1
    assert os.listdir(store.sessions) == []


def test_a_session_without_room_may_use_everything(store: Store) -> None:
    with Session(store) as session:
        session.says("use one")
        (file,) = store.sessions.iterdir()
        file.write_bytes(b"")
        live = usage.live(store)
        assert live.may_use("anything")
        assert live.since == 0.0


def test_this_process_is_a_session_too(store: Store) -> None:
    usage.uses(store, "mine")
    assert usage.live(store).keys == {"mine"}
    usage.end()
    assert usage.live(store).keys == frozenset()


def test_a_file_that_is_taken_for_left_over_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making and holding its file, somebody else may hold it and take it away."""
    real, calls = holding.try_hold, []

    def taken_away_first(handle: int) -> bool:
        calls.append(handle)
        if len(calls) == 1:
            for path in store.sessions.iterdir():
                path.unlink()
        return real(handle)

    monkeypatch.setattr(usage, "try_hold", taken_away_first)
    usage.uses(store, "one")
    monkeypatch.undo()
    assert len(calls) == 2
    assert usage.live(store).keys == {"one"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_cannot_be_written_is_no_error(store: Store) -> None:
    store.root.mkdir(mode=0o500)
    usage.uses(store, "one")
    with usage.making(store), usage.alone(store, 0.0) as is_alone:
        assert not is_alone


def test_a_store_that_is_a_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    store = Store(tmp_path / "cache")
    usage.uses(store, "one")
    with usage.making(store), usage.alone(store, 0.0) as is_alone:
        assert not is_alone
    assert usage.live(store).keys == frozenset()


def test_makers_share_and_who_removes_is_alone(store: Store) -> None:
    with usage.making(store), usage.making(store), usage.alone(store, 0.05) as is_alone:
        assert not is_alone
    with usage.alone(store, 0.0) as is_alone:
        assert is_alone
        entered = threading.Event()

        def make() -> None:
            with usage.making(store):
                entered.set()

        thread = threading.Thread(target=make)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(5)
    thread.join()


def test_last_use_is_written_once_an_hour(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    recent = time.time() - 3000
    os.utime(file, (recent, recent))
    touch(file)
    assert file.stat().st_mtime == pytest.approx(recent)
    os.utime(file, (0, 0))
    touch(file)
    assert file.stat().st_mtime > recent
    touch(tmp_path / "none")


def test_an_environment_and_what_it_is_made_of_know_their_last_use(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    file = wheel("demo", {"demo.py": ""})
    environment = prepare(store, interpreter, tmp_path, file)
    os.utime(environment.path / MANIFEST, (0, 0))
    prepare(store, interpreter, tmp_path, file)
    assert (environment.path / MANIFEST).stat().st_mtime > 0


def test_it_costs_next_to_nothing(store: Store) -> None:
    """Four cells of a warm run: well below a millisecond, of fifty that all of it may take."""
    store.prepare()
    began = time.perf_counter()
    for key in "abcd":
        usage.uses(store, key)
        touch(store.root / "CACHEDIR.TAG")
    assert time.perf_counter() - began < 0.02


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, pytest_ofiuco.store.cache as c; before = set(sys.modules); "
    code += "import pytest_ofiuco.store.holding, pytest_ofiuco.store.usage; "
    code += "print([n for n in ('filelock', 'tempfile', 'shutil', 'asyncio') if n in sys.modules and n not in before])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

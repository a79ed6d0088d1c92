"""What a prune takes and what it leaves, also while others are at work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.bytecode import place_of
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.upkeep import prune as prune_module
from pytest_ofiuco.store.upkeep.prune import Order, Pruned, prune
from pytest_ofiuco.store.upkeep.size import measured
from tests.store import building
from tests.store.installing import prepare
from tests.store.makers import File, source_files, wheel, write_tree
from tests.store.sessions import ROOT, Session

DAY = 86400.0
MONTH = Order(older_than=30 * DAY)


def demo(name: str = "demo") -> File:
    return wheel(name, {f"{name}.py": "", f"{name}_data/some.txt": name * 1000})


def used(path: Path, days_ago: float) -> None:
    """As if everything in and at ``path`` had been used last so long ago."""
    then = time.time() - days_ago * DAY
    for each in (path, *path.rglob("*")):
        if not each.is_symlink():
            os.utime(each, (then, then))


def pruned(store: Store, order: Order) -> Pruned:
    """Prune as a process of its own would, which uses nothing."""
    usage.end()
    return prune(store, order, time.time())


def names(found: Pruned) -> list[str]:
    return sorted({each.path.partition("/")[0] for each in found.removed})


def kept(store: Store) -> set[str]:
    return {path.name for path in store.environments.iterdir()}


def test_of_a_cache_that_is_not_there(store: Store) -> None:
    found = pruned(store, MONTH)
    assert found == Pruned(removed=(), freed=0, in_use=(), is_busy=False, others=())
    assert not store.root.exists()


def test_without_an_age_what_is_used_never_stays(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    environment = prepare(store, interpreter, tmp_path, demo())
    used(store.root, 1000)
    found = pruned(store, Order())
    assert found.removed == ()
    assert prepare(store, interpreter, tmp_path, demo()).was_cached
    assert kept(store) == {environment.key}


def test_what_no_run_can_reach_goes(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    environment = prepare(store, interpreter, tmp_path, demo())
    rubbish = [
        store.environments / "half" / "bin" / "python",
        store.wheels / "0" / "tree" / "x.py",
        store.builds / "broken" / MANIFEST,
        store.build_environments / "half" / "x",
        store.quarantine / "0" / "x.whl",
        place_of(store, tmp_path / "gone") / "x.cpython-312.pyc",
    ]
    for path in rubbish:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")
    (store.files / "0").mkdir()
    old = store.root / "environments-v0"
    old.mkdir()
    alive = place_of(store, tmp_path) / "x.cpython-312.pyc"
    alive.write_text("")
    found = pruned(store, Order())
    assert not [path for path in rubbish if path.exists()]
    assert len(found.removed) == len(rubbish) + 1
    assert found.others == ("environments-v0",)
    assert old.exists()
    assert alive.exists()
    assert kept(store) == {environment.key}
    assert found.freed == len(rubbish)


def test_a_manifest_of_a_newer_version_is_left(store: Store) -> None:
    folder = store.wheels / "0"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text('{"new": 1}')
    assert pruned(store, Order()).removed == ()
    assert folder.exists()


def test_an_age_takes_environments_and_what_only_they_need(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    shared, own = demo("shared"), demo("own")
    old = prepare(store, interpreter, tmp_path, shared, own)
    new = prepare(store, interpreter, tmp_path, shared)
    used(store.root, 31)
    used(new.path, 29)
    usage.end()
    size = sum(each.bytes for each in measured(store) if each.bucket.path not in (store.locks, store.sessions))
    found = pruned(store, MONTH)
    assert kept(store) == {new.key}
    assert [path.name for path in store.wheels.iterdir()] == [shared.sha256]
    assert [path.name for path in store.files.iterdir()] == [shared.sha256]
    assert not old.path.exists()
    assert prepare(store, interpreter, tmp_path, shared).was_cached
    usage.end()
    left = sum(each.bytes for each in measured(store) if each.bucket.path not in (store.locks, store.sessions))
    assert size - left == found.freed
    assert {each.reason for each in found.removed} == {"not used for 31 days"}


def test_a_dry_run_says_the_same_and_touches_nothing(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    prepare(store, interpreter, tmp_path, demo())
    usage.end()
    used(store.root, 31)
    before = sorted((path, path.lstat().st_mtime_ns) for path in store.root.rglob("*") if path != store.sessions)
    dry = pruned(store, Order(older_than=30 * DAY, dry_run=True))
    assert sorted((p, p.lstat().st_mtime_ns) for p in store.root.rglob("*") if p != store.sessions) == before
    real = pruned(store, MONTH)
    assert dry.removed == real.removed
    assert dry.freed == real.freed > 0
    assert kept(store) == set()


def test_what_other_files_share_frees_nothing(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    environment = prepare(store, interpreter, tmp_path, demo())
    os.link(next(environment.path.rglob("some.txt")), tmp_path / "elsewhere")
    used(store.root, 31)
    whole = sum(each.bytes for each in measured(store) if each.bucket.path in (store.environments, store.wheels))
    found = pruned(store, MONTH)
    parts = [each for each in found.removed if each.path.startswith(("environments", "wheels"))]
    assert len(parts) == 2
    assert sum(each.bytes for each in parts) > whole
    assert (tmp_path / "elsewhere").stat().st_nlink == 1


def test_the_latest_of_each_project_and_python_is_kept(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = prepare(store, interpreter, one, demo("first"))
    second = prepare(store, interpreter, one, demo("second"))
    other = prepare(store, interpreter, two, demo("other"))
    used(store.root, 50)
    used(first.path, 60)
    used(other.path, 400)
    pruned(store, Order(older_than=30 * DAY, keep_latest=True))
    assert kept(store) == {second.key, other.key}
    assert prepare(store, interpreter, two, demo("other")).was_cached


def test_builds_stay_with_the_environments_that_have_them(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    write_tree(tmp_path, source_files())
    environment = building.prepare(store, interpreter, tmp_path, Directory(path="."))
    builds = sorted(store.builds.iterdir())
    used(store.root, 31)
    used(environment.path, 1)
    pruned(store, MONTH)
    assert sorted(store.builds.iterdir()) == builds
    assert kept(store) == {environment.key}
    assert not [*store.build_environments.iterdir()]
    used(environment.path, 31)
    pruned(store, MONTH)
    assert not [*store.builds.iterdir()]
    assert building.answer(building.prepare(store, interpreter, tmp_path, Directory(path="."))) == "42"


def test_documents_and_names_and_logs_go_by_age_but_first_sights_stay(store: Store) -> None:
    for folder in (store.documents, store.names, store.logs):
        folder.mkdir(parents=True)
        (folder / "old").write_text("x")
        (folder / "new").write_text("x")
        used(folder / "old", 31)
    (store.names / "seen-x.json").write_text("{}")
    used(store.names / "seen-x.json", 400)
    found = pruned(store, MONTH)
    assert sorted(each.path for each in found.removed) == ["documents-v1/old", "logs-v1/old", "names-v1/old"]


def test_what_a_running_session_uses_stays(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    other = prepare(store, interpreter, tmp_path, demo("other"))
    with Session(store, tmp_path) as session:
        key = session.says("prepare demo")
        used(store.root, 31)
        found = pruned(store, Order(older_than=0))
        assert found.in_use == (key,)
        assert kept(store) == {key}
        assert not other.path.exists()
        assert {path.name for path in store.wheels.iterdir()} == {demo().sha256}
        assert session.says("prepare demo") == key
    assert pruned(store, Order(older_than=0)).in_use == ()
    assert kept(store) == set()


def test_what_a_killed_session_used_does_not(store: Store, tmp_path: Path) -> None:
    with Session(store, tmp_path) as session:
        session.says("prepare demo")
        session.process.kill()
        session.process.wait()
        pruned(store, Order(older_than=0))
        assert kept(store) == set()


def test_while_a_session_runs_what_it_may_have_found_stays(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    prepare(store, interpreter, tmp_path, demo())
    with Session(store) as session:
        session.says("use nothing")
        found = pruned(store, Order(older_than=0))
    assert {*names(found)} - {store.bytecode.parent.name} == {"environments-v1"}
    assert {*names(pruned(store, Order(older_than=0)))} - {store.bytecode.parent.name} == {"files-v1", "wheels-v1"}


def test_while_something_is_made_only_environments_go(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(store, interpreter, tmp_path, demo())
    (store.environments / "half").mkdir()
    monkeypatch.setattr(prune_module, "PATIENCE", 0.05)
    with Session(store) as session:
        session.says("make")
        found = pruned(store, Order(older_than=0))
        assert found.is_busy
        assert names(found) == ["environments-v1"]
        assert kept(store) == {"half"}
        session.says("")
    assert not pruned(store, Order()).is_busy
    assert kept(store) == set()


def test_who_comes_while_it_is_decided_keeps_it(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that begins between the choice and the taking tells first and looks then."""
    environment = prepare(store, interpreter, tmp_path, demo())
    with Session(store, tmp_path) as session:
        real = usage.hide

        def come_before(folder: Path) -> None:
            session.says(f"use {environment.key}")
            real(folder)

        monkeypatch.setattr(usage, "hide", come_before)
        found = pruned(store, Order(older_than=0))
    assert found.in_use == (environment.key,)
    assert prepare(store, interpreter, tmp_path, demo()).was_cached


@pytest.mark.parametrize("comes", ["a session", "a prune"])
def test_what_a_killed_prune_has_hidden_is_shown_again(
    store: Store, interpreter: Interpreter, tmp_path: Path, comes: str
) -> None:
    environment = prepare(store, interpreter, tmp_path, demo())
    usage.hide(environment.path)
    if comes == "a prune":
        pruned(store, Order())
    assert prepare(store, interpreter, tmp_path, demo()).was_cached


PRUNE = """
import sys, time
from pathlib import Path
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.upkeep.prune import Order, prune
store = Store(Path(sys.argv[1]))
until = time.monotonic() + float(sys.argv[2])
count = 0
while True:
    count += len(prune(store, Order(older_than=0), time.time()).removed)
    if time.monotonic() > until:
        break
print(count)
"""

LOOP = """
import os, random, sys, time
from pathlib import Path
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.store.makers import THIS_PYTHON, plan, preparer, wheel

store, folder = Store(Path(sys.argv[1])), Path(sys.argv[2])
interpreter = Interpreters(store, {}).find(Python.parse(THIS_PYTHON), [sys.executable])
until = time.monotonic() + float(sys.argv[3])
made = found = 0
while time.monotonic() < until:
    chosen = random.sample(range(6), 3)
    artifacts, files = {}, []
    for number in chosen:
        name = f"demo{number}"
        file = wheel(name, {f"{name}.py": "", f"{name}_data/some.txt": name * 1000})
        artifacts[name] = file.wheel(path=file.filename)
        files.append(f"{name}_data/some.txt")
    with preparer(store) as made_by:
        environment = made_by.prepare(plan(interpreter, folder, artifacts))
    (site,) = environment.path.glob("[lL]ib/**/site-packages")
    for _ in range(random.randrange(20)):
        for name, text in zip(artifacts, files):
            assert (site / text).read_text() == name * 1000, text
        assert (environment.path / "ofiuco.json").exists() or (environment.path / "ofiuco.json.hidden").exists()
        assert environment.python.exists()
        time.sleep(0.002)
    made, found = made + (not environment.was_cached), found + environment.was_cached
    usage.end()  # as if the process had ended, and another began
print(made, found)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": ROOT}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environ)


def test_nobody_misses_an_environment_while_two_prune(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "lock"
    for number in range(6):
        demo(f"demo{number}").write(folder)
    sessions = [start(LOOP, store.root, folder, 4) for _ in range(4)]
    pruners = [start(PRUNE, store.root, 4) for _ in range(2)]
    said = [each.communicate(timeout=100) for each in (*sessions, *pruners)]
    assert [error for _, error in said] == [""] * 6
    assert sum(int(output.split()[0]) for output, _ in said[:4]) > 4
    assert sum(int(output) for output, _ in said[4:]) > 4


def test_two_prunes_at_once_are_one_after_the_other(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    for number in range(4):
        prepare(store, interpreter, tmp_path, demo(f"demo{number}"))
    usage.end()
    found: list[Pruned] = []
    threads = [
        threading.Thread(target=lambda: found.append(prune(Store(store.root), Order(older_than=0), time.time())))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [each.path for part in found for each in part.removed]
    assert len(taken) == len(set(taken))
    assert len([path for path in taken if path.startswith("environments")]) == 4


def test_an_environment_of_links_keeps_its_wheels(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Where an environment points into the wheels, they are needed as long as it is there."""
    environment = as_links(store, prepare(store, interpreter, tmp_path, demo()))
    used(store.root, 31)
    used(environment.path, 1)
    pruned(store, MONTH)
    assert next(environment.path.rglob("some.txt")).read_text() == "demo" * 1000


def as_links(store: Store, environment: Environment) -> Environment:
    """The environment with its files replaced by symbolic links to those of the wheels."""
    tree = next(store.wheels.iterdir()) / "tree"
    for path in tree.rglob("*"):
        if path.is_file():
            for own in environment.path.rglob(path.name):
                if own.is_file() and own.samefile(path):
                    own.unlink()
                    own.symlink_to(path)
    return environment

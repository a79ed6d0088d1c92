"""Many sessions at once on a cold store, and sessions that are killed at any moment."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from tests.store.makers import File, sdist, source_files, wheel
from tests.store.processes import Order, go, ready, said
from tests.store.serving import Index

KILLS = int(os.environ.get("OFIUCO_TEST_KILLS", "8"))
"""More find more: OFIUCO_TEST_KILLS=300, with --timeout=0, takes some minutes."""

WHEELS = [
    wheel(
        f"demo{number}",
        {f"demo{number}/m{index}.py": f"ANSWER = {number * index}\n" for index in range(40)},
        entry_points=f"[console_scripts]\ndemo{number} = demo{number}.m1:main\n",
    )
    for number in range(11)
]


def built(log: Path) -> File:
    """A source archive; each build of it is a line in ``log``."""
    files = source_files("built")
    files["backend.py"] += (
        f"\n_build = build_wheel\ndef build_wheel(*arguments):\n"
        f"    with open({str(log)!r}, 'a') as log:\n        log.write('built\\n')\n    return _build(*arguments)\n"
    )
    return sdist("built", files)


def name_of(file: File) -> str:
    return file.filename.partition("-")[0]


@pytest.fixture(scope="module")
def interpreters(interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> list[Interpreter]:
    """Two Pythons, or the one there is."""
    others = Interpreters(Store(tmp_path_factory.mktemp("interpreters")), os.environ).available()
    return [interpreter, *(each for each in others if each.python.minor != interpreter.python.minor)][:2]


def check(store: Store, files: list[File], interpreters: list[Interpreter]) -> None:
    """One copy of everything, byte by byte what the wheels say; nothing else but what a session may leave."""
    wheels = {file.sha256: file for file in files if file.filename.endswith(".whl")}
    unpacked = {folder.name: folder for folder in store.wheels.iterdir()}
    assert wheels.keys() <= unpacked.keys()
    environments = list(store.environments.iterdir())
    assert len(environments) == len(interpreters)
    for sha256, file in wheels.items():
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        tree = unpacked[sha256] / "tree"
        assert content == {
            path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()
        }
        for environment in environments:
            (installed,) = environment.rglob(f"{name_of(file)}/m0.py")
            root = installed.parents[1]
            for name, data in content.items():
                if not name.endswith("RECORD"):
                    assert (root / name).read_bytes() == data
            assert (environment / "bin" / name_of(file)).exists() or sys.platform == "win32"
    for bucket in (store.wheels, store.environments, store.builds, store.build_environments):
        assert all((folder / MANIFEST).is_file() for folder in (bucket.iterdir() if bucket.exists() else ()))
    assert not [path for path in store.root.glob("*") if path.name.startswith(".")]
    assert not list((store.root / "temporary-v1").iterdir())


@pytest.mark.parametrize("count", [2, 8, 30])
def test_sessions_on_a_cold_store(
    store: Store, index: Index, interpreters: list[Interpreter], tmp_path: Path, count: int
) -> None:
    """Every file is asked for once, built once, unpacked once, installed once; nobody hears of the others."""
    files = [*WHEELS, built(tmp_path / "log")]
    for file in files:
        index.add(name_of(file), file)
    order = Order(
        store=store,
        folder=tmp_path,
        interpreters=interpreters,
        files=[(name_of(file), file.filename, file.sha256, index.url(file)) for file in files],
    )
    sessions = [order.start() for _ in range(count)]
    for each in sessions:
        ready(each)
    for each in sessions:
        go(each)
    found = [said(each) for each in sessions]
    assert {tuple((key, path) for key, path, _ in each) for each in found} == {
        tuple((key, path) for key, path, _ in found[0])
    }
    made = Counter(key for each in found for key, _, was_cached in each if not was_cached)
    assert made == Counter(key for key, _, _ in found[0])
    assert Counter(index.asked) == Counter(f"/files/{file.filename}" for file in files)
    assert (tmp_path / "log").read_text() == "built\n"
    assert len(os.listdir(store.wheels)) == len(os.listdir(store.files)) == len(files)
    check(store, files, interpreters)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_moment(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """After each kill a new session gets everything right, and at last nothing is left of the killed ones."""
    chance = random.Random(4)
    files = [*WHEELS[:5], built(tmp_path / "log")]
    for file in files:
        file.write(tmp_path / "lock")
    order = Order(
        store=store,
        folder=tmp_path / "lock",
        interpreters=[interpreter],
        files=[(name_of(file), file.filename, file.sha256, None) for file in files],
    )
    longest = timed(order)
    for _ in range(KILLS):
        forget(store, chance)
        killed = order.start()
        ready(killed)
        go(killed)
        time.sleep(chance.uniform(0, longest))
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        following = order.start()
        ready(following)
        go(following)
        said(following)
        check(store, files, [interpreter])


def timed(order: Order) -> float:
    """Seconds that a cold session takes, after it has begun."""
    session = order.start()
    ready(session)
    began = time.monotonic()
    go(session)
    said(session)
    return time.monotonic() - began


def forget(store: Store, chance: random.Random) -> None:
    """Any part of what was made, so that a session is killed at any stage."""
    for bucket in (store.environments, store.wheels, store.builds, store.build_environments):
        for folder in bucket.iterdir():
            if bucket == store.environments or chance.random() < 0.5:
                store.discard(folder)
    for folder in store.files.iterdir():
        if chance.random() < 0.5:
            shutil.rmtree(folder)

"""Sessions that run at once, and sessions that are killed: real processes on one store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.makers import plan, preparer, wheel

ROOT = str(Path(__file__).parents[2])
FILES = [wheel(f"demo{number}", {f"demo{number}/m{index}.py": "" for index in range(200)}) for number in range(5)]

SESSION = """
import sys
from pathlib import Path
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.store.makers import THIS_PYTHON, plan, preparer
from tests.store.test_two_processes import FILES
store, folder = Store(Path(sys.argv[1])), Path(sys.argv[2])
interpreter = Interpreters(store, {}).find(Python.parse(THIS_PYTHON), [sys.executable])
artifacts = {file.filename.partition("-")[0]: file.wheel(path=file.filename) for file in FILES}
with preparer(store) as made:
    print("ready", flush=True)
    sys.stdin.readline()
    print(made.prepare(plan(interpreter, folder, artifacts)).was_cached, flush=True)
"""


def session(store: Store, folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(store.root), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in FILES:
        file.write(tmp_path / "lock")
    return tmp_path / "lock"


def test_two_sessions_build_each_thing_once(store: Store, folder: Path) -> None:
    sessions = [session(store, folder) for _ in range(2)]
    for each in sessions:
        go(each)
    said = sorted(each.communicate()[0].strip() for each in sessions)
    assert said == ["False", "True"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_a_killed_session_leaves_nothing_half_true(
    store: Store, folder: Path, interpreter: Interpreter, delay: float
) -> None:
    killed = session(store, folder)
    go(killed)
    time.sleep(delay)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    artifacts = {file.filename.partition("-")[0]: file.wheel(path=file.filename) for file in FILES}
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, folder, artifacts))
    code = (
        "import importlib as i; print(sum(1 for n in range(5) for m in range(200) if i.import_module(f'demo{n}.m{m}')))"
    )
    done = subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "1000", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_the_environment_is_being_filled(store: Store, folder: Path, interpreter: Interpreter) -> None:
    """The kill comes when some wheels are linked and the manifest is not written."""
    killed = session(store, folder)
    go(killed)
    deadline = time.monotonic() + 30
    while not list(store.environments.glob("*/lib/*/site-packages/demo1")):
        assert time.monotonic() < deadline
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    artifacts = {file.filename.partition("-")[0]: file.wheel(path=file.filename) for file in FILES}
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, folder, artifacts))
        assert made.prepare(plan(interpreter, folder, artifacts)).was_cached
    done = subprocess.run([str(environment.python), "-c", "import demo4.m199"], check=False)
    assert done.returncode == 0

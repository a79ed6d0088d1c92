"""Builds that are broken off, hang, or answer nonsense."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.errors import BuildError
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.building import answer, prepare
from tests.store.makers import source_files, write_tree

PREPARES = """
import os, sys
from pathlib import Path
from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.store.building import prepare
from tests.store.makers import THIS_PYTHON
store = Store(Path(sys.argv[1]))
interpreter = Interpreters(store, os.environ).find(Python.parse(THIS_PYTHON), [sys.executable])
prepare(store, interpreter, Path(sys.argv[2]), Directory(path="demo"))
"""

HANGS = """
import os, signal, time
if os.path.exists("hang"):
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    with open("started.part", "w") as file:
        file.write(str(os.getpid()))
    os.rename("started.part", "started")
    time.sleep(60)
"""


@pytest.fixture
def hanging(store: Store, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that prepares an environment, and waits for a backend that hangs."""
    files = source_files()
    hook = "def build_wheel("
    before, _, after = files["backend.py"].partition(hook)
    head, _, body = after.partition("\n")
    indented = HANGS.strip().replace("\n", "\n    ")
    files["backend.py"] = f"{before}{hook}{head}\n    {indented}\n{body}"
    tree = write_tree(tmp_path / "demo", files | {"hang": ""})
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", PREPARES, str(store.root), str(tmp_path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for((tree / "started").exists, process)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(condition: object, process: subprocess.Popen[str]) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups and signals as these")
def test_a_kill_in_the_middle_of_a_build(
    store: Store, interpreter: Interpreter, tmp_path: Path, hanging: subprocess.Popen[str]
) -> None:
    backend = int((tmp_path / "demo" / "started").read_text())
    os.killpg(hanging.pid, signal.SIGKILL)
    hanging.wait()
    wait_until_gone(backend)
    assert not store.builds.exists()
    assert not list(store.environments.glob(f"*/{MANIFEST}"))
    assert len(list(store.unfinished.iterdir())) == 1
    (tmp_path / "demo" / "hang").unlink()
    assert answer(prepare(store, interpreter, tmp_path, Directory(path="demo"))) == "42"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals as these")
def test_an_interrupt_ends_a_backend_that_hangs(
    store: Store, interpreter: Interpreter, tmp_path: Path, hanging: subprocess.Popen[str]
) -> None:
    backend = int((tmp_path / "demo" / "started").read_text())
    hanging.send_signal(signal.SIGINT)  # to that one process alone, as from a supervisor
    _, said = hanging.communicate(timeout=20)
    assert "KeyboardInterrupt" in said
    wait_until_gone(backend)
    assert list(store.unfinished.iterdir()) == []
    assert not store.builds.exists()
    (tmp_path / "demo" / "hang").unlink()
    assert answer(prepare(store, interpreter, tmp_path, Directory(path="demo"))) == "42"


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        pytest.param("os._exit(0)", r"its backend gave no answer: .*output\.json", id="no answer"),
        pytest.param("os._exit(1)", r"its backend backend failed", id="an exit"),
        pytest.param("return None", r"its backend gave no wheel: .*None", id="nothing"),
        pytest.param("return 'demo-1.0.zip'", r"its backend gave no wheel: .*demo-1\.0\.zip", id="no wheel"),
        pytest.param("return 'x-1-py3-none-any.whl'", r"its backend gave no file 'x-1-py3", id="no file"),
        pytest.param("return '../x-1-py3-none-any.whl'", r"its backend gave no wheel|gave no file", id="elsewhere"),
        pytest.param("import signal; os.kill(os.getpid(), 9)", r"its backend backend failed", id="a kill"),
    ],
)
def test_backends_that_answer_nonsense(
    store: Store, interpreter: Interpreter, tmp_path: Path, hook: str, reason: str
) -> None:
    files = source_files()
    files["backend.py"] += f"\ndef build_wheel(*_, **__):\n    {hook}\n"
    write_tree(tmp_path / "demo", files)
    with pytest.raises(BuildError, match=reason) as caught:
        prepare(store, interpreter, tmp_path, Directory(path="demo"))
    assert Path(caught.value.log).is_file()
    assert list(store.unfinished.iterdir()) == []
    assert not store.builds.exists()


@pytest.mark.parametrize("path", ["../elsewhere", "/elsewhere"])
def test_a_backend_path_that_leads_outside(store: Store, interpreter: Interpreter, tmp_path: Path, path: str) -> None:
    text = f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["{path}"]\n'
    write_tree(tmp_path / "demo", {"pyproject.toml": text})
    with pytest.raises(BuildError, match="demo: cannot be built: its backend-path cannot be taken: paths must be"):
        prepare(store, interpreter, tmp_path, Directory(path="demo"))

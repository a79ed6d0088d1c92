"""Sessions with a cell on another machine: a real sshd on loopback, with a home and a store of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.plugin.conftest import PATIENCE, Project
from tests.run.hosts.machines import Machine, needs_sshd

pytestmark = [pytest.mark.e2e, needs_sshd]

_CELLS = 'platforms = ["host", "box"]\nexclude = [{ python = "3.13", platform = "host" }]'
_SECRET = "open-sesame"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.start()
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> str:
    store = Store(tmp_path_factory.mktemp("store"))
    return Interpreters(store, os.environ).find(Python.parse("3.13")).path


@pytest.fixture
def spread(project: Project, machine: Machine, interpreter: str) -> Project:
    """py310-host, and py313-box on the other machine."""
    project.configure(ofiuco=_CELLS, more=machine.platform(interpreter))
    return project


def _started(project: Project) -> subprocess.Popen[str]:
    return subprocess.Popen(
        project.command("--ofiuco-matrix"),
        cwd=project.folder,
        env=project.environ({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )


def _waited(machine: Machine, count: int) -> bool:
    """Whether so many processes, or none, are there soon."""
    deadline = time.monotonic() + PATIENCE / 4
    while time.monotonic() < deadline:
        found = len(machine.processes())
        if (found >= count) if count else not found:
            return True
        time.sleep(0.05)
    return False


def test_a_session(spread: Project, machine: Machine) -> None:
    spread.write(
        {
            "data/table.txt": "first",
            "gone.txt": "",
            ".venv/pyvenv.cfg": "",
            "tests/test_a.py": """
            import os, pathlib, warnings

            ROOT = pathlib.Path(__file__).parents[1]

            def test_place(ofiuco_cell):
                is_far = "remote-v1" in os.getcwd()
                assert is_far == (ofiuco_cell.platform == "box")
                assert is_far == (not (ROOT / ".venv").exists())

            def test_data():
                assert (ROOT / "data" / "table.txt").read_text() == "first"
                assert (ROOT / "gone.txt").exists()

            def test_fails():
                print("said in", os.getcwd())
                warnings.warn(f"warned in {ROOT}")
                raise ValueError(f"no good: {ROOT}")
            """,
        }
    )
    credentials = f"http://me:{_SECRET}@127.0.0.1:1/simple"
    first = spread.matrix("-vv", PIP_EXTRA_INDEX_URL=credentials)
    text = first.stdout.str()
    assert first.ret == pytest.ExitCode.TESTS_FAILED
    first.assert_outcomes(passed=4, failed=2, warnings=2)
    far = text.partition("_ test_fails[py313-box] _")[2].partition("short test summary")[0]
    assert f"ValueError: no good: {spread.folder}" in far
    assert "tests/test_a.py:18: ValueError" in far
    assert f"said in {spread.folder}" in far
    assert "remote-v1" not in text
    assert "prepared py313-box in" in text
    assert not machine.processes()
    kept = [path for path in machine.store.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000]
    assert kept
    assert not [path for path in kept if _SECRET.encode() in path.read_bytes()]

    (spread.folder / "gone.txt").unlink()
    spread.write({"data/table.txt": "other"})
    second = spread.matrix("-k", "test_data", "-rf")
    second.assert_outcomes(failed=2, deselected=4)
    assert "(2 cached, 0 built)" in second.stdout.str()
    assert len(re.findall("'other' == 'first'", second.stdout.str())) >= 1

    spread.write({"tests/test_a.py": "from pathlib import Path\n\ndef test(): assert not Path('gone.txt').exists()\n"})
    spread.matrix("--ofiuco-offline").assert_outcomes(passed=2)


def test_a_crash_and_a_child_that_stays(spread: Project, machine: Machine) -> None:
    spread.write(
        {
            "test_a.py": """
            import os, signal, subprocess, sys

            def test_dies():
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
                os.write(2, b"last words")
                os.kill(os.getpid(), signal.SIGKILL)

            def test_lives():
                pass
            """
        }
    )
    done = spread.matrix("-vv", "--ofiuco-platform", "box")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        ["*was killed by SIGKILL while running test_a.py::test_dies[[]py313-box[]]", "*last words*"]
    )
    assert _waited(machine, 0)


def test_a_test_that_takes_too_long(spread: Project, machine: Machine) -> None:
    spread.write({"test_a.py": "import time\n\ndef test_hangs(): time.sleep(300)\n\ndef test_other(): pass\n"})
    done = spread.matrix("--ofiuco-platform", "box", "--ofiuco-timeout", "1")
    done.assert_outcomes(passed=1, failed=1)
    assert "in test_hangs" in done.stdout.str()  # said by faulthandler, when it was aborted
    assert _waited(machine, 0)


def test_ctrl_c(spread: Project, machine: Machine) -> None:
    spread.write({"test_a.py": "import pathlib, time\n\ndef test(): pathlib.Path('hangs').touch(); time.sleep(300)\n"})
    process = _started(spread)
    try:
        deadline = time.monotonic() + PATIENCE
        while not list(machine.store.glob("remote-v1/projects/*/*/hangs")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - began < 5
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "Traceback (most recent call last)" not in output
    assert not machine.processes()


@pytest.mark.parametrize("victim", ["controller", "connection"])
def test_an_end_of_the_connection(victim: str, spread: Project, machine: Machine) -> None:
    spread.write(
        {
            "test_a.py": """
            import pathlib, time

            def test(ofiuco_cell):
                pathlib.Path('hangs-VICTIM').touch()
                time.sleep(300 if ofiuco_cell.platform == 'box' else 0)
            """.replace("VICTIM", victim)
        }
    )
    process = _started(spread)
    try:
        deadline = time.monotonic() + PATIENCE
        while not list(machine.store.glob(f"remote-v1/projects/*/*/hangs-{victim}")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        if victim == "controller":
            process.kill()
        else:
            machine.drop_connections()
        output, _ = process.communicate(timeout=PATIENCE / 3)
    finally:
        process.kill()
        process.communicate()
    assert _waited(machine, 0)
    if victim == "connection":
        assert process.returncode == pytest.ExitCode.TESTS_FAILED
        assert "was lost: far: the connection was lost" in output
        assert "1 passed" in output


def test_machines_that_are_of_no_use(spread: Project, machine: Machine, interpreter: str) -> None:
    more = "\n".join(
        [
            machine.platform(interpreter, name="away", ssh="-p 1 nobody@127.0.0.1"),
            machine.platform(interpreter),
        ]
    )
    cells = 'platforms = ["host", "away", "box"]\nexclude = [{ python = "3.13", platform = "host" }]'
    spread.configure(ofiuco=cells, more=more)
    spread.write({"test_a.py": "def test(): pass\n"})
    done = spread.matrix()
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(
        [
            "*ERROR collecting ofiuco[[]py313-away[]]*",
            "error: nobody@127.0.0.1: no connection: *refused*",
            "hint: see whether `ssh -F * -p 1 nobody@127.0.0.1` gets there, and correct `ssh` of its platform in*",
        ]
    )


def test_commands_tell_of_it(spread: Project, machine: Machine) -> None:
    spread.write({"test_a.py": "def test(): pass\n"})
    python = spread.command()[0]
    synced = spread.run([python, "-m", "pytest_ofiuco", "sync"], {})
    assert synced.ret == 0
    synced.stdout.fnmatch_lines(["py310-host *", f"py313-box * far:{machine.store}/environments-v1/*"])
    assert spread.run([python, "-m", "pytest_ofiuco", "matrix"], {}).ret == 0
    told = spread.run([python, "-m", "pytest_ofiuco", "doctor", "--offline"], {})
    told.stdout.fnmatch_lines(["  · py313-box: runs on another machine, which is not asked: ssh far"])

"""Ctrl-C and other signals, in the phases of a session: it ends soon, tells what it knows and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.plugin.conftest import Project
from tests.plugin.test_crashes import assert_nothing_left
from tests.plugin.test_ends import gone, start

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's"),
]

DEAF = """
import pathlib, os, signal, time
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_deaf(number):
    if number == 2:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pathlib.Path(f"mark-{os.getpid()}").touch()
        time.sleep(60)
"""

AT_EXIT = """
import atexit, os, pathlib, time

@atexit.register
def slow():
    pathlib.Path(f"mark-{os.getpid()}").touch()
    time.sleep(60)
"""

BACKEND = """
import pathlib, time

def build_wheel(folder, settings=None, metadata=None):
    (pathlib.Path(__file__).parent.parent / "mark-built").touch()
    time.sleep(60)

def build_editable(folder, settings=None, metadata=None):
    build_wheel(folder)
"""


def ended(
    project: Project,
    marks: int,
    send: Callable[[subprocess.Popen[str]], None],
    variables: Mapping[str, str] | None = None,
) -> tuple[int, str, float]:
    """Exit status and output of a session that is sent a signal once so many marks are there, and how long it took."""
    process = start(project, variables or {})
    try:
        deadline = time.monotonic() + 40
        while len(list(project.folder.glob("mark-*"))) < marks:
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.1)
        began = time.monotonic()
        send(process)
        output, _ = process.communicate(timeout=15)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, output, time.monotonic() - began


def ctrl_c(process: subprocess.Popen[str]) -> None:
    """As the terminal does: to the session's process group."""
    os.killpg(process.pid, signal.SIGINT)


def ctrl_c_twice(process: subprocess.Popen[str]) -> None:
    ctrl_c(process)
    time.sleep(0.15)
    ctrl_c(process)


def interrupted_alone(process: subprocess.Popen[str]) -> None:
    """As ``kill -INT`` does: what the session has started hears nothing."""
    process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("send", [ctrl_c, ctrl_c_twice])
def test_ctrl_c_while_workers_are_deaf(project: Project, send: Callable[[subprocess.Popen[str]], None]) -> None:
    project.write({"test_a.py": DEAF})
    status, output, took = ended(project, 2, send)
    assert status == pytest.ExitCode.INTERRUPTED
    assert took < 5
    assert "Traceback" not in output
    assert "2 passed" in output
    assert_nothing_left(project)


def test_ctrl_c_while_workers_are_at_their_exit(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass", "conftest.py": AT_EXIT})
    status, output, took = ended(project, 2, ctrl_c)
    assert status == pytest.ExitCode.INTERRUPTED
    assert took < 5
    assert "Traceback" not in output
    assert "ofiuco: interrupted: workers that had not ended were killed" in output
    assert "2 passed" in output
    assert_nothing_left(project)


def test_ctrl_c_while_interpreters_do_not_answer(project: Project, tmp_path: Path) -> None:
    deaf = tmp_path / "python3.12"
    deaf.write_text(f'#!/bin/sh\ntouch "{project.folder}/mark-asked"\nsleep 61\n')
    deaf.chmod(0o755)
    host = f'[tool.ofiuco.platform.host]\ninterpreters = ["{deaf}"]\n'
    project.configure(python=["3.12"], more=host)
    status, output, took = ended(Project(project.folder, tmp_path / "cache"), 1, interrupted_alone)
    assert status == pytest.ExitCode.INTERRUPTED
    assert took < 5
    assert "Traceback" not in output
    assert gone(str(deaf), 1)
    assert gone("sleep 61", 1)


def test_ctrl_c_while_a_wheel_is_built(project: Project, tmp_path: Path) -> None:
    lock = project.folder / "uv.lock"
    lock.write_text(lock.read_text().replace('{ virtual = "." }', '{ editable = "." }'))
    project.configure(
        python=["3.13"],
        ofiuco='install-project = "wheel"',
        more='[build-system]\nrequires = []\nbackend-path = ["backend"]\nbuild-backend = "slow"\n',
    )
    project.write({"backend/slow.py": BACKEND, "small.py": ""})
    own = Project(project.folder, tmp_path / "cache")
    status, output, took = ended(own, 1, ctrl_c)
    assert status == pytest.ExitCode.INTERRUPTED
    assert took < 5
    assert "Traceback" not in output
    assert gone(str(own.cache), 1)
    assert list(own.cache.glob("temporary-v*/*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda each: each.name)
def test_a_session_that_is_ended_takes_its_workers_along(
    project: Project, tmp_path: Path, number: signal.Signals
) -> None:
    project.write({"test_a.py": DEAF})
    status, _, took = ended(project, 2, lambda process: process.send_signal(number), {"TMPDIR": str(tmp_path)})
    assert status == -number
    assert took < 5
    assert_nothing_left(project)
    deadline = time.monotonic() + 3
    while list(tmp_path.glob("ofiuco-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.glob("ofiuco-*")) == []

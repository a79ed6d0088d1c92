"""Sessions whose workers are forked from processes that stay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import NewProject, Project, only_index

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="fork is POSIX's")]

STATE = """
    import gc, json, multiprocessing, os, pathlib, signal, stat, sys, threading, time

    def test_state(ofiuco_cell):
        mask = os.umask(0)
        os.umask(mask)
        state = {
            "argv": sys.argv, "directory": os.getcwd(), "path": sys.path, "main": sys.modules["__main__"].__file__,
            "variables": {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            "umask": mask, "gc": gc.get_threshold(), "frozen": gc.get_freeze_count() > 0, "zone": time.tzname,
            "descriptors": [stat.S_IFMT(os.fstat(n).st_mode) for n in range(3)], "input": sys.__stdin__.read(),
            "input stream": [sys.__stdin__.name, sys.__stdin__.mode, sys.__stdin__.encoding, sys.__stdin__.errors],
            "streams": [(s.name, s.mode, s.encoding, s.errors) for s in (sys.__stdout__, sys.__stderr__)],
            "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM)],
            "wakes": signal.set_wakeup_fd(-1), "threads": threading.active_count(),
            "leads": os.getpgid(0) == os.getpid(), "flags": str(sys.flags),
            "method": multiprocessing.get_start_method(),
            "open": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
        }
        pathlib.Path(f"{os.environ['STATE']}-{ofiuco_cell.name}.json").write_text(json.dumps(state))
"""


@pytest.fixture
def forking(project: Project) -> Iterator[Project]:
    """A project whose sessions find no fork server, and leave none."""
    yield project
    listed(project, "--stop")


def listed(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """What ``ofiuco forkserver`` lists."""
    command = [sys.executable, "-m", "pytest_ofiuco", "forkserver", "--format=json", *arguments]
    done = subprocess.run(command, env=project.environ({}), capture_output=True, check=True, timeout=20)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def waited_for(project: Project, count: int) -> list[dict[str, Any]]:
    """The fork servers, once there are as many."""
    deadline = time.monotonic() + 20
    while len(found := listed(project)) != count:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def session(project: Project, *arguments: str, **variables: str) -> pytest.RunResult:
    return project.matrix("--ofiuco-forkserver", "-p", "no:cacheprovider", *arguments, **variables)


def is_forked(project: Project, *arguments: str, **variables: str) -> pytest.RunResult:
    """A session in which every cell's worker was forked; a machine with much to do may be too slow to."""
    for _ in range(5):
        before = sum(each["forked"] for each in listed(project))
        result = session(project, *arguments, **variables)
        if sum(each["forked"] for each in listed(project)) - before >= 2:
            return result
    raise AssertionError("no worker was forked")


def running(project: Project, count: int) -> bool:
    """Whether so many forked workers run, soon."""
    deadline = time.monotonic() + 5
    while sum(each["running"] for each in listed(project)) != count:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_forked_worker_is_as_one_that_was_started(forking: Project) -> None:
    forking.write({"test_state.py": STATE})
    assert session(forking, STATE="started").ret == pytest.ExitCode.OK
    servers = waited_for(forking, 2)
    assert [each["forked"] for each in servers] == [0, 0]
    assert session(forking, STATE="forked", TZ="Asia/Tokyo").ret == pytest.ExitCode.OK  # a zone is read at the start
    assert [each["forked"] for each in listed(forking)][:2] == [0, 0]
    waited_for(forking, 4)
    is_forked(forking, STATE="forked")
    for cell in ("py310-host", "py313-host"):
        started, forked = (
            json.loads((forking.folder / f"{how}-{cell}.json").read_text()) for how in ("started", "forked")
        )
        assert started["variables"].pop("STATE") == "started"
        assert forked["variables"].pop("STATE") == "forked"
        assert forked == started

    forking.write({"test_state.py": "import lib\n\ndef test(): assert lib.VALUE == 1", "lib.py": "VALUE = 1"})
    assert session(forking).ret == pytest.ExitCode.OK
    forking.write({"lib.py": "VALUE = 1 + 1"})  # of another size: bytecode knows its source by that and the second
    result = session(forking, "--ofiuco-jobs=4")
    result.assert_outcomes(failed=2)
    assert sum(each["forked"] for each in listed(forking)) > 2


def test_a_forked_worker_that_ends_is_described(forking: Project) -> None:
    forking.write(
        {
            "test_ends.py": """
                import os, signal, sys

                def test_killed(): os.kill(os.getpid(), signal.SIGKILL)
                def test_exits():
                    os.write(2, b"said before")
                    os._exit(3)
                def test_passes(): os.write(1, b"said to descriptor one")
            """
        }
    )
    forking.configure(python=["3.13"])
    session(forking)
    waited_for(forking, 1)
    result = session(forking)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "the worker of py313-host was killed by SIGKILL while running test_ends.py::test_killed[[]py313-host[]]",
            "the worker of py313-host exited with 3 while running test_ends.py::test_exits[[]py313-host[]]",
            "said before",
        ]
    )
    assert "said to descriptor one" in session(forking, "-s", "-k", "passes").stdout.str()
    (server,) = listed(forking)
    assert server["forked"] > 1
    assert running(forking, 0)


def test_a_fork_server_that_is_killed_takes_no_session_along(forking: Project) -> None:
    forking.write(
        {
            "test_kills.py": """
                import os, signal

                def test_kills():
                    with open(f"/proc/{os.getppid()}/cmdline") as file:
                        assert "forkserver" in file.read()
                    os.kill(os.getppid(), signal.SIGKILL)

                def test_after(): pass
            """
        }
    )
    forking.configure(python=["3.13"])
    session(forking, "-k", "after")
    (first,) = waited_for(forking, 1)
    session(forking).assert_outcomes(passed=2)
    assert listed(forking) == []
    session(forking, "-k", "after").assert_outcomes(passed=1)
    (second,) = waited_for(forking, 1)
    assert second["pid"] != first["pid"]


def test_a_fork_server_that_hangs_is_not_waited_for(forking: Project) -> None:
    forking.write({"test_a.py": "def test(): pass"})
    forking.configure(python=["3.13"])
    session(forking)
    (server,) = waited_for(forking, 1)
    os.kill(server["pid"], signal.SIGSTOP)
    try:
        session(forking).assert_outcomes(passed=1)
    finally:
        os.kill(server["pid"], signal.SIGKILL)


def test_ctrl_c_ends_forked_workers(forking: Project) -> None:
    forking.write(
        {
            "test_hangs.py": """
                import os, pathlib, time

                def test_hangs(ofiuco_cell):
                    pathlib.Path("hangs-" + ofiuco_cell.name).write_text(str(os.getpid()))
                    time.sleep(60)

                def test_passes(): pass
            """
        }
    )
    session(forking, "-k", "passes")
    waited_for(forking, 2)
    process = subprocess.Popen(
        forking.command("--ofiuco-matrix", "--ofiuco-forkserver", "--ofiuco-jobs=2"),
        cwd=forking.folder,
        env=forking.environ({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not all((forking.folder / f"hangs-py3{minor}-host").exists() for minor in (10, 13)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    assert "Traceback (most recent call last)" not in output
    assert running(forking, 0)


def test_the_folder_of_the_sockets_must_be_ones_own(new_project: NewProject, tmp_path: Path) -> None:
    project = Project(new_project().folder, tmp_path / "c")
    project.write({"test_a.py": "def test(): pass"})
    folder = project.cache / "forkservers-v1"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    nowhere = only_index("http://127.0.0.1:9/simple", tmp_path)
    result = session(project, **nowhere)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines == [
        f"ERROR: --ofiuco-forkserver: {folder} is not a folder that is yours alone",
        "hint: choose another folder with the variable OFIUCO_CACHE_DIR",
        "",
    ]
    long = Project(project.folder, tmp_path / ("c" * 90))
    result = session(long, **nowhere)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        f"ERROR: --ofiuco-forkserver: {long.cache / 'forkservers-v1'}: too long a path for a socket"
    )


def test_no_fork_server_runs(project: Project, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest_ofiuco", "forkserver"]
    environ = {**project.environ({}), "OFIUCO_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == "no fork server runs\n"

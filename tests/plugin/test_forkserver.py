"""Sessions whose workers are forked from processes that stay."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco import worker
from pytest_ofiuco.run.forkserver import running as running_in
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
                import os, signal, time

                def test_kills():
                    with open(f"/proc/{os.getppid()}/cmdline") as file:
                        assert "forkserver" in file.read()
                    os.kill(os.getppid(), signal.SIGKILL)
                    time.sleep(1)

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


def test_what_is_forked_too_late_does_nothing(forking: Project) -> None:
    tests = "import time, pytest\n\n@pytest.mark.parametrize('n', range(30))\ndef test(n): time.sleep(0.1)\n"
    forking.write({"test_a.py": tests})
    forking.configure(python=["3.13"])
    session(forking, "-k", "nothing")
    (server,) = waited_for(forking, 1)
    os.kill(server["pid"], signal.SIGSTOP)
    goes_on = threading.Timer(4.5, os.kill, (server["pid"], signal.SIGCONT))
    goes_on.start()
    try:
        session(forking, "--ofiuco-jobs=1").assert_outcomes(passed=30)
    finally:
        goes_on.cancel()
        os.kill(server["pid"], signal.SIGCONT)
    assert running(forking, 0)


def test_nobody_is_kept_waiting_for_a_fork_server(forking: Project) -> None:
    """It stays, and what the session had open is closed in it: a pipe's reader hears the end."""
    forking.write({"test_a.py": "def test(): pass"})
    forking.configure(python=["3.13"])
    receives, sends = os.pipe()
    process = subprocess.Popen(
        forking.command("--ofiuco-matrix", "--ofiuco-forkserver", "-p", "no:cacheprovider"),
        cwd=forking.folder,
        env=forking.environ({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(sends,),
    )
    os.close(sends)
    assert process.wait(timeout=60) == pytest.ExitCode.OK
    waited_for(forking, 1)
    with os.fdopen(receives, "rb") as pipe:
        assert select.select([pipe], [], [], 10)[0]
        assert pipe.read() == b""


@pytest.mark.parametrize("request_", [b"{}\n", b"[]\n", b"no json\n", b'{"kind": "fork"}\n', b"", b"cut off"])
def test_a_fork_server_survives_requests_that_make_no_sense(served: Path, request_: bytes) -> None:
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(served))
            with contextlib.suppress(BrokenPipeError):
                socket.send_fds(connection, [request_ or b" "], [0, 1])
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
    (said,) = running_in(served.parent)
    assert said["forked"] == 0
    descriptors = Path(f"/proc/{said['pid']}/fd")
    if descriptors.exists():
        assert len(list(descriptors.iterdir())) < 12


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a fork server of the Python that runs this."""
    path = tmp_path_factory.mktemp("served") / "0.sock"
    process = subprocess.Popen([sys.executable, "-c", worker.fork_command(str(path), 60.0)])
    try:
        deadline = time.monotonic() + 20
        while not running_in(path.parent):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield path
    finally:
        running_in(path.parent, stop=True)
        process.wait(timeout=10)


def test_with_a_module_path_nothing_is_forked(forking: Project) -> None:
    forking.write({"lib/helper.py": "VALUE = 1", "test_a.py": "import helper\n\ndef test(): assert helper.VALUE"})
    forking.configure(python=["3.13"])
    for _ in range(2):
        session(forking, PYTHONPATH=str(forking.folder / "lib")).assert_outcomes(passed=1)
    assert listed(forking) == []


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
    process = forking.started("--ofiuco-matrix", "--ofiuco-forkserver", "--ofiuco-jobs=2")
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

"""Workers and sessions that end before their time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.plugin.conftest import Project, only_index

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's"),
]


def processes_with(text: str) -> list[int]:
    """The processes whose id and command line hold a text; zombies have no command line."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    found = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(each[0]) for each in found if text in " ".join(each)]


def test_a_worker_that_dies_fails_its_test_and_the_rest_runs(project: Project) -> None:
    project.write(
        {
            "test_dies.py": """
                import os, signal, sys

                def test_before(): pass

                def test_killed(ofiuco_cell):
                    print("said before", file=sys.stderr, flush=True)
                    if ofiuco_cell.python == "3.10":
                        os.kill(os.getpid(), signal.SIGKILL)

                def test_between(): pass

                def test_exits(ofiuco_cell):
                    if ofiuco_cell.python == "3.13":
                        os._exit(3)

                def test_aborts(ofiuco_cell):
                    os.write(2, b"uncaught words")
                    if ofiuco_cell.python == "3.10":
                        os.abort()

                def test_after(): pass
            """
        }
    )
    result = project.matrix("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=9, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "the worker of py310-host was killed by SIGKILL while running test_dies.py::test_killed[[]py310-host[]]",
            "*Captured worker output*",
            "said before",
            "the worker of py310-host was killed by SIGABRT while running test_dies.py::test_aborts[[]py310-host[]]",
            "the worker of py313-host exited with 3 while running test_dies.py::test_exits[[]py313-host[]]",
            "py310-host *4 *2 *0 *",
            "py313-host *5 *1 *0 *",
        ]
    )
    again = project.matrix("--lf")
    again.assert_outcomes(failed=3)


def test_a_worker_that_dies_while_collecting_is_an_error_of_its_cell(project: Project) -> None:
    project.write(
        {"test_a.py": "import os, sys\n\nif sys.version_info < (3, 11):\n    os._exit(7)\n\ndef test(): pass"}
    )
    result = project.matrix("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["the worker of py310-host exited with 7*", "py310-host * error: could not collect"])


def test_leaving_from_a_test_ends_the_session(project: Project) -> None:
    project.write(
        {
            "test_leaves.py": """
                import pytest

                def test_before(): pass
                def test_leaves(): pytest.exit("enough", returncode=7)
                def test_after(): assert False
            """
        }
    )
    result = project.matrix("-p", "no:cacheprovider")
    assert result.ret in (7, pytest.ExitCode.INTERRUPTED)
    result.stdout.fnmatch_lines(["*Exit: py3*-host: *enough*"])
    assert "failed" not in result.parseoutcomes()


@pytest.fixture
def hanging(project: Project) -> Iterator[tuple[Project, subprocess.Popen[str]]]:
    """A session whose tests are all in their sleep, holding a fixture."""
    project.write(
        {
            "test_hangs.py": """
                import os, pathlib, subprocess, sys, time, pytest

                @pytest.fixture
                def resource(ofiuco_cell):
                    yield
                    pathlib.Path("finalized-" + ofiuco_cell.name).touch()

                def test_hangs(resource, ofiuco_cell):
                    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
                    pathlib.Path("hangs-" + ofiuco_cell.name).write_text(str(os.getpid()))
                    time.sleep(60)

                def test_never(): pass
            """
        }
    )
    process = start(project, {})
    deadline = time.monotonic() + 60
    while len(workers(project)) < 2:
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield project, process
    for leader in (process.pid, *workers(project)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
    process.communicate()


def start(project: Project, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """A session in a process group of its own, as a shell starts it."""
    return project.started("--ofiuco-matrix", "-p", "no:cacheprovider", "--ofiuco-jobs=2", **variables)


def workers(project: Project) -> list[int]:
    """The processes of the workers, as their tests say; each leads a group of its own."""
    return [int(text) for text in (path.read_text() for path in project.folder.glob("hangs-*")) if text]


def gone(text: str, seconds: float) -> bool:
    """Whether every process with a text in its command line ends in time."""
    deadline = time.monotonic() + seconds
    while processes_with(text):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c(hanging: tuple[Project, subprocess.Popen[str]], cache: Path) -> None:
    project, process = hanging
    assert len(processes_with(str(cache))) >= 4
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert time.monotonic() - began < 5
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    assert "Traceback (most recent call last)" not in output
    assert gone(str(cache), 1)
    assert sorted(path.name for path in project.folder.glob("finalized-*")) == [
        "finalized-py310-host",
        "finalized-py313-host",
    ]


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    """An index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def test_ctrl_c_while_an_index_does_not_answer(project: Project, tmp_path: Path, silent_index: socket.socket) -> None:
    project.write({"test_a.py": "def test(): pass"})
    url = f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
    private = Project(project.folder, tmp_path / "cache")
    process = start(private, only_index(url, tmp_path))
    try:
        connection, _ = silent_index.accept()
        with connection:
            began = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - began < 5
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "Traceback (most recent call last)" not in output


def test_ctrl_c_while_collecting(project: Project) -> None:
    project.write(
        {"test_a.py": "import os, pathlib, time\n\npathlib.Path(f'hangs-{os.getpid()}').touch()\ntime.sleep(60)"}
    )
    process = start(project, {})
    try:
        while len(list(project.folder.glob("hangs-*"))) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - began < 5
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "Traceback (most recent call last)" not in output
    ids = [path.name.removeprefix("hangs-") for path in project.folder.glob("hangs-*")]
    assert all(gone(f"{each} {project.cache}", 1) for each in ids)


def test_a_controller_that_is_killed_takes_its_workers_along(
    hanging: tuple[Project, subprocess.Popen[str]], cache: Path
) -> None:
    project, process = hanging
    process.kill()
    process.communicate(timeout=10)
    assert all(gone(f"{worker} {cache}", 12) for worker in workers(project))

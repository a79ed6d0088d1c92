"""Tests that end their worker, in every way that was thought of: each fails with its reason, and the others run."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.plugin.conftest import Project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's"),
]

ONE_CELL = ("-p", "no:cacheprovider", "--ofiuco-cell=py313-host", "--ofiuco-jobs=1", "--tb=short", "-v")


def left_of(project: Project) -> list[int]:
    """The processes that were started in a cell of this project and are not zombies."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            here = (folder / "cwd").readlink() == project.folder
        except OSError:
            continue
        if here and any(each.startswith(b"OFIUCO_CELL=") for each in variables):
            found.append(int(folder.name))
    return found


def assert_nothing_left(project: Project) -> None:
    if not Path("/proc/self/environ").exists():
        return
    deadline = time.monotonic() + 3
    while left_of(project) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_of(project) == []


def failures(result: pytest.RunResult) -> dict[str, str]:
    """How the worker was lost, by test."""
    lines = [line for line in result.outlines if line.startswith("the worker of py313-host ")]
    parted = [
        line.removeprefix("the worker of py313-host ").rpartition(" while running test_ends.py::") for line in lines
    ]
    return {test.removesuffix("[py313-host]"): how for how, _, test in parted}


def test_every_end_of_a_worker_fails_its_test_alone(project: Project) -> None:
    project.write(
        {
            "test_ends.py": """
                import ctypes, os, resource, signal, subprocess, sys, threading, time
                import pytest

                def test_first(): pass
                def test_segfault(): ctypes.string_at(0)

                def test_killed():
                    subprocess.Popen(["sh", "-c", f"kill -9 {os.getpid()}"]).wait()
                    time.sleep(10)

                def test_memory():
                    _, hard = resource.getrlimit(resource.RLIMIT_AS)
                    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, hard))
                    try:
                        bytearray(1 << 33)
                    finally:
                        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))

                def test_exits_0(): os._exit(0)

                def test_exits_3():
                    print("last words", file=sys.stderr)
                    os._exit(3)

                def test_leaves(): sys.exit(5)
                def test_closes_all(): os.closerange(0, 1000)
                def test_closes_and_reuses():
                    os.closerange(3, 1000)
                    for number in range(40):
                        os.open(os.devnull, os.O_RDWR)

                def test_closes_output():
                    os.close(1)
                    os.close(2)

                def test_prints():
                    for _ in range(20):
                        sys.stdout.write("x" * (1 << 20))
                        os.write(2, b"y" * (1 << 20))

                def test_forks():
                    child = os.fork()
                    if child == 0:
                        os._exit(7)
                    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

                def test_forks_and_both_return():
                    child = os.fork()
                    if child:
                        os.waitpid(child, 0)

                def test_forks_a_child_that_stays():
                    if os.fork() == 0:
                        time.sleep(60)
                        os._exit(0)

                def test_forks_a_daemon_that_holds_the_pipes():
                    child = os.fork()
                    if child == 0:
                        os.setsid()
                        if os.fork() == 0:
                            time.sleep(2)
                        os._exit(0)
                    os.waitpid(child, 0)

                def test_daemon_thread(): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()

                def test_reads():
                    with pytest.raises((EOFError, OSError)):
                        input()

                def test_last(): pass
            """
        }
    )
    result = project.matrix(*ONE_CELL)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert failures(result) == {
        "test_segfault": "was killed by SIGSEGV",
        "test_killed": "was killed by SIGKILL",
        "test_exits_0": "exited with 0",
        "test_exits_3": "exited with 3",
        "test_closes_all": "closed its connection",
        "test_closes_and_reuses": "closed its connection",
    }
    result.stdout.fnmatch_lines(["Fatal Python error: Segmentation fault", "*test_ends.py*in test_segfault*"])
    result.stdout.fnmatch_lines(["E   MemoryError", "*Captured worker output*", "last words", "E   SystemExit: 5"])
    result.assert_outcomes(passed=10, failed=8)
    assert_nothing_left(project)


def test_hanging_tests_are_ended_and_say_where_they_were(project: Project) -> None:
    project.write(
        {
            "test_ends.py": """
                import ctypes, os, signal, time
                import pytest

                @pytest.fixture
                def never_torn_down():
                    yield
                    time.sleep(60)

                @pytest.fixture(scope="session")
                def never_torn_down_at_the_end():
                    yield
                    time.sleep(60)

                def test_first(): pass
                def test_tears_down(never_torn_down): pass

                def test_sleeps():
                    print("going to sleep")
                    time.sleep(60)

                def test_deaf():
                    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
                    ctypes.CDLL(None).sleep(60)

                def test_stopped(): os.kill(os.getpid(), signal.SIGSTOP)
                def test_last(never_torn_down_at_the_end): pass
            """
        }
    )
    result = project.matrix(*ONE_CELL, "--ofiuco-timeout=0.5")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    ended = "was ended: a test may take 0.5 s (--ofiuco-timeout)"
    tests = ("test_tears_down", "test_sleeps", "test_deaf", "test_stopped", "test_last")
    assert failures(result) == dict.fromkeys(tests, ended)
    result.stdout.fnmatch_lines(["Fatal Python error: Aborted", "*test_ends.py*in test_sleeps*", "going to sleep"])
    result.assert_outcomes(passed=1, failed=5)
    assert_nothing_left(project)


def test_workers_of_one_cell_that_die_at_once(project: Project) -> None:
    text = """
        import os, signal, time
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_a(number):
            time.sleep(0.1)
            if number % 3 == 0:
                os.kill(os.getpid(), signal.SIGSEGV)
    """
    project.write({"test_a.py": text, "conftest.py": "import os\nopen(f'worker-{os.getpid()}', 'w').close()\n"})
    result = project.matrix("-p", "no:cacheprovider", "--ofiuco-cell=py313-host", "--ofiuco-jobs=4")
    result.assert_outcomes(passed=8, failed=4)
    assert 4 <= len(list(project.folder.glob("worker-*"))) <= 10
    assert_nothing_left(project)


def test_a_worker_that_ends_before_it_was_told_anything(project: Project, tmp_path: Path) -> None:
    """One that was started ahead of its session's plan; the one after it ends as well."""
    cache = {"OFIUCO_CACHE_DIR": str(tmp_path / "cache")}
    project.write({"test_a.py": "def test(): pass\n"})
    project.matrix("-q", **cache).assert_outcomes(passed=2)
    for folder in (tmp_path / "cache").glob("environments-v1/*/lib/python3*/site-packages"):
        (folder / "sitecustomize.py").write_text("import os\nos.write(2, b'no way')\nos._exit(3)\n")
    result = project.matrix("-p", "no:cacheprovider", **cache)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["the worker of py310-host exited with 3", "no way"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")

"""A cell at the terminal: the debugger's prompt, and the cell's interpreter."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from tests.plugin.conftest import Project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX's"),
]

FAILS = "def test_fails():\n    value = 41\n    assert value == 42\n"


def talk(project: Project, arguments: Sequence[str], lines: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run pytest at a terminal, answer what it says; its exit status and what was on the screen."""
    controller, terminal = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *project.command(*arguments)],
        cwd=project.folder,
        env=project.environ({"TERM": "dumb"}),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    said, seen, waiting, deadline = "", 0, list(lines), time.monotonic() + 40
    while time.monotonic() < deadline:
        if not select.select([controller], [], [], 0.1)[0]:
            continue
        try:
            said += os.read(controller, 65536).decode(errors="replace")
        except OSError:
            break
        if waiting and waiting[0][0] in said[seen:]:
            seen = len(said)
            time.sleep(0.5)  # a person's: what comes while readline takes the terminal over is lost
            os.write(controller, waiting.pop(0)[1].encode())
    process.kill()
    os.close(controller)
    return process.wait(), said


def test_the_debugger_has_the_terminal(project: Project) -> None:
    project.write({"test_a.py": FAILS})
    one = ["--ofiuco-matrix", "-p", "no:cacheprovider", "--ofiuco-cell=py313-host", "--pdb", "--ofiuco-timeout=0.5"]
    lines = [("(Pdb)", "p value + 1000\n"), ("1041\r\n(Pdb) ", "\x03"), ("--KeyboardInterrupt--", "c\n")]
    status, said = talk(project, one, lines)
    before = said.partition("(Pdb)")[0]
    assert ">       assert value == 42" in before.replace("\x1b", "")
    assert "entering PDB" in before
    assert "1041" in said
    assert "1 failed" in said
    assert status == pytest.ExitCode.TESTS_FAILED


BREAKS = """
import pytest

@pytest.fixture
def broken():
    raise ValueError("up")

@pytest.fixture
def left_broken():
    yield
    raise ValueError("down")

def test_set_up(broken): pass
def test_stops():
    value = 41
    breakpoint()
def test_tear_down(left_broken): pass
def test_last(): pass
"""


@pytest.mark.parametrize("leave", [pytest.param("q\n", id="quit"), pytest.param("\x04", id="end of input")])
def test_errors_of_fixtures_and_leaving_the_debugger(project: Project, leave: str) -> None:
    own = "import pdb\n\nclass Own(pdb.Pdb):\n    prompt = property(lambda self: '(Own) ', lambda self, text: None)\n"
    project.write({"test_a.py": BREAKS, "own.py": own})
    one = ["--ofiuco-matrix", "-p", "no:cacheprovider", "--ofiuco-cell=py313-host", "--pdb", "--pdbcls=own:Own"]
    lines = [("(Own)", "c\n"), ("(Own)", "p value + 1000\n"), ("1041\r\n(Own) ", "c\n"), ("(Own)", leave)]
    status, said = talk(project, one, lines)
    assert status == pytest.ExitCode.INTERRUPTED
    assert "E       ValueError: up" in said
    assert "E       ValueError: down" in said
    assert "Exit: py313-host: Quitting debugger" in said
    assert "2 passed, 2 errors" in said


def test_every_test_is_stepped_through(project: Project) -> None:
    project.write({"test_a.py": BREAKS})
    one = ["--ofiuco-matrix", "-p", "no:cacheprovider", "--ofiuco-cell=py313-host", "--trace", "-k", "stops"]
    lines = [("-> value = 41", "n\n"), ("-> breakpoint()", "p value\n"), ("41\r\n", "c\n"), ("(Pdb)", "c\n")]
    status, said = talk(project, one, lines)
    assert status == pytest.ExitCode.OK
    assert "1 passed" in said


def test_a_breakpoint_without_a_debugger_says_how_to_get_one(project: Project) -> None:
    project.write({"test_a.py": "def test_stops():\n    breakpoint()\n\ndef test_last(): pass\n"})
    result = project.matrix("-p", "no:cacheprovider", "--tb=short", "-s")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*test_stops in all 2 cells*",
            "test_a.py:2: in test_stops",
            "    breakpoint()",
            "E   Failed: the debugger has no terminal here: run the cell alone, with --pdb --ofiuco-cell py310-host",
        ]
    )


def test_several_cells_have_no_debugger(project: Project) -> None:
    project.write({"test_a.py": FAILS})
    result = project.matrix("--pdb")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --pdb and --trace debug one cell, and 2 are selected",
            "hint: select one: --ofiuco-cell py313-host (of py310-host, py313-host)",
        ]
    )


def test_the_interpreter_of_a_cell(project: Project) -> None:
    text = "import os, sys; print(sys.version_info[:2], os.environ['OFIUCO_CELL'], os.getcwd()); sys.exit(7)"
    done = subprocess.run(
        project.command("--ofiuco-shell=py313-host"),
        cwd=project.folder,
        env=project.environ({}),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 7
    assert done.stdout == f"(3, 13) py313-host {project.folder}\n"
    for name in ("py399-host", "py313", "py3*", "py310-host,py313-host", ""):
        unknown = project.plain(f"--ofiuco-shell={name}")
        assert unknown.ret == pytest.ExitCode.USAGE_ERROR
        expected = ["ERROR: no cell is left of the matrix", "hint: choose from: py310-host, py313-host"]
        assert [line for line in unknown.errlines if line] == expected

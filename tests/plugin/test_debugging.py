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
    unknown = project.matrix("--ofiuco-shell", "py399-host")
    assert unknown.ret == pytest.ExitCode.USAGE_ERROR
    unknown.stderr.fnmatch_lines(["ERROR: no cell is left of the matrix", "hint: choose from: py310-host, py313-host"])

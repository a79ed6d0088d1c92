"""The process that ends workers and removes what a controller could not."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.run.guard import Guard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is a script of the shell's")

_KILLED = """\
import os, pathlib, sys
from pytest_ofiuco.run.guard import Guard

guard = Guard()
for folder in sys.argv[1:]:
    guard.remove(pathlib.Path(folder))
os.kill(os.getpid(), 9)
"""


def test_every_folder_of_a_controller_that_is_killed_goes(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "with a space", "three")]
    for folder in folders:
        folder.mkdir()
    subprocess.run([sys.executable, "-c", _KILLED, *map(str, folders)], check=False)
    deadline = time.monotonic() + 10
    while any(folder.exists() for folder in folders):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_closed_removes_nothing(tmp_path: Path) -> None:
    guard = Guard()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        guard.remove(tmp_path / name)
    guard.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]

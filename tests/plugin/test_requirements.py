"""A session whose lock is a requirements.txt with hashes: the index names the files, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Sdist, Wheel
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.store.project import load
from tests.plugin.conftest import Project, only_index
from tests.store.serving import closed_port
from tests.targets import target

pytestmark = pytest.mark.e2e

PYTHONS = ("3.10", "3.13")


def requirements(folder: Path) -> str:
    """What the cells of a project with another lock get, a line each."""
    lock = load(folder).lock
    lines = []
    for python in PYTHONS:
        for pin in resolve(lock, target(python, "manylinux_2_28_x86_64"), lock.selection(all_groups=True)).packages:
            if isinstance(pin.artifact, Wheel | Sdist):
                ((algorithm, digest),) = pin.artifact.hashes
                condition = f'python_version == "{python}"'
                lines.append(f"{pin.name}=={pin.version} ; {condition} --hash={algorithm}:{digest}\n")
    return "".join(lines)


def test_a_session(project: Project, tmp_path: Path) -> None:
    text = requirements(project.folder)
    (project.folder / "uv.lock").unlink()
    project.write({"requirements.txt": text, "tests/test_one.py": "def test_one(): pass"})
    project.matrix().assert_outcomes(passed=2)
    nowhere = only_index(f"http://127.0.0.1:{closed_port()}", tmp_path)
    project.matrix(**nowhere).assert_outcomes(passed=2)
    project.matrix("--ofiuco-offline").assert_outcomes(passed=2)


def test_nothing_known_and_offline(project: Project, tmp_path: Path) -> None:
    text = requirements(project.folder)
    (project.folder / "uv.lock").unlink()
    project.write({"requirements.txt": text, "tests/test_one.py": "def test_one(): pass"})
    result = project.matrix("--ofiuco-offline", OFIUCO_CACHE_DIR=str(tmp_path))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: offline, and the cache lacks which files the hashes of * more packages are of"]
    )
    result.stderr.fnmatch_lines(["hint: run once with the network: *"])

"""example_project as its users run it: the same matrix from each of its three locks, and nothing done twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
LOCKS = ("poetry.lock", "uv.lock", "pylock.toml")

Outcomes = dict[str, str]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of example_project with all three locks, the two that are not committed made by uv."""
    folder = tmp_path_factory.mktemp("example") / "example_project"
    left_out = shutil.ignore_patterns("__pycache__", ".*", "uv.lock", "pylock.toml", "build", "cdk")
    shutil.copytree(ROOT / "example_project", folder, ignore=left_out)
    uv = shutil.which("uv") or _install_uv(tmp_path_factory.mktemp("uv"))
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for command in (
        ["lock"],
        ["export", "--quiet", "--format", "pylock.toml", "--no-emit-project", "--output-file", "pylock.toml"],
    ):
        subprocess.run([uv, *command], cwd=folder, env=environ, check=True, capture_output=True)
    return folder


def _install_uv(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    return str(scripts / "uv")


def run_matrix(folder: Path, lock: str, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Outcomes]:
    """A matrix session with one of the locks; the outcome of each node id, from the JUnit report."""
    for name in LOCKS:
        (folder / name).rename(folder / f"{name}.away") if (folder / name).exists() and name != lock else None
        (folder / f"{name}.away").rename(folder / name) if (folder / f"{name}.away").exists() and name == lock else None
    report = folder.parent / f"{lock}.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--ofiuco-matrix", f"--junitxml={report}", "-rs", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = next(iter(kinds), "passed")
    return done, outcomes


@pytest.fixture(scope="module")
def sessions(example: Path) -> dict[str, tuple[subprocess.CompletedProcess[str], Outcomes]]:
    """One session for each lock."""
    return {lock: run_matrix(example, lock) for lock in LOCKS}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_cell_runs_every_test(
    sessions: dict[str, tuple[subprocess.CompletedProcess[str], Outcomes]], lock: str
) -> None:
    done, outcomes = sessions[lock]
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ofiuco: {lock} (" in done.stdout
    cells = Counter(name.rpartition("[")[2].rstrip("]") for name in outcomes if name.endswith("-host]"))
    assert set(cells) == {"py310-host", "py311-host", "py312-host", "py313-host"}
    assert min(cells.values()) > 50
    assert set(outcomes.values()) == {"passed", "skipped"}
    inside = [name for name in outcomes if "test_cell" in name]
    assert len(inside) >= 4 * 4
    assert {outcomes[name] for name in inside} == {"passed"}


def test_the_locks_agree(sessions: dict[str, tuple[subprocess.CompletedProcess[str], Outcomes]]) -> None:
    first, second, third = (sessions[lock][1] for lock in LOCKS)
    assert first == second == third


def test_a_second_run_builds_and_fetches_nothing(example: Path, sessions: object) -> None:
    done, _ = run_matrix(example, "poetry.lock", "-k", "test_cell", "--ofiuco-offline")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Preparing environments: 8/8 (8 cached, 0 built)" in done.stdout


def test_the_committed_lock_names_no_host() -> None:
    assert "://" not in (ROOT / "example_project" / "poetry.lock").read_text(encoding="utf-8")

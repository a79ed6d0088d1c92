"""Cells that run in containers, by podman, of an image made of Debian's packages."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.foreign.make_python import NoMirrorError, unpacked_system
from tests.plugin.conftest import NewProject, Project, new_project

__all__ = ["new_project"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.foreign,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or shutil.which("apt-get") is None,
        reason="the image is made of Debian's packages, for x86_64",
    ),
]

IMAGE = "localhost/ofiuco-test:bookworm"
SETTINGS = """\
[engine]
runtime = "runc"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
"""
"""What podman runs with where it may not raise limits, or where control groups are of two kinds."""

TESTS = """\
import multiprocessing, os, platform, signal, subprocess, sys, time


def test_where(ofiuco_cell, tmp_path):
    box = ofiuco_cell.platform == "box"
    assert os.environ["FROM_HERE"] == "yes, here"
    assert os.path.exists("/usr/bin/apt-get") != box
    assert platform.libc_ver() == ("glibc", "2.36") or not box
    (tmp_path / "file").write_text("text")
    with open(f"made-{box}", "w") as file:
        file.write(os.environ["HOME"])
    said = subprocess.run([sys.executable, "-c", "import sys; print(sys.prefix)"], stdout=subprocess.PIPE, check=True)
    assert said.stdout.decode().strip() == sys.prefix == os.environ["VIRTUAL_ENV"]


def test_processes():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(platform.python_version) == platform.python_version()


def test_crashes(ofiuco_cell):
    if ofiuco_cell.platform == "box":
        os.kill(os.getpid(), signal.SIGSEGV)


def test_hangs():
    if os.environ.get("HANGS"):
        with open("hangs", "w"):
            time.sleep(100)
"""


def podman(*words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["podman", *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Variables with which podman runs; it has the image."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not here")
    folder = tmp_path_factory.mktemp("podman")
    try:
        root = unpacked_system(folder / "root", "3.11", "amd64")
    except NoMirrorError as error:
        pytest.skip(f"no image can be made here: {error}")
    subprocess.run(["tar", "--create", "--file", folder / "root.tar", "--directory", root, "."], check=True)
    said = podman("import", str(folder / "root.tar"), IMAGE).stderr
    (folder / "containers.conf").write_text(SETTINGS)
    for chosen in ({}, {"CONTAINERS_CONF": str(folder / "containers.conf")}):
        command = ("run", "--rm", "--init", "--network=host", IMAGE, "python3.11", "-c", "")
        done = podman(*command, environ={**os.environ, **chosen})
        if done.returncode == 0:
            yield {"OFIUCO_CONTAINER_ENGINE": "podman", "FROM_HERE": "yes, here", **chosen}
            podman("image", "rm", "--force", IMAGE)
            return
        said += done.stderr
    pytest.skip(f"podman does not run here: {said}")


@pytest.fixture
def box(new_project: NewProject) -> Project:
    """A project with a cell in a container, and one of this machine."""
    project = new_project()
    table = f'[tool.ofiuco.platform.box]\ntag = "manylinux_2_34_x86_64"\ncontainer = "{IMAGE}"'
    project.configure(python=["3.11"], ofiuco='platforms = ["host", "box"]', more=table)
    project.write({"test_a.py": TESTS})
    return project


def test_cells_run_in_containers(box: Project, variables: Mapping[str, str], tmp_path: Path) -> None:
    result = box.matrix("--ofiuco-jobs=2", f"--junit-xml={tmp_path}/report.xml", **variables)
    result.assert_outcomes(passed=8, failed=1)  # with an inspection
    result.stdout.re_match_lines_random(
        [
            r"py311-box:",
            r"  CPython 3\.11\.\d+, podman \d[\d.]+, glibc 2\.36; files for glibc 2\.34",
            r"the worker of py311-box was killed by SIGSEGV while running test_a.py::test_crashes\[py311-box\]",
        ]
    )
    assert "podman" in (tmp_path / "report.xml").read_text(encoding="utf-8")
    made = box.folder / "made-True"
    assert made.read_text() == "/home/ofiuco"
    assert made.stat().st_uid == os.getuid()
    manifests = [json.loads(file.read_text()) for file in box.cache.glob("environments-v1/*/ofiuco.json")]
    assert "" in [each["interpreter"] for each in manifests]  # it is nowhere here, and so not missed
    again = box.matrix("-k", "where", "--ofiuco-platform=box", **variables)
    again.stdout.fnmatch_lines(["Preparing environments: 1/1 (1 cached, 0 built)"])
    again.assert_outcomes(passed=1, deselected=4)
    debugged = box.matrix("-k", "where", "--ofiuco-platform=box", "--pdb", **variables)
    assert "a debugger has no terminal in a container" in debugged.stdout.str() + debugged.stderr.str()
    assert wait_until(lambda: containers() == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_the_session_leaves_no_container(
    number: signal.Signals, box: Project, variables: Mapping[str, str]
) -> None:
    with subprocess.Popen(
        box.command("--ofiuco-matrix", "-k", "hangs", "--ofiuco-platform=box", "--ofiuco-inspect=none"),
        cwd=box.folder,
        env=box.environ({**variables, "HANGS": "1"}),
        stdout=subprocess.DEVNULL,
    ) as process:
        assert wait_until(lambda: (box.folder / "hangs").exists())
        assert len(containers()) == 1
        process.send_signal(number)
        process.wait(30)
    assert wait_until(lambda: containers() == [])


def test_an_image_that_cannot_be_had(box: Project, variables: Mapping[str, str]) -> None:
    pyproject = box.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(IMAGE, "localhost:1/nothing"))
    result = box.matrix("-k", "where", **variables)
    result.assert_outcomes(passed=1, deselected=3, errors=1)
    said = "\n".join((*result.outlines, *result.errlines))
    assert "error: localhost:1/nothing: this image cannot be used: Error: " in said
    assert "connection refused" in said
    assert "hint: correct `container` of the platform, or try `podman pull localhost:1/nothing`" in said


def test_without_an_engine_its_tests_are_skipped(box: Project) -> None:
    result = box.matrix("-k", "where", OFIUCO_CONTAINER_ENGINE="/no/engine", FROM_HERE="yes, here")
    result.assert_outcomes(passed=1, skipped=1, deselected=4)
    said = (
        f"skipped: manylinux_2_34_x86_64 is to run in a container of {IMAGE}, and no engine answers"
        " (/no/engine: it is not on PATH): correct OFIUCO_CONTAINER_ENGINE; its * packages resolve"
    )
    result.stdout.fnmatch_lines([f"*{said}*"])


def containers() -> list[str]:
    """The names of those that are ours."""
    done = podman("ps", "--all", "--format", "json")
    return [name for each in json.loads(done.stdout or "[]") for name in each["Names"] if name.startswith("ofiuco-")]


def wait_until(is_so: object) -> bool:
    assert callable(is_so)
    deadline = time.monotonic() + 60
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    return bool(is_so())

"""Pythons of other platforms that ofiuco installs or finds by itself: the settings name none.

uv is the real one. What it fetches is an archive as python-build-standalone makes them, of Debian's interpreter, from a
list of downloads of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.store.interpreters import host_platform
from tests.foreign.make_python import NoMirrorError, unpacked_system
from tests.foreign.test_cells import interpreters, pytestmark
from tests.plugin.conftest import Project, new_project, project

__all__ = ["interpreters", "new_project", "project", "pytestmark"]

MACHINE = """\
import platform
import struct
import subprocess
import sys

import pytest


@pytest.mark.platform("there")
def test_the_machine():
    code = "import platform, struct; print(platform.machine(), struct.calcsize('P'))"
    said = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE).stdout.decode().split()
    assert said == [platform.machine(), str(struct.calcsize("P"))] == {expected}
"""


@pytest.fixture
def arm(interpreters: Mapping[str, Path]) -> Path:
    """The folder of an arm64 Python 3.13, with an emulator and libraries."""
    return interpreters["3.13"].parents[1]


@pytest.fixture
def variables(arm: Path, tmp_path: Path) -> dict[str, str]:
    """A machine with uv, an emulator on PATH and libraries; uv has one Python to fetch."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "qemu-aarch64").symlink_to(arm / "libexec" / "qemu-aarch64")
    return {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}{os.pathsep}{Path(uv).parent}",
        "QEMU_LD_PREFIX": str(arm / "system"),
        "OFIUCO_DATA_DIR": str(tmp_path / "data"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS_JSON_URL": downloads(arm, tmp_path).as_uri(),
    }


def downloads(arm: Path, folder: Path) -> Path:
    """A list of one Python, as uv has them."""
    archive = folder / "cpython-3.13.5.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(arm / "libexec" / "python3.13", "python/bin/python3.13")
        tar.add(arm / "lib" / "python3.13", "python/lib/python3.13", filter=_shipped)
    entry = {
        "name": "cpython",
        "arch": {"family": "aarch64", "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": 3,
        "minor": 13,
        "patch": 5,
        "prerelease": "",
        "url": archive.as_uri(),
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "variant": None,
        "build": "20250612",
    }
    listed = folder / "downloads.json"
    listed.write_text(json.dumps({"cpython-3.13.5-linux-aarch64-gnu": entry}), encoding="utf-8")
    return listed


def _shipped(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.issym() or "__pycache__" in member.name else member


def configured(project: Project, tag: str, expected: list[str], python: str = "3.13", more: str = "") -> None:
    platform = f'[tool.ofiuco.platform.there]\ntag = "{tag}"\n{more}'
    project.configure(python=[python], ofiuco='platforms = ["there"]', more=platform)
    project.write({"tests/test_machine.py": MACHINE.format(expected=expected)})


def test_a_python_is_installed_and_runs_cells(project: Project, variables: dict[str, str], tmp_path: Path) -> None:
    configured(project, "manylinux_2_34_aarch64", ["aarch64", "8"])
    without = project.matrix(**variables)
    without.assert_outcomes(passed=1, skipped=1)  # its inspection
    remedy = "no Python 3.13 for it is here: `ofiuco python install 3.13 there` makes it run"
    without.stdout.fnmatch_lines([f"py313-there * skipped: *{remedy}*"])

    command = [sys.executable, "-m", "pytest_ofiuco", "python", "install", "3.13", "there"]
    installed = project.run(command, variables)
    assert installed.ret == 0
    assert installed.outlines[0].startswith(f"3.13.5 manylinux_2_41_aarch64 {tmp_path}/data/pythons-v1/commands/")
    assert list((tmp_path / "data").rglob("platform.cpython-313.pyc"))

    for prepared in ("1 built", "0 built"):
        ran = project.matrix(**variables)
        ran.assert_outcomes(passed=2)
        ran.stdout.re_match_lines_random(
            [
                rf"Preparing environments: 1/1 .*{prepared}.*",
                r" *CPython 3\.13\.5, qemu \d+\.\d+\.\d+, glibc 2\.41; files for glibc 2\.34",
            ]
        )
    (tmp_path / "bin" / "qemu-aarch64").unlink()
    executable = f"{tmp_path}/data/pythons-v1/uv/cpython-3.13.5-linux-aarch64-gnu/bin/python3.13"
    remedy = f"and {executable} lacks what starts it: install qemu-user (no qemu-aarch64 is on PATH)"
    required = project.matrix("--ofiuco-require-exec", **variables)
    assert required.ret == pytest.ExitCode.TESTS_FAILED
    required.assert_outcomes(passed=1, errors=1)
    required.stdout.fnmatch_lines([f"error: py313-there: cannot be run: * {remedy}*", "py313-there * could not run"])


def test_a_named_executable_is_started_by_the_emulator(project: Project, variables: dict[str, str], arm: Path) -> None:
    named = f'interpreters = ["{arm}/libexec/python3.13"]'
    configured(project, "manylinux_2_34_aarch64", ["aarch64", "8"], more=named)
    project.matrix(**variables).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("architecture", "version", "tag", "expected", "said"),
    [
        pytest.param("i386", "3.11", "manylinux_2_28_i686", ["i686", "4"], "glibc 2.36; files for glibc 2.28", id="32"),
        pytest.param("amd64", "3.13", "manylinux_2_41_x86_64", ["x86_64", "8"], "glibc 2.41", id="newer"),
    ],
)
def test_a_python_of_another_system_runs_by_its_own_loader(
    project: Project, tmp_path: Path, architecture: str, version: str, tag: str, expected: list[str], said: str
) -> None:
    if runs_on(Platform.parse(tag), host_platform()):
        pytest.skip(f"this machine runs {tag}")
    try:
        system = unpacked_system(tmp_path / "system", version, architecture)
    except NoMirrorError as error:
        pytest.skip(f"no interpreter for {architecture} can be had here: {error}")
    executable = system / "usr" / "bin" / f"python{version}"
    variables = {"OFIUCO_DATA_DIR": str(tmp_path / "data")}
    more = f'interpreters = ["{executable}"]\n'
    if architecture == "i386":
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / f"python{version}-i686").symlink_to(executable)
        variables["PATH"], more = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", ""
    configured(project, tag, expected, version, more)
    ran = project.matrix(**variables)
    ran.assert_outcomes(passed=2)
    ran.stdout.re_match_lines([rf" *CPython {version}\.\d+, {re.escape(said)}"])

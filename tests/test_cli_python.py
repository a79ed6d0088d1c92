"""``ofiuco python``: Pythons of other platforms, with a uv and an emulator that only do as if."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.pythons import emulators, fetched, provision
from tests.store.pythons.executables import elf, emulator, libraries, python, script

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other Linux platforms run on Linux")


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of x86_64 with uv, an emulator and libraries, in a project that has a platform of its own."""
    monkeypatch.setattr(provision, "host_platform", lambda: Platform.parse("manylinux_2_36_x86_64"))
    monkeypatch.setattr(emulators, "_BINFMT", "/nowhere")
    variables = {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "OFIUCO_CACHE_DIR": str(tmp_path / "cache"),
        "OFIUCO_DATA_DIR": str(tmp_path / "data"),
        "QEMU_LD_PREFIX": str(tmp_path / "arm"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    emulator(tmp_path / "bin")
    libraries(tmp_path / "arm")
    executable = python(tmp_path / "fetched" / "cpython-3.13.5-linux-aarch64-gnu")
    (executable.parents[1] / "lib" / "python3.13" / "os.py").write_text("", encoding="utf-8")
    fake_uv(tmp_path, f'mkdir -p "$UV_PYTHON_INSTALL_DIR" && cp -r {tmp_path}/fetched/. "$UV_PYTHON_INSTALL_DIR"')
    project = tmp_path / "project"
    project.mkdir()
    settings = '[tool.ofiuco.platform.board]\ntag = "manylinux_2_40_aarch64"\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    monkeypatch.chdir(project)
    return tmp_path


def fake_uv(tmp_path: Path, does: str) -> Path:
    log = f'echo "$@ $UV_PYTHON_INSTALL_BIN" >>{tmp_path}/asked\n'
    return script(tmp_path / "bin" / "uv", log + does + "\n")


def printed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["python", *words]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def test_a_python_is_installed_and_listed(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "install", "3.13", "aws_lambda")
    version, tag, command = said.split()
    assert (version, tag) == ("3.13.5", "manylinux_2_41_aarch64")
    assert Path(command).parents[3] == machine / "data" / "pythons-v1"
    assert printed(capsys, "install", "3.13", "board") == said
    assert (machine / "asked").read_text() == "python install cpython-3.13-linux-aarch64-gnu 0\n"
    assert printed(capsys, "list") == said
    document: dict[str, Any] = json.loads(printed(capsys, "list", "--format", "json"))
    assert document == {
        "version": 1,
        "root": str(machine / "data" / "pythons-v1"),
        "pythons": [
            {
                "python": "3.13.5",
                "platform": "manylinux_2_41_aarch64",
                "command": command,
                "executable": str(machine / "data/pythons-v1/uv/cpython-3.13.5-linux-aarch64-gnu/bin/python3.13"),
                "problem": None,
                "remedy": None,
            }
        ],
    }


def test_nothing_is_listed_before_something_is_installed(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "list") == f"none in {machine}/data/pythons-v1\n"
    assert json.loads(printed(capsys, "list", "--format", "json"))["pythons"] == []


def test_what_no_longer_runs_is_listed_with_what_is_lacking(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "install", "3.13", "aws_lambda")
    (machine / "bin" / "qemu-aarch64").unlink()
    executable = machine / "data/pythons-v1/uv/cpython-3.13.5-linux-aarch64-gnu/bin/python3.13"
    remedy = "install qemu-user (no qemu-aarch64 is on PATH)"
    assert printed(capsys, "list") == f"{executable} lacks what starts it: {remedy}\n"
    (listed,) = json.loads(printed(capsys, "list", "--format", "json"))["pythons"]
    assert (listed["problem"], listed["remedy"]) == ("lacks what starts it", remedy)


def test_wheels_may_need_a_library_that_is_not_there(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["python", "install", "3.13", "aws_lambda"])
    said = "warning: there is no libstdc++.so.6 among its libraries, which wheels may need: install it beside them\n"
    assert capsys.readouterr().err == said
    (machine / "arm" / "lib" / "libstdc++.so.6").touch()
    main(["python", "install", "3.13", "aws_lambda"])
    assert capsys.readouterr().err == ""


def test_a_uv_that_does_not_start(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uv = machine / "bin" / "uv"
    uv.write_bytes(elf(loader=None))
    assert printed(capsys, "install", "3.13", "aws_lambda", code=1).splitlines() == [
        "error: Python 3.13 for manylinux_2_34_aarch64: uv, which fetches it, cannot be started:"
        f" {uv}: Exec format error",
        "hint: reinstall uv",
    ]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param(
            ["3.12", "host"],
            [
                f"error: Python 3.12 for {host_platform()}: this machine runs it by itself",
                "hint: `uv python install 3.12` or `pyenv install 3.12` installs it",
            ],
            id="host",
            marks=pytest.mark.skipif("x86_64" not in str(host_platform()), reason="the machine is one of x86_64"),
        ),
        pytest.param(
            ["3.12", "macos_arm64"],
            [
                "error: Python 3.12 for macosx_14_0_arm64: nothing runs it on manylinux_2_36_x86_64",
                "hint: `ssh` of the platform names a machine that runs it",
            ],
            id="macOS",
        ),
        pytest.param(
            ["3.12", "manylinux_2_99_x86_64"],
            [
                "error: Python 3.12 for manylinux_2_99_x86_64: what is installed would use the glibc of this machine,"
                " manylinux_2_36_x86_64",
                "hint: `interpreters` of the platform names a Python in a system with a newer one",
            ],
            id="newer libc",
        ),
        pytest.param(
            ["3.13", "linux_riscv64"],
            [
                "error: Python 3.13 for manylinux_2_39_riscv64: it would not run here",
                "hint: install qemu-user (no qemu-riscv64 is on PATH) and libstdc++6-riscv64-cross"
                " (no ld-linux-riscv64-lp64d.so.1 is here; QEMU_LD_PREFIX names a folder that has it)",
            ],
            id="no emulator",
        ),
    ],
)
def test_what_is_not_installed(
    words: list[str], lines: list[str], machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, "install", *words, code=1).splitlines() == lines
    assert not (machine / "asked").exists()


def test_a_platform_or_python_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "install", "3.13", "nonsense", code=2)
    assert said.startswith("error: platform 'nonsense': neither a built-in name nor a platform tag\nhint: ")
    said = printed(capsys, "install", "2.7", "aws_lambda", code=2)
    assert said.startswith("error: python '2.7': not a version of Python 3\nhint: ")


def test_without_uv(machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (machine / "bin" / "uv").unlink()
    monkeypatch.setenv("PATH", str(machine / "bin"))
    assert printed(capsys, "install", "3.13", "aws_lambda", code=1).splitlines() == [
        "error: Python 3.13 for manylinux_2_34_aarch64: uv, which fetches it, is not on PATH",
        "hint: install uv (`pip install uv`)",
    ]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        pytest.param(
            "error: No download found for request: cpython-3.13-linux-aarch64-gnu",
            "choose another version or a newer uv, or name one from elsewhere with `interpreters`",
            id="no such Python",
        ),
        pytest.param(
            'Python downloads are not allowed (`python-downloads = "never"`).',
            "let uv fetch it: UV_PYTHON_DOWNLOADS=manual",
            id="not allowed",
        ),
        pytest.param(
            "error: Failed to download\n  cause: Network connectivity is disabled",
            "let uv use the network: without UV_OFFLINE",
            id="offline",
        ),
        pytest.param(
            "error: Failed to download\n  cause: dns error",
            "check the network, or name a mirror of python-build-standalone with UV_PYTHON_INSTALL_MIRROR",
            id="no network",
        ),
    ],
)
def test_what_uv_says_is_told(said: str, hint: str, machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_uv(machine, f"printf '{said}' >&2; exit 1")
    assert printed(capsys, "install", "3.13", "aws_lambda", code=1).splitlines() == [
        "error: Python 3.13 for manylinux_2_34_aarch64:"
        " `uv python install cpython-3.13-linux-aarch64-gnu` exited with 1:",
        *said.splitlines(),
        f"hint: {hint}",
    ]


def test_what_does_not_run_is_an_error(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script(machine / "bin" / "qemu-aarch64", "echo 'unable to find CPU model' >&2; exit 1\n")
    executable = machine / "data/pythons-v1/uv/cpython-3.13.5-linux-aarch64-gnu/bin/python3.13"
    assert printed(capsys, "install", "3.13", "aws_lambda", code=1).splitlines() == [
        f"error: Python 3.13 for manylinux_2_34_aarch64: {executable} does not run: exit code 1:"
        " unable to find CPU model",
        "hint: reinstall it, or remove it",
    ]


def test_libraries_that_are_too_old(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    emulator(machine / "bin", platform="manylinux_2_31_aarch64")
    said = printed(capsys, "install", "3.13", "aws_lambda", code=1)
    assert said.endswith(
        "python3.13 is for manylinux_2_31_aarch64\nhint: name a folder with newer libraries with QEMU_LD_PREFIX\n"
    )


def test_a_uv_that_installs_nothing(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_uv(machine, "true")
    assert printed(capsys, "install", "3.13", "aws_lambda", code=1).splitlines() == [
        f"error: Python 3.13 for manylinux_2_34_aarch64: uv has installed none in {machine}/data/pythons-v1/uv",
        "hint: upgrade uv",
    ]


def test_its_standard_library_is_compiled_by_a_python_of_this_machine(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.rmtree(machine / "fetched")
    executable = python(machine / "fetched" / f"cpython-{version}.1-linux-aarch64-gnu", version, elf())
    (executable.parents[1] / "lib" / f"python{version}" / "os.py").write_text("", encoding="utf-8")
    emulator(machine / "bin", f"{version}.1")
    printed(capsys, "install", version, "aws_lambda")
    library = machine / "data/pythons-v1/uv" / f"cpython-{version}.1-linux-aarch64-gnu" / "lib" / f"python{version}"
    assert os.listdir(library / "__pycache__") == [f"os.cpython-{version.replace('.', '')}.pyc"]


@pytest.mark.parametrize(
    ("version", "tag", "expected"),
    [
        ("3.12", "manylinux_2_28_aarch64", "cpython-3.12-linux-aarch64-gnu"),
        ("3.12.4", "musllinux_1_2_aarch64", "cpython-3.12.4-linux-aarch64-musl"),
        ("3.13t", "manylinux_2_28_armv7l", "cpython-3.13+freethreaded-linux-armv7-gnueabihf"),
        ("pypy3.10", "manylinux_2_28_i686", "pypy-3.10-linux-i686-gnu"),
        ("3.13", "musllinux_1_2_armv7l", "cpython-3.13-linux-armv7-musleabihf"),
        ("3.13", "manylinux_2_39_riscv64", "cpython-3.13-linux-riscv64gc-gnu"),
        ("3.13", "manylinux_2_28_ppc64le", "cpython-3.13-linux-powerpc64le-gnu"),
    ],
)
def test_how_uv_is_asked(version: str, tag: str, expected: str) -> None:
    assert fetched.request(Python.parse(version), Platform.parse(tag)) == expected

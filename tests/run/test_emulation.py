"""What is said of a foreign cell's interpreter."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.run import emulation
from tests.run.fakes import make_cell

TARGET = Target(python=Python.parse("3.13.5"), platform=Platform.parse("manylinux_2_34_aarch64"))
CELL = replace(make_cell("py313"), target=TARGET)


def test_without_an_emulator() -> None:
    said = emulation.execution(CELL, Platform.parse("manylinux_2_41_aarch64"), os.getpid())
    assert said == "CPython 3.13.5, glibc 2.41; files for glibc 2.34"


def test_other_systems_are_named_by_their_tags() -> None:
    cell = replace(CELL, target=replace(TARGET, platform=Platform.parse("win_amd64")))
    said = emulation.execution(cell, Platform.parse("win_amd64"), os.getpid())
    assert said == "CPython 3.13.5, win_amd64; files for win_amd64"


@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="/proc is Linux'")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("#!/bin/sh\necho 'qemu-aarch64 version 10.0.2 (Debian 1:10.0.2)'\n", "qemu 10.0.2", id="version"),
        pytest.param("#!/bin/sh\necho hello\n", "qemu", id="no version"),
        pytest.param("no program", "qemu", id="it does not start"),
    ],
)
def test_the_emulator_of_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    program = tmp_path / "qemu-aarch64"
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(os, "readlink", lambda path: str(program))
    assert emulation.emulator_of(1) == said


def test_a_process_that_is_gone_has_no_emulator() -> None:
    assert emulation.emulator_of(2**30) is None

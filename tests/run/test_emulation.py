"""What is said of a foreign cell's interpreter."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.run import emulation
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.request import Environment
from tests.run.fakes import make_cell

TARGET = Target(python=Python.parse("3.13.5"), platform=Platform.parse("manylinux_2_34_aarch64"))
ELSEWHERE = Platform.parse("manylinux_2_41_aarch64")
HERE = Environment(path=Path("e"), python=Path("e/bin/python"), key="e", was_cached=True)


class Elsewhere:
    """Another machine."""

    def close(self) -> None:
        """Nothing to end."""

    def __str__(self) -> str:
        return "studio"


def planned(platform: Platform, runs_as: Platform | None = None, python: str = "3.13.5") -> PlannedCell:
    target = Target(python=Python.parse(python), platform=platform)
    return PlannedCell(cell=replace(make_cell("py313"), target=target), runs_as=runs_as)


@pytest.mark.parametrize(
    ("cell", "environment", "said"),
    [
        pytest.param(
            planned(TARGET.platform, ELSEWHERE),
            HERE,
            "CPython 3.13.5, glibc 2.41; files for glibc 2.34",
            id="without an emulator",
        ),
        pytest.param(planned(TARGET.platform, TARGET.platform), HERE, "CPython 3.13.5, glibc 2.34", id="its own files"),
        pytest.param(
            planned(Platform.parse("win_amd64"), Platform.parse("win_amd64"), "pypy3.10.14"),
            HERE,
            "PyPy 3.10.14, win_amd64",
            id="another system and implementation",
        ),
        pytest.param(
            planned(TARGET.platform, ELSEWHERE),
            replace(HERE, launcher=("/opt/bin/box", "-x")),
            "CPython 3.13.5, behind box, glibc 2.41; files for glibc 2.34",
            id="a launcher",
        ),
        pytest.param(
            planned(TARGET.platform, ELSEWHERE),
            replace(HERE, host=Elsewhere()),
            "CPython 3.13.5, glibc 2.41, on studio; files for glibc 2.34",
            id="another machine",
        ),
    ],
)
def test_what_runs_a_cell(cell: PlannedCell, environment: Environment, said: str) -> None:
    assert emulation.execution(cell, environment, os.getpid()) == said


def test_what_runs_a_cell_of_this_machine() -> None:
    """Where its plan was told again, this machine is asked."""
    assert emulation.execution(planned(host_platform()), HERE, os.getpid()).startswith("CPython 3.13.5, ")
    assert "; files for" not in emulation.execution(planned(host_platform()), HERE, os.getpid())


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

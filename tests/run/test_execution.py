"""Why cells are not run, and what makes each run."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.run.execution import NotRunHereError, why_not
from pytest_ofiuco.store.pythons.foreign import Lacking

HOST = "manylinux_2_36_x86_64"
QEMU = "install qemu-user (no qemu-aarch64 is on PATH)"


def cell(tag: str) -> Cell:
    python = Python.parse("3.13")
    target = Target(python=python, platform=Platform.parse(tag))
    return Cell(name="py313-there", python=python, platform="there", target=target)


@pytest.mark.parametrize(
    ("tag", "host", "lacking", "expected"),
    [
        pytest.param(
            "manylinux_2_34_aarch64",
            HOST,
            Lacking(),
            "and no Python 3.13 for it is here: `ofiuco python install 3.13 there` makes it run",
            id="no Python",
        ),
        pytest.param(
            "manylinux_2_34_aarch64",
            HOST,
            Lacking(remedy=QEMU),
            f"and no Python 3.13 for it is here: {QEMU}, then `ofiuco python install 3.13 there` makes it run",
            id="nothing at all",
        ),
        pytest.param(
            "manylinux_2_34_aarch64",
            HOST,
            Lacking(path="/a/python3.13", reason="lacks what starts it", remedy=QEMU),
            f"and /a/python3.13 lacks what starts it: {QEMU}",
            id="no emulator",
        ),
        pytest.param(
            "manylinux_2_28_i686",
            HOST,
            Lacking(remedy="install this"),
            "and no Python 3.13 for it is here, nor does uv fetch one: "
            "install this, then name one with `interpreters` of the platform",
            id="nobody has one",
        ),
        pytest.param(
            "manylinux_2_99_x86_64",
            HOST,
            Lacking(),
            "whose glibc is older: `interpreters` of the platform names a Python in a system with a newer one",
            id="newer glibc",
        ),
        pytest.param(
            "macosx_14_0_arm64",
            HOST,
            Lacking(),
            "and nothing on it does: `ssh` of the platform names a machine that runs it",
            id="macOS",
        ),
        pytest.param(
            "manylinux_2_34_aarch64",
            "macosx_14_0_arm64",
            Lacking(),
            "and nothing on it does: `ssh` of the platform names a machine that runs it",
            id="on macOS",
        ),
    ],
)
def test_the_reason_has_one_remedy(tag: str, host: str, lacking: Lacking, expected: str) -> None:
    assert why_not(cell(tag), Platform.parse(host), lacking) == f"{tag} does not run on {host}, {expected}"


def test_what_is_not_to_run_lacks_nothing() -> None:
    said = why_not(cell("manylinux_2_34_aarch64"), Platform.parse(HOST), None)
    assert said == "manylinux_2_34_aarch64 is not run (`launcher = false`)"


def test_a_cell_that_has_to_run() -> None:
    assert NotRunHereError("py313-there", "it does not run").render().splitlines() == [
        "error: py313-there: cannot be run: it does not run",
        "hint: leave the cell out, or leave out --ofiuco-require-exec",
    ]

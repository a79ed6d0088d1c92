"""Cells: which there are, and what they are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ofiuco.core.matrix import Cell, Exclusion, PlatformAxis, PythonRange, expand
from pytest_ofiuco.core.platforms import find, fixed
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import UsageError
from tests.targets import LINUX_X86_64

HOST = PlatformAxis(definition=fixed("host", "manylinux_2_28_x86_64"))
LAMBDA = PlatformAxis(definition=find("aws_lambda"))
PYTHONS = tuple(Python.parse(text) for text in ("3.12", "3.10", "3.13t", "3.13"))
CELL = Cell(name="py312-host", python=Python.parse("3.12"), platform="host", target=LINUX_X86_64)


def names(*arguments: object, **options: object) -> list[str]:
    return [cell.name for cell in expand(*arguments, **options)]  # type: ignore[arg-type]


def test_platform_by_platform_and_pythons_ascending() -> None:
    assert names(PYTHONS, [HOST, LAMBDA]) == [
        "py310-host",
        "py312-host",
        "py313-host",
        "py313t-host",
        "py310-aws_lambda",
        "py312-aws_lambda",
        "py313-aws_lambda",
        "py313t-aws_lambda",
    ]


def test_a_cell_has_its_own_target() -> None:
    """AWS Lambda's glibc depends on the Python."""
    cells = {cell.name: cell for cell in expand(PYTHONS, [LAMBDA])}
    assert str(cells["py310-aws_lambda"].target) == "Python 3.10 on manylinux_2_26_aarch64"
    assert str(cells["py312-aws_lambda"].target) == "Python 3.12 on manylinux_2_34_aarch64"
    assert cells["py312-aws_lambda"].platform == "aws_lambda"
    assert cells["py312-aws_lambda"].variant is None


def test_a_platform_for_some_pythons() -> None:
    axis = PlatformAxis(definition=find("aws_lambda"), pythons=(PythonRange.parse("3.10"), PythonRange.parse(">=3.13")))
    assert names(PYTHONS, [axis]) == ["py310-aws_lambda", "py313-aws_lambda", "py313t-aws_lambda"]


@pytest.mark.parametrize(
    ("exclusion", "left_out"),
    [
        pytest.param(Exclusion(platform="host"), {"py312-host", "py310-host"}, id="a platform"),
        pytest.param(
            Exclusion(python=PythonRange.parse("3.10")), {"py310-host", "py310-aws_lambda"}, id="a Python everywhere"
        ),
        pytest.param(
            Exclusion(python=PythonRange.parse("<3.12"), platform="aws_lambda"), {"py310-aws_lambda"}, id="both"
        ),
        pytest.param(Exclusion(python=PythonRange.parse("3.9"), platform="host"), set(), id="nothing"),
    ],
)
def test_exclusion(exclusion: Exclusion, left_out: set[str]) -> None:
    everything = names(PYTHONS[:2], [HOST, LAMBDA])
    assert set(everything) - set(names(PYTHONS[:2], [HOST, LAMBDA], [exclusion])) == left_out


def test_variants_come_after_the_lock_as_it_is() -> None:
    assert names(PYTHONS[:2], [HOST, LAMBDA], variants=["django4.2", "a-b"]) == [
        "py310-host",
        "py310-host-django4.2",
        "py310-host-a-b",
        "py312-host",
        "py312-host-django4.2",
        "py312-host-a-b",
        "py310-aws_lambda",
        "py310-aws_lambda-django4.2",
        "py310-aws_lambda-a-b",
        "py312-aws_lambda",
        "py312-aws_lambda-django4.2",
        "py312-aws_lambda-a-b",
    ]
    assert [cell.variant for cell in expand(PYTHONS[:1], [HOST], variants=["v"])] == [None, "v"]


@pytest.mark.parametrize(
    ("exclusion", "left_out"),
    [
        pytest.param(Exclusion(variant=""), {"py310-host", "py312-host"}, id="the lock as it is"),
        pytest.param(Exclusion(variant="v"), {"py310-host-v", "py312-host-v"}, id="a variant"),
        pytest.param(Exclusion(variant="v", python=PythonRange.parse("3.10")), {"py310-host-v"}, id="of a Python"),
        pytest.param(Exclusion(variant="v", platform="aws_lambda"), set(), id="of another platform"),
        pytest.param(
            Exclusion(platform="host"), {"py310-host", "py312-host", "py310-host-v", "py312-host-v"}, id="all"
        ),
    ],
)
def test_exclusion_of_variants(exclusion: Exclusion, left_out: set[str]) -> None:
    everything = names(PYTHONS[:2], [HOST], variants=["v"])
    assert set(everything) - set(names(PYTHONS[:2], [HOST], [exclusion], ["v"])) == left_out


def test_two_cells_of_one_name() -> None:
    other = PlatformAxis(definition=fixed("host-v", "manylinux_2_17_x86_64"))
    with pytest.raises(UsageError) as caught:
        expand(PYTHONS[:1], [HOST, other], variants=["v"])
    assert str(caught.value) == "two cells are named py312-host-v"
    assert caught.value.hint == "give the variant or the platform another name"


def test_nothing_makes_nothing() -> None:
    assert expand((), [HOST]) == expand(PYTHONS, ()) == ()


@pytest.mark.parametrize(
    ("text", "admitted", "refused"),
    [
        pytest.param("3.12", ["3.12", "3.12.9"], ["3.11", "3.13", "3.1"], id="a minor version"),
        pytest.param("3.12.4", ["3.12.4"], ["3.12", "3.12.5"], id="an exact version"),
        pytest.param(">=3.11,<3.13", ["3.11", "3.12.9"], ["3.10", "3.13"], id="specifiers"),
        pytest.param(">=3.14", ["3.14.1", "3.15.0rc1"], ["3.13"], id="prereleases are Pythons"),
        pytest.param("", ["3.8", "3.13"], [], id="all"),
    ],
)
def test_range(text: str, admitted: list[str], refused: list[str]) -> None:
    range_ = PythonRange.parse(text)
    assert [each for each in (*admitted, *refused) if range_.admits(Python.parse(each))] == admitted


@pytest.mark.parametrize("text", ["3.x", "three", "=>3.12", "3"])
def test_range_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        PythonRange.parse(text)
    assert str(caught.value).startswith(f"python {text!r}: ")
    assert caught.value.hint


def test_what_a_cell_is_asked() -> None:
    assert CELL.has_platform(["host"])
    assert CELL.has_platform(["manylinux_2_28_x86_64"])
    assert not CELL.has_platform(["aws_lambda"])
    assert CELL.has_python(["3.11", ">=3.12"])
    assert not CELL.has_python(["<3.12"])
    assert not CELL.has_variant(["django42"])
    assert CELL.has_variant(["django42", ""])
    assert replace(CELL, variant="django42").has_variant(["django42"])
    assert not replace(CELL, variant="django42").has_variant([""])

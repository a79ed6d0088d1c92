"""Markers that ask for several extras at once."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from pytest_ofiuco.formats._markers import with_extras_as_set
from tests.targets import LINUX_X86_64


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        pytest.param('extra == "x"', '"x" in extras', id="left"),
        pytest.param('"x" == extra', '"x" in extras', id="right"),
        pytest.param('extra != "x"', '"x" not in extras', id="not, left"),
        pytest.param('"x" != extra', '"x" not in extras', id="not, right"),
        pytest.param('sys_platform == "linux"', 'sys_platform == "linux"', id="no extra"),
        pytest.param('"x" in extras', '"x" in extras', id="a set already"),
        pytest.param(
            '(extra == "x" or "y" == extra) and python_version >= "3.8" and extra != "z"',
            '("x" in extras or "y" in extras) and python_version >= "3.8" and "z" not in extras',
            id="several",
        ),
        pytest.param(
            "extra == 'extra-7-project-cpu' or extra == 'group-7-project-dev'",
            '"extra-7-project-cpu" in extras or "group-7-project-dev" in extras',
            id="15: uv's encoded names",
        ),
    ],
)
def test_with_extras_as_set(written: str, asked: str) -> None:
    assert with_extras_as_set(Marker(written)) == Marker(asked)


@pytest.mark.parametrize(
    ("marker", "extras", "expected"),
    [
        pytest.param('extra == "x" and extra == "y"', {"x", "y"}, True, id="two at once"),
        pytest.param('extra == "x" and extra == "y"', {"x"}, False, id="one of two"),
        pytest.param('extra != "x"', {"y"}, True, id="not that one"),
        pytest.param('extra == "My_Extra"', {"my-extra"}, True, id="as names compare"),
        pytest.param('extra == "x"', set(), False, id="none"),
    ],
)
def test_asked_of_several_extras(marker: str, extras: set[str], expected: bool) -> None:
    environment: dict[str, str | frozenset[str]] = {
        **LINUX_X86_64.environment,
        "extra": "",
        "extras": frozenset(extras),
        "dependency_groups": frozenset(),
    }
    assert with_extras_as_set(Marker(marker)).evaluate(environment, context="lock_file") is expected

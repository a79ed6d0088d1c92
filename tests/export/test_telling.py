"""Markers that tell cells apart: exact, and as short as a person would write them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.export.telling import Alike, Environments, facts
from tests.targets import target

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "pypy3.10")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_14_0_arm64", "win_amd64")
TARGETS = [target(python, platform) for python in PYTHONS for platform in PLATFORMS]
ENVIRONMENTS = Environments(of_cells=[each.environment for each in TARGETS])


def among(condition: str) -> frozenset[int]:
    """The cells where a marker holds."""
    marker = Marker(condition)
    return frozenset(number for number, each in enumerate(TARGETS) if marker.evaluate(dict(each.environment)))


def overridden(here: Target, **markers: str) -> Target:
    return replace(here, platform=replace(here.platform, markers=tuple(markers.items())))


def environments(*targets: Target) -> Environments:
    return Environments(of_cells=[each.environment for each in targets])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param('sys_platform == "linux"', 'sys_platform == "linux"', id="a system"),
        pytest.param('os_name == "nt"', 'sys_platform == "win32"', id="the variable that people write"),
        pytest.param('python_full_version < "3.11"', 'python_version < "3.11"', id="a minor version"),
        pytest.param('python_version >= "3.10"', 'python_version >= "3.10"', id="3.9 is older than 3.10"),
        pytest.param('platform_machine == "aarch64"', 'platform_machine == "aarch64"', id="an architecture"),
        pytest.param(
            'platform_python_implementation != "PyPy"', 'implementation_name == "cpython"', id="an implementation"
        ),
        pytest.param(
            'sys_platform == "linux" and python_version < "3.11"',
            'sys_platform == "linux" and python_version < "3.11"',
            id="two conditions",
        ),
        pytest.param(
            'sys_platform == "win32" or python_version < "3.10"',
            'sys_platform == "win32" or python_version < "3.10"',
            id="one of two conditions",
        ),
        pytest.param(
            'sys_platform == "linux" and platform_machine == "x86_64" and python_version == "3.11"',
            'platform_machine == "x86_64" and python_version == "3.11"',
            id="what is said already is left out",
        ),
        pytest.param(
            'python_version == "3.10" and platform_machine == "arm64" and implementation_name == "pypy"',
            'sys_platform == "darwin" and implementation_name == "pypy"',
            id="a cell",
        ),
    ],
)
def test_short(condition: str, expected: str) -> None:
    members = among(condition)
    marker = ENVIRONMENTS.marker(members)
    assert marker is not None
    assert among(marker) == members
    assert sorted(marker.split(" and ")) == sorted(expected.split(" and "))


def test_all_need_no_marker() -> None:
    assert ENVIRONMENTS.marker(ENVIRONMENTS.all) is None


@given(st.sets(st.integers(0, len(TARGETS) - 1), min_size=1, max_size=len(TARGETS) - 1))
def test_it_holds_exactly_for_its_cells(members: set[int]) -> None:
    marker = ENVIRONMENTS.marker(frozenset(members))
    assert marker is not None
    assert among(marker) == members


def test_three_conditions() -> None:
    """As many as it takes, where two do not tell a cell from the others."""
    targets = [
        target(python, platform)
        for python in ("3.10", "pypy3.10", "3.11", "pypy3.11")
        for platform in ("manylinux_2_28_x86_64", "win_amd64")
    ]
    assert environments(*targets).marker(frozenset({0})) == (
        'sys_platform == "linux" and python_version < "3.11" and implementation_name == "cpython"'
    )


def test_micro_versions() -> None:
    """Where no readable variable tells, another one does."""
    cells = environments(*(target(each, "win_amd64") for each in ("3.12.1", "3.12.4", "3.12.10")))
    assert cells.marker(frozenset({0, 1})) == 'python_full_version < "3.12.10"'


def test_what_was_set() -> None:
    here = target("3.12", "manylinux_2_28_x86_64")
    old, new = overridden(here, platform_release="5.10"), overridden(here, platform_release='6.1 "new"')
    assert environments(old, new).marker(frozenset({1})) == "platform_release == '6.1 \"new\"'"
    assert facts(new).endswith(" and platform_release == '6.1 \"new\"'")


def test_what_is_no_version_is_not_compared_as_one() -> None:
    here = target("3.12", "win_amd64")
    cells = environments(overridden(here, python_version="mine"), here)
    assert cells.marker(frozenset({0})) == 'python_version == "mine"'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("", "", id="the same"),
        pytest.param("\"1'", "\"2'", id="what a marker cannot hold"),
    ],
)
def test_alike(first: str, second: str) -> None:
    here = target("3.12", "win_amd64")
    one, other = overridden(here, platform_version=first), overridden(here, platform_version=second)
    with pytest.raises(Alike) as caught:
        environments(one, other, target("3.13", "win_amd64")).marker(frozenset({1, 2}))
    assert (caught.value.first, caught.value.second) == (1, 0)


def test_what_a_marker_cannot_hold_is_no_fact() -> None:
    here = target("3.12", "win_amd64")
    assert facts(overridden(here, platform_version="\"1'")) == facts(here)


def test_facts() -> None:
    assert facts(target("3.12", "manylinux_2_34_aarch64")) == (
        'python_version == "3.12" and sys_platform == "linux" and platform_machine == "aarch64"'
        ' and implementation_name == "cpython"'
    )
    assert facts(target("3.12.4", "win_amd64")).startswith('python_full_version == "3.12.4" and ')

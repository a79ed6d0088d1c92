"""Which markers can hold somewhere: none that does is called dead."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from pytest_ofiuco.core.platforms import BUILTIN
from pytest_ofiuco.core.satisfiable import can_hold
from pytest_ofiuco.core.target import Python, Target

TARGETS = [
    Target(python=Python.parse(python), platform=platform.platform((3, 12)))
    for platform in BUILTIN.values()
    for python in ("3.8", "3.12.4", "3.14.0rc1", "3.13t", "pypy3.10")
]


@pytest.mark.parametrize(
    "marker",
    [
        'platform_system == "Linux" and sys_platform == "darwin"',
        'platform_system == "Linux" and (sys_platform == "win32" or (sys_platform == "darwin" and os_name == "posix"))',
        'os_name == "nt" and sys_platform == "linux"',
        'sys_platform == "linux-x86_64"',
        'sys_platform == "manylinux_2_28_x86_64"',
        'sys_platform == "win64"',
        'sys_platform == "Linux"',
        'platform_system == "linux"',
        'os_name == "windows"',
        'platform_system == "Linux" and platform_machine == "arm64"',
        'sys_platform == "win32" and platform_machine == "x86_64"',
        'python_version >= "3.13" and python_version < "3.12"',
        'python_version > "3.9" and python_version < "3.10"',
        'python_version == "3.8.1"',
        'python_version == "next"',
        'python_full_version < "3.9" and python_version > "3.9"',
        'python_full_version < "3.9" and ("3.10" <= python_version)',
        'implementation_name == "pypy" and platform_python_implementation == "CPython"',
        'platform_python_implementation == "cpython"',
        'platform_release == "5" and platform_release == "6"',
        'platform_version == "#1 SMP" and platform_version == "#2 SMP"',
        '"a" in extras and "a" not in extras',
        '("a" in extras or "b" in extras) and "a" not in extras and "b" not in extras',
        '"a" in dependency_groups and "a" not in dependency_groups',
        'extra == "a" and extra != "a"',
        'sys_platform == "it\'s"',
    ],
)
def test_never(marker: str) -> None:
    assert not can_hold(Marker(marker))


@pytest.mark.parametrize(
    "marker",
    [
        'sys_platform == "linux2"',
        'sys_platform == "freebsd13" and platform_system == "FreeBSD" and platform_machine == "amd64"',
        'sys_platform == "sunos5"',
        'sys_platform == "java1.8.0_51" and os_name == "java"',
        'platform_system == "CYGWIN_NT-10.0-19045" and sys_platform == "cygwin"',
        'sys_platform == "emscripten" or sys_platform == "wasi"',
        'sys_platform == "ios" and platform_system == "iOS"',
        'sys_platform in "linux darwin"',
        '"win" in sys_platform and "dar" in sys_platform',
        'platform_machine == "WIN32" and sys_platform == "win32"',
        'platform_machine in "x86_64, riscv128" and platform_machine != "x86_64"',
        'platform_machine != "x86_64" and platform_machine != "aarch64" and sys_platform == "linux"',
        'python_version < "3" and sys_platform == "linux"',
        'python_version in "2.6 2.7 3.2"',
        'python_version not in "3.0, 3.1"',
        '"3.1" in python_version and python_version != "3.1"',
        'python_version >= "4.0"',
        'python_version == "3.8.*"',
        'python_full_version >= "3.8.1" and python_version < "3.9"',
        'python_full_version > "3.11" and python_full_version < "3.12"',
        'python_full_version == "3.13.0rc1"',
        'python_full_version > "3.13.0b1" and python_full_version < "3.13.0b3"',
        'python_full_version == "3.9.1+local"',
        'python_version != "3.8" and python_version != "3.9" and python_version > "3.7" and python_version < "3.11"',
        'implementation_name != "PyPy"',
        'implementation_name == "skulpt" and platform_python_implementation == "Skulpt"',
        'implementation_name not in "cpython pypy"',
        'implementation_version >= "7.3" and implementation_name == "pypy"',
        'platform_release >= "5" and platform_release < "6"',
        '"Ubuntu" in platform_version and "Debian" not in platform_version',
        '"Ubuntu" in platform_version and "SMP" in platform_version',
        'extra == "a" and extra == "b"',
        '"a" in extras and "b" not in extras and "c" in dependency_groups',
        "os_name == sys_platform",
        '"a" == "b"',
        'python_version ~= "soon"',
    ],
)
def test_somewhere(marker: str) -> None:
    assert can_hold(Marker(marker))


@pytest.mark.parametrize(
    ("marker", "admitted", "expected"),
    [
        pytest.param('python_version < "3.9"', (">=3.9,<4",), False, id="older"),
        pytest.param('python_version >= "4"', (">=3.9,<4",), False, id="newer"),
        pytest.param('python_version >= "3.9"', (">=3.9,<4",), True, id="same"),
        pytest.param('python_version == "3.9" and python_full_version < "3.9.2"', (">=3.9.2",), False, id="micro"),
        pytest.param('python_version < "3"', ("==2.7.*", ">=3.9"), True, id="alternatives"),
        pytest.param('python_version == "3.5"', ("==2.7.*", ">=3.9"), False, id="between alternatives"),
        pytest.param('sys_platform == "win32"', (">=3.9",), True, id="not about Python"),
        pytest.param('sys_platform == "win32" and python_version < "3"', (">=3.9",), False, id="and about Python"),
        pytest.param('python_version >= "3.9"', ("<3,>3",), True, id="no Python at all"),
    ],
)
def test_pythons_that_are_admitted(marker: str, admitted: tuple[str, ...], expected: bool) -> None:
    assert can_hold(Marker(marker), tuple(map(SpecifierSet, admitted))) is expected


def test_a_search_without_end() -> None:
    """Seven pigeons do not fit into six holes, which takes too long to find out: in doubt, a marker can hold."""
    pigeons, holes = range(7), range(6)
    somewhere = [" or ".join(f'"p{pigeon}h{hole}" in extras' for hole in holes) for pigeon in pigeons]
    alone = [
        f'"p{one}h{hole}" not in extras or "p{other}h{hole}" not in extras'
        for hole in holes
        for one in pigeons
        for other in pigeons
        if one < other
    ]
    assert can_hold(Marker(" and ".join(f"({each})" for each in (*somewhere, *alone))))


@pytest.mark.parametrize(
    "marker",
    [
        pytest.param(" and ".join(f'python_version == "3.{number}"' for number in range(400)), id="comparisons"),
        pytest.param(" and ".join(f'python_version == "3.{number}"' for number in range(100)), id="worlds"),
    ],
)
def test_too_many(marker: str) -> None:
    """None of these can hold; in doubt, a marker can."""
    assert can_hold(Marker(marker))


def test_nested_deeply() -> None:
    marker = 'python_version < "3"'
    for _ in range(60):
        marker = f'({marker} and os_name == "posix") or sys_platform == "amiga"'
    assert can_hold(Marker(marker))


COMPARISONS = st.sampled_from(
    [
        'python_version >= "3.9"',
        'python_version < "3.9"',
        'python_version == "3.12"',
        'python_full_version > "3.12.3"',
        'python_full_version <= "3.14"',
        'python_version not in "3.8 3.14"',
        'sys_platform == "linux"',
        'sys_platform != "darwin"',
        '"win" in sys_platform',
        'platform_system == "Darwin"',
        'os_name == "nt"',
        'platform_machine == "aarch64"',
        'platform_machine in "x86_64 AMD64"',
        'implementation_name == "pypy"',
        'platform_python_implementation != "PyPy"',
        'implementation_version < "3.10"',
        'platform_release == ""',
        '"docs" in extras',
        '"docs" not in extras',
        '"test" in dependency_groups',
    ]
)
MARKERS = st.recursive(
    COMPARISONS,
    lambda inner: st.builds(
        lambda left, word, right: f"({left} {word} {right})", inner, st.sampled_from(("and", "or")), inner
    ),
    max_leaves=8,
)


@given(MARKERS)
def test_what_holds_somewhere_can_hold(text: str) -> None:
    """No target of the platform table meets a marker that is said never to hold."""
    marker = Marker(text)
    if not can_hold(marker):
        for target in TARGETS:
            for names in (frozenset[str](), frozenset({"docs"})):
                environment: Mapping[str, str | frozenset[str]] = {
                    **target.environment,
                    "extra": "",
                    "extras": names,
                    "dependency_groups": names,
                }
                assert not marker.evaluate(environment, context="lock_file")

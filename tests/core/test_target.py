"""Targets: Pythons, marker keys and tags; the numbers are those of the cases that other systems get wrong."""

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, parse_tag

from pytest_ofiuco.core.platforms import MARKER_KEYS
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import UsageError
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target

FREE_THREADED = target("3.13t", "manylinux_2_28_x86_64")
NEXT = target("3.15", "manylinux_2_28_x86_64")
NEXT_FREE_THREADED = target("3.15t", "manylinux_2_28_x86_64")
OLD = target("3.7", "manylinux_2_28_x86_64")
PYPY = target("pypy3.10", "manylinux_2_28_x86_64")


@pytest.mark.parametrize(
    ("text", "implementation", "full_version", "label"),
    [
        pytest.param("3.12", "cpython", "3.12.0", "py312", id="X.Y is X.Y.0"),
        pytest.param("3.12.4", "cpython", "3.12.4", "py3.12.4", id="exact"),
        pytest.param("3.13t", "cpython", "3.13.0", "py313t", id="free-threaded"),
        pytest.param("python3.12", "cpython", "3.12.0", "py312", id="a command's name"),
        pytest.param("cpython@3.12", "cpython", "3.12.0", "py312", id="uv's way"),
        pytest.param("cpython-3.12.1", "cpython", "3.12.1", "py3.12.1", id="pyenv's way"),
        pytest.param("pypy3.10", "pypy", "3.10.0", "pypy310", id="pypy"),
        pytest.param(" 3.8 ", "cpython", "3.8.0", "py38", id="spaces"),
        pytest.param("3.14.0rc1", "cpython", "3.14.0rc1", "py3.14.0rc1", id="26: prerelease"),
        pytest.param("3.14b1", "cpython", "3.14.0b1", "py314", id="26: prerelease without a micro version"),
    ],
)
def test_python(text: str, implementation: str, full_version: str, label: str) -> None:
    python = Python.parse(text)
    assert (python.implementation, python.full_version, python.label) == (implementation, full_version, label)
    assert str(python) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "3", "2.7", "4.0", "x", "3.x", "3.12.4.5", "pypy3.10t", "3.12+local", ">=3.12", "3.12tt", "jython3.12"]
)
def test_python_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Python.parse(text)
    assert str(caught.value) == f"python {text!r}: not a version of Python 3"
    assert caught.value.hint == "write it as 3.12, 3.12.4, 3.13t (free-threaded) or pypy3.10"


@pytest.mark.parametrize("text", ["3.12t", "3.8t", "cpython-3.12.4t"])
def test_free_threaded_before_there_was_one(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Python.parse(text)
    assert str(caught.value) == f"python {text!r}: no such free-threaded Python"
    assert caught.value.hint == "3.13t is the first; leave the t out for the build with the GIL"


def test_environment() -> None:
    """All 11 keys, sorted, none from the host."""
    environment = target("3.12.4", "macosx_14_0_arm64").environment
    assert environment == {
        "implementation_name": "cpython",
        "implementation_version": "3.12.4",
        "os_name": "posix",
        "platform_machine": "arm64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Darwin",
        "platform_version": "",
        "python_full_version": "3.12.4",
        "python_version": "3.12",
        "sys_platform": "darwin",
    }
    assert tuple(environment) == MARKER_KEYS


def test_environment_of_pypy() -> None:
    """``implementation_version`` is PyPy's own version, of which the target knows the series alone."""
    environment = PYPY.environment
    assert environment["implementation_name"] == "pypy"
    assert environment["implementation_version"] == "7.3.0"
    assert environment["python_full_version"] == "3.10.0"
    assert environment["platform_python_implementation"] == "PyPy"
    assert environment["python_version"] == "3.10"


@pytest.mark.parametrize(
    ("marker", "here", "expected"),
    [
        pytest.param("python_version < '4.0'", target("3.13", "win_amd64"), True, id="26: 3.13 is below 4.0"),
        pytest.param("python_version >= '3.9'", LINUX_X86_64, True, id="26: 3.12 is above 3.9"),
        pytest.param("python_full_version < '3.14.1'", target("3.14", "win_amd64"), True, id="26: full version"),
        pytest.param("python_full_version < '3.14.1'", target("3.14.1", "win_amd64"), False, id="26: exact version"),
        pytest.param("sys_platform in 'linux darwin'", LINUX_X86_64, True, id="26: substring"),
        pytest.param("sys_platform in 'linux darwin'", WINDOWS, False, id="26: no substring"),
        pytest.param("platform_release >= '5'", LINUX_X86_64, False, id="26: an empty release"),
        pytest.param(
            "python_full_version >= '3.14'", target("3.14.0rc1", "win_amd64"), False, id="26: before the release"
        ),
        pytest.param("python_version >= '3.14'", target("3.14.0rc1", "win_amd64"), True, id="26: of the minor version"),
        pytest.param("platform_machine == 'arm64'", LINUX_AARCH64, False, id="Linux is not arm64"),
        pytest.param("platform_machine == 'arm64'", MACOS_ARM64, True, id="macOS is"),
        pytest.param("implementation_name == 'cpython'", PYPY, False, id="pypy"),
    ],
)
def test_markers(marker: str, here: Target, expected: bool) -> None:
    assert Marker(marker).evaluate({**here.environment, "extra": ""}) is expected


def fits(here: Target, tag: str) -> bool:
    return not parse_tag(tag).isdisjoint(here.tags)


@pytest.mark.parametrize(
    ("here", "tag", "expected"),
    [
        pytest.param(LINUX_X86_64, "cp312-cp312-manylinux_2_28_x86_64", True, id="18: as new as the platform"),
        pytest.param(LINUX_X86_64, "cp312-cp312-manylinux_2_29_x86_64", False, id="18: newer"),
        pytest.param(LINUX_X86_64, "cp312-cp312-manylinux_2_28_aarch64", False, id="another architecture"),
        pytest.param(LINUX_X86_64, "cp38-abi3-manylinux2014_x86_64", True, id="20: abi3 of an older Python"),
        pytest.param(LINUX_X86_64, "cp313-abi3-manylinux2014_x86_64", False, id="19: abi3 of a newer one"),
        pytest.param(LINUX_X86_64, "cp311-cp311-manylinux2014_x86_64", False, id="another Python's ABI"),
        pytest.param(LINUX_X86_64, "cp312-cp312t-manylinux2014_x86_64", False, id="21: free-threaded on a GIL build"),
        pytest.param(LINUX_X86_64, "cp312-none-any", True, id="no ABI"),
        pytest.param(LINUX_X86_64, "cp312-cp312-linux_x86_64", True, id="24: bare linux"),
        pytest.param(LINUX_X86_64, "cp312-cp312-musllinux_1_2_x86_64", False, id="23: musl on glibc"),
        pytest.param(LINUX_X86_64, "py312-none-any", True, id="25: its own Python"),
        pytest.param(LINUX_X86_64, "py313-none-any", False, id="25: a later Python"),
        pytest.param(LINUX_X86_64, "py2.py3-none-any", True, id="24: compressed"),
        pytest.param(LINUX_X86_64, "py27-none-any", False, id="25: py27"),
        pytest.param(LINUX_X86_64, "pp310-pypy310_pp73-manylinux2014_x86_64", False, id="25: pypy on CPython"),
        pytest.param(FREE_THREADED, "cp313-cp313t-manylinux_2_28_x86_64", True, id="21: free-threaded"),
        pytest.param(FREE_THREADED, "cp313-cp313-manylinux_2_28_x86_64", False, id="21: the GIL's ABI"),
        pytest.param(FREE_THREADED, "cp39-abi3-manylinux_2_28_x86_64", False, id="21: abi3"),
        pytest.param(FREE_THREADED, "py3-none-any", True, id="21: pure"),
        pytest.param(NEXT, "cp315-abi3.abi3t-manylinux_2_28_x86_64", True, id="21: abi3t with a GIL"),
        pytest.param(NEXT_FREE_THREADED, "cp315-abi3.abi3t-manylinux_2_28_x86_64", True, id="21: abi3t without"),
        pytest.param(NEXT, "cp315-abi3-manylinux_2_28_x86_64", True, id="21: abi3 with a GIL"),
        pytest.param(NEXT, "cp315-abi3t-manylinux_2_28_x86_64", False, id="21: abi3t alone, with a GIL"),
        pytest.param(NEXT_FREE_THREADED, "cp315-abi3-manylinux_2_28_x86_64", False, id="21: abi3 alone, without"),
        pytest.param(FREE_THREADED, "cp315-abi3.abi3t-manylinux_2_28_x86_64", False, id="21: abi3t of a later one"),
        pytest.param(
            target("3.14t", "win_amd64"), "cp314-cp314t-win_amd64", True, id="21: free-threaded, of another version"
        ),
        pytest.param(OLD, "cp37-cp37m-manylinux_2_17_x86_64", True, id="the m of 3.7 and earlier"),
        pytest.param(OLD, "cp37-cp37-manylinux_2_17_x86_64", False, id="which is not left out"),
        pytest.param(target("3.8", "win_amd64"), "cp38-cp38-win_amd64", True, id="and which 3.8 and later do not have"),
        pytest.param(PYPY, "pp3-none-any", True, id="any PyPy's"),
        pytest.param(PYPY, "pp310-none-any", False, id="no tag of a PyPy's own without an ABI for all platforms"),
        pytest.param(
            target("pypy3.11", "win_amd64"), "pp311-pypy311_pp73-win_amd64", True, id="the latest PyPy, on Windows"
        ),
        pytest.param(PYPY, "pp310-pypy310_pp73-manylinux2014_x86_64", True, id="pypy"),
        pytest.param(PYPY, "cp310-cp310-manylinux2014_x86_64", False, id="CPython's on pypy"),
        pytest.param(PYPY, "py3-none-any", True, id="pure on pypy"),
        pytest.param(MACOS_ARM64, "cp312-cp312-macosx_14_0_arm64", True, id="22: this macOS"),
        pytest.param(MACOS_ARM64, "cp312-cp312-macosx_26_0_arm64", False, id="22: a later macOS"),
        pytest.param(MACOS_ARM64, "cp312-cp312-macosx_10_9_universal2", True, id="22: universal"),
        pytest.param(MACOS_ARM64, "cp312-cp312-macosx_11_0_x86_64", False, id="22: the other architecture"),
        pytest.param(WINDOWS, "cp312-cp312-win_amd64", True, id="Windows"),
        pytest.param(WINDOWS, "cp312-cp312-win32", False, id="32 bits on Windows"),
    ],
)
def test_tags(here: Target, tag: str, expected: bool) -> None:
    assert fits(here, tag) is expected


def test_tags_best_first() -> None:
    tags = LINUX_X86_64.tags
    assert tags[0] == Tag("cp312", "cp312", "manylinux_2_28_x86_64")
    assert tags[-1] == Tag("py30", "none", "any")
    assert len(set(tags)) == len(tags)


def test_target_reads_as_a_sentence_does() -> None:
    assert str(LINUX_X86_64) == "Python 3.12 on manylinux_2_28_x86_64"


def test_a_number_of_more_digits_than_python_reads_is_no_version() -> None:
    with pytest.raises(UsageError, match="not a version of Python 3"):
        Python.parse("3." + "1" * 5000)


@pytest.mark.parametrize("text", ["1!3.12", "3.12.post1", "v3.12", "3.12.dev1", "3.12+local", "pypyv3.10", "3" * 500])
def test_versions_that_no_python_has(text: str) -> None:
    with pytest.raises(UsageError, match="not a version of Python 3") as caught:
        Python.parse(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["3.15.0a1", "3.15rc1"])
def test_prereleases(text: str) -> None:
    assert Python.parse(text).version.is_prerelease


@pytest.mark.parametrize(("text", "release"), [("3.12", "3.12.0"), ("3.12.4", "3.12.4"), ("3.15.0rc1", "3.15.0")])
def test_the_release_is_what_version_info_says(text: str, release: str) -> None:
    assert Python.parse(text).release == release


@pytest.mark.parametrize(
    ("exact", "expected"), [("3.12.4", "3.12"), ("3.13.1t", "3.13t"), ("pypy3.10.14", "pypy3.10"), ("3.14", "3.14")]
)
def test_any_patch(exact: str, expected: str) -> None:
    assert str(Python.parse(exact).any_patch) == expected

"""What platforms have of their own."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.inspect.policy import ceilings, has_library, kind_of, machine_of, may_have_library


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param(
            "manylinux_2_26_aarch64",
            {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
            id="Amazon Linux 2",
        ),
        pytest.param(
            "manylinux_2_18_x86_64",
            {"GLIBC": (2, 18), "GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0)},
            id="between two",
        ),
        pytest.param("musllinux_1_2_aarch64", {}, id="musl"),
        pytest.param("linux_x86_64", {}, id="no ceiling"),
        pytest.param("macosx_14_0_arm64", {}, id="macOS"),
    ],
)
def test_ceilings(tag: str, expected: dict[str, tuple[int, ...]]) -> None:
    assert ceilings(Platform.parse(tag)) == expected


@pytest.mark.parametrize(
    ("tag", "name", "has", "may"),
    [
        pytest.param("manylinux_2_17_x86_64", "libc.so.6", True, False, id="C"),
        pytest.param("manylinux_2_17_x86_64", "libstdc++.so.6", True, False, id="C++"),
        pytest.param("manylinux_2_17_aarch64", "ld-linux-aarch64.so.1", True, False, id="loader"),
        pytest.param("manylinux_2_17_x86_64", "libX11.so.6", False, True, id="desktop"),
        pytest.param("manylinux_2_17_x86_64", "libcuda.so.1", False, True, id="driver"),
        pytest.param("manylinux_2_17_x86_64", "libfoo.so.1", False, False, id="nobody's"),
        pytest.param("musllinux_1_2_x86_64", "libc.musl-x86_64.so.1", True, False, id="musl"),
        pytest.param("musllinux_1_2_x86_64", "libpthread.so.0", False, False, id="glibc's on musl"),
    ],
)
def test_libraries(tag: str, name: str, has: bool, may: bool) -> None:
    assert (has_library(Platform.parse(tag), name), may_have_library(name)) == (has, may)


@pytest.mark.parametrize(
    ("tag", "kind", "machine"),
    [
        pytest.param("manylinux_2_28_aarch64", "elf", "aarch64", id="Linux"),
        pytest.param("macosx_14_0_arm64", "mach-o", "arm64", id="macOS"),
        pytest.param("win_amd64", "pe", "win_amd64", id="Windows"),
        pytest.param("ios_17_0_arm64_iphoneos", "mach-o", "arm64", id="iOS"),
        pytest.param("android_24_arm64_v8a", "elf", "aarch64", id="Android"),
        pytest.param("pyodide_2024_0_wasm32", "", "wasm32", id="Pyodide"),
    ],
)
def test_machines(tag: str, kind: str, machine: str) -> None:
    platform = Platform.parse(tag)
    assert (kind_of(platform), machine_of(platform)) == (kind, machine)

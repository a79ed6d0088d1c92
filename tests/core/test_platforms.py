"""Platforms: tags read and written, the tags they accept, the markers they say."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.platforms import BUILTIN, MARKER_KEYS, Platform, find, fixed, runs_on
from pytest_ofiuco.errors import UsageError


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("win_amd64", Platform(os="windows", architecture="win_amd64"), id="windows"),
        pytest.param("win32", Platform(os="windows", architecture="win32"), id="windows, 32 bits"),
        pytest.param("macosx_14_0_arm64", Platform(os="macos", architecture="arm64", version=(14, 0)), id="macos"),
        pytest.param(
            "macosx_10_15_x86_64", Platform(os="macos", architecture="x86_64", version=(10, 15)), id="old macos"
        ),
        pytest.param(
            "manylinux_2_28_aarch64",
            Platform(os="linux", architecture="aarch64", libc="glibc", version=(2, 28)),
            id="glibc",
        ),
        pytest.param(
            "musllinux_1_2_x86_64",
            Platform(os="linux", architecture="x86_64", libc="musl", version=(1, 2)),
            id="musl",
        ),
        pytest.param("linux_x86_64", Platform(os="linux", architecture="x86_64", libc="glibc"), id="bare linux"),
        pytest.param(
            "ios_13_0_arm64_iphoneos", Platform(os="ios", architecture="arm64_iphoneos", version=(13, 0)), id="iPhone"
        ),
        pytest.param(
            "ios_17_4_x86_64_iphonesimulator",
            Platform(os="ios", architecture="x86_64_iphonesimulator", version=(17, 4)),
            id="its simulator",
        ),
        pytest.param(
            "android_21_arm64_v8a", Platform(os="android", architecture="arm64_v8a", version=(21, 0)), id="Android"
        ),
        pytest.param("android_24_x86", Platform(os="android", architecture="x86", version=(24, 0)), id="its emulator"),
        pytest.param(
            "pyemscripten_2025_0_wasm32",
            Platform(os="emscripten", architecture="wasm32", version=(2025, 0)),
            id="Pyodide",
        ),
    ],
)
def test_parse(tag: str, expected: Platform) -> None:
    assert Platform.parse(tag) == expected
    assert str(expected) == tag


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("manylinux1_x86_64", "manylinux_2_5_x86_64", id="24: manylinux1"),
        pytest.param("manylinux2010_x86_64", "manylinux_2_12_x86_64", id="24: manylinux2010"),
        pytest.param("manylinux2014_aarch64", "manylinux_2_17_aarch64", id="24: manylinux2014"),
        pytest.param("pyodide_2024_0_wasm32", "pyemscripten_2024_0_wasm32", id="Pyodide, before PEP 783 named it"),
    ],
)
def test_legacy_names_are_versions(tag: str, expected: str) -> None:
    assert str(Platform.parse(tag)) == expected


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "amiga",
        "any",
        "linux",
        "linux_arm64",
        "linux-x86_64",
        "manylinux_2_28",
        "manylinux_2_x86_64",
        "manylinux_2_28_amd64",
        "manylinux_2_-1_x86_64",
        "manylinux_2_²_x86_64",
        "manylinux2028_x86_64",
        "musllinux_1_x86_64",
        "macosx_14_arm64",
        "macosx_14_0_aarch64",
        "macosx_x_0_arm64",
        "win_x86",
        "Linux_x86_64",
        "linux_armv8l",
        "freebsd",
        "ios_13_0_arm64",
        "ios_13_arm64_iphoneos",
        "android_arm64_v8a",
        "android_21_aarch64",
        "android_9999_x86",
        "pyodide_2024_wasm32",
        "pyodide_2024_0_wasm64",
    ],
)
def test_refused(tag: str) -> None:
    with pytest.raises(UsageError) as caught:
        Platform.parse(tag)
    assert str(caught.value) == f"platform {tag!r}: neither a built-in name nor a platform tag"
    assert caught.value.hint is not None
    assert "manylinux_2_28_aarch64" in caught.value.hint
    assert "aws_lambda" in caught.value.hint


@pytest.mark.parametrize(
    ("tag", "message", "hint"),
    [
        pytest.param(
            "macosx_11_0_universal2",
            "platform 'macosx_11_0_universal2': names no one machine",
            "use macosx_11_0_arm64 or macosx_11_0_x86_64: they take universal2 wheels as far as they can run them",
            id="22: two machines",
        ),
        pytest.param(
            "macosx_10_9_intel",
            "platform 'macosx_10_9_intel': names no one machine",
            "use macosx_10_9_arm64 or macosx_10_9_x86_64: they take intel wheels as far as they can run them",
            id="two word sizes",
        ),
        pytest.param(
            "freebsd_14_1_release_amd64",
            "platform 'freebsd_14_1_release_amd64': the tag of a system that is not supported",
            "use one of Linux (glibc or musl), macOS, Windows, iOS, Android or Pyodide",
            id="FreeBSD",
        ),
        pytest.param(
            "emscripten_3_1_58_wasm32",
            "platform 'emscripten_3_1_58_wasm32': the tag of a system that is not supported",
            "use one of Linux (glibc or musl), macOS, Windows, iOS, Android or Pyodide",
            id="Emscripten without Pyodide's ABI",
        ),
        *(
            pytest.param(
                tag,
                f"platform {tag!r}: older than any that wheels are made for",
                "give a later version: macOS 10.4, iOS 12.0 and Android's API level 16 are the first",
                id=f"before the first: {tag}",
            )
            for tag in ("macosx_10_3_x86_64", "macosx_9_0_arm64", "ios_11_0_arm64_iphoneos", "android_15_x86")
        ),
    ],
)
def test_refused_with_a_reason(tag: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Platform.parse(tag)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("win_arm64", ["win_arm64"], id="windows"),
        pytest.param(
            "ios_13_1_arm64_iphoneos",
            [
                "ios_13_1_arm64_iphoneos",
                "ios_13_0_arm64_iphoneos",
                *(f"ios_12_{minor}_arm64_iphoneos" for minor in range(9, -1, -1)),
            ],
            id="iOS: down to 12.0, no simulator",
        ),
        pytest.param(
            "android_18_arm64_v8a",
            ["android_18_arm64_v8a", "android_17_arm64_v8a", "android_16_arm64_v8a"],
            id="Android: down to API level 16",
        ),
        pytest.param(
            "pyodide_2025_0_wasm32",
            ["pyemscripten_2025_0_wasm32", "pyodide_2025_0_wasm32"],
            id="Pyodide: one ABI alone, by both names",
        ),
        pytest.param(
            "manylinux_2_19_aarch64",
            [
                "manylinux_2_19_aarch64",
                "manylinux_2_18_aarch64",
                "manylinux_2_17_aarch64",
                "manylinux2014_aarch64",
                "linux_aarch64",
            ],
            id="18, 24: glibc down to 2.17 on aarch64",
        ),
        pytest.param(
            "manylinux_2_6_x86_64",
            ["manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64"],
            id="24: glibc down to 2.5 on x86_64",
        ),
        pytest.param(
            "musllinux_1_2_x86_64",
            ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64", "linux_x86_64"],
            id="23: musl",
        ),
    ],
)
def test_tags(tag: str, expected: list[str]) -> None:
    assert list(Platform.parse(tag).tags) == expected


def test_tags_of_macos() -> None:
    """Case 22: the architecture's own before universal ones, newer before older."""
    tags = Platform.parse("macosx_14_0_arm64").tags
    assert tags[:4] == ("macosx_14_0_arm64", "macosx_14_0_universal2", "macosx_13_0_arm64", "macosx_13_0_universal2")
    assert tags.index("macosx_11_0_arm64") < tags.index("macosx_10_9_universal2")
    assert not [tag for tag in tags if tag.endswith("x86_64") or tag.startswith(("macosx_15", "macosx_26"))]
    assert "macosx_11_0_universal2" in Platform.parse("macosx_14_0_x86_64").tags


@pytest.mark.parametrize(
    ("tag", "os_name", "sys_platform", "platform_system", "platform_machine"),
    [
        pytest.param("manylinux_2_28_aarch64", "posix", "linux", "Linux", "aarch64", id="Linux says aarch64"),
        pytest.param("musllinux_1_2_x86_64", "posix", "linux", "Linux", "x86_64", id="musl is Linux"),
        pytest.param("macosx_14_0_arm64", "posix", "darwin", "Darwin", "arm64", id="macOS says arm64"),
        pytest.param("win_amd64", "nt", "win32", "Windows", "AMD64", id="Windows says AMD64"),
        pytest.param("win_arm64", "nt", "win32", "Windows", "ARM64", id="Windows says ARM64"),
        pytest.param("win32", "nt", "win32", "Windows", "x86", id="Windows says x86"),
        pytest.param("ios_13_0_arm64_iphoneos", "posix", "ios", "iOS", "arm64", id="iOS says arm64"),
        pytest.param("ios_13_0_x86_64_iphonesimulator", "posix", "ios", "iOS", "x86_64", id="its simulator, x86_64"),
        pytest.param("android_21_arm64_v8a", "posix", "android", "Android", "aarch64", id="Android says aarch64"),
        pytest.param("android_21_armeabi_v7a", "posix", "android", "Android", "armv7l", id="Android says armv7l"),
        pytest.param("android_21_x86", "posix", "android", "Android", "i686", id="Android says i686"),
        pytest.param("pyodide_2024_0_wasm32", "posix", "emscripten", "Emscripten", "wasm32", id="Pyodide"),
    ],
)
def test_markers(tag: str, os_name: str, sys_platform: str, platform_system: str, platform_machine: str) -> None:
    assert Platform.parse(tag).environment == {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": platform_machine,
        "platform_release": "",
        "platform_version": "",
    }


def test_markers_may_be_given() -> None:
    platform = fixed("box", "manylinux_2_28_x86_64", (("platform_release", "6.1"),)).platform((3, 12))
    assert platform.environment["platform_release"] == "6.1"
    assert platform.environment["platform_version"] == ""


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "i686"])
def test_builtin_linux(architecture: str) -> None:
    assert {f"linux_{architecture}", f"musl_{architecture}"} <= set(BUILTIN)
    assert f"manylinux_2_39_{architecture}" not in find("linux_x86_64").platform((3, 12)).tags


@pytest.mark.parametrize("name", BUILTIN)
def test_builtin(name: str) -> None:
    """Every built-in name has a platform that reads as its tag does, for every Python."""
    for version in ((3, 8), (3, 11), (3, 12), (3, 14)):
        platform = find(name).platform(version)
        assert Platform.parse(str(platform)) == platform
        assert set(platform.environment) < set(MARKER_KEYS)
        assert platform.tags[0] == str(platform)


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        pytest.param("aws_lambda", (3, 11), "manylinux_2_26_aarch64", id="Amazon Linux 2"),
        pytest.param("aws_lambda", (3, 12), "manylinux_2_34_aarch64", id="Amazon Linux 2023"),
        pytest.param("aws_lambda_x86_64", (3, 13), "manylinux_2_34_x86_64", id="on x86_64"),
        pytest.param("macos_arm64", (3, 12), "macosx_14_0_arm64", id="macOS"),
        pytest.param("musllinux_1_1_aarch64", (3, 12), "musllinux_1_1_aarch64", id="a tag names itself"),
    ],
)
def test_find(name: str, version: tuple[int, int], expected: str) -> None:
    definition = find(name)
    assert definition.name == name
    assert str(definition.platform(version)) == expected


def test_find_knows_no_host() -> None:
    with pytest.raises(UsageError):
        find("host")


@pytest.mark.parametrize(
    ("platform", "runs"),
    [
        ("manylinux_2_36_x86_64", True),
        ("manylinux_2_17_x86_64", True),
        ("manylinux_2_40_x86_64", False),
        ("manylinux_2_28_aarch64", False),
        ("musllinux_1_2_x86_64", False),
        ("macosx_14_0_arm64", False),
        ("win_amd64", False),
    ],
)
def test_what_runs_here(platform: str, runs: bool) -> None:
    assert runs_on(Platform.parse(platform), Platform.parse("manylinux_2_36_x86_64")) is runs

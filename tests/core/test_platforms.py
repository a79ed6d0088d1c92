"""Platforms: tags read and written, the tags they accept, the markers they say."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.platforms import BUILTIN, MARKER_KEYS, Platform, find, fixed
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
        "macosx_14_0_universal2",
        "macosx_x_0_arm64",
        "win_x86",
        "Linux_x86_64",
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
    ("tag", "expected"),
    [
        pytest.param("win_arm64", ["win_arm64"], id="windows"),
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

"""Targets that the tests ask about."""

from __future__ import annotations

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target


def target(python: str, platform: str) -> Target:
    """A target as a user writes it: a Python, and a platform tag."""
    return Target(python=Python.parse(python), platform=Platform.parse(platform))


LINUX_X86_64 = target("3.12", "manylinux_2_28_x86_64")
LINUX_AARCH64 = target("3.12", "manylinux_2_28_aarch64")
MACOS_ARM64 = target("3.12", "macosx_14_0_arm64")
WINDOWS = target("3.12", "win_amd64")

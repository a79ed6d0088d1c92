"""The tags of a target beside those that ``packaging`` finds for the interpreter that runs the tests."""

from __future__ import annotations

import platform
from collections.abc import Iterable

import pytest
from packaging.markers import default_environment
from packaging.tags import Tag, sys_tags

from pytest_ofiuco.core.target import Target
from tests.targets import target

pytestmark = pytest.mark.e2e


def this_interpreter() -> Target:
    tags = [tag for tag in sys_tags() if not is_bare_linux(tag)]
    suffix = "t" if tags[0].abi.endswith("t") else ""
    return target(f"{platform.python_version()}{suffix}", tags[0].platform)


def is_bare_linux(tag: Tag) -> bool:
    return tag.platform.startswith("linux_")


def without_bare_linux(tags: Iterable[Tag]) -> list[Tag]:
    return [tag for tag in tags if not is_bare_linux(tag)]


def test_tags() -> None:
    """The same tags in the same order, but for the bare ``linux_x86_64``.

    ``packaging`` 26.3 has it first, for wheels that were built on the machine itself; earlier releases, pip and uv
    have it last. It says nothing of a libc, so among the files of a lock it is the last resort.
    """
    here = this_interpreter()
    assert without_bare_linux(here.tags) == without_bare_linux(sys_tags())
    assert frozenset(here.tags) == frozenset(sys_tags())


def test_markers() -> None:
    """All that a target says of itself; what the kernel calls itself is left empty."""
    here = this_interpreter().environment
    unsaid = ("platform_release", "platform_version")
    assert [key for key, value in here.items() if not value] == list(unsaid)
    assert here == {**default_environment(), **dict.fromkeys(unsaid, "")}

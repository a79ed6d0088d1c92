"""pdm.lock: groups, markers, extras, and the strategies that change what an entry says."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.target import Target
from tests.edge_cases.reading import FILES, SHA256, artifacts, pins
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, WINDOWS

PYPROJECT = (
    '[project]\nname = "project"\nversion = "0"\ndependencies = ["a[x]"]\n'
    '[project.optional-dependencies]\nmore = ["d"]\n[dependency-groups]\ndev = ["e"]\n'
)


def entry(name: str, more: str = "", version: str = "1.0") -> str:
    file = f'{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:{SHA256}"}}'
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nfiles = [{file}]\n{more}\n'


def read(*entries: str, strategy: str = '"inherit_metadata"', pyproject: str = PYPROJECT) -> Lock:
    metadata = f'[metadata]\ngroups = ["default", "more", "dev"]\nstrategy = [{strategy}]\nlock_version = "4.5.0"\n'
    return read_lock("pdm.lock", "\n".join((metadata, *entries)), pyproject)


INHERITED = read(
    entry("a", 'groups = ["default"]\ndependencies = ["b"]'),
    entry("a", 'groups = ["default"]\nextras = ["x"]\ndependencies = ["a==1.0", "c; sys_platform == \'linux\'"]'),
    entry("b", 'groups = ["default", "dev"]'),
    entry("c", 'groups = ["default"]\nmarker = "sys_platform == \'linux\'"'),
    entry("d", 'groups = ["more"]'),
    entry("e", 'groups = ["dev"]\nmarker = "sys_platform == \'win32\'"'),
)
WALKED = read(
    entry("a", 'dependencies = ["b"]'),
    entry("a", 'extras = ["x"]\ndependencies = ["a==1.0", "c; sys_platform == \'linux\'"]'),
    entry("b"),
    entry("c"),
    entry("d"),
    entry("e"),
    strategy='"cross_platform"',
)


@pytest.mark.parametrize(
    ("here", "groups", "extras", "expected"),
    [
        pytest.param(LINUX_X86_64, ("main",), (), ["a", "b", "c"], id="pdm: a marker and an extra"),
        pytest.param(WINDOWS, ("main",), (), ["a", "b"], id="pdm: the marker does not hold"),
        pytest.param(WINDOWS, ("main",), ("more",), ["a", "b", "d"], id="pdm: an extra of the project"),
    ],
)
@pytest.mark.parametrize("lock", [INHERITED, WALKED], ids=["inherited", "walked"])
def test_groups_markers_and_extras(
    lock: Lock, here: Target, groups: tuple[str, ...], extras: tuple[str, ...], expected: list[str]
) -> None:
    assert list(pins(lock, here, groups=groups, extras=extras)) == expected


def test_a_group_with_a_marker() -> None:
    """pdm: groups"""
    assert list(pins(INHERITED, groups=("dev",))) == ["b"]
    assert list(pins(INHERITED, WINDOWS, groups=("dev",))) == ["b", "e"]


def test_static_urls() -> None:
    """pdm: static_urls puts an address where the file's name would be"""
    lock = read(
        f'[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["default"]\n'
        f'files = [{{url = "{FILES}/a-1.0%2Blocal-py3-none-any.whl", hash = "sha256:{SHA256}"}}]\n',
        strategy='"inherit_metadata", "static_urls"',
    )
    found = artifacts(lock)["a"]
    assert isinstance(found, Wheel)
    assert found.filename == "a-1.0+local-py3-none-any.whl"
    assert found.url == f"{FILES}/a-1.0%2Blocal-py3-none-any.whl"

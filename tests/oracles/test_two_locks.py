"""Two locks of one project, made by two tools at two times: the same packages, which need each other alike."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.resolve import Pin, resolve
from pytest_ofiuco.store.project import load
from tests.oracles.conftest import CORPUS
from tests.oracles.exported import PLATFORMS
from tests.targets import target

pytestmark = pytest.mark.e2e


def pins(lock_file: str, python: str, platform: str) -> dict[str, Pin]:
    lock = load(CORPUS / "ofiuco-sphinx", lock_file).lock
    return {pin.name: pin for pin in resolve(lock, target(python, platform), lock.selection()).packages}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", ["3.12", "3.12.4", "3.13", "3.14"])
def test_packages_and_their_dependencies(python: str, platform: str) -> None:
    """``cachecontrol`` needs ``filelock`` by an extra that poetry asks of it, which no root edge does."""
    poetry, uv = pins("poetry.lock", python, platform), pins("uv.lock", python, platform)
    assert sorted(poetry) == sorted(uv)
    alike = {name for name in poetry if poetry[name].version == uv[name].version}
    assert "cachecontrol" in alike
    assert {name: poetry[name].dependencies for name in alike} == {name: uv[name].dependencies for name in alike}

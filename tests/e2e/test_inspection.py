"""Real wheels: what suits a platform is not complained of, and what does not is found."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.inspect.inspection import inspect
from pytest_ofiuco.inspect.tree import tree_of
from tests.e2e.test_example_project import _install_uv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WIDE = ("cryptography==46.0.3", "lxml==6.0.2", "numpy==2.3.5", "pillow==12.0.0", "pydantic-core==2.41.5")
ALL = (*WIDE, "grpcio==1.76.0", "psycopg2-binary==2.9.11", "shapely==2.1.2")

Install = Callable[[str, tuple[str, ...]], Path]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Installs packages for a platform, by uv's name of it."""
    uv = shutil.which("uv") or _install_uv(tmp_path_factory.mktemp("uv"))
    made: dict[tuple[str, tuple[str, ...]], Path] = {}

    def installed(platform: str, packages: tuple[str, ...]) -> Path:
        if (platform, packages) not in made:
            folder = tmp_path_factory.mktemp("tree")
            options = ["--python-platform", platform, "--python-version", "3.12", "--only-binary", ":all:"]
            subprocess.run([uv, "pip", "install", "--quiet", "--target", folder, *options, *packages], check=True)
            made[platform, packages] = folder
        return made[platform, packages]

    return installed


def found(folder: Path, platform: str, severity: str = "error") -> dict[str, set[str]]:
    """The codes of what is found, by package."""
    inspection = inspect(tree_of(folder), Target(python=Python.parse("3.12"), platform=Platform.parse(platform)))
    codes: dict[str, set[str]] = {}
    for finding in inspection.findings:
        if finding.severity == severity:
            codes.setdefault(finding.package, set()).add(finding.code)
    return codes


@pytest.mark.parametrize(
    ("uv_platform", "packages", "platform"),
    [
        pytest.param("aarch64-manylinux_2_34", ALL, "manylinux_2_34_aarch64", id="glibc"),
        pytest.param("aarch64-unknown-linux-musl", WIDE, "musllinux_1_2_aarch64", id="musl"),
        pytest.param("aarch64-apple-darwin", WIDE, "macosx_14_0_arm64", id="macOS"),
        pytest.param("x86_64-pc-windows-msvc", (*WIDE, "setuptools==80.9.0"), "win_amd64", id="Windows"),
    ],
)
def test_right_wheels(
    install: Install, monkeypatch: pytest.MonkeyPatch, uv_platform: str, packages: tuple[str, ...], platform: str
) -> None:
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", "14.0")
    folder = install(uv_platform, packages)
    assert found(folder, platform) == {}
    warned = {"setuptools": {"machine"}} if platform == "win_amd64" else {}
    assert found(folder, platform, "warning") == warned


def test_a_newer_glibc_than_the_platforms(install: Install) -> None:
    errors = found(install("aarch64-manylinux_2_34", ALL), "manylinux_2_26_aarch64")
    assert errors["numpy"] == {"symbols"}
    assert errors["cryptography"] == {"symbols"}
    assert "pydantic-core" not in errors


def test_another_machine(install: Install) -> None:
    errors = found(install("x86_64-manylinux_2_34", WIDE), "manylinux_2_34_aarch64")
    names = {package.partition("==")[0] for package in WIDE}
    assert {name for name, codes in errors.items() if codes == {"machine"}} >= names


def test_another_libc(install: Install) -> None:
    folder = install("aarch64-manylinux_2_34", ALL)
    assert all(codes >= {"libc"} for codes in found(folder, "musllinux_1_2_aarch64").values())
    assert "numpy" in found(folder, "musllinux_1_2_aarch64")

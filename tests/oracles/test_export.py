"""What `ofiuco export` writes, taken by pip and uv: they install exactly the files of the resolution."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.cli import main
from pytest_ofiuco.core.platforms import Platform
from tests.oracles.conftest import Tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

EXAMPLE = Path(__file__).parents[2] / "example_project"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
HERE = ("--python", PYTHON, "--platform", "host")
FOREIGN = ("--python", PYTHON, "--platform", "manylinux_2_34_aarch64")
SHIPS = ("--group", "main")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with a pip that reads pylock.toml: since 26.1."""
    folder = tmp_path_factory.mktemp("pip") / "environment"
    venv.create(folder, with_pip=True)
    path = folder / "bin" / "python"
    subprocess.run([path, "-m", "pip", "install", "--quiet", "pip>=26.1"], check=True)
    return path


def exported(file: Path, *options: str) -> Path:
    assert main(["export", "--project", str(EXAMPLE), "--output", str(file), *options]) == 0
    return file


def resolved(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, tuple[str, str]]:
    """Version and sha256 of each package."""
    capsys.readouterr()
    assert main(["resolve", "--project", str(EXAMPLE), "--format", "json", *options]) == 0
    packages = json.loads(capsys.readouterr().out)["packages"]
    return {each["name"]: (each["version"], each["artifact"]["hashes"]["sha256"]) for each in packages}


def pip(python: Path, folder: Path, *arguments: object) -> dict[str, tuple[str, str]]:
    """What pip would install."""
    report = folder / "report.json"
    command = [python, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", report]
    done = subprocess.run([*map(str, command), *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {
        canonicalize_name(each["metadata"]["name"]): (
            each["metadata"]["version"],
            each["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for each in installed
    }


def uv(tools: Tools, *arguments: object) -> dict[str, str]:
    """The versions that uv would install."""
    done = subprocess.run([str(tools.uv), "pip", *map(str, arguments), "--dry-run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    added = [line.removeprefix(" + ").split("==") for line in done.stderr.splitlines() if line.startswith(" + ")]
    return {canonicalize_name(name): version for name, version in added}


@pytest.mark.parametrize("options", [pytest.param((*HERE, *SHIPS), id="target"), pytest.param((), id="matrix")])
def test_pip_and_uv_take_the_pylock(
    options: Sequence[str], python: Path, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exported(tmp_path / "pylock.toml", "--format", "pylock", *options)
    expected = resolved(capsys, *HERE, *SHIPS)
    versions = {name: version for name, (version, _) in expected.items()}
    assert pip(python, tmp_path, "-r", file) == expected
    assert uv(tools, "sync", "--python", python, file) == versions
    assert uv(tools, "install", "--python", python, "-r", file) == versions


@pytest.mark.parametrize("options", [pytest.param((*HERE, *SHIPS), id="target"), pytest.param((), id="matrix")])
def test_pip_takes_the_requirements(
    options: Sequence[str], python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exported(tmp_path / "requirements.txt", "--format", "requirements", *options)
    assert pip(python, tmp_path, "--require-hashes", "-r", file) == resolved(capsys, *HERE, *SHIPS)


def test_for_another_platform(python: Path, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither takes a pylock.toml for another platform than its own, unless that is what it is told to do."""
    expected = resolved(capsys, *FOREIGN, *SHIPS)
    pylock = exported(tmp_path / "pylock.toml", "--format", "pylock", *FOREIGN, *SHIPS)
    foreign = ("--python-platform", "aarch64-manylinux_2_34", "--python-version", PYTHON, "--target", tmp_path / "x")
    taken = uv(tools, "install", "--python", python, *foreign, "-r", pylock)
    assert taken == {name: version for name, (version, _) in expected.items()}
    requirements = exported(tmp_path / "requirements.txt", "--format", "requirements", *FOREIGN, *SHIPS)
    tags = Platform.parse("manylinux_2_34_aarch64").tags
    only = ("--only-binary", ":all:", "--no-deps", "--target", tmp_path / "x", "--python-version", PYTHON)
    platforms = [word for tag in tags for word in ("--platform", tag)]
    assert pip(python, tmp_path, *only, *platforms, "--require-hashes", "-r", requirements) == expected


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_another_environment_is_refused(tool: str, python: Path, tools: Tools, tmp_path: Path) -> None:
    """The `environments` of the file say for whom it is."""
    other = "windows_amd64" if sys.platform != "win32" else "linux_x86_64"
    file = exported(tmp_path / "pylock.toml", "--format", "pylock", "--python", PYTHON, "--platform", other, *SHIPS)
    commands = {
        "pip": [str(python), "-m", "pip", "install", "--dry-run", "-r", str(file)],
        "uv": [str(tools.uv), "pip", "install", "--dry-run", "--python", str(python), "-r", str(file)],
    }
    done = subprocess.run(commands[tool], capture_output=True, text=True)
    assert done.returncode != 0
    assert "environment" in done.stderr

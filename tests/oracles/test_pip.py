"""The choice among a release's wheels beside pip's own, which is told the target's tags one by one.

The wheels are hollow stand-ins under the names of real ones, so neither an index nor a download is needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.utils import parse_wheel_filename

from pytest_ofiuco.core.choice import best_wheel
from pytest_ofiuco.core.target import Target
from tests.locks import wheel
from tests.targets import target

pytestmark = pytest.mark.e2e

NAMES = Path(__file__).parent.parent / "data" / "filenames" / "wheels.txt"
TARGETS = (
    ("3.11", "manylinux_2_17_x86_64"),
    ("3.10", "manylinux_2_26_aarch64"),
    ("3.12", "manylinux_2_28_x86_64"),
    ("3.13", "manylinux_2_34_aarch64"),
    ("3.9", "manylinux_2_28_armv7l"),
    ("3.13t", "manylinux_2_28_x86_64"),
    ("3.13", "musllinux_1_1_x86_64"),
    ("3.12", "musllinux_1_2_aarch64"),
    ("3.13", "macosx_14_0_arm64"),
    ("3.12", "macosx_13_0_x86_64"),
    ("3.8", "macosx_10_15_x86_64"),
    ("3.12", "win_amd64"),
    ("3.11", "win32"),
    ("pypy3.10", "manylinux_2_28_x86_64"),
)

Ask = Callable[[Target, Iterable[str]], "dict[str, str] | None"]


def releases() -> dict[str, list[str]]:
    """File names by requirement."""
    found: dict[str, list[str]] = {}
    for filename in NAMES.read_text(encoding="utf-8").splitlines()[1:]:
        name, version, _, _ = parse_wheel_filename(filename)
        found.setdefault(f"{name}=={version}", []).append(filename)
    return found


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Asks pip for file names by requirement; nothing where it finds no file for one of them."""
    directory = tmp_path_factory.mktemp("pip")
    links = directory / "links"
    links.mkdir()
    for filenames in releases().values():
        for filename in filenames:
            make_hollow(links / filename)
    environment = directory / "environment"
    make = [sys.executable, "-m", "virtualenv", "--quiet", "--no-download", str(environment)]
    subprocess.run(make, check=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
    command = [str(python), "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--quiet"]
    command += ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--report", "-"]
    command += ["--no-index", "--find-links", str(links), "--target", str(directory / "target")]

    def ask(here: Target, requirements: Iterable[str]) -> dict[str, str] | None:
        done = subprocess.run(
            [*command, *options(here), *requirements], capture_output=True, text=True, encoding="utf-8", env=environ
        )
        if done.returncode != 0:
            assert "No matching distribution found" in done.stderr
            return None
        found = {}
        for each in json.loads(done.stdout)["install"]:
            filename = each["download_info"]["url"].rpartition("/")[2]
            name, version, _, _ = parse_wheel_filename(filename)
            found[f"{name}=={version}"] = filename
        return found

    return ask


def make_hollow(path: Path) -> None:
    """A wheel that has nothing but its metadata."""
    name, version, *_, tag = path.name.split("-")
    info = f"{name}-{version}.dist-info"
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n")
        archive.writestr(f"{info}/RECORD", "")


def options(here: Target) -> list[str]:
    """What tells pip of a target."""
    python = here.python
    is_pypy = python.implementation == "pypy"
    number = f"{python.minor[0]}{python.minor[1]}"
    abi = f"pypy{number}_pp73" if is_pypy else f"cp{number}{'t' if python.free_threaded else ''}"
    platforms = [word for tag in here.platform.tags for word in ("--platform", tag)]
    version = f"{python.minor[0]}.{python.minor[1]}"
    return ["--python-version", version, "--implementation", "pp" if is_pypy else "cp", "--abi", abi, *platforms]


@pytest.mark.parametrize(("python", "platform"), [pytest.param(*each, id="-".join(each)) for each in TARGETS])
def test_choice(python: str, platform: str, ask: Ask) -> None:
    here = target(python, platform)
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(here.tags)))}
    chosen, lacking = {}, []
    for requirement, filenames in releases().items():
        best = best_wheel([wheel(each) for each in filenames], ranks)
        if best is None:
            lacking.append(requirement)
        else:
            chosen[requirement] = best.filename
    assert ask(here, chosen) == chosen
    for requirement in lacking:
        assert ask(here, [requirement]) is None, requirement


def test_targets_tell_wheels_apart() -> None:
    """Not the same few pure wheels everywhere."""
    taken = set()
    for python, platform in TARGETS:
        here = target(python, platform)
        ranks = {tag: rank for rank, tag in reversed(list(enumerate(here.tags)))}
        taken |= {best_wheel([wheel(each) for each in filenames], ranks) for filenames in releases().values()}
    assert len(taken) > 60

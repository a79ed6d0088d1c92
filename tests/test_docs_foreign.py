"""What docs/foreign.md shows is what is said and what is looked for."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_ofiuco.config import read
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.table import parse
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.run.execution import why_not
from pytest_ofiuco.store.pythons.contained import HOME
from pytest_ofiuco.store.pythons.containers import ENGINES, VARIABLE
from pytest_ofiuco.store.pythons.emulators import MACHINES, library_folders, to_install_emulator
from pytest_ofiuco.store.pythons.fetched import is_fetched
from pytest_ofiuco.store.pythons.foreign import Lacking, names

DOCUMENT = (Path(__file__).parents[1] / "docs" / "foreign.md").read_text(encoding="utf-8")
HOST = Platform.parse("manylinux_2_36_x86_64")
ARM = Platform.parse("manylinux_2_34_aarch64")
PYTHON = Python.parse("3.13")


def cell(name: str, tag: str) -> Cell:
    target = Target(python=PYTHON, platform=Platform.parse(tag))
    return Cell(name=f"py313-{name}", python=PYTHON, platform=name, target=target)


def test_what_is_said_of_cells_that_are_not_run() -> None:
    (shown,) = re.findall(r"```\n(manylinux.*?)\n```", DOCUMENT, re.DOTALL)
    lacking = Lacking(remedy=f"install {to_install_emulator('aarch64')}")
    assert shown.splitlines() == [
        why_not(cell("aws_lambda", "manylinux_2_34_aarch64"), HOST, lacking),
        why_not(cell("macos_arm64", "macosx_14_0_arm64"), HOST, Lacking()),
    ]


def test_where_is_looked() -> None:
    assert [name for name in names(PYTHON, ARM) if f"`{name}`" in DOCUMENT] == [
        "python3.13-aarch64",
        "aarch64-linux-gnu-python3.13",
    ]
    for folder in library_folders("/python", "aarch64", {}):
        assert folder == "/" or f"`{folder.removeprefix('/usr/aarch64-linux-gnu/')}`" in DOCUMENT


def test_the_settings_of_containers() -> None:
    (shown,) = re.findall(r"## Containers\n\n```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    settings = read(parse(shown.encode(), "pyproject.toml")).settings
    assert all(each.container is not None for each in settings.values())
    assert f"answers is taken: {', then '.join(ENGINES)}. `{VARIABLE}`" in " ".join(DOCUMENT.split())
    assert f"`HOME` is `{HOME}`" in DOCUMENT


def test_what_uv_has() -> None:
    (line,) = re.findall(r"uv has (CPython .*?)\.", DOCUMENT, re.DOTALL)
    tags = {libc: [f"{libc}_{machine}" for machine in MACHINES] for libc in ("manylinux_2_39", "musllinux_1_2")}
    found = {
        libc: [tag.removeprefix(f"{libc}_") for tag in each if is_fetched(PYTHON, Platform.parse(tag))]
        for libc, each in tags.items()
    }
    glibc, musl = (_listed(each) for each in found.values())
    pypy = [
        machine
        for machine in MACHINES
        if is_fetched(Python.parse("pypy3.10"), Platform.parse(f"manylinux_2_39_{machine}"))
    ]
    assert " ".join(line.split()) == f"CPython for {glibc} (musl: {musl}), and PyPy for {_listed(pypy)}"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"

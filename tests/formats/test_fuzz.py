"""Damaged locks: an answer or an error of ours with one remedy, in a short time; never anything else.

Each case is told by the lock and a number, and is the same whenever it is run. ``OFIUCO_FUZZ`` says how many there are
of each lock (``OFIUCO_FUZZ=5000``), or which (``OFIUCO_FUZZ=1234:1235``): more than fit into every run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import pytest

from pytest_ofiuco import config, formats
from pytest_ofiuco.core.check import Subject, check
from pytest_ofiuco.core.explain import explain
from pytest_ofiuco.core.lock import Lock, Package, Selection
from pytest_ofiuco.core.matrix import expand
from pytest_ofiuco.core.pythons import pythons_of
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Replacement, Variant
from pytest_ofiuco.errors import InputError, OfiucoError
from pytest_ofiuco.export.explanation import explanation_json, explanation_text
from pytest_ofiuco.export.findings import findings_json, findings_text
from pytest_ofiuco.export.json import resolution_json
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.pylock import pylock_toml
from pytest_ofiuco.export.requirements import requirements_txt
from pytest_ofiuco.export.table import resolution_table
from tests.export.cells import cell, placed
from tests.formats import damage
from tests.formats.examples import INCLUDED, LOCKS, PYPROJECT, REQUIREMENTS
from tests.formats.test_bad_values import CONFIG
from tests.locks import wheel
from tests.targets import target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__file__).parent.parent / "data"
TARGETS = (
    target("3.12", "manylinux_2_28_x86_64"),
    target("3.8", "win_amd64"),
    target("3.13t", "macosx_14_0_arm64"),
    target("pypy3.10", "musllinux_1_2_aarch64"),
)
LONGEST_MESSAGE = 3000
SECONDS = 15
"""Of the processor, for a case: the longest take a tenth of it."""

BYTES = 400_000
"""Of damaged locks, as many as make up so many bytes are read by default: small ones are damaged more often."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, what is beside it, and its values where it is TOML."""

    name: str
    content: bytes
    pyproject: dict[str, Any]
    files: Mapping[str, str]

    @property
    def values(self) -> dict[str, Any] | None:
        return None if self.name.endswith(".txt") else tomllib.loads(self.content.decode())


def sources() -> Iterator[tuple[str, Source]]:
    for name, text in LOCKS.items():
        yield f"example/{name}", Source(name, text.encode(), tomllib.loads(PYPROJECT), {})
    yield "example/requirements.txt", Source("requirements.txt", REQUIREMENTS.encode(), {}, INCLUDED)
    for path in sorted([*DATA.rglob("*.lock"), *DATA.rglob("pylock.toml"), *DATA.glob("requirements/*.txt")]):
        beside = path.parent / "pyproject.toml"
        pyproject = tomllib.loads(beside.read_text("utf-8")) if beside.exists() else {}
        yield str(path.relative_to(DATA)), Source(path.name, path.read_bytes(), pyproject, {})


SOURCES = dict(sources())


def numbers(size: int) -> range:
    """Of the cases of a lock."""
    first, _, last = os.environ.get("OFIUCO_FUZZ", "").rpartition(":")
    return range(int(first or 0), int(last or min(30, BYTES // size + 1)))


def answer(read: Lock, random: Random) -> None:
    """All that is made from a lock."""
    here, lock = random.choice(TARGETS), replace(read, packages=tuple(map(named, read.packages)))
    failure: OfiucoError | None = None
    assert all(isinstance(each, str) for each in lock.remarks)
    for all_groups, all_extras in ((False, False), (True, False), (True, True)):
        try:
            selection = lock.selection(all_groups=all_groups, all_extras=all_extras)
            use(lock, here, selection, random)
        except OfiucoError as error:
            failure = error
    if failure is not None:
        raise failure


def named(package: Package) -> Package:
    """A package, the files of which an index has named."""
    if not package.is_unnamed:
        return package
    return replace(package, wheels=(wheel(f"{package.name}-{package.version}-py3-none-any.whl"),), is_unnamed=False)


def use(lock: Lock, here: Target, selection: Selection, random: Random) -> None:
    subjects = [Subject(name=str(each), target=each, selection=selection) for each in (here, TARGETS[0])]
    report = check(lock, subjects)
    assert findings_text(report, report.findings).encode()
    assert findings_json(report, report.findings, is_index_asked=False).encode()
    with suppress(OfiucoError):
        assert pythons_of(lock)
    for package in random.sample(lock.packages, min(2, len(lock.packages))):
        with suppress(OfiucoError):
            explanation = explain(lock, here, selection, package.name)
            assert explanation_json(explanation).encode()
            assert explanation_text(explanation).encode()
        entries = tuple(each for each in lock.packages if each.name == package.name)
        replacement = Replacement(name=package.name, at="x", entries=random.choice([entries, entries[:1], ()]))
        variant = Variant(name="v", file="pyproject.toml", replacements=(replacement,))
        with suppress(OfiucoError):
            resolve(lock, here, selection, variant)
    resolution = resolve(lock, here, selection)
    assert resolution_json(resolution).encode()
    assert resolution_table(resolution).encode()
    cells = [ResolvedCell(cell=cell(here), resolution=placed(resolution))]
    tomllib.loads(pylock_toml(lock, cells))
    assert requirements_txt(lock, cells, command="x").encode()


def read_bytes(source: Source, content: bytes, random: Random) -> None:
    pyproject = Table(source.pyproject, file="pyproject.toml")
    answer(formats.read(content, source.name, pyproject, include_of(source)), random)


def read_values(source: Source, values: Mapping[str, Any], pyproject: Mapping[str, Any], random: Random) -> None:
    def known(_: bytes, file: str) -> Table:
        return Table(values, file=file)

    table = Table(pyproject, file="pyproject.toml")
    answer(formats.read(source.content, source.name, table, include_of(source), known), random)


def include_of(source: Source) -> formats.Include:
    def include(path: str) -> bytes:
        if path == source.name:
            return source.content
        if path not in source.files:
            raise InputError(source.name, "", f"{path} cannot be read")
        return source.files[path].encode()

    return include


def refusal(error: OfiucoError) -> str:
    """What is wrong with how an error reads; empty where nothing is."""
    text = error.render()
    text.encode()
    if not text.startswith("error: ") or text.count("\nhint: ") != 1 or not error.hint:
        return "not an error and a hint"
    return f"{len(text)} characters" if len(text) > LONGEST_MESSAGE else ""


def case(name: str, number: int) -> str:
    """Why a case is bad; empty where it is not."""
    source, random, start = SOURCES[name], Random(f"{name} {number}"), process_time()
    values = source.values
    why = ""
    try:
        if values is None or number % 3 == 0:
            read_bytes(source, damage.in_bytes(source.content, random), random)
        elif number % 3 == 1:
            read_values(source, damage.in_values(values, random), source.pyproject, random)
        else:
            pyproject = damage.in_values(source.pyproject, random)
            read_values(source, random.choice((values, damage.in_values(values, random))), pyproject, random)
    except OfiucoError as error:
        why = refusal(error)
    seconds = process_time() - start
    return why or (f"{seconds:.1f} seconds" if seconds > SECONDS else "")


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.timeout(0 if "OFIUCO_FUZZ" in os.environ else 120)
def test_lock(name: str) -> None:
    for number in numbers(len(SOURCES[name].content)):
        try:
            why = case(name, number)
        except Exception as error:
            error.args = (f"{name}, OFIUCO_FUZZ={number}:{number + 1}", *error.args)
            raise
        assert not why, f"{name}, OFIUCO_FUZZ={number}:{number + 1}"


@pytest.mark.timeout(0 if "OFIUCO_FUZZ" in os.environ else 120)
def test_config() -> None:
    values = tomllib.loads(CONFIG)
    for number in numbers(1000):
        random, why = Random(f"config {number}"), ""
        try:
            if number % 2:
                table = Table(damage.in_values(values, random), file="pyproject.toml")
            else:
                table = parse(damage.in_bytes(CONFIG.encode(), random), "pyproject.toml")
            found = config.read(table)
            axes = [found.axis(each, "manylinux_2_28_x86_64") for each in found.platforms]
            names = [each.name for each in found.variants]
            for each in expand(found.python or (TARGETS[0].python,), axes, found.exclude, names):
                assert each.target.environment, each.target.tags
        except OfiucoError as error:
            why = refusal(error)
        assert not why, f"OFIUCO_FUZZ={number}:{number + 1}"

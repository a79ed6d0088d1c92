"""The same project three times, under one name: for plain pytest in each of two cells, and for the matrix of both.

The environments are prepared once; plain pytest is that of the prepared environment, started by its own interpreter.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_LOCKS = Path(__file__).parents[1] / "data" / "projects" / "parity"
_DROPPED = (
    "PYTEST_",
    "OFIUCO_",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "COV_",
    "CI",
    "GITHUB_ACTIONS",
    "VIRTUAL_ENV",
)
_PATIENCE = 100
_VERBOSE = re.compile(
    r"(?P<test>\S.*?\.\w+(::.*?)?) "
    r"(?P<outcome>(SUB)?(PASSED|FAILED|SKIPPED|XFAIL|XPASS|ERROR|RERUN)(\S*))(?P<more> \(\w+=.*?\))?(?: .*)?$"
)
_SUBTEST = re.compile(r"(\S.*?\.py::\S+) ((?:\[.*\] )?(?:\(.*\) )?)(SUBPASS|SUBFAIL|SUBSKIP)(?: .*)?$")
_OF_CELLS = re.compile(r"[a-z ]+ in: |what differs: | {14}\S|captured output is of ")
_IN_CELLS = re.compile(r" in (all \d+|\d+ of \d+) cells$")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_OURS = "_aws_lambda_place|aws_lambda|ofiuco_cell|ofiuco_zip|testrun_uid|worker_id"
_ADDED = re.compile(rf"\b({_OURS}), |, ({_OURS})\b")
"""The fixtures that are named among those available, where one is missing."""
MATRIX = "matrix"
SAME = "py313-host"
"""The cell whose pytest is the controller's: there, every word agrees; elsewhere, the words are the controller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the cells have in them: the folder of the lock, its groups, the two cells."""

    lock: Path = _LOCKS
    groups: tuple[str, ...] = ("dev",)
    cells: Mapping[str, str]


BARE = Kind(cells={"py38-host": "3.8", "py313-host": "3.13"})
"""pytest 8.3 and the newest, and nothing else."""

PLUGINS = Kind(groups=("dev", "plugins"), cells=BARE.cells)
"""Plugins that the controller does not have."""

POPULAR = Kind(lock=_LOCKS / "popular", groups=("dev", "popular"), cells=BARE.cells)
"""Plugins that many projects have."""

OLD = Kind(lock=_LOCKS / "old", cells={"py38-host": "3.8", "py312-host": "3.12"})
"""pytest 7.0 and 7.4."""

KINDS = {"bare": BARE, "plugins": PLUGINS, "popular": POPULAR, "old": OLD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a session ended, and what it said, with the project's folder taken out of it."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """What ``-v`` says of each test, in order."""
        lines = [_SUBTEST.sub(_as_pytest_9, line.rstrip()) for line in self.lines]
        found = [_VERBOSE.fullmatch(line) for line in lines]
        return [(match["test"], match["outcome"] + (match["more"] or "")) for match in found if match]

    def line(self, start: str) -> str:
        """The first line that begins so, or nothing."""
        return next((line for line in self.lines if line.startswith(start)), "")

    def section(self, title: str) -> list[str]:
        """The lines below ``=== title ===``."""
        found: list[str] | None = None
        for line in self.lines:
            if re.fullmatch(r"=+ .+ =+|─+ .+ ─+", line):
                if found is not None:
                    break
                found = [] if line.strip("= ") == title else None
            elif found is not None:
                found.append(line)
        return found or []

    def blocks(self, title: str) -> dict[str, str]:
        """The texts below each ``___ name ___`` of a section."""
        found: dict[str, list[str]] = {}
        name = ""
        for line in self.section(title):
            match = re.fullmatch(r"_{2,} (.+?) _{2,}|_ (.+) _", line)
            if match and not line.startswith("_ _"):
                name = match[1] or match[2]
            else:
                found.setdefault(name, []).append(line)
        return {key: "\n".join(lines).strip() for key, lines in found.items() if key}

    def reported(self, letter_word: str) -> list[str]:
        """The lines of the short summary that begin with a word."""
        return [line for line in self.section("short test summary info") if line.startswith(letter_word)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The same arguments in the matrix and, cell by cell, in plain pytest."""

    matrix: Ran
    plain: Mapping[str, Ran]

    def in_cell(self, cell: str) -> list[tuple[str, str]]:
        """What the matrix's ``-v`` says of a cell's tests, in order, with the cell taken out of their names."""
        end = f"[{cell}]"
        return [(test[: -len(end)], outcome) for test, outcome in self.matrix.outcomes if test.endswith(end)]

    def assert_same_outcomes(self, *, least: int = 1) -> None:
        """Every cell's tests, their order and outcomes are those of plain pytest there; and the exit codes agree."""
        for cell, plain in self.plain.items():
            assert self.in_cell(cell) == plain.outcomes, cell
            assert len(plain.outcomes) >= least, cell
        assert len(self.matrix.outcomes) == sum(len(plain.outcomes) for plain in self.plain.values())
        assert self.matrix.code == joint({plain.code for plain in self.plain.values()})

    def assert_same_blocks(self, title: str) -> None:
        """What is said of each test below a title is what plain pytest says of it, of several cells in the first."""
        expected = {cell: plain.blocks(title) for cell, plain in self.plain.items()}
        told: Counter[tuple[str, str]] = Counter()
        for heading, text in self.matrix.blocks(title).items():
            name, cells, body = self._told(heading, text)
            told.update((cell, name) for cell in cells)
            said, plainly = body.replace(f"[{cells[0]}]", ""), _once(expected[cells[0]].get(name, ""))
            if name.startswith("ERROR collecting"):  # which pytest 7 says twice, in other words
                plainly = plainly[: max(1, len(said))]
            assert said == plainly, heading
        assert told == Counter((cell, name) for cell, blocks in expected.items() for name in blocks)

    def _told(self, heading: str, text: str) -> tuple[str, list[str], str]:
        """The test's name without a cell, the cells that an entry is of, and what it says of the first."""
        lines = text.splitlines()
        cells = [cell for cell in self.plain if f"[{cell}]" in heading]
        while lines and _OF_CELLS.match(lines[0]):
            line = lines.pop(0)
            if line.startswith("fails in: "):
                cells = line.removeprefix("fails in: ").split(", ")
        name = _IN_CELLS.sub("", heading)
        for cell in cells:
            name = name.replace(f"[{cell}]", "")
        return name, cells, "\n".join(lines).strip()


def _once(text: str) -> str:
    """What plain pytest says twice, of a file that it has collected as two kinds, is one failure in the matrix."""
    half = len(text) // 2
    return text[:half].strip() if text[:half].strip() == text[half:].strip() else text


def _as_pytest_9(match: re.Match[str]) -> str:
    """``[message] (parameters) SUBPASS``, as pytest-subtests says it, in pytest's own words."""
    words = {"SUBPASS": "SUBPASSED", "SUBFAIL": "SUBFAILED", "SUBSKIP": "SUBSKIPPED"}
    return f"{match[1]} {words[match[3]]}{match[2]}"


def joint(codes: set[int]) -> int:
    """The exit code of several sessions taken together: a failure anywhere is one; no tests only where none has any."""
    return max(codes - {5}, default=5)


class Trio:
    """A project of which plain pytest in each cell, and the matrix, have a copy of their own."""

    def __init__(self, folder: Path, cache_folder: Path, kind: Kind, pythons: Mapping[str, Path]) -> None:
        self.folder, self.cache, self.kind, self.pythons = folder, cache_folder, kind, pythons
        self.controller = Path(sys.executable)
        for name in (*kind.cells, MATRIX):
            self.at(name).mkdir(parents=True)
            shutil.copy(kind.lock / "uv.lock", self.at(name))
        self.settings("")

    def at(self, name: str) -> Path:
        """The copy of a cell, or the matrix's."""
        return self.folder / name / "project"

    def settings(self, pytest_settings: str) -> None:
        """Write pyproject.toml with pytest's settings."""
        self.write({"pyproject.toml": _settings(self.kind) + f"\n[tool.pytest.ini_options]\n{pytest_settings}\n"})

    def write(self, files: Mapping[str, str]) -> None:
        """Write files into every copy; keys are paths in the project."""
        for name, text in files.items():
            for copy in (*self.kind.cells, MATRIX):
                path = self.at(copy) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(textwrap.dedent(text), encoding="utf-8")

    def both(self, *arguments: str, inside: str = ".", as_script: bool = False, **variables: str) -> Both:
        """Run plain pytest in each cell, and the matrix, with the same arguments."""
        with ThreadPoolExecutor(2) as pool:
            matrix = pool.submit(self.matrix, *arguments, inside=inside, as_script=as_script, variables=variables)
            plain = {
                cell: pool.submit(self.plain, cell, *arguments, inside=inside, as_script=as_script, variables=variables)
                for cell in self.kind.cells
            }
            return Both(matrix=matrix.result(), plain={cell: each.result() for cell, each in plain.items()})

    def one(self, cell: str, *arguments: str, **variables: str) -> Both:
        """Run plain pytest in one cell, and the matrix with that cell alone."""
        matrix = self.matrix(f"--ofiuco-cell={cell}", *arguments, variables=variables)
        return Both(matrix=matrix, plain={cell: self.plain(cell, *arguments, variables=variables)})

    def matrix(
        self, *arguments: str, inside: str = ".", as_script: bool = False, variables: Mapping[str, str] | None = None
    ) -> Ran:
        """``pytest --ofiuco-matrix``."""
        command = _command(self.controller, as_script)
        return self.run(MATRIX, [*command, "--ofiuco-matrix", *arguments], inside, variables or {})

    def plain(
        self,
        cell: str,
        *arguments: str,
        inside: str = ".",
        as_script: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Ran:
        """``pytest`` in a cell's environment."""
        return self.run(cell, [*_command(self.pythons[cell], as_script), *arguments], inside, variables or {})

    def run(self, copy: str, command: Sequence[str], inside: str, variables: Mapping[str, str]) -> Ran:
        """A process in one of the copies."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        bytecode = {} if copy == MATRIX else {"PYTHONPYCACHEPREFIX": str(self.cache / "plain-bytecode")}
        done = subprocess.run(
            [each.replace("{here}", str(self.at(copy))) for each in command],
            cwd=self.at(copy) / inside,
            env={**kept, "OFIUCO_CACHE_DIR": str(self.cache), "COLUMNS": "240", **bytecode, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=False,
        )
        print(f"$ {' '.join(command)} → {done.returncode}\n{done.stdout}\n{done.stderr}")
        here = str(self.at(copy))
        return Ran(code=done.returncode, out=_comparable(done.stdout, here), err=_comparable(done.stderr, here))


def _comparable(text: str, here: str) -> str:
    return _ADDRESS.sub("0x", _ADDED.sub("", text.replace(here, "HERE")))


def _command(python: Path, as_script: bool) -> list[str]:
    return [str(python.with_name("pytest"))] if as_script else [str(python), "-m", "pytest"]


def _settings(kind: Kind) -> str:
    text = (kind.lock / "pyproject.toml").read_text(encoding="utf-8")
    pythons, groups = json.dumps(list(kind.cells.values())), json.dumps(kind.groups)
    return f"{text}\n[tool.ofiuco]\npython = {pythons}\ntest-groups = {groups}\n"


def controller_with(folder: Path, *packages: str) -> Path:
    """A Python whose environment has these packages, and everything else from the one that runs this."""
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return python


@pytest.fixture(scope="session")
def parity_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that all sessions share, as a user's own do."""
    return tmp_path_factory.mktemp("parity-cache")


NewTrio = Callable[..., Trio]


@pytest.fixture(scope="session")
def new_trio(tmp_path_factory: pytest.TempPathFactory, parity_cache: Path) -> NewTrio:
    """Makes projects with prepared environments."""

    @cache
    def pythons(name: str) -> Mapping[str, Path]:
        kind = KINDS[name]
        folder = tmp_path_factory.mktemp("sync")
        shutil.copy(kind.lock / "uv.lock", folder)
        (folder / "pyproject.toml").write_text(_settings(kind), encoding="utf-8")
        variables = {**os.environ, "OFIUCO_CACHE_DIR": str(parity_cache)}
        command = [sys.executable, "-m", "pytest_ofiuco", "sync", "--format", "json"]
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        cells = json.loads(done.stdout)["cells"]
        return {each["name"]: Path(each["environment"], "bin", "python") for each in cells}

    def make(name: str = "bare") -> Trio:
        kind = KINDS[name]
        return Trio(tmp_path_factory.mktemp("trio"), parity_cache, kind, pythons(name))

    return make

"""The test suites of flask, click and rich as a matrix: what plain pytest gives in each environment, and nothing else.

Flask's and click's come in their sdists, with the uv.lock that their makers test with. Rich's sdists hold no tests: its
suite and poetry.lock come from the source package in the archive of Debian that this machine's apt is configured with.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_ofiuco.core.artifact import Archive, Sdist
from pytest_ofiuco.errors import FetchError
from pytest_ofiuco.store.builds.source_archive import unpack
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.progress import SilentProgress
from pytest_ofiuco.store.settings import IndexSettings

pytestmark = [pytest.mark.e2e, pytest.mark.suites, pytest.mark.timeout(900)]

_DROPPED = (
    "PYTEST_",
    "OFIUCO_CELL",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "COV_",
    "COLUMNS",
    "LINES",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A file in the pool of an archive of Debian."""

    path: str
    hashes: tuple[tuple[str, str], ...]

    def archives(self) -> list[Archive]:
        """Where this machine's apt would look for it."""
        if shutil.which("apt-get") is None:
            return []
        command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        filename = self.path.rpartition("/")[2]
        return [
            Archive(filename=filename, url=f"{each.rstrip('/')}/{self.path}", hashes=self.hashes)
            for each in dict.fromkeys(done.stdout.splitlines())
            if each.startswith("http")
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A project with tests, and how it is asked for a part of them."""

    name: str
    source: Sdist | Pooled
    settings: str
    least: int
    part: tuple[str, ...]

    def fetched(self, folder: Path) -> Path:
        """The archive, verified.

        Raises:
            FetchError: no source that there is has it.
        """
        sources = [self.source] if isinstance(self.source, Sdist) else self.source.archives()
        errors = [FetchError(self.name, "apt knows no archive on this machine")]
        with _fetcher(folder) as fetcher:
            for source in sources:
                try:
                    return fetcher.fetch(source, self.name, folder)
                except FetchError as error:
                    errors.append(error)
        raise errors[-1]


def _sha256(value: str) -> tuple[tuple[str, str], ...]:
    return (("sha256", value),)


FLASK = Suite(
    name="flask",
    source=Sdist(
        filename="flask-3.1.3.tar.gz",
        hashes=_sha256("0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"),
    ),
    settings='python = ["3.10", "3.11", "3.13"]\ntest-groups = ["tests"]',
    least=480,
    part=("-k", "session and not json or blueprint"),
)
CLICK = Suite(
    name="click",
    source=Sdist(
        filename="click-8.5.1.tar.gz",
        hashes=_sha256("9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4"),
    ),
    settings='python = ["3.10", "3.11", "3.13"]\ntest-groups = ["tests"]',
    least=2400,
    part=(
        "tests/test_options.py",
        "tests/test_types",
        "-k",
        "Choice or envvar",
        "--deselect=tests/test_options.py::test_empty_envvar",
    ),
)
RICH = Suite(
    name="rich",
    source=Pooled(
        path="pool/main/r/rich/rich_13.3.1.orig.tar.xz",
        hashes=_sha256("728e0ad25de9448fedee56acaa3219207e7c98d9d56fda5cfd5daa5d254acaac"),
    ),
    settings='python = ["3.8", "3.10", "3.11"]',
    least=780,
    part=("tests/test_text.py", "tests/test_pretty.py", "-k", "not wrap", "--deselect=tests/test_text.py::test_repr"),
)

Outcome = tuple[tuple[str, str | None, str | None], ...]
"""What is in a test case of a JUnit report: kind and, unless it failed, type and reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How a pytest session ended, and the outcome of each (class, test)."""

    status: int
    outcomes: Mapping[tuple[str, str], Outcome]
    warnings: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A suite with the environments of its cells, by the cells' names."""

    suite: Suite
    folder: Path
    environments: Mapping[str, Path]

    def plain(self, cell: str, arguments: Sequence[str], variables: Mapping[str, str]) -> Session:
        """pytest in a cell's environment, as activated."""
        scripts = self.environments[cell] / "bin"
        activated = {
            "VIRTUAL_ENV": str(self.environments[cell]),
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self._run(str(scripts / "python"), arguments, {**activated, **variables})

    def matrix(self, arguments: Sequence[str], variables: Mapping[str, str]) -> Session:
        """``pytest --ofiuco-matrix`` from the environment that has the plugin."""
        return self._run(sys.executable, ["--ofiuco-matrix", *arguments], variables)

    def _run(self, python: str, arguments: Sequence[str], variables: Mapping[str, str]) -> Session:
        report = self.folder.parent / "report.xml"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [python, "-m", "pytest", f"--junitxml={report}", *arguments],
            cwd=self.folder,
            env={**_environ(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        print(f"$ {python} -m pytest {' '.join(arguments)}\n{done.stdout[-4000:]}")
        counted = re.findall(r"(\d+) warnings?", done.stdout.rstrip().rpartition("\n")[2])
        return Session(
            status=done.returncode,
            outcomes=_outcomes(report) if report.exists() else {},
            warnings=int(counted[0]) if counted else 0,
            output=done.stdout,
        )


@contextmanager
def _fetcher(folder: Path) -> Iterator[Fetcher]:
    settings = IndexSettings.load(os.environ, folder)
    store = Store.default(os.environ)
    fetcher = Fetcher(store, settings, offline=False, refresh=False, progress=SilentProgress())
    try:
        yield fetcher
    finally:
        fetcher.close()


def _environ() -> dict[str, str]:
    """The user's, less what the surrounding pytest and terminal have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}


def _outcomes(report: Path) -> dict[tuple[str, str], Outcome]:
    found: dict[tuple[str, str], Outcome] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = (case.get("classname", ""), case.get("name", ""))
        assert name not in found
        found[name] = tuple(
            (child.tag, None, None) if child.tag in ("failure", "error") else _reason(child)
            for child in case
            if child.tag in ("failure", "error", "skipped")
        )
    return found


def _reason(skipped: ElementTree.Element) -> tuple[str, str | None, str | None]:
    """Why a test was skipped, or failed as expected: without the environment's own path."""
    message = re.sub(r"/environments-v\d+/\w+/", "/", skipped.get("message") or "")
    return skipped.tag, skipped.get("type"), message


def _in_cell(outcomes: Mapping[tuple[str, str], Outcome], cell: str) -> dict[tuple[str, str], Outcome]:
    """A cell's outcomes, under the names that its tests have without the cell."""
    found = {}
    for (group, name), outcome in outcomes.items():
        if name.endswith(f"[{cell}]"):
            found[group, name.removesuffix(f"[{cell}]")] = outcome
        elif name.endswith(f"-{cell}]"):
            found[group, name.removesuffix(f"-{cell}]") + "]"] = outcome
    return found


def _files(folder: Path) -> set[Path]:
    """What is in a folder, less caches and what editable installation leaves."""
    ignored = {"__pycache__", ".pytest_cache"}
    return {path for path in folder.rglob("*") if not ignored.intersection(path.relative_to(folder).parts)}


@pytest.fixture(
    scope="module",
    params=[pytest.param(FLASK, id="flask"), pytest.param(CLICK, id="click"), pytest.param(RICH, id="rich")],
)
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """One of the suites, unpacked, with its environments."""
    suite: Suite = request.param
    base = tmp_path_factory.mktemp(suite.name)
    try:
        archive = suite.fetched(base)
    except FetchError as error:
        if isinstance(suite.source, Sdist) or os.environ.get("CI"):
            raise
        pytest.skip(f"this machine's apt does not lead to the source package: {error}")
    folder = unpack(archive, base / "source")
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[tool.ofiuco]\n{suite.settings}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest_ofiuco", "sync", "--format", "json"],
        cwd=folder,
        env=_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert len(cells) == 3
    return Prepared(
        suite=suite,
        folder=folder,
        environments={each["name"]: Path(each["environment"]) for each in cells},
    )


def compare(prepared: Prepared, arguments: Sequence[str], variables: Mapping[str, str], least: int) -> None:
    """The same session as a matrix and in each environment; each has ``least`` tests or more."""
    plain = {cell: prepared.plain(cell, arguments, variables) for cell in prepared.environments}
    before = _files(prepared.folder)
    matrix = prepared.matrix(arguments, variables)
    assert _files(prepared.folder) == before
    for cell, session in plain.items():
        assert len(session.outcomes) >= least, session.output
        assert _in_cell(matrix.outcomes, cell) == session.outcomes
    assert len(matrix.outcomes) == sum(len(session.outcomes) for session in plain.values())
    assert matrix.status == max(session.status for session in plain.values())
    assert matrix.warnings == sum(session.warnings for session in plain.values())


def test_a_suite_ends_in_cells_as_in_plain_pytest(prepared: Prepared) -> None:
    compare(prepared, (), {}, prepared.suite.least)


def test_a_part_of_a_suite_does_too(prepared: Prepared) -> None:
    """Files, ``-k`` and ``--deselect`` on the command line; ``-x`` and a plugin that is absent in PYTEST_ADDOPTS."""
    compare(prepared, prepared.suite.part, {"PYTEST_ADDOPTS": "-x -p no:randomly"}, 10)

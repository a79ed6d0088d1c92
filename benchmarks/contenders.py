"""Those that benchmarks/run.py compares: how each runs the tests of a suite in four prepared environments.

Every contender has environments of its own with the same hashed packages and runs two at a time where it can, but for
xdist, which starts all of its processes at once.

`pytest --dist=each --tx popen//python=OTHER` breaks as it is: xdist copies the controller's sys.path into the workers
(its issue 1049), so they import the controller's packages. Here the session is started by three lines that take that
path away; xdist then has the workers keep their own, as it does for those on other machines.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from measuring import AT_A_TIME, PYTHONS, linked, output, variables
from projects import Suite, make

ROOT = Path(__file__).parents[1]
OURS, FORKED, FOUR, FLOOR = "ofiuco", "ofiuco-fork", "ofiuco-4", "bare-2"
_XDIST = """\
import sys, pytest, xdist.workermanage
xdist.workermanage._sys_path = None
sys.exit(pytest.main(sys.argv[1:]))
"""
_PASSED = re.compile(r"\b(\d+) passed\b")

Commands = Callable[[Suite], Sequence[Sequence[str | Path]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way to run a suite in four environments; its commands, so many at a time.

    ``others``: the CPU seconds so far of processes that the commands use and do not start.
    """

    name: str
    title: str
    commands: Commands
    folder: Path
    environ: Mapping[str, str]
    at_a_time: int = 1
    cells: int = len(PYTHONS)
    others: Callable[[], float] = float

    def run(self, suite: Suite) -> None:
        """Run it.

        Raises:
            SystemExit: not every test has passed in every environment, or there were more.
        """
        with ThreadPoolExecutor(self.at_a_time) as pool:
            said = "".join(pool.map(lambda each: output(each, self.folder, self.environ), self.commands(suite)))
        passed = sum(map(int, _PASSED.findall(said)))
        if passed != suite.tests * self.cells:
            raise SystemExit(f"{self.name}: {passed} tests passed, not {suite.tests * self.cells}:\n{said}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The project, the tools and the environments of one run."""

    work: Path
    tools: Path
    environ: Mapping[str, str]
    pythons: Mapping[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The project that is tested."""
        return self.work / "project"

    @property
    def controller(self) -> Path:
        """The interpreter that has ours, and pytest."""
        return _python(self.tools / "controller")

    def environments(self, name: str, *more: str) -> dict[str, Path]:
        """Make environments with the project's packages, and more; their interpreters by version."""
        found = {}
        for version in PYTHONS:
            folder = self.work / name / version
            output(["uv", "venv", "--quiet", "--python", self.pythons[version], folder], self.project, self.environ)
            install = ["uv", "pip", "install", "--quiet", "--python", _python(folder)]
            output([*install, "--require-hashes", "-r", "requirements.txt"], self.project, self.environ)
            if more:
                output([*install, *more], self.project, self.environ)
            found[version] = _python(folder)
        return found


def ready(work: Path, tools: Path, tiny_suites: Sequence[int]) -> Bench:
    """Get the tools, where they are not there yet, and make the project."""
    pythons = linked(work / "pythons")
    scripts = tools / "peers" / "bin"
    if not (scripts / "nox").exists():
        output([sys.executable, "-m", "virtualenv", "--quiet", tools / "peers"], work, variables())
        output([scripts / "python", "-m", "pip", "install", "--quiet", "uv", "tox", "tox-uv", "nox"], work, variables())
    paths = ":".join(map(str, (work / "pythons", scripts, variables()["PATH"])))
    environ = variables(PATH=paths, OFIUCO_CACHE_DIR=str(work / "ofiuco-cache"))
    bench = Bench(work=work, tools=tools, environ=environ, pythons=pythons)
    if not bench.controller.exists():
        output(["uv", "venv", "--quiet", "--python", sys.executable, tools / "controller"], work, environ)
    output(["uv", "pip", "install", "--quiet", "--python", bench.controller, "-e", ROOT], work, environ)
    version = output([bench.controller, "-c", "import pytest; print(pytest.__version__)"], work, environ).strip()
    make(bench.project, version, environ, tiny_suites)
    return bench


def ours(bench: Bench, versions: Sequence[str] = PYTHONS, *, name: str = OURS) -> Contender:
    """One session of ours, over all cells or some: ``FORKED`` workers, or ``FOUR`` at a time as xdist has them."""
    cells = [part for version in versions for part in ("--ofiuco-cell", f"py{version.replace('.', '')}-host")]
    chosen = cells if len(versions) < len(PYTHONS) else []
    more = ["--ofiuco-forkserver"] if name == FORKED else []
    jobs = len(PYTHONS) if name == FOUR else AT_A_TIME
    session = [bench.controller, "-m", "pytest", "--ofiuco-matrix", *more, "--ofiuco-jobs", str(jobs), *chosen]
    return Contender(
        name=name,
        title={
            OURS: "`pytest --ofiuco-matrix`",
            FORKED: "`pytest --ofiuco-matrix --ofiuco-forkserver`",
            FOUR: "`pytest --ofiuco-matrix --ofiuco-jobs 4`",
        }[name],
        commands=lambda suite: [[*session, suite.folder]],
        folder=bench.project,
        environ=bench.environ,
        cells=len(versions),
        others=(lambda: sum(each["worker_seconds"] for each in fork_servers(bench))) if name == FORKED else float,
    )


def fork_servers(bench: Bench, *more: str) -> list[dict[str, float]]:
    """What the fork servers say of themselves."""
    command = [bench.controller, "-m", "pytest_ofiuco", "forkserver", "--format=json", *more]
    found: list[dict[str, float]] = json.loads(output(command, bench.project, bench.environ))
    return found


def peers(bench: Bench, wanted: Callable[[str], bool]) -> list[Contender]:
    """The wanted ones of the others, with their environments."""
    makers = {"bare": _bare, "tox": _tox, "nox": _nox, "xdist": _xdist}
    families = {"bare": ("bare", FLOOR), "tox": ("tox", "tox-uv"), "nox": ("nox", "nox-2"), "xdist": ("xdist",)}
    found = []
    for family, names in families.items():
        if any(map(wanted, names)):
            found += [each for each in makers[family](bench) if wanted(each.name)]
    return found


NAMES = (OURS, FORKED, FOUR, "bare", FLOOR, "tox", "tox-uv", "nox", "nox-2", "xdist")


def _bare(bench: Bench) -> list[Contender]:
    pythons = bench.environments("bare")

    def commands(suite: Suite) -> list[list[str | Path]]:
        return [[python, "-m", "pytest", suite.folder] for python in pythons.values()]

    return [
        Contender(
            name=name,
            title=f"bare pytest, {title}",
            commands=commands,
            folder=bench.project,
            environ=bench.environ,
            at_a_time=at_a_time,
        )
        for name, title, at_a_time in (("bare", "one at a time", 1), (FLOOR, "two at a time", AT_A_TIME))
    ]


def _tox(bench: Bench) -> list[Contender]:
    def contender(name: str, title: str, *more: str) -> Contender:
        words = ["tox", "run-parallel", "-p", str(AT_A_TIME), "--parallel-live", *more]
        return Contender(
            name=name,
            title=title,
            commands=lambda suite: [[*words, "--workdir", bench.work / name, "--", suite.folder]],
            folder=bench.project,
            environ=bench.environ,
        )

    return [
        contender("tox", "tox -p 2", "-x", "testenv.runner=virtualenv"),
        contender("tox-uv", "tox-uv -p 2"),
    ]


def _nox(bench: Bench) -> list[Contender]:
    words = ["nox", "--envdir", bench.work / "nox", "--sessions", "tests"]
    output([*words, "--install-only"], bench.project, bench.environ)
    parallel = ("--allow-parallel", "--parallel", str(AT_A_TIME))

    def contender(name: str, title: str, *more: str) -> Contender:
        return Contender(
            name=name,
            title=title,
            commands=lambda suite: [[*words, "-R", *more, "--", suite.folder]],
            folder=bench.project,
            environ=bench.environ,
        )

    return [contender("nox", "nox with uv, -R"), contender("nox-2", "nox with uv, -R -j 2", *parallel)]


def _xdist(bench: Bench) -> list[Contender]:
    pythons = bench.environments("xdist", "pytest-xdist")
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    controller = pythons.get(running, pythons[PYTHONS[-1]])
    each = [part for python in pythons.values() for part in ("--tx", f"popen//python={python}")]
    return [
        Contender(
            name="xdist",
            title="pytest-xdist `--dist=each`, patched",
            commands=lambda suite: [[controller, "-c", _XDIST, "--dist=each", *each, suite.folder]],
            folder=bench.project,
            environ=bench.environ,
        )
    ]


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"

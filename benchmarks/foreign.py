"""What emulation costs: a cell for arm64 of example_project, beside the same cell of this machine.

    python benchmarks/foreign.py --interpreter PATH [--rounds N] [--markdown]

PATH acts as a Python for arm64 on this machine, as `ofiuco python list` names them and
`tests/foreign/make_python.py FOLDER VERSION` makes them; without one nothing is measured. The cells run alone, in turn,
with one worker at a time, from a cache of their own whose files have been fetched. By the wall clock, and in seconds of
CPU of all processes together, which other work on the machine disturbs less; medians and ratios are printed.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measuring import output, variables

from pytest_ofiuco.store.cache import Store

EXAMPLE = Path(__file__).parents[1] / "example_project"
CRASHES = 5
TESTS = ("tests", "--ignore=tests/test_cell.py")
FIRST, CRASHING = "first session, files in the cache", "session of tests that crash"
OWN_TESTS = {
    "test_one.py": "def test_one(): pass\n",
    "test_crashes.py": f"""\
import os
import pytest

@pytest.mark.parametrize("number", range({CRASHES + 1}))
def test_crashes(number):
    if number < {CRASHES}:
        os.abort()
""",
}
SETTINGS = """\
[tool.ofiuco]
python = ["{version}"]
platforms = ["host", "aws_lambda"]

[tool.ofiuco.platform.aws_lambda]
provided = ["awslambdaric", "boto3", "botocore"]
interpreters = ["{interpreter}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds: by the wall clock, and of CPU of the processes that were started."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A copy of the example with a cell of this machine and one for Lambda on arm64, and a cache of its own."""

    folder: Path
    store: Store
    version: str

    @property
    def cells(self) -> tuple[str, str]:
        """The cell of this machine, and the emulated one."""
        label = f"py{self.version.replace('.', '')}"
        return f"{label}-host", f"{label}-aws_lambda"

    def session(self, cell: str, *tests: str) -> str:
        """``pytest --ofiuco-matrix`` of one cell; what it says."""
        command = [sys.executable, "-m", "pytest", "--ofiuco-matrix", "--ofiuco-cell", cell, "--ofiuco-jobs=1"]
        command += ["-q", "-p", "no:cacheprovider", "--ofiuco-inspect=none", *tests]
        return output(command, self.folder, variables(OFIUCO_CACHE_DIR=str(self.store.root)), allowed=(0, 1))

    def forget(self) -> None:
        """Leave of the cache what was fetched."""
        for path in self.store.root.iterdir():
            if path.is_dir() and not path.name.startswith(("files", "documents", "locks")):
                shutil.rmtree(path)


def version_of(interpreter: Path) -> str:
    """The minor version of an interpreter for arm64.

    Raises:
        SystemExit: it is none.
    """
    code = "import platform, sys; print(platform.machine(), '%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([interpreter, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise SystemExit(f"{interpreter}: {error.strerror}") from error
    machine, _, version = done.stdout.strip().partition(" ")
    if machine != "aarch64":
        raise SystemExit(f"{interpreter} is no Python for arm64: it says {done.stdout.strip() or 'nothing'}")
    return version


def copied(folder: Path, interpreter: Path) -> Project:
    """The example with these two cells, and tests that say what a worker costs."""
    version = version_of(interpreter)
    target = folder / "example"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", "cdk"))
    settings = target / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = [table for table in tables if not table.startswith("[tool.ofiuco")]
    settings.write_text("".join(kept) + SETTINGS.format(version=version, interpreter=interpreter), encoding="utf-8")
    for name, content in OWN_TESTS.items():
        (target / "costs" / name).parent.mkdir(exist_ok=True)
        (target / "costs" / name).write_text(content, encoding="utf-8")
    return Project(folder=target, store=Store(folder / "cache"), version=version)


def cost(work: Callable[[], object]) -> Cost:
    """What ``work`` takes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def median(costs: Sequence[Cost]) -> Cost:
    """Of each clock the median."""
    return Cost(wall=statistics.median(each.wall for each in costs), cpu=statistics.median(each.cpu for each in costs))


def measured(project: Project, rounds: int) -> dict[str, list[Cost]]:
    """By what was done, the costs of both cells."""
    sessions = {
        "session, nothing changed": TESTS,
        "session of one empty test": ("costs/test_one.py",),
        CRASHING: ("costs/test_crashes.py",),
    }
    taken: dict[str, dict[str, list[Cost]]] = {
        name: {cell: [] for cell in project.cells} for name in (FIRST, *sessions)
    }
    for cell in project.cells:
        project.session(cell, *TESTS)
    for _ in range(rounds):
        for cell in project.cells:
            project.forget()
            taken[FIRST][cell].append(cost(partial(project.session, cell, *TESTS)))
        for cell in project.cells:
            project.session(cell, *TESTS)
        for name, tests in sessions.items():
            for cell in project.cells:
                taken[name][cell].append(cost(partial(project.session, cell, *tests)))
    return {name: [median(by_cell[cell]) for cell in project.cells] for name, by_cell in taken.items()}


def with_fresh_worker(found: dict[str, list[Cost]]) -> dict[str, list[Cost]]:
    """And what a test that crashes costs, with the fresh worker that takes the rest."""
    one, crashing = found["session of one empty test"], found.pop(CRASHING)
    fresh = [
        Cost(wall=(many.wall - few.wall) / CRASHES, cpu=(many.cpu - few.cpu) / CRASHES)
        for many, few in zip(crashing, one, strict=True)
    ]
    return {**found, "crash, and a fresh worker": fresh}


def table(project: Project, found: dict[str, list[Cost]], *, is_markdown: bool) -> list[str]:
    """A line for each of what was done."""
    heads = ["", *project.cells, "ratio"]
    rows = [
        [
            name,
            *(f"{each.wall:.2f} s, CPU {each.cpu:.2f} s" for each in (native, emulated)),
            f"{emulated.wall / native.wall:.1f}, CPU {emulated.cpu / native.cpu:.1f}",
        ]
        for name, (native, emulated) in found.items()
    ]
    if is_markdown:
        return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in (heads, *rows)]


def main() -> None:
    """Measure, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interpreter", type=Path, metavar="PATH", help="what acts as a Python for arm64 here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", action="store_true", help="a table for the docs")
    options = parser.parse_args()
    if options.interpreter is None:
        print("skipped: --interpreter names no Python for arm64; `tests/foreign/make_python.py FOLDER 3.13` makes one")
        return
    with tempfile.TemporaryDirectory(prefix="ofiuco-") as folder:
        project = copied(Path(folder), options.interpreter.absolute())
        found = with_fresh_worker(measured(project, options.rounds))
        said = next(line for line in project.session(project.cells[1], *TESTS).splitlines() if "qemu" in line)
    print(f"{said.strip()}; {options.rounds} rounds, medians")
    print("\n".join(table(project, found, is_markdown=options.markdown)))


if __name__ == "__main__":
    main()

"""The price of one session: ``pytest --ofiuco-matrix``, warm, beside a bare ``pytest`` in each prepared environment.

    python benchmarks/warm.py [--project DIR] [--rounds N]

Both run in turn, N times, on the same environments and the same tests; the bare runs go two at a time, as the matrix
does on two cores. Medians and their ratio are printed. The tests that need a cell are left out on both sides.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measuring import AT_A_TIME, output, seconds, variables

from pytest_ofiuco.run.cells import Narrowing
from pytest_ofiuco.run.plan import plan
from pytest_ofiuco.run.preparation import preparers
from pytest_ofiuco.run.progress import PreparationProgress
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from pytest_ofiuco.store.project import load


def environments(store: Store, folder: Path) -> list[Path]:
    """The interpreters of the project's prepared cells."""
    project = load(folder)
    cells = plan(project, Narrowing(), Interpreters(store, os.environ)).cells
    progress = PreparationProgress(len(cells), print, None)
    with preparers(project, store, offline=False, refresh=False)(progress) as preparer:
        return [preparer.prepare(each.plan).python for each in cells if each.plan is not None]


def main() -> None:
    """Measure, and print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path(__file__).parents[1] / "example_project")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    folder: Path = options.project
    store = Store.default(os.environ)
    environ = variables(PYTHONPYCACHEPREFIX=str(store.bytecode))
    tests = ["-q", "-p", "no:cacheprovider", "--ignore=tests/test_cell.py"]
    matrix = [sys.executable, "-m", "pytest", "--ofiuco-matrix", "--ofiuco-jobs", str(AT_A_TIME), *tests]
    pythons = environments(store, folder)

    def session() -> None:
        output(matrix, folder, environ, allowed=(0, 1))

    def bare() -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            commands = [[python, "-m", "pytest", *tests] for python in pythons]
            list(pool.map(lambda command: output(command, folder, environ, allowed=(0, 1)), commands))

    session()
    bare()
    rounds = [(seconds(session), seconds(bare)) for _ in range(options.rounds)]
    ours, floor = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{len(pythons)} cells, {options.rounds} rounds, medians")
    print(f"pytest --ofiuco-matrix             {ours:6.2f} s")
    print(f"bare pytest, {AT_A_TIME} at a time           {floor:6.2f} s")
    print(f"ratio                              {ours / floor:6.2f}")


if __name__ == "__main__":
    main()

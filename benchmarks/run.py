"""The price of a session: `pytest --ofiuco-matrix`, warm, beside bare pytest, tox, tox-uv, nox and pytest-xdist.

    python benchmarks/run.py [--rounds N] [--only NAME]... [--suite WORD]... [--markdown] [--json FILE] [--tools DIR]

4 Pythons, and of tests: 100 and 1,000 tiny ones, 20 that sleep for 0.1 s, 100 that import real packages. All contenders
run each suite in turn, N times; medians are printed, and their ratios to a bare pytest in each environment, two at a
time: by the clock, and in seconds of CPU, which a machine with other work tells more surely. Environments are made, and
everything has run once, before the clock starts; output goes to a pipe; a run in which not every test passes in every
environment ends the benchmark.

Also told, with all contenders or by name (`--only overhead`, `memory`, `growth`):

- `overhead`: what a test costs beyond bare pytest, by the difference between 1,000 and 100 tests;
- `memory`: the controller's most memory by tests, read from outside (Linux);
- `growth`: the time by cells and tests.

uv, tox, tox-uv and nox are installed once, into a folder that is named when the run begins; so is the environment that
ours runs in.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
from contenders import FLOOR, FORKED, FOUR, NAMES, OURS, Bench, Contender, fork_servers, ours, peers, ready
from measuring import PYTHONS, output, seconds
from projects import IMPORTING, SLOW, Suite, tiny

MEMORY = (100, 1000, 5000)
GROWTH = (100, 500, 1000)
SUITES = (tiny(100), tiny(1000), SLOW, IMPORTING)
PARTS = ("overhead", "memory", "growth")
Samples = dict[tuple[str, str], list[float]]


def measured(contenders: Sequence[Contender], suites: Sequence[Suite], rounds: int) -> tuple[Samples, Samples]:
    """Seconds by the clock, and of CPU, of each contender and suite, all in turn; once before, for nothing."""
    clock: Samples = {(each.name, suite.name): [] for each in contenders for suite in suites}
    busy: Samples = {key: [] for key in clock}
    for number in range(rounds + 1):
        for suite in suites:
            for each in contenders:
                others, before = each.others(), busy_seconds()
                taken = seconds(partial(each.run, suite))
                spent = busy_seconds() - before
                if number:
                    clock[each.name, suite.name].append(taken)
                    busy[each.name, suite.name].append(spent + each.others() - others)
        print(f"round {number} of {rounds}", file=sys.stderr)
    return clock, busy


def busy_seconds() -> float:
    """The CPU seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def median(samples: Samples, name: str, suite: Suite) -> float:
    """In seconds."""
    return statistics.median(samples[name, suite.name])


def rows(contenders: Sequence[Contender], suites: Sequence[Suite], samples: Samples) -> list[list[str]]:
    """The table: a contender a row; seconds, and how many times the floor's."""
    found = [["", *(f"4 × {suite.name}" for suite in suites)]]
    for each in contenders:
        row = [each.title]
        for suite in suites:
            mine = median(samples, each.name, suite)
            row.append(f"{mine:.2f} s, {mine / median(samples, FLOOR, suite):.2f} ×")
        found.append(row)
    return found


def shown(table: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """A table as Markdown, or in columns."""
    if markdown:
        head, *body = [f"| {' | '.join(row)} |" for row in table]
        return "\n".join([head, "|---" * len(table[0]) + "|", *body])
    plain = [[cell.replace("`", "") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if not place else cell.rjust(width) for place, (cell, width) in enumerate(each))
        for each in (list(zip(row, widths, strict=True)) for row in plain)
    )


def overhead(samples: Samples) -> float:
    """Milliseconds a test and cell beyond bare pytest, by the difference between the two tiny suites."""
    few, many = tiny(100), tiny(1000)
    beyond = [median(samples, OURS, suite) - median(samples, FLOOR, suite) for suite in (few, many)]
    return (beyond[1] - beyond[0]) * 1000 / (many.tests - few.tests) / len(PYTHONS)


def peak(contender: Contender, suite: Suite) -> int:
    """The most memory, in kB, that the controller's process has had; not that of its workers."""
    (command,) = contender.commands(suite)
    most = 0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=contender.folder, env=contender.environ, stdout=said)
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
            most = max(most, *(int(line.split()[1]) for line in lines), 0)
            time.sleep(0.002)
        said.seek(0)
        text = said.read()
        if process.returncode or f"{suite.tests * contender.cells} passed" not in text:
            raise SystemExit(f"not every test passed:\n{text}")
    return most


def memory(bench: Bench, rounds: int) -> dict[int, float]:
    """The controller's most memory in kB, by tests in each of four cells."""
    session, suites = ours(bench), [tiny(tests) for tests in MEMORY]
    taken = [[peak(session, suite) for suite in suites] for _ in range(rounds + 1)][1:]
    return dict(zip(MEMORY, map(statistics.median, zip(*taken, strict=True)), strict=True))


def growth(bench: Bench, rounds: int) -> dict[tuple[int, int], float]:
    """Seconds, by cells and tests."""
    taken: dict[tuple[int, int], list[float]] = {}
    for number in range(rounds + 1):
        for cells in (1, 2, 4):
            for tests in GROWTH:
                spent = seconds(partial(ours(bench, PYTHONS[:cells]).run, tiny(tests)))
                if number:
                    taken.setdefault((cells, tests), []).append(spent)
    return {key: statistics.median(values) for key, values in taken.items()}


def growth_rows(found: dict[tuple[int, int], float]) -> list[list[str]]:
    """Cells by tests, and what another test of a cell adds from the fewest to the middle, and from there on."""
    few, some, many = GROWTH
    table = [["", *(f"{tests:,} tests" for tests in GROWTH), f"a test, {few} to {some}", f"{some} to {many:,}"]]
    for cells in sorted({cells for cells, _ in found}):
        times = [found[cells, tests] for tests in GROWTH]
        steps = [
            (times[at + 1] - times[at]) * 1000 / (GROWTH[at + 1] - GROWTH[at]) / cells for at in range(len(GROWTH) - 1)
        ]
        name = f"{cells} cell{'s' if cells > 1 else ''}"
        table.append([name, *(f"{each:.2f} s" for each in times), *(f"{each:.2f} ms" for each in steps)])
    return table


def slope(by_tests: dict[int, float]) -> float:
    """The kB that another test in one cell adds, fitted."""
    tests = [each * len(PYTHONS) for each in by_tests]
    return statistics.linear_regression(tests, list(by_tests.values())).slope


def report(options: argparse.Namespace, bench: Bench) -> dict[str, Any]:
    """Measure what is wanted, and print it; everything measured."""
    only = set(options.only or (*NAMES, *PARTS))
    suites = [each for each in SUITES if not options.suite or any(word in each.name for word in options.suite)]
    if "overhead" in only:
        suites += [each for each in (tiny(100), tiny(1000)) if each not in suites]
    found: dict[str, Any] = {"machine": platform.platform(), "python": platform.python_version()}
    if only & {*NAMES, "overhead"}:
        own = [ours(bench, name=name) for name in (OURS, FORKED, FOUR) if name == OURS or name in only]
        contenders = [*own, *peers(bench, (only | {FLOOR}).__contains__)]
        samples, busy = measured(contenders, suites, options.rounds)
        for word, values in (("seconds", samples), ("cpu_seconds", busy)):
            found[word] = {f"{name}: {suite}": each for (name, suite), each in values.items()}
        print(f"\n{len(PYTHONS)} Pythons, two cores' worth at a time; medians of {options.rounds} rounds\n")
        print(shown(rows(contenders, suites, samples), markdown=options.markdown))
        print("\nthe same in seconds of CPU, of all processes together\n")
        print(shown(rows(contenders, suites, busy), markdown=options.markdown))
        if {tiny(100), tiny(1000)} <= set(suites):
            found["overhead_ms"] = overhead(samples)
            print(f"\na test and cell beyond bare pytest: {found['overhead_ms']:.3f} ms")
    if "memory" in only and Path("/proc/self/status").exists():
        by_tests = memory(bench, max(1, options.rounds // 2))
        found |= {"memory_kb": by_tests, "memory_kb_a_test_and_cell": slope(by_tests)}
        table = [["controller", *(f"4 × {tests:,} tests" for tests in by_tests)]]
        table.append(["most memory", *(f"{each / 1024:.1f} MB" for each in by_tests.values())])
        print(f"\n{shown(table, markdown=options.markdown)}\n\na test and cell adds: {slope(by_tests):.2f} kB")
    if "growth" in only:
        by_both = growth(bench, options.rounds)
        found["growth_seconds"] = {f"{cells} × {tests}": value for (cells, tests), value in by_both.items()}
        print(f"\n{shown(growth_rows(by_both), markdown=options.markdown)}")
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", action="append", choices=(*NAMES, *PARTS), metavar="NAME", help="default: all")
    parser.add_argument("--suite", action="append", metavar="WORD", help="only suites with this in their name")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured there")
    tools = platformdirs.user_cache_path("pytest-ofiuco-benchmarks")
    parser.add_argument("--tools", type=Path, default=tools, metavar="DIR", help="where the peers are installed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        print(f"tools in {options.tools}, the project in {name}", file=sys.stderr)
        options.tools.mkdir(parents=True, exist_ok=True)
        bench = ready(Path(name).resolve(), options.tools.resolve(), sorted({*MEMORY, *GROWTH}))
        versions = (
            "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('uv', 'tox', 'tox-uv', 'nox')))"
        )
        print(output([options.tools / "peers" / "bin" / "python", "-c", versions], bench.project, bench.environ))
        try:
            found = report(options, bench)
        finally:
            fork_servers(bench, "--stop")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

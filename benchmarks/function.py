"""The price of invoking a handler from its zip in tests: on this machine, and in an emulated interpreter.

    python benchmarks/function.py [--rounds N] [--python X.Y] [--interpreter ARM64_PYTHON]

A test of example_project measures what the fixtures `ofiuco_zip` and `aws_lambda` take, and invocations of the handler:
cold, cold without the bytecode that the cell has compiled, warm. Sessions one after another, N times, each cell on its
own; medians are printed. The first session, which fills the caches, is not counted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measuring import output, variables

EXAMPLE = Path(__file__).parents[1] / "example_project"
MEASURES = {
    "zip": "the zip, once a cell",
    "unpacked": "unpacking it, once a worker",
    "cold": "a cold start",
    "bare": "a cold start without bytecode",
    "warm": "a warm invocation",
}
TEST = """\
import json
import statistics
import time


def test_measure(request, ofiuco_cell, tmp_path):
    def taken(name):
        began = time.perf_counter()
        return request.getfixturevalue(name), time.perf_counter() - began

    _, zipped = taken("ofiuco_zip")
    function, unpacked = taken("aws_lambda")
    function.timeout = 60
    event = function.events.http(query={"lat": "47.141", "lon": "9.521"})
    invoke = lambda: function.invoke("geo_lookup.app.handler", event)
    invoke()
    function.restart()
    cold = invoke().init_duration
    warm = statistics.median(invoke().duration for _ in range(20))
    function.environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    bare = invoke().init_duration
    times = {"zip": zipped, "unpacked": unpacked, "cold": cold, "bare": bare, "warm": warm}
    with open(f"{ofiuco_cell.name}.jsonl", "a") as file:
        print(json.dumps(times), file=file)
"""


def prepare(folder: Path, interpreter: str | None) -> list[str]:
    """A copy of the example with the test; the platforms to measure."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (folder / "tests" / "test_measure.py").write_text(TEST, encoding="utf-8")
    if interpreter is None:
        return ["host"]
    settings = folder / "pyproject.toml"
    table = "[tool.ofiuco.platform.aws_lambda]\n"
    text = settings.read_text(encoding="utf-8").replace(table, f'{table}interpreters = ["{interpreter}"]\n')
    settings.write_text(text, encoding="utf-8")
    return ["host", "aws_lambda"]


def main() -> None:
    """Measure, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default="3.13")
    parser.add_argument("--interpreter", help="an emulated one, as tests/foreign/make_python.py makes it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "example"
        platforms = prepare(folder, options.interpreter)
        command = [sys.executable, "-m", "pytest", "--ofiuco-matrix", "-q", "-p", "no:cacheprovider"]
        command += ["--ofiuco-python", options.python, "tests/test_measure.py", "--ofiuco-platform"]
        for _ in range(options.rounds + 1):
            for platform in platforms:
                output([*command, platform], folder, variables())
        found = {platform: measured(folder, platform) for platform in platforms}
    for name, what in MEASURES.items():
        print(
            f"{what:32}", *(f"{platform} {statistics.median(found[platform][name]):8.4f} s" for platform in platforms)
        )


def measured(folder: Path, platform: str) -> dict[str, list[float]]:
    """What the sessions of a platform have measured, but for the first."""
    (file,) = folder.glob(f"*-{platform}.jsonl")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    return {name: [row[name] for row in rows] for name in MEASURES}


if __name__ == "__main__":
    main()

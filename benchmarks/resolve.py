"""The price of resolving: every target of a lock, and one on the command line, beside the lock's own tool.

    python benchmarks/resolve.py [--rounds N] [--uv UV] [--poetry POETRY]

- 24 targets (4 Pythons × 6 platforms) of a uv.lock of 306 kB and of a poetry.lock of 697 kB: one process of ours that
  reads the lock once, beside `uv export --frozen` and `poetry export` as one process a target;
- `ofiuco resolve` of one target, beside a process that only imports tomllib and packaging.markers and parses the lock;
- how the time grows with packages and with targets.

All sides run in turn, N times; medians and ratios are printed. Where no file of a package fits a target, the refusal is
the answer.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from measuring import PYTHONS, medians, output, variables

from pytest_ofiuco.core.platforms import find
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.formats import uv
from pytest_ofiuco.store.project import load

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "data" / "corpus"
PLATFORMS = ("linux_x86_64", "linux_aarch64", "musl_x86_64", "macos_arm64", "windows_amd64", "aws_lambda")
FLOOR = "import sys, tomllib, packaging.markers; tomllib.loads(open(sys.argv[1], encoding='utf-8').read())"


def targets() -> list[Target]:
    """4 Pythons × 6 platforms."""
    pythons = [Python.parse(each) for each in PYTHONS]
    return [Target(python=each, platform=find(name).platform(each.minor)) for each in pythons for name in PLATFORMS]


def resolve_all(project: Path) -> None:
    """Read a project's lock once, and resolve the groups it installs by default for every target."""
    lock = load(project).lock
    selection = lock.selection()
    for target in targets():
        with suppress(OfiucoError):
            resolve(lock, target, selection)


def command(arguments: Sequence[str | Path], folder: Path) -> Callable[[], None]:
    """A process, which must not fail but to say that the answer is no."""

    def run() -> None:
        output(arguments, folder, variables(), allowed=(0, 1))

    return run


def exports(project: Path, tool: Sequence[str], rounds: int) -> None:
    """All targets in one process of ours, beside one export."""
    ours = command([sys.executable, Path(__file__), "--worker", str(project)], ROOT)
    mine, theirs = medians(rounds, ours, command(tool, project))
    name, count = Path(tool[0]).name, len(targets())
    print(f"{project.name}: {count} targets, one process          {mine:7.3f} s")
    print(f"  {name} export, once                       {theirs:7.3f} s   ratio {mine / theirs:6.2f}")
    print(
        f"  {name} export, once a target (× {count})       {theirs * count:7.3f} s   ratio {mine / theirs / count:6.2f}"
    )


def one_target(project: Path, lock: str, rounds: int) -> None:
    """``ofiuco resolve``, beside imports and a parse."""
    words = ["resolve", "--project", str(project), "--python", "3.13", "--platform", "linux_x86_64", "--format", "json"]
    ours = command([sys.executable, "-m", "pytest_ofiuco", *words], ROOT)
    floor = command([sys.executable, "-c", FLOOR, str(project / lock)], ROOT)
    mine, least = medians(rounds, ours, floor)
    print(f"{project.name}: ofiuco resolve, one target             {mine:7.3f} s")
    print(f"  imports and parse alone                  {least:7.3f} s   ratio {mine / least:6.2f}")


def made_lock(packages: int) -> str:
    """A uv.lock of so many packages, each of which needs the next three."""
    head = 'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n'
    root = (
        '[[package]]\nname = "project"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "p0" }]\n'
    )
    entries = []
    for number in range(packages):
        needs = [
            f'{{ name = "p{other}", marker = "python_full_version >= \'3.{other % 9}\'" }}'
            for other in range(number + 1, min(number + 4, packages))
        ]
        wheels = ", ".join(
            f'{{ url = "https://files.example.org/p{number}-1-{tag}.whl", hash = "sha256:{number:064x}" }}'
            for tag in ("cp312-cp312-win_amd64", "cp313-cp313-manylinux_2_17_x86_64", "py3-none-any")
        )
        entries.append(
            f'[[package]]\nname = "p{number}"\nversion = "1"\n'
            'source = { registry = "https://index.example.org/simple" }\n'
            f"dependencies = [{', '.join(needs)}]\nwheels = [{wheels}]\n"
        )
    return "\n".join((head, root, *entries))


def growth(rounds: int) -> None:
    """Time by packages and by targets."""
    project = Table({"project": {"name": "project"}}, file="pyproject.toml")
    some = targets()
    print("growth: packages × targets, reading, resolving")
    for packages, count in ((500, 6), (1000, 6), (2000, 6), (1000, 12), (1000, 24)):
        content = made_lock(packages).encode()
        read, resolved = [], []
        for _ in range(rounds):
            begin = time.perf_counter()
            lock = uv.read(parse(content, "uv.lock"), content, project)
            middle = time.perf_counter()
            for target in some[:count]:
                resolve(lock, target, lock.selection())
            read.append(middle - begin)
            resolved.append(time.perf_counter() - middle)
        print(f"  {packages:5} × {count:2}   {statistics.median(read):6.3f} s   {statistics.median(resolved):6.3f} s")


def main() -> None:
    """Measure, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--uv", default=shutil.which("uv"))
    parser.add_argument("--poetry", default=shutil.which("poetry"), help="one that has poetry-plugin-export")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        resolve_all(options.worker)
        return
    if options.uv:
        uv_export = [options.uv, "export", "--frozen", "--offline", "--quiet", "--no-emit-project"]
        exports(CORPUS / "flask", uv_export, options.rounds)
    if options.poetry:
        exports(CORPUS / "ofiuco-torch-assets", [options.poetry, "export", "--quiet"], options.rounds)
    one_target(CORPUS / "flask", "uv.lock", options.rounds)
    one_target(CORPUS / "ofiuco-torch-assets", "poetry.lock", options.rounds)
    growth(options.rounds)


if __name__ == "__main__":
    main()

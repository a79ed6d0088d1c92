"""The price of environments: a matrix of 4 Pythons, beside uv, tox, tox-uv and nox with uv.

    python benchmarks/environments.py [--rounds N] [--source registry] [--source wheelhouse] [--peer NAME]...

The project needs numpy, pydantic, shapely, boto3, requests, attrs and pytest, locked once by uv; every side installs
the same hashed files, from the configured index or from a folder of wheels, two environments at a time where it can:

- `cold`: no cache and no environments;
- `environments`: they are wiped, the caches are warm;
- `warm`: nothing has changed.

All sides run in turn, N times; medians and ratios to ours are printed. For `ofiuco sync` the price of one cell is told,
too, beside that of another that has the same wheels, and the most memory that it took. The peers are taken from PATH.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from measuring import AT_A_TIME, PYTHONS, linked, seconds, variables

PROJECT = """\
[project]
name = "measured"
version = "1.0"
requires-python = ">=3.10,<3.14"
dependencies = ["numpy", "pydantic", "shapely", "boto3", "requests", "attrs"]

[dependency-groups]
dev = ["pytest"]

[tool.uv]
package = false

[tool.ofiuco]
python = ["3.10", "3.11", "3.12", "3.13"]
"""
VARIANT = """
[tool.ofiuco.variants.other]
replace = { attrs = false }
"""
TOX = """\
[tox]
env_list = py310,py311,py312,py313
no_package = true

[testenv]
deps = -r requirements.txt
"""
NOX = """\
import nox

@nox.session(python=["3.10", "3.11", "3.12", "3.13"], venv_backend="uv")
def tests(session):
    session.install("--require-hashes", "-r", "requirements.txt")
"""
_NUMBERS = itertools.count()
STATES = ("cold", "environments", "warm")
MAIN_CELLS = ["--cell", "py310-host", "--cell", "py311-host", "--cell", "py312-host", "--cell", "py313-host"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to make the environments: commands for each state, and what is wiped before."""

    name: str
    commands: Sequence[Sequence[str]]
    environments: Sequence[Path]
    caches: Sequence[Path]
    variables: Mapping[str, str] = field(default_factory=dict)
    at_a_time: int = 1
    warm_commands: Sequence[Sequence[str]] | None = None

    def begin(self, state: str) -> None:
        """Put away what the state says is not there: ext4 is slow to make files where others were just deleted."""
        for folder in {"cold": [*self.environments, *self.caches], "environments": self.environments}.get(state, []):
            put_away(folder)

    def run(self, state: str, folder: Path) -> None:
        """Make the environments."""
        commands = self.commands if state != "warm" or self.warm_commands is None else self.warm_commands
        environ = variables(**self.variables)
        running: list[subprocess.Popen[str]] = []
        for command in commands:
            running.append(_begun(command, folder, environ))
            while len(running) >= self.at_a_time:
                _ended(running.pop(0))
        for process in running:
            _ended(process)


def put_away(folder: Path) -> None:
    """Rename a folder, where there is one; it is deleted when all is measured."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}-{next(_NUMBERS)}.away"))


def _begun(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _ended(process: subprocess.Popen[str]) -> None:
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args!r} exited with {process.returncode}:\n{said}")


def project(folder: Path) -> None:
    """Write the project and lock it; a hashed requirements.txt for those that know no lock."""
    folder.mkdir()
    for name, text in (("pyproject.toml", PROJECT), ("tox.ini", TOX), ("noxfile.py", NOX)):
        (folder / name).write_text(text, encoding="utf-8")
    _ended(_begun(["uv", "lock", "--quiet"], folder, os.environ))
    export = ["uv", "export", "--frozen", "--quiet", "--no-header", "--no-annotate"]
    _ended(_begun([*export, "-o", "requirements.txt"], folder, os.environ))


def wheelhouse(folder: Path, cache: Path) -> dict[str, str]:
    """Turn the project into one that takes its files from a folder, which is filled here; the peers' variables."""
    house = folder / "wheelhouse"
    house.mkdir()
    _ended(_begun([*ofiuco(), "sync", *MAIN_CELLS], folder, os.environ | {"OFIUCO_CACHE_DIR": str(cache)}))
    for file in cache.glob("files-*/*/*"):
        shutil.copy(file, house)
    command = [*ofiuco(), "export", "--with-test-groups", "--format", "pylock"]
    text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    lines = []
    for line in text.splitlines():
        before, is_url, after = line.partition('url = "')
        url, _, rest = after.partition('"')
        lines.append(f'{before}path = "wheelhouse/{url.rpartition("/")[2]}"{rest}' if is_url else line)
    (folder / "pylock.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "uv.lock").unlink()
    links = {"FIND_LINKS": str(house), "NO_INDEX": "1"}
    return {f"{tool}_{name}": value for tool in ("PIP", "UV") for name, value in links.items()}


def ofiuco() -> list[str]:
    """The command under measurement."""
    return [sys.executable, "-m", "pytest_ofiuco"]


def sides(
    folder: Path,
    work: Path,
    pythons: Mapping[str, str],
    variables: Mapping[str, str],
    wanted: Sequence[str] | None,
) -> list[Side]:
    """Ours first, then those of the wanted peers that are on PATH."""
    cache, uv_cache, pip_cache = work / "ofiuco-cache", work / "uv-cache", work / "pip-cache"
    paths = {"PATH": f"{work / 'pythons'}{os.pathsep}{os.environ['PATH']}"}
    shared = {**variables, **paths, "UV_CACHE_DIR": str(uv_cache), "PIP_CACHE_DIR": str(pip_cache)}
    made = work / "uv-environments"
    install = ["uv", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.txt", "--python"]
    installs = [[*install, str(made / version)] for version in PYTHONS]
    both = [
        ["sh", "-c", f"uv venv --quiet --clear --python {path} {made / version} && {' '.join(each)}"]
        for (version, path), each in zip(pythons.items(), installs, strict=True)
    ]
    nox = ["nox", "--install-only", "--sessions", "tests"]
    ours = Side(
        name="ofiuco sync",
        commands=[[*ofiuco(), "sync", *MAIN_CELLS]],
        environments=[cache / "environments-v1", cache / "plans-v1"],
        caches=[cache],
        variables={**paths, "OFIUCO_CACHE_DIR": str(cache)},
    )
    uv = Side(
        name="uv, one at a time",
        commands=both,
        environments=[made],
        caches=[uv_cache],
        variables=shared,
        warm_commands=installs,
    )
    tox_uv = Side(
        name="tox-uv -p",
        commands=[["tox", "run-parallel", "--notest", "-p", str(AT_A_TIME)]],
        environments=[folder / ".tox"],
        caches=[uv_cache],
        variables=shared,
    )
    peers = {
        "uv": [uv, replace(uv, name="uv, two at a time", at_a_time=AT_A_TIME)],
        "tox-uv": [tox_uv],
        "nox": [
            Side(
                name="nox with uv",
                commands=[nox],
                environments=[folder / ".nox"],
                caches=[uv_cache],
                variables=shared,
                warm_commands=[[*nox, "--reuse-existing-virtualenvs"]],
            )
        ],
        "tox": [
            replace(
                tox_uv,
                name="tox -p",
                commands=[[*tox_uv.commands[0], "-x", "testenv.runner=virtualenv"]],
                caches=[pip_cache],
            )
        ],
    }
    here = [name for name in peers if shutil.which(name.partition("-")[0]) and name in (wanted or peers)]
    return [ours, *(side for name in here for side in peers[name])]


def measured(everyone: Sequence[Side], folder: Path, rounds: int) -> dict[tuple[str, str], float]:
    """The median of each side in each state."""
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for side in everyone:
            for state in STATES:
                side.begin(state)
                taken.setdefault((side.name, state), []).append(seconds(partial(side.run, state, folder)))
    return {key: statistics.median(values) for key, values in taken.items()}


def print_table(everyone: Sequence[Side], medians: Mapping[tuple[str, str], float]) -> None:
    """Seconds, and how many times ours each is."""
    print(f"{'':20}" + "".join(f"{state:>22}" for state in STATES))
    for side in everyone:
        cells = [
            f"{medians[side.name, state]:13.3f} s {medians[side.name, state] / medians['ofiuco sync', state]:5.2f}×"
            for state in STATES
        ]
        print(f"{side.name:20}" + "".join(f"{cell:>22}" for cell in cells))


def print_cells(side: Side, folder: Path, rounds: int) -> None:
    """What one cell costs from downloaded files, what another with the same wheels adds, and a start for nothing."""
    sync = [*ofiuco(), "sync", "--cell", "py312-host"]
    one, both = (replace(side, commands=[command]) for command in (sync, [*sync, "--cell", "py312-host-other"]))
    taken = []
    for _ in range(rounds):
        row = []
        for each in (one, both):
            side.begin("cold")
            one.run("cold", folder)
            one.begin("environments")
            put_away(side.caches[0] / "wheels-v1")
            row.append(seconds(partial(each.run, "", folder)))
        taken.append([*row, seconds(partial(both.run, "", folder))])
    first, two, nothing = (statistics.median(column) for column in zip(*taken, strict=True))
    print(f"one cell, from downloaded files          {first:6.3f} s")
    print(f"another one with the same wheels adds    {two - first:6.3f} s  {(two - first) / first:5.2f} of it")
    print(f"both again, nothing changed              {nothing:6.3f} s")


def print_memory(side: Side, folder: Path) -> None:
    """The most that the process took when everything was cold."""
    side.begin("cold")
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-c", code, *side.commands[0]]
    environ = {**os.environ, **side.variables}
    said = subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout
    megabytes = int(said) / (1024 * 1024 if sys.platform == "darwin" else 1024)
    print(f"peak memory of ofiuco sync, cold         {megabytes:6.0f} MB")


def main() -> None:
    """Measure each source, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--source", action="append", choices=("registry", "wheelhouse"), help="default: both")
    parser.add_argument("--peer", action="append", help="only these: uv, tox, tox-uv, nox (default: all on PATH)")
    options = parser.parse_args()
    for source in options.source or ("wheelhouse", "registry"):
        with tempfile.TemporaryDirectory(prefix="environments-") as name:
            work = Path(name).resolve()
            folder = work / "project"
            pythons = linked(work / "pythons")
            project(folder)
            variables = wheelhouse(folder, work / "first-cache") if source == "wheelhouse" else {}
            with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
                file.write(VARIANT)
            everyone = sides(folder, work, pythons, variables, options.peer)
            medians = measured(everyone, folder, options.rounds)
            print(f"4 environments, files from the {source}, medians of {options.rounds}")
            print_table(everyone, medians)
            print_cells(everyone[0], folder, options.rounds)
            print_memory(everyone[0], folder)


if __name__ == "__main__":
    main()

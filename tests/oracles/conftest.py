"""The tools asked, and the projects they are asked about."""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from platformdirs import user_cache_path

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
_REQUIREMENTS = ("uv>=0.8", "poetry>=2.3,<3", "poetry-plugin-export>=1.10", "pdm>=2.20")

Run = Callable[[Sequence[str], Path], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Where the tools are."""

    uv: Path
    poetry: Path
    pdm: Path

    @property
    def poetry_python(self) -> Path:
        """The interpreter that Poetry lives in, as the first line of its script says."""
        first_line = self.poetry.read_bytes().partition(b"\n")[0].decode()
        return Path(first_line.removeprefix("#!").strip())


@pytest.fixture(scope="session")
def tools() -> Tools:
    """uv, Poetry with its export plugin, and pdm: those on PATH, else ones installed once into the user's cache.

    They are not among the test requirements, since Poetry pins many packages that the tests have in other versions.
    """
    uv, poetry, pdm = shutil.which("uv"), shutil.which("poetry"), shutil.which("pdm")
    if uv and poetry and pdm and _exports(Path(poetry)):
        return Tools(uv=Path(uv), poetry=Path(poetry), pdm=Path(pdm))
    directory = user_cache_path("pytest-ofiuco-tests", appauthor=False) / "oracles"
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / "lock"):
        programs = directory / "tools" / "bin"
        found = Tools(uv=programs / "uv", poetry=programs / "poetry", pdm=programs / "pdm")
        if not (found.uv.exists() and found.poetry.exists() and found.pdm.exists() and _exports(found.poetry)):
            venv.create(directory / "tools", clear=True, with_pip=True)
            subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *_REQUIREMENTS], check=True)
    return found


def _exports(poetry: Path) -> bool:
    return subprocess.run([poetry, "export", "--help"], capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def run() -> Run:
    """A command's standard output, asked once however many tests need it; its complaints, where it fails."""
    known: dict[tuple[tuple[str, ...], Path], str] = {}

    def run(command: Sequence[str], directory: Path) -> str:
        key = (tuple(command), directory)
        if key not in known:
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, encoding="utf-8")
            assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
            known[key] = done.stdout
        return known[key]

    return run


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus that tools may write into, with empty stand-ins for the sources that locks name by path."""
    directory = tmp_path_factory.mktemp("corpus", numbered=False)
    shutil.copytree(CORPUS, directory, dirs_exist_ok=True)
    for name in ("sample", "sample_hatchling"):
        (directory / "ofiuco-torch" / name).mkdir()
        (directory / "ofiuco-torch" / name / "pyproject.toml").touch()
    (directory / "ofiuco-torch" / "sample_flit.tar.xz").touch()
    return directory

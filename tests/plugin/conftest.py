"""Whole sessions in processes of their own: real interpreters, the real registry, one cache for all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

_SMALL = Path(__file__).parents[1] / "data" / "projects" / "small"
_DROPPED = ("PYTEST_", "OFIUCO_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "COV_", "CI", "GITHUB_ACTIONS")
PATIENCE = 100


class Project:
    """A copy of the small project, and pytest in it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.cache = folder, cache

    def configure(
        self, *, python: Sequence[str] = ("3.10", "3.13"), ofiuco: str = "", pytest: str = "", more: str = ""
    ) -> None:
        """Write pyproject.toml: the matrix's Pythons, further keys of [tool.ofiuco], and pytest's own."""
        listed = ", ".join(f'"{each}"' for each in python)
        text = (_SMALL / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ofiuco]")[0]
        text += f"[tool.ofiuco]\npython = [{listed}]\n{ofiuco}\n[tool.pytest.ini_options]\n{pytest}\n{more}\n"
        (self.folder / "pyproject.toml").write_text(text, encoding="utf-8")

    def write(self, files: Mapping[str, str]) -> None:
        """Write files; keys are paths in the project."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def environ(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The user's, less what the surrounding pytest has set."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        folders = {"OFIUCO_CACHE_DIR": str(self.cache), "OFIUCO_DATA_DIR": f"{self.cache}-data"}
        return {**kept, **folders, "COLUMNS": "120", **variables}

    def command(self, *arguments: str) -> list[str]:
        """pytest, as installed beside the Python that runs these tests."""
        return [sys.executable, "-m", "pytest", *arguments]

    def matrix(self, *arguments: str, **variables: str) -> pytest.RunResult:
        """``pytest --ofiuco-matrix``."""
        return self.run(self.command("--ofiuco-matrix", *arguments), variables)

    def plain(self, *arguments: str, **variables: str) -> pytest.RunResult:
        """``pytest`` without the matrix."""
        return self.run(self.command(*arguments), variables)

    def started(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """pytest, left to itself in a session of its own: all that it says comes on its standard output."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> pytest.RunResult:
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        print(f"$ {' '.join(command)}\n{done.stdout}\n{done.stderr}")
        lines = done.stdout.splitlines(), done.stderr.splitlines()
        return pytest.RunResult(done.returncode, *lines, time.monotonic() - began)


def only_index(url: str, empty: Path) -> dict[str, str]:
    """Index settings that name one index and nothing else, whatever this machine's say; ``empty`` has no settings."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": url,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "UV_DEFAULT_INDEX": url,
        "UV_NO_CONFIG": "1",
        "XDG_CONFIG_HOME": str(empty),
        "XDG_CONFIG_DIRS": str(empty),
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that all sessions share, as a user's own do."""
    return tmp_path_factory.mktemp("cache")


NewProject = Callable[[], Project]


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> NewProject:
    """Makes copies of the small project."""

    def make() -> Project:
        folder = tmp_path_factory.mktemp("project")
        shutil.copy(_SMALL / "uv.lock", folder)
        project = Project(folder, cache)
        project.configure()
        return project

    return make


@pytest.fixture
def project(new_project: NewProject) -> Project:
    """A copy of the small project with the cells py310-host and py313-host."""
    return new_project()

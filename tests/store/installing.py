"""Environments with a few wheels, and what is then seen in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.makers import File, plan, preparer


def prepare(store: Store, interpreter: Interpreter, folder: Path, *files: File) -> Environment:
    """An environment with wheels that lie beside the lock."""
    artifacts: dict[str, Artifact] = {}
    for file in files:
        file.write(folder)
        artifacts[file.filename.partition("-")[0]] = file.wheel(path=file.filename)
    with preparer(store) as made:
        return made.prepare(plan(interpreter, folder, artifacts))


def run(environment: Environment, code: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(environment.python), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.strip()


def site_packages(environment: Environment) -> Path:
    return Path(run(environment, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def script(environment: Environment, name: str, *arguments: str) -> str:
    path = environment.python.parent / name
    return subprocess.run([str(path), *arguments], capture_output=True, text=True, check=True).stdout.strip()

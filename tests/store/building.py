"""Environments with something that is built, and what is then seen in them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Literal

from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment, Project
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.makers import plan, preparer


def prepare(
    store: Store,
    interpreter: Interpreter,
    folder: Path,
    artifact: Artifact | None = None,
    *,
    install: Literal["editable", "wheel"] | None = None,
    offline: bool = False,
    refresh: bool = False,
) -> Environment:
    project = None if install is None else Project(directory=folder, install=install)
    artifacts = {} if artifact is None else {"demo": artifact}
    with preparer(store, offline=offline, refresh=refresh) as made:
        return made.prepare(plan(interpreter, folder, artifacts, project=project))


def run(environment: Environment, code: str) -> str:
    command = [str(environment.python), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=environment.path)
    return done.stdout.strip()


def answer(environment: Environment) -> str:
    return run(environment, "import demo_code; print(demo_code.ANSWER)")


def origin(environment: Environment) -> dict[str, object]:
    code = "import importlib.metadata as m; print(m.distribution('demo').read_text('direct_url.json'))"
    said: dict[str, object] = json.loads(run(environment, code))
    return said

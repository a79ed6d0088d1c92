"""Sessions as processes of their own, on one store: started, told to begin, counted, killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter

ROOT = str(Path(__file__).parents[2])

_SESSION = """
import json, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pytest_ofiuco.core.artifact import Sdist, Wheel
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.cache import Store
from tests.store.makers import plan, preparer
order = json.loads(sys.argv[1])
folder = Path(order["folder"])
artifacts = {}
for name, filename, sha256, url in order["files"]:
    kind = Wheel if filename.endswith(".whl") else Sdist
    place = {"url": url} if url else {"path": filename}
    artifacts[name] = kind(filename=filename, hashes=(("sha256", sha256),), **place)
plans = []
for path, python, platform, identity in order["interpreters"]:
    interpreter = Interpreter(
        path=path, python=Python.parse(python), platform=Platform.parse(platform), identity=identity
    )
    plans.append(plan(interpreter, folder, artifacts))
with preparer(Store(Path(order["store"]))) as made, ThreadPoolExecutor(len(plans)) as pool:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        found = list(pool.map(made.prepare, plans))
        print(json.dumps([[each.key, str(each.path), each.was_cached] for each in found]), flush=True)
    except OfiucoError as error:
        print(json.dumps(error.render()), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What every session is to prepare; a file without a URL lies in ``folder``. ``files``: name, filename, sha256."""

    store: Store
    folder: Path
    interpreters: Sequence[Interpreter]
    files: Sequence[tuple[str, str, str, str | None]]
    environ: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[str]:
        """A session that is ready to begin, in a process group of its own."""
        document = {
            "store": str(self.store.root),
            "folder": str(self.folder),
            "files": self.files,
            "interpreters": [
                [each.path, str(each.python), str(each.platform), each.identity] for each in self.interpreters
            ],
        }
        return subprocess.Popen(
            [sys.executable, "-c", _SESSION, json.dumps(document)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": ROOT, **self.environ},
            start_new_session=True,
        )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "ready\n", (line, process.communicate()[1])


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str]) -> list[tuple[str, str, bool]]:
    """Key, path and whether it was there, of each environment; anything else fails the test."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert not err, err
    found = json.loads(out.splitlines()[-1])
    assert isinstance(found, list), found
    return [tuple(each) for each in found]

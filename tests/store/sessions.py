"""A session in a process of its own, which does on a store what it is told, a line at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pytest_ofiuco.store.cache import Store

ROOT = str(Path(__file__).parents[2])

_SESSION = """
import sys
from pathlib import Path
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store

def prepared(name):
    from pytest_ofiuco.core.target import Python
    from pytest_ofiuco.store.interpreters import Interpreters
    from tests.store.installing import prepare
    from tests.store.makers import THIS_PYTHON
    from tests.store.upkeep.test_prune import demo
    interpreter = Interpreters(store, {}).find(Python.parse(THIS_PYTHON), [sys.executable])
    return prepare(store, interpreter, Path(sys.argv[2]), demo(name)).key

store = Store(Path(sys.argv[1]))
for line in sys.stdin:
    match line.split():
        case ["use", key]:
            usage.uses(store, key)
            print("used", flush=True)
        case ["prepare", name]:
            print(prepared(name), flush=True)
        case ["make"]:
            with usage.making(store):
                print("making", flush=True)
                sys.stdin.readline()
            print("made", flush=True)
"""


class Session:
    """Told ``use KEY``, ``prepare NAME`` (in ``folder``) or ``make``, which lasts until the next line."""

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SESSION, str(store.root), str(folder or ".")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": ROOT},
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()

    def says(self, line: str) -> str:
        """What it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

"""Build environments: one set of wheels for one interpreter, made once and used again.

PEP 517 asks for isolation, not for a new environment a build. They are made as the cells' environments are, of links to
unpacked wheels, and named by what is in them; there is no pip.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_ofiuco.config import LinkMode
from pytest_ofiuco.store.cache import Store, digest, python_in
from pytest_ofiuco.store.installation import Installation
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.virtual import create
from pytest_ofiuco.store.wheel import UnpackedWheel

_SHAPE = {"wheels": list, "interpreter": str}

_MISLEADING = frozenset({"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"})
"""What the caller's Python, or the environment that it is in, has set for itself."""


class BuildEnvironments:
    """Makes and finds build environments. Thread-safe. ``refresh``: each is made anew, once in this run."""

    def __init__(self, store: Store, environ: Mapping[str, str], link_mode: LinkMode, *, refresh: bool) -> None:
        self._store, self._environ, self._link_mode, self._refresh = store, environ, link_mode, refresh
        self._lock = threading.Lock()
        self._refreshed: set[str] = set()

    def with_wheels(self, wheels: Sequence[UnpackedWheel], interpreter: Interpreter) -> Path:
        """The interpreter of an environment that has ``wheels`` and nothing else.

        Raises:
            ArchiveError: one of them cannot be installed.
            BrokenPythonError: there can be no environment for the interpreter.
            CacheError: the store cannot be used.
        """
        ordered = sorted(wheels, key=lambda each: each.filename)
        hashes = [each.sha256 for each in ordered]
        key = digest({"place": self._store.place, "wheels": hashes, "interpreter": interpreter.identity})
        prefix = self._store.build_environments / key
        if not self._is_there(prefix):
            with self._store.lock(f"build-environment-{key}"):
                if not self._is_there(prefix):
                    self._make(prefix, ordered, interpreter)
                    with self._lock:
                        self._refreshed.add(key)
        return python_in(prefix)

    def _is_there(self, prefix: Path) -> bool:
        with self._lock:
            is_stale = self._refresh and prefix.name not in self._refreshed
        return not is_stale and self._store.published(prefix, _SHAPE) is not None

    def _make(self, prefix: Path, wheels: Sequence[UnpackedWheel], interpreter: Interpreter) -> None:
        self._store.discard(prefix)
        with self._store.usable():
            installation = Installation(create(self._store, prefix, interpreter, self._environ), self._link_mode)
            for wheel in wheels:
                installation.install(wheel)
        listed = [[each.filename, each.sha256] for each in wheels]
        self._store.seal(prefix, {"wheels": listed, "interpreter": interpreter.path})


def clean_environ(environ: Mapping[str, str], scripts: Path) -> dict[str, str]:
    """``environ`` for a Python process, ``scripts`` first on its PATH: nothing of the caller's Python leaks in."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON") and name not in _MISLEADING}
    path = os.pathsep.join(filter(None, (str(scripts), kept.get("PATH"))))
    return kept | {"PATH": path, "PYTHONNOUSERSITE": "1", "PYTHONIOENCODING": "utf-8"}

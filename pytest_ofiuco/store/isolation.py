"""Build environments: pip and one set of build requirements for one interpreter, made once and used again.

PEP 517 asks for isolation, not for a new environment a build. pip installs the requirements and reads the
user's own configuration; what only uv was told is handed on to it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_ofiuco.core.artifact import without_user_info
from pytest_ofiuco.errors import BuildError, OfflineError
from pytest_ofiuco.store.answers import Interpreter
from pytest_ofiuco.store.cache import Store, digest
from pytest_ofiuco.store.commands import logged, tail_of
from pytest_ofiuco.store.index import local_path
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.virtual import create, python_in

_MISLEADING = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_REQUIREMENT", "PIP_EDITABLE")
_SHAPE = {"requirements": list, "interpreter": str}


class BuildEnvironments:
    """Makes and finds build environments. Thread-safe."""

    def __init__(self, store: Store, settings: IndexSettings, *, offline: bool) -> None:
        self._store, self._settings, self._offline = store, settings, offline

    def with_requirements(self, requirements: Sequence[str], interpreter: Interpreter, package: str, log: Path) -> Path:
        """The interpreter of an environment that has ``requirements``.

        Raises:
            BuildError: pip cannot install them.
            OfflineError: they would have to be downloaded.
        """
        wanted = sorted(set(requirements))
        key = digest({"requirements": wanted, "interpreter": interpreter.identity})
        prefix = self._store.build_environments / key
        if self._store.published(prefix, _SHAPE) is None:
            with self._store.lock(f"build-environment-{key}"):
                if self._store.published(prefix, _SHAPE) is None:
                    self._make(prefix, wanted, interpreter, package, log)
        return python_in(prefix)

    def _make(self, prefix: Path, requirements: list[str], interpreter: Interpreter, package: str, log: Path) -> None:
        self._store.discard(prefix)
        with self._store.usable():
            create(self._store, prefix, interpreter, with_pip=bool(requirements))
        if requirements:
            self._install(python_in(prefix), requirements, package, log)
        shown = [without_user_info(each) for each in requirements]
        self._store.seal(prefix, {"requirements": shown, "interpreter": interpreter.path})

    def _install(self, python: Path, requirements: list[str], package: str, log: Path) -> None:
        command = [str(python), "-m", "pip", "install", "--no-input", "--no-compile", *requirements]
        environ = clean_environ(python, os.environ) | self._settings.for_pip()
        environ |= {"PIP_USER": "0", "PIP_REQUIRE_HASHES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if self._offline:
            environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": " ".join(self._local_links())}
        status = logged(command, log, environ=environ, cwd=None)
        if status:
            listed = without_user_info(", ".join(requirements))
            if self._offline:
                raise OfflineError([f"the build requirements of {package} ({listed})"])
            reason = f"pip cannot install its build requirements ({listed})"
            raise BuildError(package, reason, tail_of(log), str(log))

    def _local_links(self) -> list[str]:
        return [link for link in self._settings.find_links if local_path(link) is not None]


def clean_environ(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for a process in the environment of ``python``: nothing of the caller's Python leaks in."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("PYTHON") and name not in _MISLEADING and name != "VIRTUAL_ENV"
    }
    path = os.pathsep.join(filter(None, (str(python.parent), kept.get("PATH"))))
    return kept | {"PATH": path, "PYTHONNOUSERSITE": "1", "PYTHONIOENCODING": "utf-8"}

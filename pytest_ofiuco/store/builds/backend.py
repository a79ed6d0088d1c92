"""Build backends: what a source tree names as its own, and the processes that run it.

PEP 517 (https://peps.python.org/pep-0517/) and PEP 660 for editable wheels, by ``pyproject_hooks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.builds.isolation import clean_environ
from pytest_ofiuco.store.builds.job import Job

T = TypeVar("T")

_LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIREMENTS = ("setuptools>=40.8.0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSystem:
    """[build-system]; where there is none, or no backend in it, setuptools as PEP 517 says."""

    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...] = ()

    @classmethod
    def of(cls, tree: Path, job: Job) -> BuildSystem:
        """What the source tree says.

        Raises:
            BuildError: nothing says how it is built.
            InputError: its pyproject.toml cannot be read.
        """
        pyproject = tree / "pyproject.toml"
        legacy = cls(requires=_LEGACY_REQUIREMENTS, backend=_LEGACY_BACKEND)
        if not pyproject.is_file():
            if not (tree / "setup.py").is_file():
                reason = "it has neither a pyproject.toml nor a setup.py"
                raise job.failure(reason, hint="name another source, or leave it out")
            return legacy
        table: Table = parse(pyproject.read_bytes(), f"{job.package}: pyproject.toml")
        if "build-system" not in table:
            return legacy
        system = table.table("build-system")
        return cls(
            requires=tuple(system.texts("requires")),
            backend=system.text("build-backend") or _LEGACY_BACKEND,
            backend_path=tuple(system.texts("backend-path")),
        )


def build(
    tree: Path,
    output: Path,
    job: Job,
    commands: Commands,
    environ: Mapping[str, str],
    *,
    python: Callable[[Sequence[str]], Path],
    alone: Callable[[], AbstractContextManager[None]],
) -> str:
    """Ask the backend of ``tree`` what it needs, then for the wheel, below ``output``; returns its file name.

    ``python`` gives the interpreter of an environment with some requirements; ``alone`` keeps others out of the tree.

    Raises:
        BuildError: the backend fails, or there is none.
    """
    from pyproject_hooks import BuildBackendHookCaller  # a run that finds everything builds nothing

    editable = isinstance(job.artifact, Directory) and job.artifact.editable
    system = BuildSystem.of(tree, job)
    runner = _Runner(job, commands, environ)
    interpreter = str(python(system.requires))
    make_caller = partial(BuildBackendHookCaller, runner=runner, python_executable=interpreter)
    try:
        caller = make_caller(str(tree), system.backend, list(system.backend_path) or None)
    except ValueError as error:
        raise job.failure(f"its backend-path cannot be taken: {error}") from error
    with _failures(system.backend, job, editable=editable), alone():
        ask = caller.get_requires_for_build_editable if editable else caller.get_requires_for_build_wheel
        more = _answer(ask, job)
    if more:
        caller.python_executable = str(python((*system.requires, *map(str, more))))
    with _failures(system.backend, job, editable=editable), alone():
        make = caller.build_editable if editable else caller.build_wheel
        return str(_answer(partial(make, str(output)), job))


@contextmanager
def _failures(backend: str, job: Job, *, editable: bool) -> Iterator[None]:
    """Say what a backend has failed at.

    Raises:
        BuildError: it has.
    """
    from pyproject_hooks import BackendUnavailable, HookMissing, UnsupportedOperation

    try:
        yield
    except (HookMissing, UnsupportedOperation) as error:
        kind = "an editable wheel" if editable else "a wheel"
        hint = 'set `install-project = "wheel"` in [tool.ofiuco]' if editable else None
        raise job.failure(f"its backend {backend} cannot make {kind}", hint=hint) from error
    except BackendUnavailable as error:
        raise job.failure(f"its backend {backend} cannot be imported", is_told=True) from error
    except _Runner.Failed as error:
        raise job.failure(f"its backend {backend} failed", is_told=True) from error


def _answer(ask: Callable[[], T], job: Job) -> T:
    """What a hook answers.

    Raises:
        BuildError: it ends well, but has left no answer.
    """
    try:
        return ask()
    except (OSError, ValueError, LookupError) as error:
        raise job.failure(f"its backend gave no answer: {error}", is_told=True) from error


class _Runner:
    """Starts the processes that ``pyproject_hooks`` asks for; what they say goes to the log."""

    class Failed(Exception):
        """The process ended with a status other than zero."""

    def __init__(self, job: Job, commands: Commands, environ: Mapping[str, str]) -> None:
        self._job, self._commands, self._environ = job, commands, environ
        settings = job.scratch / "setuptools.cfg"
        settings.write_text(f"[build]\nbuild_base = {job.scratch / 'build'}\n", encoding="utf-8")
        # setuptools would leave `build/` in the source tree, and ship what an older build left there
        self._extra = {"DIST_EXTRA_CONFIG": str(settings)}
        # pyproject_hooks would raise a backend's warnings here again, as errors where the user has asked for that
        self._extra["PYTHONWARNINGS"] = "ignore"

    def __call__(
        self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        environ = clean_environ(self._environ, Path(cmd[0]).parent) | self._extra | dict(extra_environ or {})
        if self._commands.logged(cmd, self._job.log, environ=environ, cwd=cwd):
            raise self.Failed

"""Finding Pythons as users have them, and nothing else: where to look is in ``candidates``, asking them in ``answers``.

For ``X.Y`` the first place that has one wins, and in it the newest patch (on PATH: the first that fits); ``X.Y.Z`` must
match exactly. An interpreter for another architecture or libc than the host's is only ever taken where it was named.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence

from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenPythonError, MissingPythonError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.pythons import probe
from pytest_ofiuco.store.pythons.answers import Answers, Interpreter, Refusal
from pytest_ofiuco.store.pythons.candidates import Place, is_shim, places
from pytest_ofiuco.store.witness import Witness

__all__ = ["Interpreter", "Interpreters", "host_platform"]


def host_platform() -> Platform:
    """The platform of the running interpreter.

    Raises:
        UsageError: it is none that is known here.
    """
    return Platform.parse(probe.platform_tag())


class Interpreters:
    """The interpreters of this machine. Thread-safe. ``witness`` sees what is asked."""

    def __init__(self, store: Store, environ: Mapping[str, str], witness: Witness | None = None) -> None:
        self._environ = environ
        self._answers = Answers(store, environ, witness)
        self._host = host_platform()

    def find(self, python: Python, explicit: Sequence[str] = (), launcher: Sequence[str] = ()) -> Interpreter:
        """The interpreter for ``python``; ``explicit`` paths or command names come first, in their order.

        Behind a ``launcher`` explicit ones are the only ones; where there are none, it is put before what is found.

        Raises:
            BrokenPythonError: an explicit one does not answer as a Python.
            MissingPythonError: there is none.
        """
        if launcher:
            return self._launched(python, explicit or [self.find(python).path], launcher)
        named = self._among_named(python, explicit)
        if named is not None:
            return named
        looked_in = [*explicit]
        found = list(places(self._environ, python))
        for again in (False, True):
            for place in found:
                interpreter = self._in_place(place, python, again=again)
                if interpreter is not None:
                    return interpreter
        looked_in.extend(place.label for place in found)
        raise MissingPythonError(str(python), looked_in)

    def find_foreign(self, python: Python, platform: Platform, explicit: Sequence[str]) -> Interpreter | None:
        """The first of the ``explicit`` ones that is such a Python: a command that acts as one for ``platform``.

        Raises:
            BrokenPythonError: one does not answer as a Python, or what it is cannot run the platform's files.
        """
        found = self._among_named(python, explicit)
        if found is not None and not runs_on(platform, found.platform):
            reason = f"it is for {found.platform}, not for {platform}"
            raise BrokenPythonError(found.path, reason, "correct `tag` or `interpreters` of the platform")
        return found

    def available(self) -> tuple[Interpreter, ...]:
        """The newest patch of each minor version and ABI: CPython first, then by version."""
        paths = [path for place in places(self._environ, None) for path in place.paths if not is_shim(path)]
        best: dict[tuple[str, tuple[int, int], bool], Interpreter] = {}
        for interpreter in self._native(paths):
            python = interpreter.python
            key = (python.implementation, python.minor, python.free_threaded)
            known = best.get(key)
            if known is None or _newness(python) > _newness(known.python):
                best[key] = interpreter
        return tuple(best[key] for key in sorted(best))

    def _among_named(self, python: Python, explicit: Sequence[str]) -> Interpreter | None:
        for name in explicit:
            path = self._located(name)
            (answer,) = self._answers.of([path], again=True)
            if isinstance(answer, Refusal):
                raise BrokenPythonError(name, answer.reason)
            if _fits(answer.python, python):
                return answer
        return None

    def _launched(self, python: Python, explicit: Sequence[str], launcher: Sequence[str]) -> Interpreter:
        command = [os.path.expanduser(each) for each in launcher]
        for name in explicit:
            answer = self._answers.behind(command, self._located(name))
            if isinstance(answer, Refusal):
                raise BrokenPythonError(f"{' '.join(launcher)} {name}", answer.reason, "correct it, or its launcher")
            if _fits(answer.python, python):
                return answer
        raise MissingPythonError(str(python), explicit)

    def _located(self, name: str) -> str:
        expanded = os.path.expanduser(name)
        if os.path.isdir(expanded):
            inside = "python.exe" if os.name == "nt" else os.path.join("bin", "python3")
            expanded = os.path.join(expanded, inside)
        if os.path.dirname(expanded):
            return os.path.abspath(expanded)
        return shutil.which(expanded, path=self._environ.get("PATH", "")) or expanded

    def _in_place(self, place: Place, python: Python, *, again: bool) -> Interpreter | None:
        """Binaries first; scripts, and what refused before, only in the second round."""
        paths = [path for path in place.paths if is_shim(path) <= again]
        fitting = [each for each in self._native(paths, again=again) if _fits(each.python, python)]
        if place.is_ordered:
            return next(iter(fitting), None)
        return max(fitting, key=lambda each: _newness(each.python), default=None)

    def _native(self, paths: Iterable[str], *, again: bool = False) -> Iterable[Interpreter]:
        host = self._host
        for answer in self._answers.of(paths, again=again):
            if isinstance(answer, Interpreter):
                platform = answer.platform
                if (platform.os, platform.architecture, platform.libc) == (host.os, host.architecture, host.libc):
                    yield answer


def _fits(found: Python, wanted: Python) -> bool:
    if (found.implementation, found.minor, found.free_threaded) != (
        wanted.implementation,
        wanted.minor,
        wanted.free_threaded,
    ):
        return False
    return not wanted.is_exact or found.version == wanted.version


def _newness(python: Python) -> tuple[bool, object]:
    return not python.version.is_prerelease, python.version

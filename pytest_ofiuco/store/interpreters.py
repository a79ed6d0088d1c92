"""Finding Pythons as users have them, and nothing else: where to look is in ``candidates``, asking them in ``answers``.

For ``X.Y`` the first place that has one wins, and in it the newest patch (on PATH: the first that fits); ``X.Y.Z`` must
match exactly. An interpreter for another architecture or libc than the host's is only ever taken where it was named.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenPythonError, MissingPythonError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.pythons import probe
from pytest_ofiuco.store.pythons.answers import Answers, Interpreter, Refusal, fits
from pytest_ofiuco.store.pythons.candidates import Place, is_shim, places
from pytest_ofiuco.store.witness import Witness

if TYPE_CHECKING:
    from pytest_ofiuco.config.container import ContainerSettings  # most projects have none
    from pytest_ofiuco.store.pythons.foreign import Foreign, Lacking

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
        self._environ, self._witness = environ, witness or Witness()
        self._answers = Answers(store, environ, self._witness)
        self._host, self._store = host_platform(), store

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

    def find_foreign(self, python: Python, platform: Platform, explicit: Sequence[str]) -> Interpreter | Lacking:
        """A Python that runs files of ``platform``, which this machine does not run by itself; or what is lacking.

        The first of the ``explicit`` ones that is such a Python, be it a command that acts as one or an executable for
        the platform; else one that is found.

        Raises:
            BrokenPythonError: an explicit one does not answer as a Python, or cannot run the platform's files.
        """
        from pytest_ofiuco.store.pythons.foreign import Foreign, Lacking  # few sessions have such cells

        foreign = Foreign(self._answers, self._environ, self._host, self._witness)
        lacking: Lacking | None = None
        for name in explicit:
            found = self._named_foreign(name, platform, foreign)
            if isinstance(found, Lacking):
                lacking = lacking or found
            elif fits(found.python, python):
                if not runs_on(platform, found.platform):
                    raise _misnamed(found.path, str(found.platform), platform)
                return found
        found = foreign.find(python, platform)
        return lacking or found if isinstance(found, Lacking) else found

    def _named_foreign(self, name: str, platform: Platform, foreign: Foreign) -> Interpreter | Lacking:
        from pytest_ofiuco.store.pythons import elf
        from pytest_ofiuco.store.pythons.foreign import NAMELESS, PASS_NAME, Lacking

        path = self._located(name)
        executable = elf.read(path)
        if executable is None:
            (answer,) = self._answers.of([path], again=True, is_slow=True)
            if isinstance(answer, Refusal):
                raise BrokenPythonError(name, answer.reason)
            if foreign.is_nameless(answer):
                raise BrokenPythonError(name, f"it {NAMELESS.format(answer.path)}", PASS_NAME)
            return answer
        if not executable.is_for(platform):
            raise _misnamed(name, executable.architectures[0], platform)
        found = foreign.answer(executable, platform)
        if isinstance(found, Lacking) and found.is_broken:
            raise BrokenPythonError(name, found.reason)
        return found

    def find_contained(
        self, python: Python, platform: Platform, settings: ContainerSettings, folders: Sequence[str]
    ) -> Interpreter | Lacking:
        """The Python of an image, behind what runs it in a container that has ``folders``; or what is lacking.

        Raises:
            BrokenPythonError: the image cannot be had, or does not have that Python.
        """
        from pytest_ofiuco.store.pythons.containers import Containers  # few sessions have such cells

        self._witness.is_lasting = False  # the image of a name, and what its engine does, may change unseen
        shared = [str(self._store.root), *folders]
        return Containers(self._answers, self._environ, self._host, shared).find(python, platform, settings)

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
            (answer,) = self._answers.of([path], again=True, is_slow=True)
            if isinstance(answer, Refusal):
                raise BrokenPythonError(name, answer.reason)
            if fits(answer.python, python):
                return answer
        return None

    def _launched(self, python: Python, explicit: Sequence[str], launcher: Sequence[str]) -> Interpreter:
        command = [os.path.expanduser(each) for each in launcher]
        for name in explicit:
            answer = self._answers.behind(command, self._located(name))
            if isinstance(answer, Refusal):
                raise BrokenPythonError(f"{' '.join(launcher)} {name}", answer.reason, "correct it, or its launcher")
            if fits(answer.python, python):
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
        fitting = [each for each in self._native(paths, again=again) if fits(each.python, python)]
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


def _misnamed(path: str, what: str, platform: Platform) -> BrokenPythonError:
    reason = f"it is for {what}, not for {platform}"
    return BrokenPythonError(path, reason, "correct `tag` or `interpreters` of the platform")


def _newness(python: Python) -> tuple[bool, object]:
    return not python.version.is_prerelease, python.version

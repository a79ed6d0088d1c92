"""Pythons of platforms that this machine does not run by itself: found, started, or what is lacking for that.

Looked for in this order, after those that the settings name: what ``ofiuco python install`` has installed; commands on
PATH that are named after the platform (``python3.13-aarch64``, ``aarch64-linux-gnu-python3.13``); executables for it
wherever Pythons are, uv's folder among them; scripts there that name an emulator or a loader. An executable is started
as ``emulators`` says, by a command of ``wrappers``. Who it is for is read before it is asked: where there is nothing,
nothing is started.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.pythons import elf, emulators
from pytest_ofiuco.store.pythons.answers import Answers, Interpreter, Refusal, fits
from pytest_ofiuco.store.pythons.candidates import in_versions, is_shim, places
from pytest_ofiuco.store.pythons.wrappers import DATA_VARIABLE, Wrapper, installed
from pytest_ofiuco.store.witness import Witness

_ANYWHERE = "/python"
"""Where an executable may lie that has no libraries beside it."""
_NOT_STARTED = "lacks what starts it"

NAMELESS = "has its Python go by the name {}, which does not start here"
PASS_NAME = 'have it pass on its own name: `qemu-… -0 "$0"`, or `--argv0 "$0"` of a loader'
"""Of a script without which ``sys.executable`` starts nothing: https://www.qemu.org/docs/master/user/main.html."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Why there is no Python of a platform that runs here, and what to do.

    ``path`` is one that is here and cannot be used, and ``reason`` why; without, there is none, and ``remedy`` is what
    is lacking to run one, if anything. ``is_broken``: it was started. ``image`` is the one that a cell is to run in a
    container of, and ``reason`` why it does not.
    """

    path: str | None = None
    reason: str = ""
    remedy: str | None = None
    is_broken: bool = False
    image: str | None = None


class Foreign:
    """The Pythons of other platforms on this machine. ``witness`` sees where they may appear."""

    def __init__(self, answers: Answers, environ: Mapping[str, str], host: Platform, witness: Witness) -> None:
        self._answers, self._environ, self._host, self._witness = answers, environ, host, witness

    def find(self, python: Python, platform: Platform) -> Interpreter | Lacking:
        """A Python whose version is as wanted and that runs the platform's files; or what is lacking."""
        if platform.os != "linux" or self._host.os != "linux" or self._is_only_newer(platform):
            return Lacking()
        found: Interpreter | Lacking | None = None
        for path in self._candidates(python, platform):
            answer = self.suiting(path, python, platform)
            if isinstance(answer, Interpreter):
                return answer
            found = found or answer
        return self._by_script(python, platform) or found or self.lacking(platform)

    def _by_script(self, python: Python, platform: Platform) -> Interpreter | Lacking | None:
        """A script on PATH, called as a native Python is, that starts one of the platform."""
        nameless: Lacking | None = None
        for path in (path for place in places(self._environ, python) for path in place.paths):
            if is_shim(path) and emulators.is_started_by(path):
                (answer,) = self._answers.of([path], is_slow=True)
                if (
                    isinstance(answer, Interpreter)
                    and fits(answer.python, python)
                    and runs_on(platform, answer.platform)
                ):
                    if not self.is_nameless(answer):
                        return answer
                    nameless = nameless or _nameless(path, answer)
        return nameless

    def is_nameless(self, answer: Interpreter) -> bool:
        """Whether a command's Python goes by the name of an executable that does not start here by itself."""
        found, host = elf.read(answer.path), self._host.architecture
        return found is not None and not any(
            emulators.is_compatible(each, host) or self._is_registered(each) for each in found.architectures
        )

    def suiting(self, path: str, python: Python, platform: Platform) -> Interpreter | Lacking | None:
        """An executable or a command, if it is what is wanted, or why it cannot be used; nothing for another version.

        A script that is no executable is asked as it is.
        """
        executable = elf.read(path)
        answer = self.answer(executable, platform) if executable is not None else self._asked(path)
        if isinstance(answer, Lacking):
            return answer
        if not fits(answer.python, python):
            return None
        if not runs_on(platform, answer.platform):
            remedy = "name a folder with newer libraries with QEMU_LD_PREFIX"
            return Lacking(path=path, reason=f"is for {answer.platform}", remedy=remedy)
        return answer

    def answer(self, executable: elf.Executable, platform: Platform) -> Interpreter | Lacking:
        """What an executable for a platform says of itself, started in the first way that works."""
        folder = None
        if executable.loader is not None:
            folder = self._libraries(executable.loader, executable.path, platform.architecture)
            if folder is None:
                remedy = self._to_install(executable.loader, executable.path, platform)
                return Lacking(path=executable.path, reason=_NOT_STARTED, remedy=remedy)
        said = None
        try:
            for command in self._commands(executable, platform, folder):
                answer = self._asked(command)
                if isinstance(answer, Interpreter):
                    self._witness.stamp(executable.path)
                    return answer
                said = said or answer
        except OSError as error:
            self._witness.is_lasting = False
            reason = f"cannot be started: {error.filename}: {error.strerror}"
            remedy = f"choose another folder with the variable {DATA_VARIABLE}"
            return Lacking(path=executable.path, reason=reason, remedy=remedy)
        if said is not None:
            return replace(said, path=executable.path)
        remedy = self._to_install(executable.loader, executable.path, platform)
        return Lacking(path=executable.path, reason=_NOT_STARTED, remedy=remedy)

    def lacking(self, platform: Platform) -> Lacking:
        """What this machine lacks to run a platform's Pythons, whichever they are."""
        loader = emulators.MACHINES[platform.architecture].loader if platform.libc == "glibc" else None
        return Lacking(remedy=self._to_install(loader, _ANYWHERE, platform))

    def _to_install(self, loader: str | None, path: str, platform: Platform) -> str | None:
        """What is lacking to start the executable at ``path`` with this loader."""
        architecture, wanted = platform.architecture, []
        runs = emulators.is_compatible(architecture, self._host.architecture) or self._is_registered(architecture)
        if not runs and emulators.emulator(architecture, self._environ) is None:
            wanted.append(emulators.to_install_emulator(architecture))
        if loader is not None and self._libraries(loader, path, architecture) is None:
            wanted.append(emulators.to_install_libraries(platform, loader))
        return f"install {' and '.join(wanted)}" if wanted else None

    def _is_registered(self, architecture: str) -> bool:
        """Whether the kernel starts such programs; it may be told to at any time."""
        entry = emulators.registration(architecture)
        self._witness.stamp(entry)
        return os.path.exists(entry)

    def _is_only_newer(self, platform: Platform) -> bool:
        """Whether it is this machine's own but for the version of its libc: no Python found here helps."""
        host = self._host
        return (platform.architecture, platform.libc) == (host.architecture, host.libc)

    def _libraries(self, loader: str, path: str, architecture: str) -> str | None:
        folder = emulators.libraries(loader, path, architecture, self._environ)
        for place in emulators.library_folders(_ANYWHERE, architecture, self._environ):
            self._witness.stamp(os.path.join(place, loader.lstrip("/")))
        return folder

    def _commands(self, executable: elf.Executable, platform: Platform, folder: str | None) -> Iterator[str]:
        """What starts an executable, in order: itself, its loader, an emulator."""
        architecture, host = platform.architecture, self._host.architecture

        def wrapped(emulator: str | None) -> str:
            return Wrapper(
                executable=executable,
                architecture=architecture,
                libraries=folder,
                emulator=emulator,
                environ=self._environ,
            ).make()

        if emulators.is_compatible(architecture, host):
            is_itself = folder is None or (folder == os.sep and architecture == host)
            yield executable.path if is_itself else wrapped(None)
        elif self._is_registered(architecture):
            yield executable.path
        emulator = emulators.emulator(architecture, self._environ) if architecture != host else None
        if emulator is not None:
            yield wrapped(emulator)

    def _asked(self, command: str) -> Interpreter | Lacking:
        (answer,) = self._answers.of([command], again=True, is_slow=True)
        if isinstance(answer, Refusal):
            self._witness.is_lasting = False  # what it lacks may be anywhere
            reason, remedy = f"does not run: {answer.reason}", "reinstall it, or remove it"
            return Lacking(path=command, reason=reason, remedy=remedy, is_broken=True)
        return _nameless(command, answer) if self.is_nameless(answer) else answer

    def _candidates(self, python: Python, platform: Platform) -> Iterator[str]:
        own = installed(self._environ)
        self._witness.stamp(own)
        known: set[str] = set()
        for path in self._everywhere(python, platform):
            real = os.path.realpath(path)
            if real not in known:
                known.add(real)
                yield path

    def _everywhere(self, python: Python, platform: Platform) -> Iterator[str]:
        for path in in_versions(self._environ, python, installed(self._environ)):
            if _is_for(path, platform):
                yield path
        for name in names(python, platform):
            command = shutil.which(name, path=self._environ.get("PATH", ""))
            if command is not None and (is_shim(command) or _is_for(command, platform)):
                yield command
        for place in places(self._environ, python):
            yield from (path for path in place.paths if _is_for(path, platform))


def names(python: Python, platform: Platform) -> list[str]:
    """What commands for a platform are called that act as a Python: after its architecture, or GNU's triplet."""
    machine = emulators.MACHINES[platform.architecture]
    minor = f"{python.minor[0]}.{python.minor[1]}{'t' * python.free_threaded}"
    command = f"{'pypy' if python.implementation == 'pypy' else 'python'}{minor}"
    architectures = dict.fromkeys((platform.architecture, *machine.names))
    if platform.libc == "musl":
        triplet = machine.triplet.replace("-gnu", "-musl")
        return [*(f"{command}-{each}-musl" for each in architectures), f"{triplet}-{command}"]
    return [*(f"{command}-{each}" for each in architectures), f"{machine.triplet}-{command}"]


def _nameless(command: str, answer: Interpreter) -> Lacking:
    return Lacking(path=command, reason=NAMELESS.format(answer.path), remedy=PASS_NAME, is_broken=True)


def _is_for(path: str, platform: Platform) -> bool:
    executable = elf.read(path)
    return executable is not None and executable.is_for(platform)

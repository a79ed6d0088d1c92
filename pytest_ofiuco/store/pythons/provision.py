"""Installs Pythons of other platforms: uv fetches one (python-build-standalone's), and here it is made to run.

They are kept in a folder of the user's data, not in the cache: ``cache prune`` and whoever empties caches must not take
away what a person has installed. uv's own folder is left alone: a ``uv run`` beside the tests would find them there.
uv's settings hold, UV_PYTHON_INSTALL_MIRROR among them: https://docs.astral.sh/uv/reference/environment/.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import MissingPythonError, NotInstalledError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters, host_platform
from pytest_ofiuco.store.pythons import elf, emulators
from pytest_ofiuco.store.pythons.answers import Answers, Interpreter
from pytest_ofiuco.store.pythons.candidates import in_versions
from pytest_ofiuco.store.pythons.fetched import request
from pytest_ofiuco.store.pythons.foreign import Foreign, Lacking
from pytest_ofiuco.store.pythons.wrappers import installed
from pytest_ofiuco.store.witness import Witness

_TOLD_LINES = 6
_REMEDIES = {
    "No download found": "choose another version or a newer uv, or name one from elsewhere with `interpreters`",
    "downloads are not allowed": "let uv fetch it: UV_PYTHON_DOWNLOADS=manual",
    "connectivity is disabled": "let uv use the network: without UV_OFFLINE",
}
"""By what uv says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A Python that is installed: the executable, and the command that acts as it, or why there is none."""

    executable: str
    found: Interpreter | Lacking


class Provision:
    """What is installed for other platforms, and installing more."""

    def __init__(self, store: Store, environ: Mapping[str, str]) -> None:
        self._environ, self._host = environ, host_platform()
        self._interpreters = Interpreters(store, environ)
        self._foreign = Foreign(Answers(store, environ), environ, self._host, Witness())
        self._folder = installed(environ)

    def install(self, python: Python, platform: Platform) -> Installed:
        """Install a Python for a platform, unless there is one; it has answered.

        Raises:
            NotInstalledError: it cannot be, or it does not run.
        """
        self._check(python, platform)
        present = self._present(python, platform)
        if present is None:
            self._fetch(python, platform)
            self._compile(python, platform)
            present = self._present(python, platform)
        if present is None:
            raise _refused(python, platform, f"uv has installed none in {self._folder}", "upgrade uv")
        if isinstance(present.found, Lacking):
            reason = f"{present.found.path} {present.found.reason}"
            raise _refused(python, platform, reason, present.found.remedy)
        return present

    def all(self) -> Iterator[Installed]:
        """What is installed."""
        known = set()
        for path in in_versions(self._environ, None, self._folder):
            executable = elf.read(path)
            if executable is not None and executable.path not in known:
                known.add(executable.path)
                libc = "musl" if executable.loader is not None and "musl" in executable.loader else "glibc"
                platform = Platform(os="linux", architecture=executable.architectures[0], libc=libc)
                yield Installed(executable=executable.path, found=self._foreign.answer(executable, platform))

    def lacks_runtime(self, platform: Platform, executable: str) -> bool:
        """Whether wheels will miss libstdc++ beside it."""
        found = elf.read(executable)
        if found is None or found.loader is None:
            return False
        folder = emulators.libraries(found.loader, found.path, platform.architecture, self._environ)
        return folder is not None and emulators.lacks_runtime(folder)

    def _check(self, python: Python, platform: Platform) -> None:
        """What is certain before anything is fetched."""
        if runs_on(platform, self._host):
            remedy = f"`uv python install {python}` or `pyenv install {python}` installs it"
            raise _refused(python, platform, "this machine runs it by itself", remedy)
        if platform.os != "linux" or self._host.os != "linux":
            remedy = "`ssh` of the platform names a machine that runs it"
            raise _refused(python, platform, f"nothing runs it on {self._host}", remedy)
        if (platform.architecture, platform.libc) == (self._host.architecture, self._host.libc):
            reason = f"what is installed would use the {self._host.libc} of this machine, {self._host}"
            remedy = "`interpreters` of the platform names a Python in a system with a newer one"
            raise _refused(python, platform, reason, remedy)
        lacking = self._foreign.lacking(platform)
        if lacking.remedy is not None:
            raise _refused(python, platform, "it would not run here", lacking.remedy)

    def _present(self, python: Python, platform: Platform) -> Installed | None:
        for executable in self._executables(python, platform):
            found = self._foreign.suiting(executable.path, python, platform)
            if found is not None:
                return Installed(executable=executable.path, found=found)
        return None

    def _executables(self, python: Python, platform: Platform) -> Iterator[elf.Executable]:
        for path in in_versions(self._environ, python, self._folder):
            executable = elf.read(path)
            if executable is not None and executable.is_for(platform):
                yield executable

    def _fetch(self, python: Python, platform: Platform) -> None:
        uv = shutil.which("uv", path=self._environ.get("PATH", ""))
        if uv is None:
            raise _refused(python, platform, "uv, which fetches it, is not on PATH", "install uv (`pip install uv`)")
        words = [uv, "python", "install", request(python, platform)]
        environ = {
            **self._environ,
            "UV_PYTHON_INSTALL_DIR": str(self._folder),
            "UV_PYTHON_INSTALL_BIN": "0",  # no python3.12 on PATH that this machine does not run
        }
        is_shown = sys.stderr.isatty()
        errors = None if is_shown else subprocess.PIPE
        try:
            done = subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, stderr=errors, check=False)
        except OSError as error:
            reason = f"uv, which fetches it, cannot be started: {uv}: {error.strerror}"
            raise _refused(python, platform, reason, "reinstall uv") from error
        if done.returncode:
            said = (done.stderr or b"").decode("utf-8", "replace").strip()
            told = "\n".join(said.splitlines()[-_TOLD_LINES:])
            reason = f"`uv python install {words[-1]}` exited with {done.returncode}" + (f":\n{told}" if told else "")
            raise _refused(python, platform, reason, _remedy(said))

    def _compile(self, python: Python, platform: Platform) -> None:
        """Compile the standard library by an interpreter of this machine, if it has one: bytecode is alike."""
        executable = next(self._executables(python, platform), None)
        try:
            native = self._interpreters.find(python.any_patch).path
        except MissingPythonError:
            return  # what is imported is compiled then, in the emulator
        if executable is not None:
            prefix, name = os.path.dirname(os.path.dirname(executable.path)), os.path.basename(executable.path)
            words = [native, "-m", "compileall", "-q", "-j0", "-x", "/test/", os.path.join(prefix, "lib", name)]
            environ = {name: value for name, value in self._environ.items() if not name.startswith("PYTHON")}
            subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _remedy(said: str) -> str:
    """What to do about what uv says."""
    for words, remedy in _REMEDIES.items():
        if words in said:
            return remedy
    return "check the network, or name a mirror of python-build-standalone with UV_PYTHON_INSTALL_MIRROR"


def _refused(python: Python, platform: Platform, reason: str, remedy: str | None) -> NotInstalledError:
    return NotInstalledError(str(python), str(platform), reason, remedy)

"""Commands that act as a Python of another platform: a script that starts its executable, and stands in its place.

    <data>/pythons-v1/commands/python3.13-aarch64-<digest>/
    ├── bin/python3.13      starts the executable, and tells it its own name: ``sys.executable`` is the script
    ├── lib → …/lib         the executable's own: a Python finds its standard library beside the command
    └── system/             the loader's folders alone: all other paths that it opens are this machine's

The digest is of all that the script says, where it is, and of the executable and the loader as they are: a command
never changes, and a folder that was moved or restored elsewhere makes new ones. Its time is the executable's: made anew
it is the same.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco.store.cache import digest
from pytest_ofiuco.store.pythons import emulators
from pytest_ofiuco.store.pythons.candidates import OWN_SCRIPT
from pytest_ofiuco.store.pythons.elf import Executable
from pytest_ofiuco.store.witness import stamp

DATA_VARIABLE = "OFIUCO_DATA_DIR"

_SHARED = ("lib", "lib64", "include")
_SYSTEM = ("lib", "lib64", "usr/lib", "usr/lib64")


def pythons(environ: Mapping[str, str]) -> Path:
    """The folder of what ``ofiuco python`` installs and of these commands: not the cache, which may go at any time."""
    chosen = environ.get(DATA_VARIABLE)
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen))) / "pythons-v1"
    from platformdirs import user_data_path  # only cells of other platforms need it

    return user_data_path("pytest-ofiuco", appauthor=False) / "pythons-v1"


def installed(environ: Mapping[str, str]) -> Path:
    """Where uv puts what ``ofiuco python install`` asks for."""
    return pythons(environ) / "uv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """How an executable is started. ``libraries``: the folder of its loader; ``/`` and none: no other than usual."""

    executable: Executable
    architecture: str
    libraries: str | None
    emulator: str | None
    environ: Mapping[str, str]

    def make(self) -> str:
        """The command; made where it is not there.

        Raises:
            OSError: it cannot be written.
        """
        source = self.executable.path
        stamps = [stamp(each) for each in (source, self._loader()) if each is not None]
        place = pythons(self.environ) / "commands"
        key = digest({"starts": self._words(place), "stamps": stamps, "layout": 1})
        folder = place / f"{os.path.basename(source)}-{self.architecture}-{key}"
        command = folder / "bin" / os.path.basename(source)
        if not command.is_file():
            self._write(folder, command)
        return str(command)

    def _write(self, folder: Path, command: Path) -> None:
        command.parent.mkdir(parents=True, exist_ok=True)
        prefix = os.path.dirname(os.path.dirname(self.executable.path))
        for name in _SHARED:
            _link(os.path.join(prefix, name), folder / name)
        if self._has_system():
            assert self.libraries is not None
            for name in _SYSTEM:
                _link(os.path.join(self.libraries, name), folder / "system" / name)
        text = OWN_SCRIPT.decode() + f"{os.path.basename(self.executable.path)} for {self.architecture}\n"
        text += "".join(f"{line}\n" for line in self._lines(folder / "system"))
        unfinished = command.with_name(f".{command.name}-{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8", errors="surrogateescape")
        unfinished.chmod(0o755)
        time = os.stat(self.executable.path).st_mtime_ns
        os.utime(unfinished, ns=(time, time))
        os.replace(unfinished, command)

    def _has_system(self) -> bool:
        return self.libraries not in (None, os.sep)

    def _loader(self) -> str | None:
        if self.executable.loader is None or self.libraries is None:
            return None
        return os.path.join(self.libraries, self.executable.loader.lstrip("/"))

    def _lines(self, system: Path) -> Sequence[str]:
        processor = emulators.MACHINES[self.architecture].processor
        says = self.emulator is not None and processor is not None
        return [*([f'export QEMU_CPU="${{QEMU_CPU:-{processor}}}"'] if says else []), self._words(system)]

    def _words(self, system: Path) -> str:
        """The last line: the script's process becomes the executable's."""
        executable = shlex.quote(self.executable.path)
        if self.emulator is not None:
            where = f" -L {shlex.quote(str(system))}" if self._has_system() else ""
            return f'exec {shlex.quote(self.emulator)}{where} -0 "$0" {executable} "$@"'
        loader = self._loader()
        assert loader is not None
        words = [*_as_32_bit(self.architecture, self.environ), loader]
        front = " ".join(map(shlex.quote, words))
        where = f" --library-path {shlex.quote(_search_path(system, self.libraries))}" if self._has_system() else ""
        return f'exec {front}{where} --argv0 "$0" {executable} "$@"'


def _as_32_bit(architecture: str, environ: Mapping[str, str]) -> Sequence[str]:
    """What has the kernel say i686 and not x86_64, as a machine of 32 bits does."""
    found = shutil.which("setarch", path=environ.get("PATH", "")) if architecture == "i686" else None
    return [found, "linux32"] if found else []


def _search_path(system: Path, libraries: str | None) -> str:
    """The folders of libraries, by way of ``system``: also those that are named after a machine."""
    found = []
    for name in _SYSTEM:
        origin = os.path.join(libraries or "", name)
        with suppress(OSError):
            inner = sorted(entry.name for entry in os.scandir(origin) if "-linux-" in entry.name and entry.is_dir())
            found += [str(system / name / each) for each in inner] + [str(system / name)]
    return os.pathsep.join(found)


def _link(target: str, link: Path) -> None:
    if os.path.isdir(target):
        link.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            link.symlink_to(target, target_is_directory=True)

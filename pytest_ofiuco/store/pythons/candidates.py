"""Where Pythons are found: places in the order of trust, each with the executables that may be the one asked for.

The order is what users of PATH, pyenv and uv expect: PATH as it stands, then version folders (pyenv, asdf, mise), uv's
own, the registry that the ``py`` launcher reads (PEP 514), common folders, and the interpreter that runs this. A shim
folder on PATH stands for the version folder behind it: its shims start a shell, and may refuse to run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_ofiuco.core.target import Python

_SUFFIX = ".exe" if sys.platform == "win32" else ""
_PREFIXES = ("python", "pypy")

OWN_SCRIPT = b"#!/bin/sh\n# ofiuco: "
"""How a script begins that starts one interpreter, always the same: ``wrappers`` writes them."""


class Place(NamedTuple):
    """``label`` is what an error says; ``is_ordered``: the first of ``paths`` that fits wins, else the newest."""

    label: str
    paths: tuple[str, ...]
    is_ordered: bool = False


def places(environ: Mapping[str, str], python: Python | None) -> Iterator[Place]:
    """The places to look for ``python`` (``None``: any), in order."""
    finder = _Finder(environ, python)
    yield Place(label="PATH", paths=tuple(finder.on_path()), is_ordered=True)
    for label, folder in finder.version_folders:
        yield Place(label=label, paths=tuple(finder.in_versions(folder)))
    for folder in finder.uv_folders():
        yield Place(label=f"uv ({folder})", paths=tuple(finder.in_versions(folder)))
    if sys.platform == "win32":
        yield Place(label="the py launcher", paths=tuple(_registered()))
    yield Place(label="common folders", paths=tuple(finder.in_folders(_common_folders(python))), is_ordered=True)
    yield Place(label="the running interpreter", paths=(sys.executable,))


def folders(environ: Mapping[str, str]) -> list[str]:
    """Every folder in which a Python may appear or go: PATH's, those of version managers, common ones."""
    finder = _Finder(environ, None)
    on_path = [folder for folder in environ.get("PATH", "").split(os.pathsep) if os.path.isabs(folder)]
    managed = [*(str(folder) for _, folder in finder.version_folders), *map(str, finder.uv_folders())]
    versions = [os.path.join(folder, *name) for folder in managed for name in _binaries_in(folder)]
    return [*on_path, *managed, *versions, *_common_folders(None), *_registered()]


def _binaries_in(folder: str) -> list[tuple[str, ...]]:
    """Where the versions in a folder have their executables: some are there long before these are."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    binaries = () if sys.platform == "win32" else ("bin",)
    return [(name, *binaries) for name in names if not name.startswith(".")]


def in_versions(environ: Mapping[str, str], python: Python | None, folder: Path) -> Iterator[str]:
    """The executables of ``python`` in a folder that holds one folder a version; the newest first."""
    return _Finder(environ, python).in_versions(folder)


def is_shim(path: str) -> bool:
    """Whether an executable is a script, whose answer may depend on the folder it is called in."""
    try:
        with open(path, "rb") as file:
            head = file.read(len(OWN_SCRIPT))
            return head[:2] == b"#!" and head != OWN_SCRIPT
    except OSError:
        return True


class _Finder:
    def __init__(self, environ: Mapping[str, str], python: Python | None) -> None:
        self.environ, self.python = environ, python
        self.home = Path(environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~"))
        pyenv = self._folder("PYENV_ROOT", self.home / ".pyenv")
        asdf = self._folder("ASDF_DATA_DIR", self.home / ".asdf")
        data = self._folder("XDG_DATA_HOME", self.home / ".local" / "share")
        mise = self._folder("MISE_DATA_DIR", data / "mise")
        self.version_folders = [
            (f"pyenv ({pyenv / 'versions'})", pyenv / "versions"),
            ("asdf", asdf / "installs" / "python"),
            ("mise", mise / "installs" / "python"),
        ]
        self.shims = {
            str(pyenv / "shims"): pyenv / "versions",
            str(asdf / "shims"): asdf / "installs" / "python",
            str(mise / "shims"): mise / "installs" / "python",
        }

    def _folder(self, variable: str, default: Path) -> Path:
        value = self.environ.get(variable)
        return Path(os.path.expanduser(value)) if value else default

    def on_path(self) -> Iterator[str]:
        for folder in self.environ.get("PATH", "").split(os.pathsep):
            if not os.path.isabs(folder):
                continue
            versions = self.shims.get(os.path.normpath(folder))
            yield from self.in_versions(versions) if versions else self.in_folders([folder])

    def in_folders(self, folders: Iterable[str]) -> Iterator[str]:
        for folder in folders:
            for name in self._names(folder):
                path = os.path.join(folder, name + _SUFFIX)
                if os.path.isfile(path) and os.access(path, os.X_OK) and not _is_store_stub(path):
                    yield path

    def in_versions(self, folder: Path) -> Iterator[str]:
        """``folder`` holds one folder a version, named ``3.12.1``, ``pypy3.10-7.3`` or ``cpython-3.12.1-linux…``."""
        try:
            names = sorted(os.listdir(folder), key=_numbers, reverse=True)
        except OSError:
            return
        for name in names:
            if not self._may_hold(name):
                continue
            inside = folder / name
            binaries = inside if sys.platform == "win32" else inside / "bin"
            first = next(self.in_folders([str(binaries)]), None)
            if first is not None:
                yield first

    def _may_hold(self, name: str) -> bool:
        words = name.replace("+", "-").replace("pypy", "pypy-").split("-")
        version = next((word for word in words if word[:1].isdigit()), "")
        if not version.startswith("3.") and version != "3":
            return False
        if self.python is None:
            return True
        minor = f"{self.python.minor[0]}.{self.python.minor[1]}"
        is_pypy = self.python.implementation == "pypy"
        right = version.rstrip("t") == minor or version.startswith(f"{minor}.") or version == "3"
        return right and name.startswith("pypy") == is_pypy

    def _names(self, folder: str) -> Iterable[str]:
        python = self.python
        if python is None:
            return _all_names(folder)
        minor = f"{python.minor[0]}.{python.minor[1]}"
        if python.implementation == "pypy":
            return (f"pypy{minor}", "pypy3", "pypy", f"python{minor}", "python3", "python")
        return (f"python{minor}{'t' if python.free_threaded else ''}", "python3", "python")

    def uv_folders(self) -> Iterator[Path]:
        chosen = self.environ.get("UV_PYTHON_INSTALL_DIR")
        if chosen:
            yield Path(os.path.expanduser(chosen))
            return
        if sys.platform == "win32":
            roaming = self.environ.get("APPDATA")
            yield Path(roaming or self.home / "AppData" / "Roaming") / "uv" / "python"
            return
        yield self._folder("XDG_DATA_HOME", self.home / ".local" / "share") / "uv" / "python"
        if sys.platform == "darwin":
            yield self.home / "Library" / "Application Support" / "uv" / "python"


def _numbers(name: str) -> tuple[list[int], str]:
    """Sorts ``3.10.13`` after ``3.10.9``."""
    spaced = "".join(character if character.isdigit() else " " for character in name)
    return [int(number) for number in spaced.split()], name


def _all_names(folder: str) -> Iterable[str]:
    """``python``, ``python3``, ``python3.12``, ``python3.13t``, ``pypy3``…: those in ``folder``, sorted."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ()
    stems = (name[: -len(_SUFFIX)] if _SUFFIX and name.endswith(_SUFFIX) else name for name in names)
    return sorted(name for name in stems if name.startswith(_PREFIXES) and _is_interpreter_name(name))


def _is_interpreter_name(name: str) -> bool:
    rest = name.removeprefix("python").removeprefix("pypy").removesuffix("t")
    return rest in ("", "3") or (rest.startswith("3.") and rest[2:].isdigit())


def _is_store_stub(path: str) -> bool:
    """Windows puts an empty python.exe on PATH that opens a shop."""
    return sys.platform == "win32" and "WindowsApps" in path and os.lstat(path).st_size == 0


def _common_folders(python: Python | None) -> list[str]:
    if sys.platform == "win32":
        return []
    minors = [f"3.{minor}" for minor in range(8, 21)]
    if python is not None:
        minors = [f"{python.minor[0]}.{python.minor[1]}"]
    folders = ["/usr/bin", "/usr/local/bin"]
    if sys.platform == "darwin":
        folders.append("/opt/homebrew/bin")
        for minor in minors:
            folders.append(f"/opt/homebrew/opt/python@{minor}/bin")
            folders.append(f"/usr/local/opt/python@{minor}/bin")
            folders.append(f"/Library/Frameworks/Python.framework/Versions/{minor}/bin")
    return folders


def _registered() -> Iterator[str]:
    """What PEP 514 (https://peps.python.org/pep-0514/) says the registry holds; ``py --list`` reads the same."""
    if sys.platform == "win32":
        import winreg  # exists on Windows only

        def subkeys(root: int, path: str) -> list[str]:
            try:
                with winreg.OpenKey(root, path) as key:
                    return [winreg.EnumKey(key, index) for index in range(winreg.QueryInfoKey(key)[0])]
            except OSError:
                return []

        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            for company in subkeys(root, r"Software\Python"):
                for tag in subkeys(root, rf"Software\Python\{company}"):
                    try:
                        folder = winreg.QueryValue(root, rf"Software\Python\{company}\{tag}\InstallPath")
                    except OSError:
                        continue
                    yield os.path.join(folder, "python.exe")
    yield from ()

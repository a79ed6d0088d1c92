"""Empty virtual environments, made by ``virtualenv`` inside this process, and where things are in one.

It knows what each Python and each system needs; the user's own defaults for it (VIRTUALENV_… variables,
virtualenv.ini) must not decide what is in an environment that is shared and named by its content.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.errors import BrokenPythonError
from pytest_ofiuco.store.cache import Store, python_in
from pytest_ofiuco.store.pythons.answers import Interpreter

if TYPE_CHECKING:
    from installer.scripts import LauncherKind

_WINDOWS_LAUNCHERS: Mapping[str, LauncherKind] = {
    "win_amd64": "win-amd64",
    "win_arm64": "win-arm64",
    "win32": "win-ia32",
}

_PATIENCE = 300.0
"""Seconds for ``venv`` behind a launcher; under qemu it takes ten."""

_one_at_a_time: AbstractContextManager[object] = threading.Lock()
"""virtualenv keeps state in its modules; making an environment takes a few milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folders of an environment, and which kind of script starts there."""

    prefix: Path
    python: Path
    purelib: Path
    platlib: Path
    scripts: Path
    headers: Path
    executables: tuple[Path, ...]
    launcher: LauncherKind
    standard_library: Path | None = None


def create(store: Store, prefix: Path, interpreter: Interpreter, environ: Mapping[str, str]) -> Layout:
    """Make an environment at ``prefix``, where nothing is yet.

    Raises:
        BrokenPythonError: virtualenv cannot make one for this interpreter.
        OSError: it cannot be written.
    """
    if not interpreter.is_here:
        return _laid_out(prefix, interpreter)
    return _launched(prefix, interpreter) if interpreter.launcher else _made(store, prefix, interpreter, environ)


def _made(store: Store, prefix: Path, interpreter: Interpreter, environ: Mapping[str, str]) -> Layout:
    arguments = [
        str(prefix),
        f"--python={interpreter.path}",
        f"--app-data={store.virtualenv}",
        "--no-periodic-update",
        "--no-seed",
    ]
    with _one_at_a_time:
        from virtualenv.run import session_via_cli  # a run that finds everything makes nothing

        try:
            session = session_via_cli(arguments, setup_logging=False, env=_own(environ))
            with session:
                session.run()
        except (RuntimeError, SystemExit) as error:
            reason = f"no virtual environment can be made for it: {error}"
            raise BrokenPythonError(interpreter.path, reason) from error
    creator = session.creator
    library = getattr(creator.interpreter, "system_stdlib", None)
    version = f"{interpreter.python.minor[0]}.{interpreter.python.minor[1]}"
    scripts = Path(creator.script_dir)
    return Layout(
        prefix=prefix,
        python=python_in(prefix),
        purelib=Path(creator.purelib),
        platlib=Path(creator.platlib),
        scripts=scripts,
        headers=prefix / "include" / "site" / f"python{version}",
        executables=tuple(path for path in scripts.iterdir() if path.name.startswith(("python", "pypy"))),
        launcher=_WINDOWS_LAUNCHERS.get(str(interpreter.platform), "posix"),
        standard_library=Path(library) if library else None,
    )


def _launched(prefix: Path, interpreter: Interpreter) -> Layout:
    """By its own ``venv``, behind the launcher: virtualenv would have to start the interpreter as it is."""
    import subprocess  # most environments are made without

    command = [*interpreter.launcher, interpreter.path, "-I", "-m", "venv", "--without-pip", "--symlinks", str(prefix)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        reason = f"no virtual environment can be made for it: its launcher has not ended after {_PATIENCE:.0f} s"
        raise BrokenPythonError(interpreter.path, reason) from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        reason = f"no virtual environment can be made for it: {said[-1][:300] if said else done.returncode}"
        raise BrokenPythonError(interpreter.path, reason)
    version = "{}.{}".format(*interpreter.python.minor)
    free = "t" * interpreter.python.free_threaded
    name = "pypy" if interpreter.python.implementation == "pypy" else "python"
    site, scripts = prefix / "lib" / f"{name}{version}{free}" / "site-packages", prefix / "bin"
    return Layout(
        prefix=prefix,
        python=python_in(prefix),
        purelib=site,
        platlib=site,
        scripts=scripts,
        headers=prefix / "include" / "site" / f"python{version}",
        executables=tuple(path for path in scripts.iterdir() if path.name.startswith(("python", "pypy"))),
        launcher="posix",
    )


def _laid_out(prefix: Path, interpreter: Interpreter) -> Layout:
    """The folders alone, as the platform has them: nothing here runs what is in them."""
    version = "{}.{}".format(*interpreter.python.minor)
    is_windows = interpreter.platform.os == "windows"
    if is_windows:
        site, scripts, python = prefix / "Lib" / "site-packages", prefix / "Scripts", "python.exe"
    else:
        name = "pypy" if interpreter.python.implementation == "pypy" else "python"
        folder = f"{name}{version}{'t' * interpreter.python.free_threaded}"
        site, scripts, python = prefix / "lib" / folder / "site-packages", prefix / "bin", "python"
    for each in (site, scripts):
        each.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(f"version = {version}\nplatform = {interpreter.platform}\n", encoding="utf-8")
    return Layout(
        prefix=prefix,
        python=scripts / python,
        purelib=site,
        platlib=site,
        scripts=scripts,
        headers=prefix / "include" / "site" / f"python{version}",
        executables=(),
        launcher=_WINDOWS_LAUNCHERS.get(str(interpreter.platform), "posix"),
    )


def embedded_pip(interpreter: Interpreter) -> Path | None:
    """The wheel of pip that virtualenv carries for this Python, if there is one."""
    with _one_at_a_time:  # its modules import each other in a circle, which two threads do not get out of
        from virtualenv.seed.wheels.embed import get_embed_wheel

        found = get_embed_wheel("pip", "{}.{}".format(*interpreter.python.minor))
    return None if found is None else Path(found.path)


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if not name.startswith("VIRTUALENV_")}
    return kept | {"VIRTUALENV_CONFIG_FILE": os.devnull}

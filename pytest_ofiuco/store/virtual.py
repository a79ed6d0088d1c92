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
from pytest_ofiuco.store.answers import Interpreter
from pytest_ofiuco.store.cache import Store

if TYPE_CHECKING:
    from installer.scripts import LauncherKind

_WINDOWS_LAUNCHERS: Mapping[str, LauncherKind] = {
    "win_amd64": "win-amd64",
    "win_arm64": "win-arm64",
    "win32": "win-ia32",
}

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


def python_in(prefix: Path) -> Path:
    """The interpreter of the environment at ``prefix``."""
    return prefix / "Scripts" / "python.exe" if os.name == "nt" else prefix / "bin" / "python"


def create(store: Store, prefix: Path, interpreter: Interpreter, *, with_pip: bool = False) -> Layout:
    """Make an environment at ``prefix``, where nothing is yet.

    Raises:
        BrokenPythonError: virtualenv cannot make one for this interpreter.
        OSError: it cannot be written.
    """
    from virtualenv.run import session_via_cli  # a run that finds everything makes nothing

    seeds = ["--no-setuptools", "--no-download"] if with_pip else ["--no-seed"]
    arguments = [
        str(prefix),
        f"--python={interpreter.path}",
        f"--app-data={store.virtualenv}",
        "--no-periodic-update",
        *seeds,
    ]
    with _one_at_a_time:
        try:
            session = session_via_cli(arguments, setup_logging=False, env=_environ())
            with session:
                session.run()
        except (RuntimeError, SystemExit) as error:
            reason = f"no virtual environment can be made for it: {error}"
            raise BrokenPythonError(interpreter.path, reason) from error
    creator = session.creator
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
    )


def _environ() -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUALENV_")}
    return environ | {"VIRTUALENV_CONFIG_FILE": os.devnull}

"""Bytecode: compiled when it is imported, once a wheel and Python, and used by every environment that has the wheel.

A cell's interpreter keeps its bytecode below PYTHONPYCACHEPREFIX, in folders named like the sources' own. There, the
packages of an environment are links to what is shared, by wheel and Python; a folder that several wheels fill (a
namespace package) is a real one, in which each wheel's own part is a link. A ``.pyc`` file is checked against the size
and mtime of its source, which hardlinks and copies keep, and is told where it is when it is loaded
(https://peps.python.org/pep-3147/). Modules of pytest plugins are not shared: pytest rewrites them, and does not tell.

The standard library's own ``.pyc`` files are linked, too: with a prefix, Python would not look at them. Where there
can be no links, everything is compiled by each environment for itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.virtual import Layout
from pytest_ofiuco.store.wheel import UnpackedWheel

_NOT_IMPORTED = frozenset(
    {"__pycache__", "site-packages", "test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo"}
)
"""Folders of the standard library that no test session needs compiled in advance."""

_TESTS = r"[\\/]tests?[\\/]"
"""What packages bring to test themselves, as ``compileall -x`` matches it."""

_PATIENCE = 300.0
"""Seconds for compiling an environment."""

_PLUGIN = "[pytest11]"
_SITE = "/site-packages/"


def share(store: Store, layout: Layout, wheels: Sequence[UnpackedWheel], interpreter: Interpreter) -> None:
    """Make a new environment use the bytecode of its wheels, and of the standard library, that is there already.

    What an environment of the same name has left goes first: its modules may have had the size of the new ones, and
    the second in which they were unpacked.
    """
    shutil.rmtree(place_of(store, layout.prefix), ignore_errors=True)
    with suppress(OSError, NotImplementedError):
        _link_packages(store, layout, wheels, interpreter)
        _link_standard_library(store, layout, interpreter)


def compile_ahead(store: Store, layout: Layout, compiler: str) -> None:
    """Compile what is installed, with another interpreter of the same version: bytecode knows no machine.

    An emulated one takes twenty times as long, and would do it while the first tests wait. What cannot be compiled is
    left to whoever imports it.
    """
    folders = dict.fromkeys((str(layout.purelib), str(layout.platlib)))
    command = [compiler, "-I", "-X", f"pycache_prefix={store.bytecode}", "-m", "compileall", "-q", "-j", "2"]
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            [*command, "-x", _TESTS, *folders],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )


def place_of(store: Store, folder: Path) -> Path:
    """Where the bytecode of the sources in ``folder``, an absolute path, is kept."""
    return store.bytecode / os.path.splitdrive(str(folder))[1].lstrip("\\/")


def _link_packages(store: Store, layout: Layout, wheels: Sequence[UnpackedWheel], interpreter: Interpreter) -> None:
    python = interpreter.python
    name = f"{python.implementation}{python.version.major}{python.version.minor}{'t' * python.free_threaded}"
    for folder, wheel in _owned(wheels):
        if _has_plugin(wheel):
            continue
        shared = store.wheel_bytecode / f"{wheel.sha256}-{name}" / folder
        shared.mkdir(parents=True, exist_ok=True)
        target = place_of(store, layout.purelib if wheel.root_is_purelib else layout.platlib) / folder
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(str(shared), str(target))


def _owned(wheels: Sequence[UnpackedWheel]) -> Iterator[tuple[str, UnpackedWheel]]:
    """The topmost folders that one wheel alone has modules in, with that wheel."""
    level = [(wheel, set(_modules(wheel))) for wheel in wheels]
    depth = 1
    while level:
        owners: dict[str, list[int]] = {}
        for index, (_, paths) in enumerate(level):
            for folder in _folders(paths, depth):
                owners.setdefault(folder, []).append(index)
        deeper = []
        for folder, indices in sorted(owners.items()):
            if len(indices) == 1:
                yield folder, level[indices[0]][0]
        contested = {folder for folder, indices in owners.items() if len(indices) > 1}
        for wheel, paths in level:
            rest = {path for path in paths if "/".join(path.split("/")[:depth]) in contested}
            if rest:
                deeper.append((wheel, rest))
        level, depth = deeper, depth + 1


def _modules(wheel: UnpackedWheel) -> Iterator[str]:
    """Where a wheel's modules are once they are installed, be it from ``.data``."""
    data = f"{wheel.dist_info.removesuffix('.dist-info')}.data/"
    for member in wheel.members:
        path = member.path
        if not path.endswith(".py"):
            continue
        if path.startswith(data):
            scheme, _, path = path[len(data) :].partition("/")
            if scheme == "data":
                path = path.partition(_SITE)[2]
            elif scheme not in ("purelib", "platlib"):
                continue
        yield path


def _folders(paths: Iterable[str], depth: int) -> set[str]:
    """The folders of modules, down to ``depth``; what cannot be imported is none."""
    parts = (path.split("/", depth) for path in paths)
    return {"/".join(each[:depth]) for each in parts if len(each) > depth and each[depth - 1].isidentifier()}


def _has_plugin(wheel: UnpackedWheel) -> bool:
    try:
        declared = (wheel.tree / wheel.dist_info / "entry_points.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return _PLUGIN in declared


def _link_standard_library(store: Store, layout: Layout, interpreter: Interpreter) -> None:
    """Once an interpreter: links to the ``.pyc`` files that came with it."""
    seeded = store.bytecode.parent / "seeded" / interpreter.identity
    if layout.standard_library is None or seeded.exists():
        return
    root = str(layout.standard_library)
    place = str(place_of(store, layout.standard_library))
    for folder, names, _ in os.walk(root):
        cached = os.path.join(folder, "__pycache__")
        target = place + folder[len(root) :]
        names[:] = [each for each in names if each not in _NOT_IMPORTED]
        with suppress(FileNotFoundError):
            compiled = [each for each in os.listdir(cached) if each.endswith(".pyc") and ".opt-" not in each]
            if compiled:
                os.makedirs(target, exist_ok=True)
            for each in compiled:
                _link(os.path.join(cached, each), os.path.join(target, each))
    seeded.mkdir(parents=True, exist_ok=True)


def _link(source: str, target: str) -> None:
    with suppress(FileExistsError):
        os.symlink(source, target, target_is_directory=os.path.isdir(source))

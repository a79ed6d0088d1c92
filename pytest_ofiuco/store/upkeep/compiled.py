"""Bytecode in the store that is not whole.

Python checks a ``.pyc`` file against its source, not against its own end. Versions before 3.12.8 and 3.13.1 leave the
beginning of one where the disk is full (https://github.com/python/cpython/issues/126606), and fail from then on where
it is imported. Only the Python that made a file can tell, so it is asked.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pytest_ofiuco.store.cache import Store, manifest_in
from pytest_ofiuco.store.upkeep import whole
from pytest_ofiuco.store.upkeep.size import names_in

_PATIENCE = 600.0


def not_whole(store: Store) -> Iterator[tuple[Path, Path]]:
    """Files of bytecode that are not whole, each with the entry that has to go with it."""
    entries: dict[str, Path] = {}
    interpreters: set[str] = set()
    for bucket in (store.environments, store.build_environments):
        for folder in (bucket / name for name in names_in(bucket)):
            entries |= dict.fromkeys(_files(folder), folder)
            interpreters.add(str((manifest_in(folder) or {}).get("interpreter")))
    entries |= {path: Path(path) for path in _files(store.bytecode.parent)}
    if not entries:
        return
    names = b"\0".join(map(os.fsencode, entries))
    found = {path for interpreter in sorted(interpreters) for path in _found(interpreter, names)}
    yield from ((Path(path), entries[path]) for path in sorted(found) if path in entries)


def _files(folder: Path) -> Iterator[str]:
    """The bytecode in a folder; what links lead to is another folder's, or an interpreter's own."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name.endswith(".pyc") and not os.path.islink(path):
                yield path


def _found(interpreter: str, names: bytes) -> list[str]:
    if not os.path.isfile(interpreter):
        return []
    command = [interpreter, "-I", "-S", str(Path(whole.__file__))]
    try:
        done = subprocess.run(command, input=names, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [os.fsdecode(path) for path in done.stdout.split(b"\0")] if done.returncode == 0 else []

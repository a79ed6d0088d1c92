"""``.pyc`` files for a zip, compiled here by an interpreter of the target's version: it depends on no platform.

They are never checked against their sources, whose times a zip does not keep. Their names in tracebacks are those in
the zip, and other patches of one minor version may compile otherwise: bytes are the same where the interpreter is.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_ofiuco.bundle import compiling
from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import BundleError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters


def compiled(
    entries: Mapping[str, Entry], target: Target, store: Store, environ: Mapping[str, str], scratch: Path
) -> list[Entry]:
    """A ``.pyc`` for every module that has none; what does not compile is passed over, as when pip installs.

    Raises:
        MissingPythonError: no interpreter here is of the target's version.
        BundleError: it does not compile.
        OSError: ``scratch``, an empty folder, cannot be written.
    """
    interpreter = Interpreters(store, environ).find(target.python)
    wanted = [entry for path, entry in entries.items() if path.endswith(".py")]
    asked = b"".join(
        os.fsencode(_source(entry, scratch, number)) + b"\0" + os.fsencode(entry.path) + b"\0"
        for number, entry in enumerate(wanted)
    )
    command = [interpreter.path, "-I", "-S", str(compiling.__file__)]
    done = subprocess.run(command, input=asked, capture_output=True, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BundleError(f"{interpreter.path} does not compile: {last}", "reinstall it, or leave --bytecode out")
    return [each for each in _read(done.stdout, wanted) if each.path not in entries]


def _source(entry: Entry, scratch: Path, number: int) -> Path:
    if entry.wheel is not None:
        return entry.wheel.tree / entry.member
    path = scratch / f"{number}.py"
    path.write_bytes(entry.read())
    return path


def _read(output: bytes, wanted: Sequence[Entry]) -> Iterator[Entry]:
    at = output.index(b"\n") + 1
    tag = output[: at - 1].decode()
    for source in wanted:
        size = int.from_bytes(output[at : at + 8], "little")
        content = output[at + 8 : at + 8 + size]
        at += 8 + size
        folder, slash, name = source.path.rpartition("/")
        if content:
            path = f"{folder}{slash}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"
            yield Entry.of(path, source.package, content)

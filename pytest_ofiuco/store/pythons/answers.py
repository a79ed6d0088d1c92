"""What interpreters answered when asked who they are, remembered by path, where that leads, mtime and size.

Asking costs a process, so it happens once an interpreter and machine: ``interpreters-v1.json`` in the store keeps the
answers, and refusals too. A script on PATH (a shim) is asked every time: what it answers depends on where it is called.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import CacheError, UsageError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.pythons import probe
from pytest_ofiuco.store.pythons.candidates import is_shim
from pytest_ofiuco.store.threads import Threads, result_of
from pytest_ofiuco.store.witness import Witness, stamp

_OLDEST = (3, 8)
_PATIENCE = 20.0
_LONG_PATIENCE = 100.0
"""Seconds for one that may be emulated: with a standard library that nobody has compiled, it takes up to twenty."""
_AT_A_TIME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python on this machine.

    ``path`` is the real executable, never a shim or a virtual environment's; ``python`` is exact; ``identity`` is part
    of the key of everything that is made with it. ``launcher`` is what stands before its command. One that is nowhere
    has no path: what is made for it is only looked at. ``is_contained``: the path is one in a container.
    """

    path: str
    python: Python
    platform: Platform
    identity: str
    launcher: tuple[str, ...] = ()
    is_contained: bool = False

    @classmethod
    def nowhere(cls, python: Python, platform: Platform) -> Interpreter:
        """The interpreter of a target that nothing here runs."""
        return cls(path="", python=python, platform=platform, identity=f"none for {python} on {platform}")

    @property
    def is_here(self) -> bool:
        """Whether something runs it."""
        return bool(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an executable is not an interpreter that can be used."""

    reason: str


def fits(found: Python, wanted: Python) -> bool:
    """Whether an interpreter's Python is one that was asked for: ``X.Y.Z`` must match exactly."""
    if (found.implementation, found.minor, found.free_threaded) != (
        wanted.implementation,
        wanted.minor,
        wanted.free_threaded,
    ):
        return False
    return not wanted.is_exact or found.version == wanted.version


class Answers:
    """Asks executables who they are, in parallel, and remembers. Thread-safe. ``witness`` sees which are asked."""

    def __init__(self, store: Store, environ: Mapping[str, str], witness: Witness | None = None) -> None:
        self._store, self._witness = store, witness or Witness()
        self._machine = probe.platform_tag()
        self._environ = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
        self._environ["SYSTEM_VERSION_COMPAT"] = "0"  # an old macOS SDK would answer 10.16 for every later release
        self._lock = threading.Lock()
        self._known: dict[str, Any] | None = None

    def of(self, paths: Iterable[str], *, again: bool = False, is_slow: bool = False) -> list[Interpreter | Refusal]:
        """One answer a path, in their order; ``again`` asks those anew that have refused.

        Those that may be emulated are slow: they have more time.
        """
        wanted = list(dict.fromkeys(paths))
        with self._lock:
            self._see(wanted)
            known = self._load()
            answers = {path: self._remembered(known, path, again=again) for path in wanted}
            unknown = [path for path, answer in answers.items() if answer is None]
            if unknown:
                stamps = {path: stamp(path) for path in unknown}  # they may be replaced while they answer
                said = self._asked(unknown, patience=_LONG_PATIENCE if is_slow else _PATIENCE)
                self._remember(known, said, stamps)
                answers |= {path: _read(answer) for path, answer in said.items()}
        found = [answer for answer in answers.values() if answer is not None]
        for answer in found:
            if isinstance(answer, Interpreter):
                self._witness.stamp(answer.path)
        return found

    def behind(self, launcher: Sequence[str], path: str) -> Interpreter | Refusal:
        """What an executable answers behind a launcher; it is asked each time."""
        command = shutil.which(launcher[0], path=self._environ.get("PATH", "")) or launcher[0]
        for each in (command, path):
            self._witness.stamp(each)
        return _read(self._asked([path], launcher, patience=_LONG_PATIENCE)[path], launcher)

    def _see(self, paths: Iterable[str]) -> None:
        """A script may start another interpreter the next time, whatever is seen of it."""
        for path in paths:
            self._witness.stamp(path)
            if is_shim(path):
                self._witness.is_lasting = False

    def _load(self) -> dict[str, Any]:
        if self._known is None:
            self._known = {}
            try:
                content = json.loads(self._store.interpreters.read_bytes())
            except (OSError, ValueError, RecursionError):
                content = None
            match content:
                case {"machine": self._machine, "answers": dict(answers)}:
                    self._known = answers
        return self._known

    def _remembered(self, known: Mapping[str, Any], path: str, *, again: bool) -> Interpreter | Refusal | None:
        match known.get(path):
            case {"stamp": known_stamp, "answer": dict(said)} if known_stamp == stamp(path) and _is_whole(said):
                answer = _read(said)
            case _:
                return None
        if isinstance(answer, Refusal):
            return None if again else answer
        return answer if os.path.exists(answer.path) else None

    def _remember(
        self, known: dict[str, Any], said: Mapping[str, dict[str, Any]], stamps: Mapping[str, list[object] | None]
    ) -> None:
        for path, answer in said.items():
            known[path] = {"stamp": stamps[path], "answer": answer}
        lasting = {path: entry for path, entry in known.items() if not is_shim(path)}
        content = json.dumps({"machine": self._machine, "answers": lasting}, sort_keys=True)
        with suppress(CacheError):  # a read-only store is still good for reading; the question is asked again next time
            self._store.keep(self._store.interpreters, content.encode())

    def _asked(
        self, paths: Sequence[str], launcher: Sequence[str] = (), *, patience: float
    ) -> dict[str, dict[str, Any]]:
        """What executables say, asked side by side; on Ctrl-C nobody waits for those that do not answer."""
        running: list[subprocess.Popen[bytes]] = []
        threads = Threads(_AT_A_TIME)
        futures = {path: threads.submit(self._ask, path, launcher, running, patience) for path in paths}
        try:
            return {path: result_of(future) for path, future in futures.items()}
        finally:
            threads.close(0)
            for process in running:
                _end(process)

    def _ask(
        self, path: str, launcher: Sequence[str], running: list[subprocess.Popen[bytes]], patience: float
    ) -> dict[str, Any]:
        try:
            process = subprocess.Popen(
                [*launcher, path, "-I", str(Path(probe.__file__))],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # what a script has started ends with it
            )
        except OSError as error:
            return {"refusal": error.strerror or str(error)}
        running.append(process)
        with process:
            try:
                output, errors = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                _end(process)
                return {"refusal": f"it did not answer in {patience:.0f} seconds"}
        if process.returncode:
            said = _reason(errors.decode("utf-8", "replace"))
            return {"refusal": f"exit code {process.returncode}" + (f": {said[:200]}" if said else "")}
        try:
            answer = json.loads(output.splitlines()[-1])
        except (ValueError, IndexError, RecursionError):
            answer = None
        if isinstance(answer, dict) and _is_whole(answer):
            return answer
        return {"refusal": "it does not answer as a Python does"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and what it has started."""
    if process.poll() is not None:
        return
    process.kill()
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _is_whole(answer: Mapping[str, Any]) -> bool:
    """Whether it has the shape of an answer: a refusal, or what ``probe.describe`` gives."""
    match answer:
        case {"refusal": str()}:
            return True
        case {
            "executable": str(),
            "implementation": str(),
            "version": str(),
            "free_threaded": bool(),
            "platform": str(),
        }:
            return True
    return False


def _reason(errors: str) -> str:
    """The line that says why, as programs write it: the last that calls itself an error, else the last."""
    lines = errors.strip().splitlines()
    return next((line for line in reversed(lines) if line.lower().startswith("error: ")), lines[-1] if lines else "")


def _read(answer: Mapping[str, Any], launcher: Sequence[str] = ()) -> Interpreter | Refusal:
    """An interpreter from what it said, or why it cannot be used."""
    if "refusal" in answer:
        return Refusal(reason=answer["refusal"])
    path = answer["executable"]
    try:
        prefix = "pypy" if answer["implementation"] == "pypy" else ""
        python = Python.parse(f"{prefix}{answer['version']}{'t' if answer['free_threaded'] else ''}")
        platform = Platform.parse(answer["platform"])
    except UsageError as error:
        return Refusal(reason=f"it is no Python that is known here: {error}")
    if python.minor < _OLDEST:
        return Refusal(reason=f"Python {python} is too old: 3.8 is the oldest that can be used")
    if answer["implementation"] not in ("cpython", "pypy"):
        return Refusal(reason=f"{answer['implementation']} is not an implementation that is known here")
    said = json.dumps([path, stamp(path), str(python), *launcher])
    identity = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Interpreter(path=path, python=python, platform=platform, identity=identity, launcher=tuple(launcher))

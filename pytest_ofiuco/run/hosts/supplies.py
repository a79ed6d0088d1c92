"""On the other machine: locked files that come over the connection, and the environment that is made of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import HashMismatchError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Preparer
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.links import link_mode
from pytest_ofiuco.store.request import Plan, Project
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.wheel import unpacked


class Told:
    """Progress, told over the channel."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def fetched(self, filename: str, size: int) -> None:
        """A file has been downloaded here."""
        self._channel.send(["fetched", [filename, size]])

    def started(self, what: str) -> None:
        """Something begins."""
        self._channel.send(["started", what])

    def finished(self, what: str) -> None:
        """It is over."""
        self._channel.send(["finished", what])


def prepare(store: Store, channel: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """The environment of a plan; or which of its files are lacking."""
    plan, directory = plan_of(request), Path(request["directory"])
    preparer = Preparer(
        store,
        IndexSettings.load(os.environ, directory),
        offline=request["offline"],
        refresh=request["refresh"],
        progress=Told(channel),
        environ=os.environ,
        link_mode=link_mode(os.environ, request["link_mode"]),
    )
    with closing(preparer):
        is_there = not request["refresh"] and preparer.has(plan)
        lacking = [] if is_there else list(_lacking(store, plan))
        if lacking:
            return {"lacking": lacking}
        made = preparer.prepare(plan)
        return {
            "path": str(made.path),
            "python": str(made.python),
            "key": made.key,
            "was_cached": made.was_cached,
            "warnings": preparer.warnings(),
        }


def plan_of(request: Mapping[str, Any]) -> Plan:
    """A plan as it came over the connection: paths are texts, the interpreter is one of this machine."""
    found, project = request["interpreter"], request["project"]
    return Plan(
        resolution=request["resolution"],
        interpreter=Interpreter(
            path=found["path"],
            python=Python.parse(found["python"]),
            platform=Platform.parse(found["platform"]),
            identity=found["identity"],
        ),
        lock_directory=Path(request["lock_directory"]),
        project=Project(directory=Path(project[0]), install=project[1]) if project else None,
    )


def _lacking(store: Store, plan: Plan) -> Iterator[str]:
    """The names of the packages whose files are not in the store."""
    for pin in plan.resolution.packages:
        artifact = pin.artifact
        if not isinstance(artifact, Wheel | Sdist | Archive):
            continue
        sha256 = sha256_of(artifact.hashes) or ""
        is_wheel = artifact.filename.endswith(".whl")
        if (store.files / sha256 / artifact.filename).is_file():
            continue
        if not is_wheel or unpacked(store, sha256, artifact.filename) is None:
            yield str(pin.name)


class Arriving:
    """A file that comes in pieces."""

    def __init__(self, store: Store, sha256: str, filename: str) -> None:
        self._store, self._sha256, self._filename = store, sha256, filename

    def take(self, channel: Any) -> None:
        """Receive the pieces, an empty one last, and keep the file if it is the one that is locked.

        Raises:
            HashMismatchError: it is another one.
            CacheError: it cannot be written.
        """
        hasher = hashlib.sha256()
        with self._store.temporary() as temporary, self._store.usable():
            target = temporary / "file"
            with target.open("wb") as file:
                while piece := self._next(channel):
                    hasher.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if hasher.hexdigest() != self._sha256:
                raise HashMismatchError(self._filename, "the connection", self._sha256, hasher.hexdigest())
            final = self._store.files / self._sha256 / self._filename
            final.parent.mkdir(parents=True, exist_ok=True)
            target.chmod(0o444)
            os.replace(target, final)

    def _next(self, channel: Any) -> bytes:
        channel.send(["next", None])  # a piece is asked for when the one before it is on disk
        piece: bytes = channel.receive()
        return piece

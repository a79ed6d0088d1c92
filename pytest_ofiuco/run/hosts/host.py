"""A machine that cells run on, as this session knows it: connected once, the project carried over once."""

from __future__ import annotations

import json
import os
import pickle
import platform as machine
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import execnet

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import HostError, MissingThereError, OfiucoError
from pytest_ofiuco.run.hosts.connection import Address, Connection
from pytest_ofiuco.run.hosts.files import State, states
from pytest_ofiuco.run.hosts.paths import Paths
from pytest_ofiuco.store.cache import digest
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.request import Environment, Plan

_PIECE = 1 << 20
_LARGEST = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FarInterpreter(Interpreter):
    """A Python on another machine."""

    host: Host


class Host:
    """Thread-safe. ``root`` is what is carried over: the folder that holds the project and its lock."""

    def __init__(self, address: Address, root: Path) -> None:
        self.address, self.root = address, root
        self._connection: Connection | None = None
        self._error: OfiucoError | None = None
        self._paths: Paths | None = None
        self._opening, self._carrying = threading.Lock(), threading.Lock()

    def __str__(self) -> str:
        return self.address.name

    def connect(self) -> Connection:
        """The connection, made when it is first asked for.

        Raises:
            HostError: there is none; the same one each time.
        """
        with self._opening:
            if self._error is not None:
                raise self._error
            if self._connection is None:
                connection = Connection(self.address)
                try:
                    connection.open()
                except OfiucoError as error:
                    self._error = error
                    raise
                self._connection = connection
            return self._connection

    def close(self) -> None:
        """End everything there; nothing is begun anew."""
        with self._opening:
            connection, self._connection = self._connection, None
            self._error = self._error or HostError(self.address.name, "the session is over")
        if connection is not None:
            connection.close()

    def find(self, python: Python, wanted: Platform) -> FarInterpreter:
        """The interpreter there, for a platform that it must be able to run.

        Raises:
            MissingThereError: there is none.
            HostError: the machine does not answer, or is another platform.
        """
        found = self.ask("find", [str(python), list(self.address.interpreters)])
        platform = Platform.parse(found["platform"])
        if not runs_on(wanted, platform):
            reason = f"its {found['path']} is for {platform}, not for {wanted}"
            raise HostError(self.address.name, reason, "correct `tag` of its platform in [tool.ofiuco]")
        return FarInterpreter(
            path=found["path"],
            python=Python.parse(found["python"]),
            platform=platform,
            identity=found["identity"],
            host=self,
        )

    def ask(self, kind: str, request: Any, hear: Callable[[Any, str, Any], None] | None = None) -> Any:
        """Have something done there, and wait for it; ``hear`` takes what is said meanwhile.

        Raises:
            OfiucoError: it went wrong.
        """
        connection = self.connect()
        channel = connection.channel()
        try:
            channel.send([kind, request])
            while True:
                said, value = channel.receive()
                if said == "done":
                    return value
                if said == "missing":
                    raise MissingThereError(self.address.name, value[0], remedy=value[1])
                if said == "failed":
                    raise HostError(self.address.name, *value)
                if hear is not None:
                    hear(channel, said, value)
        except execnet.RemoteError as error:
            raise connection.unforeseen(error) from error
        except (EOFError, OSError) as error:
            raise connection.lost() from error
        finally:
            _close(channel)

    def carry_project(self) -> Paths:
        """Carry the project over, once a session; where its paths lead there.

        Raises:
            OfiucoError: it cannot be.
        """
        with self._carrying:
            if self._paths is None:
                found = states(self.root)
                size = sum(int(str(state[1])) for state in found.values())
                if size > _LARGEST:
                    reason = f"{self.root} is too large to be carried over: {size / 1e9:.1f} GB in {len(found)} files"
                    raise HostError(self.address.name, reason, "leave out what tests do not need, in .gitignore")
                far: list[str] = []

                def hear(channel: Any, said: str, value: Any) -> None:
                    if said == "there":
                        far.append(value[0])
                        for message in self._changes(found, json.loads(value[1])):
                            channel.send(message)
                            channel.receive()
                        channel.send(["end", None])

                key = digest([machine.node(), str(self.root)])
                self.ask("project", [key, self.root.name or "root"], hear)
                self._paths = Paths(near=str(self.root), far=far[0])
            return self._paths

    def _changes(self, here: dict[str, State], there: dict[str, State]) -> Iterator[list[Any]]:
        gone = sorted(there.keys() - here.keys())
        if gone:
            yield ["delete", gone]
        batch: list[Any] = []
        size = 0
        for path, state in here.items():
            if there.get(path) == state:
                continue
            for offset, content in _pieces(self.root / path, state):
                batch.append([path, state, offset, content])
                size += len(content) + 200
                if size >= _PIECE:
                    yield ["write", batch]
                    batch, size = [], 0
        if batch:
            yield ["write", batch]

    def prepare(
        self,
        plan: Plan,
        locate: Callable[[Pin], tuple[Path, str]],
        progress: Progress,
        *,
        offline: bool,
        refresh: bool,
        link_mode: str,
    ) -> tuple[Environment, list[str]]:
        """The environment there, and what there is to say of it; ``locate`` gives a locked file and its sha256.

        Raises:
            OfiucoError: it cannot be made.
        """
        paths = self.carry_project()
        how = {"offline": offline, "refresh": refresh, "link_mode": link_mode}
        request = {**_request(plan, paths, self.address.name), **how}
        pickled = pickle.dumps(request, protocol=4)
        made = self.ask("prepare", pickled, _teller(progress))
        if "lacking" in made:
            pins = {str(pin.name): pin for pin in plan.resolution.packages}
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda name: self._carry(*locate(pins[name])), made["lacking"]))
            made = self.ask("prepare", pickled, _teller(progress))
        environment = Environment(
            path=Path(made["path"]),
            python=Path(made["python"]),
            key=made["key"],
            was_cached=made["was_cached"],
            host=self,
        )
        return environment, made["warnings"]

    def _carry(self, file: Path, sha256: str) -> None:
        with file.open("rb") as content:

            def hear(channel: Any, said: str, _: Any) -> None:
                if said == "next":
                    channel.send(content.read(_PIECE))

            self.ask("file", [sha256, file.name], hear)


def _request(plan: Plan, paths: Paths, host: str) -> dict[str, Any]:
    """A plan as it goes over the connection: paths are texts."""
    interpreter, project = plan.interpreter, plan.project
    return {
        "resolution": _with_paths(plan.resolution, paths, plan.lock_directory, host),
        "interpreter": {
            "path": interpreter.path,
            "python": str(interpreter.python),
            "platform": str(interpreter.platform),
            "identity": interpreter.identity,
        },
        "lock_directory": paths.to_far(str(plan.lock_directory)),
        "directory": paths.to_far(str(project.directory if project else plan.lock_directory)),
        "project": (paths.to_far(str(project.directory)), project.install) if project else None,
    }


def _teller(progress: Progress) -> Callable[[Any, str, Any], None]:
    def hear(_: Any, said: str, value: Any) -> None:
        match said:
            case "fetched":
                progress.fetched(*value)
            case "started":
                progress.started(value)
            case "finished":
                progress.finished(value)

    return hear


def _with_paths(resolution: Resolution, paths: Paths, lock_directory: Path, host: str) -> Resolution:
    """The resolution with the folders in it where they are there.

    Raises:
        HostError: one of them is not carried over.
    """
    pins = []
    for pin in resolution.packages:
        if isinstance(pin.artifact, Directory):
            place = os.path.normpath(lock_directory / pin.artifact.path)
            if not paths.has(place):
                reason = f"package {pin.name}: {place} is not carried over: it is not below {paths.near}"
                raise HostError(host, reason, "keep it in the project")
            if os.path.isabs(pin.artifact.path):
                pin = replace(pin, artifact=replace(pin.artifact, path=paths.to_far(place)))
        pins.append(pin)
    return replace(resolution, packages=tuple(pins))


def _pieces(path: Path, state: State) -> Iterator[tuple[int, bytes]]:
    if state[0] == "link":
        yield 0, b""
        return
    offset = 0
    with path.open("rb") as file:
        while True:
            content = file.read(_PIECE)
            if content or not offset:
                yield offset, content
            if len(content) < _PIECE:
                return
            offset += len(content)


def _close(channel: Any) -> None:
    try:
        channel.close()
    except OSError:
        return

"""What answers on the other machine: finds Pythons, takes files, makes environments, starts workers.

Each channel is served in a thread of its own. When the connection ends, everything that was started here ends with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, NamedTuple, cast

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import CacheError, MissingPythonError, OfiucoError
from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import WorkerProcess
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.hosts import folder, supplies
from pytest_ofiuco.run.messages import Failed, Gone, Message
from pytest_ofiuco.run.pipes import PipeGateway
from pytest_ofiuco.run.variables import cell_variables
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.request import Environment

SILENCE_SECONDS = 300.0
"""How long nothing may be heard of the controller: it may have been suspended, or the network be gone."""


class Line(NamedTuple):
    """A message of a worker, unread."""

    text: bytes


class _Unread(Decoder):
    """Messages are read where the connection comes from."""

    def decode(self, text: str | bytes) -> Message:
        return cast(Message, Line(cast(bytes, text)))


class Agent:
    """One a connection."""

    def __init__(self) -> None:
        self.store = Store.default(os.environ)
        self._guard = Guard()
        self._gateways: set[PipeGateway] = set()
        self._count = 0
        self._spools: str | None = None
        self._lock = threading.Lock()

    def serve(self, channel: Any) -> None:
        """Answer requests until the channel is closed."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, request = channel.receive()
                try:
                    channel.send(["done", self._answer(channel, kind, request)])
                except MissingPythonError as error:
                    channel.send(["missing", [str(error), error.remedy]])
                except OfiucoError as error:
                    channel.send(["failed", [str(error), error.hint]])
                except OSError as error:
                    refusal = CacheError(str(error.filename or ""), error.strerror or str(error))
                    channel.send(["failed", [str(refusal), refusal.hint]])
                except EOFError:
                    raise
                except Exception:  # noqa: BLE001 - the agent's boundary: whatever it is, the controller reports it
                    channel.send(["failed", [traceback.format_exc().strip(), "report it, with these lines"]])

    def _answer(self, channel: Any, kind: str, request: Any) -> Any:
        match kind:
            case "find":
                return self._find(request)
            case "project":
                return folder.receive(self.store, channel, *request)
            case "prepare":
                return supplies.prepare(self.store, channel, pickle.loads(request))
            case "file":
                return supplies.Arriving(self.store, *request).take(channel)
            case "worker":
                return self._worker(channel, request)
        raise ValueError(f"unknown request {kind!r}")

    def _find(self, request: Any) -> dict[str, Any]:
        from pytest_ofiuco.store.interpreters import Interpreters

        python, explicit = request
        found = Interpreters(self.store, os.environ).find(Python.parse(python), explicit)
        return {
            "path": found.path,
            "python": str(found.python),
            "platform": str(found.platform),
            "identity": found.identity,
        }

    def _worker(self, channel: Any, request: Any) -> None:
        """A worker, until it is closed; its output goes to a file here, where it is to be caught."""
        environment = Environment(
            path=Path(request["path"]), python=Path(request["python"]), key=request["key"], was_cached=True
        )
        spool = self._spool(request["name"]) if request["catches"] else None
        variables = cell_variables(environment, request["name"], os.environ.get("PATH", ""), "", None)
        command = [str(environment.python), "-X", f"pycache_prefix={self.store.bytecode}"]
        process = WorkerProcess(command=command, variables=variables, spool=spool)
        channel.send(["started", str(spool) if spool else None])
        gateway = PipeGateway(process, lambda message: _tell(channel, message), _Unread(), self._guard)
        self._gateways.add(gateway)
        try:
            _obey(channel, gateway)
        finally:
            gateway.close(0.0)
            self._gateways.discard(gateway)

    def _spool(self, name: str) -> Path:
        with self._lock:
            if self._spools is None:
                self._spools = tempfile.mkdtemp(prefix="ofiuco-")
            self._count += 1
            return Path(self._spools, f"{name}-{self._count}.log")

    def end(self) -> None:
        """End everything that was started here, at once, and this process."""
        for gateway in list(self._gateways):
            gateway.kill()
        if self._spools is not None:
            shutil.rmtree(self._spools, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


def _obey(channel: Any, gateway: PipeGateway) -> None:
    while True:
        try:
            kind, value = channel.receive()
        except EOFError:
            return
        match kind:
            case "send":
                gateway.send(value)
            case "abort":
                gateway.abort()
            case "kill":
                gateway.kill()
            case "close":
                gateway.close(value)
                return


def _tell(channel: Any, message: Message | Line) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        match message:
            case Line():
                channel.send(["said", message.text])
            case Gone():
                channel.send(["gone", [message.how, message.tail]])
            case Failed():
                channel.send(["refused", message.reason])


_agents: list[Agent] = []
_making = threading.Lock()


def serve(channel: Any) -> None:
    """Serve a channel; called there by execnet."""
    with _making:
        if not _agents:
            _agents.append(Agent())
    _agents[0].serve(channel)


def watch(channel: Any) -> None:
    """Wait for the end of the connection; called there by execnet, in the main thread."""
    with contextlib.suppress(OSError):  # a session leader has its own group
        os.setpgid(0, 0)
    with contextlib.suppress(EOFError, OSError):  # one of which says that nothing was heard for long
        while True:
            channel.receive(SILENCE_SECONDS)
    for agent in _agents:
        agent.end()
    os._exit(0)

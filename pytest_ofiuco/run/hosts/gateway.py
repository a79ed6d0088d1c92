"""A worker on another machine, which the agent there speaks with over pipes."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import GRACE_SECONDS, Receive
from pytest_ofiuco.run.hosts.connection import Connection
from pytest_ofiuco.run.hosts.host import Host
from pytest_ofiuco.run.hosts.paths import Paths
from pytest_ofiuco.run.messages import Failed, Gone, ProtocolError
from pytest_ofiuco.store.request import Environment

_END = object()


class FarGateway:
    """A connection to a worker there, in a channel of the one connection to the machine."""

    def __init__(
        self, environment: Environment, name: str, receive: Receive, decoder: Decoder, *, catches: bool
    ) -> None:
        """Nothing is started yet."""
        assert isinstance(environment.host, Host)
        self._host, self._receive, self._decoder = environment.host, receive, decoder
        self._request = {
            "path": str(environment.path),
            "python": str(environment.python),
            "key": environment.key,
            "name": name,
            "catches": catches,
        }
        self._channel: Any = None
        self._connection: Connection | None = None
        self._paths: Paths | None = None
        self._spool: str | None = None
        self._is_told = False
        self._is_gone, self._lock = threading.Event(), threading.Lock()

    def open(self) -> None:
        """Start the worker there.

        Raises:
            OfiucoError: the machine does not answer.
            EOFError: nor does the agent.
        """
        self._paths, self._connection = self._host.carry_project(), self._host.connect()
        if not self._request["catches"]:
            self._connection.forward(sys.stdout)
        self._channel = self._connection.channel()
        self._channel.send(["worker", self._request])
        kind, value = self._channel.receive()
        if kind != "started":
            raise OSError(value[0])
        self._spool = value
        self._channel.setcallback(self._incoming, endmarker=_END)

    def send(self, text: str) -> None:
        """Send a message; the first one says where the session is."""
        if not self._is_told:
            self._is_told = True
            text = self._placed(text)
        self._tell("send", text)

    def _placed(self, text: str) -> str:
        """The start message, with the paths that it names as they are there."""
        assert self._paths is not None
        start = json.loads(text)
        start["spool"] = self._spool
        for key in ("directory", "arguments", "extra_arguments"):
            start[key] = self._there(start[key])
        return json.dumps(start)

    def _there(self, value: Any) -> Any:
        assert self._paths is not None
        if isinstance(value, list):
            return [self._there(each) for each in value]
        return self._paths.to_far(value) if os.path.isabs(value) or "=" in value else value

    def close(self, patience: float = 0.2) -> bool:
        """End the worker there, and wait for it for a while; how it ends is not told."""
        self._tell("close", patience)
        if self._channel is not None:
            self._is_gone.wait(patience + 2 * GRACE_SECONDS)
        return True

    def abort(self) -> None:
        """Have the worker say where it is, and die of it."""
        self._tell("abort", None)

    def kill(self) -> None:
        """End the worker's process group."""
        self._tell("kill", None)

    def _tell(self, kind: str, value: object) -> None:
        if self._channel is None or self._is_gone.is_set():
            return
        try:
            self._channel.send([kind, value])
        except OSError:
            self._lost()

    def _incoming(self, data: Any) -> None:
        if data is _END:
            self._lost()
            return
        kind, value = data
        match kind:
            case "said":
                assert self._paths is not None
                try:
                    self._receive(self._decoder.decode(self._paths.to_near(value)))
                except ProtocolError as error:
                    self._receive(Failed(reason=str(error)))
            case "refused":
                self._receive(Failed(reason=value))
            case "gone":
                self._ended(Gone(how=value[0], tail=value[1]))

    def _lost(self) -> None:
        assert self._connection is not None
        self._ended(Gone(how=f"was lost: {self._connection.lost()}", tail=""))

    def _ended(self, gone: Gone) -> None:
        with self._lock:
            if self._is_gone.is_set():
                return
            self._is_gone.set()
        self._receive(gone)

"""AWS Lambda's Runtime API on loopback, for one function, served in the thread that invokes it: there is no other.

Between invocations the function waits at its connection, which nobody has taken yet.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from typing import Any, Mapping

VERSION = "/2018-06-01/runtime"
NEXT = f"{VERSION}/invocation/next"
INIT_ERROR = f"{VERSION}/init/error"

_PATIENCE = 30.0
"""How long a function may take to say what it has begun to, in seconds."""

_CHUNK = 1 << 16


_Socket = next(each for each in socket.socket.__mro__ if (each.__module__, each.__name__) == ("socket", "socket"))
"""Python's own: a test may have put one in its place that refuses to connect anywhere."""


class Request:
    """What a function asks or tells."""

    def __init__(self, connection: socket.socket, path: str, body: bytes) -> None:
        self.path, self.body = path, body
        self._connection = connection

    def answer(self, status: int = 202, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer it; nothing happens where nobody listens any more."""
        known = {
            "Content-Type": "application/json",  # without it awslambdaric 4.2 dies
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(headers or {}),
        }
        lines = [f"HTTP/1.1 {status} {http.client.responses[status]}", *(f"{name}: {known[name]}" for name in known)]
        with contextlib.suppress(OSError):
            self._connection.sendall("\r\n".join([*lines, "", ""]).encode("utf-8") + body)
        self.close()

    def close(self) -> None:
        """Leave it without an answer."""
        self._connection.close()


class RuntimeApi:
    """A server for one function."""

    def __init__(self) -> None:
        self._listener = _Socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def take(self, seconds: float) -> Request | None:
        """The next request, if one begins within so many seconds and can be read."""
        self._listener.settimeout(seconds)
        try:
            descriptor, _ = self._listener._accept()  # accept() itself takes whatever is in the place of its class
        except OSError:
            return None
        connection = _Socket(fileno=descriptor)
        connection.settimeout(_PATIENCE)
        try:
            with connection.makefile("rb") as file:
                path, body = _read(connection, file)
        except (OSError, ValueError, http.client.HTTPException):
            connection.close()
            return None
        return Request(connection, path, body)

    def close(self) -> None:
        """Take nothing more."""
        self._listener.close()


def _read(connection: socket.socket, file: Any) -> tuple[str, bytes]:
    """The path and the body of a request.

    Raises:
        ValueError: it is none.
    """
    _, path, _ = file.readline(_CHUNK).decode("latin-1").split()
    headers = http.client.parse_headers(file)
    if headers.get("Expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return path, _chunks(file)
    size = int(headers.get("Content-Length", 0))
    body: bytes = file.read(size)
    if len(body) != size:
        raise ValueError("it ends early")
    return path, body


def _chunks(file: Any) -> bytes:
    chunks: list[bytes] = []
    while True:
        size = int(file.readline(_CHUNK).partition(b";")[0], 16)
        chunks.append(file.read(size))
        file.readline(_CHUNK)
        if not size:
            return b"".join(chunks)

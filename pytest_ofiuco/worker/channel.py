"""The way to the controller: one JSON object a message, over pipes or over execnet's channel.

No thread waits here: a test would see it, and Python warns of a process with threads that forks.
"""

from __future__ import annotations

import json
import os
import select
from typing import Any, Dict

Message = Dict[str, Any]

CUT_OFF = 87
"""The exit code of a worker whose way to the controller is closed."""

_CHUNK = 65536


class Closed(Exception):
    """The controller is gone."""


class Pipe:
    """Lines over two file descriptors."""

    def __init__(self, receives: int, sends: int) -> None:
        self._receives, self._sends, self._process = receives, sends, os.getpid()
        self._lines: list[bytes] = []
        self._rest = b""
        for descriptor in (receives, sends):
            os.set_inheritable(descriptor, False)

    def send(self, text: str) -> None:
        """Send a text without line breaks; nothing happens in a process that a test has forked.

        Raises:
            Closed: nobody hears it.
        """
        if os.getpid() != self._process:
            return
        data = text.encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._sends, data) :]
        except OSError as error:  # its end is closed, by the controller or by a test
            raise Closed from error

    def receive(self) -> str:
        """The next text.

        Raises:
            Closed: there will be none.
        """
        while not self._lines:
            try:
                data = os.read(self._receives, _CHUNK)
            except OSError as error:
                raise Closed from error
            if not data or os.getpid() != self._process:
                raise Closed
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += lines
        return self._lines.pop(0).decode()

    def has_more(self) -> bool:
        """Whether a text, or a part of one, has come."""
        return bool(self._lines or select.select([self._receives], [], [], 0)[0])


class Channel:
    """An execnet channel, whose texts wait in a queue of its own."""

    def __init__(self, channel: Any) -> None:
        import queue

        self._channel, self._process = channel, os.getpid()
        self._texts: Any = queue.Queue()
        channel.setcallback(self._texts.put, endmarker=None)

    def send(self, text: str) -> None:
        """Send a text; nothing happens in a process that a test has forked."""
        if os.getpid() == self._process:
            self._channel.send(text)

    def receive(self) -> str:
        """The next text.

        Raises:
            Closed: there will be none.
        """
        text = self._texts.get()
        if text is None:
            raise Closed
        return str(text)

    def has_more(self) -> bool:
        """Whether a text has come."""
        return not self._texts.empty()


def encode(kind: str, **fields: Any) -> str:
    """A message as it goes over the channel; what JSON does not know becomes its repr."""
    return json.dumps(dict(fields, kind=kind), default=safe_repr)


def safe_repr(value: Any) -> str:
    """The repr of a value, also of one whose own fails."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a test's own objects
        return object.__repr__(value)

"""The way to the controller: one JSON object a message, over pipes or over execnet's channel.

No thread waits here: a test would see it, and Python warns of a process with threads that forks.
"""

from __future__ import annotations

import json
import os
import select
from typing import Any, Dict

Message = Dict[str, Any]

_CHUNK = 65536

_MOST = 8 << 20
"""The characters of a text, at most."""


class Closed(Exception):
    """The controller is gone."""


class Pipe:
    """Lines over two file descriptors. They may be others by now: a test that closes all has closed these, too."""

    def __init__(self, receives: int, sends: int) -> None:
        self._receives, self._sends, self._process = receives, sends, os.getpid()
        self._lines: list[bytes] = []
        self._rest = b""
        for descriptor in (receives, sends):
            os.set_inheritable(descriptor, False)
        self._files = {descriptor: _file(descriptor) for descriptor in (receives, sends)}

    def is_here(self) -> bool:
        """Whether this is the worker's process, and not one that a test has forked."""
        return os.getpid() == self._process

    def send(self, text: str) -> None:
        """Send a text without line breaks; nothing happens in a process that a test has forked.

        Raises:
            Closed: nobody hears it.
        """
        if not self.is_here():
            return
        data = memoryview(text.encode() + b"\n")
        self._check(self._sends)
        try:
            while data:
                data = data[os.write(self._sends, data) :]
        except OSError as error:
            raise Closed from error

    def receive(self) -> str:
        """The next text.

        Raises:
            Closed: there will be none.
        """
        while not self._lines:
            if not self.is_here():
                raise Closed
            self._check(self._receives)
            data = os.read(self._receives, _CHUNK)
            if not data:
                raise Closed
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += lines
        return self._lines.pop(0).decode()

    def has_more(self) -> bool:
        """Whether a text, or a part of one, has come.

        Raises:
            Closed: there will be none.
        """
        if self._lines:
            return True
        self._check(self._receives)
        return bool(select.select([self._receives], [], [], 0)[0])

    def _check(self, descriptor: int) -> None:
        if _file(descriptor) != self._files[descriptor]:
            raise Closed


def _file(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Channel:
    """An execnet channel, whose texts wait in a queue of its own."""

    def __init__(self, channel: Any) -> None:
        import queue

        self._channel, self._process = channel, os.getpid()
        self._texts: Any = queue.Queue()
        channel.setcallback(self._texts.put, endmarker=None)

    def is_here(self) -> bool:
        """Whether this is the worker's process, and not one that a test has forked."""
        return os.getpid() == self._process

    def send(self, text: str) -> None:
        """Send a text; nothing happens in a process that a test has forked."""
        if self.is_here():
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
    """A message as it goes over the channel; what JSON does not know becomes its repr.

    Of a text that the controller should not have to hold, the output of a test gone astray, the middle is left out.
    """
    text = json.dumps(dict(fields, kind=kind), default=safe_repr)
    return text if len(text) <= _MOST else json.dumps(dict(_cut(fields), kind=kind), default=safe_repr)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _MOST:
        left_out = len(value) - _MOST
        return f"{value[: _MOST // 2]}\n[... ofiuco has left out {left_out} characters ...]\n{value[-_MOST // 2 :]}"
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    return [_cut(each) for each in value] if isinstance(value, (list, tuple)) else value


def safe_repr(value: Any) -> str:
    """The repr of a value, also of one whose own fails."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a test's own objects
        return object.__repr__(value)

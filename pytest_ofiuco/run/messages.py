"""What a worker says, one class a kind. The first message carries the protocol's version; an unknown kind raises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.worker import PROTOCOL


@dataclass(eq=False)
class ProtocolError(OfiucoError):
    """A worker that says what no worker says."""

    exit_code = 1
    reason: str
    hint: str | None = "does something in the cell write to its standard output before Python starts?"

    def __str__(self) -> str:
        return f"the worker does not keep to the protocol: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The worker runs: its interpreter, prefix and pytest."""

    python: str
    pytest: str
    executable: str
    prefix: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteItem:
    """A test as the worker collected it."""

    nodeid: str
    name: str
    type: str
    path: str
    location: tuple[str, int | None, str]
    chain: tuple[tuple[str, str, str], ...]
    markers: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...]
    names: tuple[str, ...]
    originalname: str | None
    parameters: str | None
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectFailed:
    """A collector that failed or was skipped; ``report`` is pytest's serialized report."""

    report: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """All items, in order; or, in ``errors``, why pytest refused to start."""

    items: tuple[RemoteItem, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The test at ``index`` begins."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The test at ``index`` is over; its serialized reports, in order."""

    index: int
    reports: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning that pytest recorded in the cell."""

    text: str
    category: str
    module: str
    filename: str
    lineno: int
    when: str
    nodeid: str
    location: tuple[str, int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Everything asked for has run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The cell's own pytest decided to stop."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something in the worker went wrong outside a test."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """The worker's session is over; ``exitstatus`` is pytest's, where it came to one."""

    exitstatus: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The connection ended; how the process ended, in words, and what its output last said."""

    how: str
    tail: str


Message = Hello | CollectFailed | Collected | Running | Ran | Warned | Idle | Stopped | Failed | Bye | Gone


def decode(text: str) -> Message:
    """Read a message.

    Raises:
        ProtocolError: it is not one, or of another protocol version.
    """
    try:
        fields = json.loads(text)
        kind = fields.pop("kind")
        return _decode(kind, fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"{type(error).__name__}: {error}") from error


def _decode(kind: str, fields: dict[str, Any]) -> Message:
    match kind:
        case "hello":
            version = fields.pop("protocol")
            if version != PROTOCOL:
                raise ProtocolError(f"its protocol is {version}, not {PROTOCOL}")
            return Hello(**fields)
        case "collect":
            return CollectFailed(report=_report(fields["report"]))
        case "collected":
            items = tuple(_item(each) for each in fields["items"])
            return Collected(items=items, errors=tuple(fields["errors"]))
        case "running":
            return Running(index=_index(fields))
        case "ran":
            return Ran(index=_index(fields), reports=tuple(_report(each) for each in fields["reports"]))
        case "warning":
            location = fields.pop("location")
            return Warned(**fields, location=tuple(location) if location else None)
        case "idle":
            return Idle()
        case "stopped":
            return Stopped(reason=fields["reason"])
        case "failed":
            return Failed(reason=fields["reason"])
        case "bye":
            return Bye(exitstatus=fields["exitstatus"])
    raise ProtocolError(f"unknown message {kind!r}")


def _index(fields: dict[str, Any]) -> int:
    index = fields["index"]
    if not isinstance(index, int):
        raise ProtocolError(f"{index!r} is not the index of a test")
    return index


def _report(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError(f"{value!r} is not a report")
    return value


def _item(fields: dict[str, Any]) -> RemoteItem:
    relative, line, domain = fields.pop("location")
    chain = tuple((each["type"], each["name"], each["path"]) for each in fields.pop("chain"))
    markers = tuple((each["name"], tuple(each["args"]), each["kwargs"]) for each in fields.pop("markers"))
    names = tuple(fields.pop("names"))
    return RemoteItem(location=(relative, line, domain), chain=chain, markers=markers, names=names, **fields)

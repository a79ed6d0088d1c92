"""What a worker says, one class a kind. The first message carries the protocol's version; an unknown kind raises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from sys import intern
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


Chain = tuple[tuple[str, str, str], ...]
"""Type, name and path of what a test lies in, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteItem:
    """A test as the worker collected it."""

    nodeid: str
    name: str
    type: str
    path: str
    location: tuple[str, int | None, str]
    chain: Chain
    markers: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...]
    names: tuple[str, ...]
    originalname: str | None
    parameters: str | None
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collectable:
    """A test that was collected."""

    item: RemoteItem


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectFailed:
    """A collector that failed or was skipped; ``report`` is pytest's serialized report."""

    report: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """All ``count`` tests have been told, in order; or, in ``errors``, why pytest refused to start.

    ``deselected`` are the node ids of those that the cell's own plugins have left out.
    """

    count: int
    errors: tuple[str, ...]
    deselected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """Collecting goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begins:
    """The worker, which has waited, begins with its next test; the others follow without a word."""


Status = tuple[int, str, str, "str | tuple[str, dict[str, bool]]"]
"""The place of a report, its category, letter and word, as ``pytest_report_teststatus`` has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The test at ``index`` is over; its reports, in order.

    A report is serialized by pytest, or ``[when, duration, start, stop]`` of a phase that has passed and said nothing.
    ``statuses`` are a plugin's own words for some of them; ``shown`` is what was shown before each, if anything was.
    """

    index: int
    reports: tuple[Any, ...]
    statuses: tuple[Status, ...] = ()
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What plugins and conftest files of the cell want to be read: in the session's header, or in its summary."""

    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A property of the whole session, or an attribute of the test ``nodeid``, for a JUnit report."""

    nodeid: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Tests that the worker has given back, and will not run."""

    indices: tuple[int, ...]


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
class Stopped:
    """The cell's own pytest decided to stop; ``returncode`` is what ``pytest.exit`` was given."""

    reason: str
    returncode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something in the worker went wrong outside a test."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """The worker's session is over; ``exitstatus`` is pytest's, where it came to one.

    ``keepers`` are the threads and processes that its end waits for.
    """

    exitstatus: int | None
    keepers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The connection ended; how the process ended, in words, and what its output last said."""

    how: str
    tail: str


Message = (
    Hello
    | Collectable
    | CollectFailed
    | Collected
    | Alive
    | Begins
    | Ran
    | Said
    | Recorded
    | Given
    | Warned
    | Stopped
    | Failed
    | Bye
    | Gone
)


class Decoder:
    """Reads messages. A test that several workers describe alike is read, and kept, once.

    Of the descriptions only hashes are kept, of 64 bits, which nobody but this process knows beforehand.
    """

    def __init__(self) -> None:
        self._tests: dict[tuple[int, int], Collectable] = {}
        self._chains: dict[Chain, Chain] = {}

    def decode(self, text: str | bytes) -> Message:
        """Read a message; from any thread.

        Raises:
            ProtocolError: it is not one, or of another protocol version.
        """
        key = (hash(text), len(text))
        known = self._tests.get(key)
        if known is not None:
            return known
        try:
            fields = json.loads(text)
            kind = fields.pop("kind")
            if kind == "item":
                return self._tests.setdefault(key, Collectable(item=self._item(fields)))
            return _decode(kind, fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProtocolError(f"{type(error).__name__}: {error}") from error

    def forget(self) -> None:
        """Let go of the hashes: everything that is to be collected has been."""
        self._tests.clear()

    def _item(self, fields: dict[str, Any]) -> RemoteItem:
        relative, line, domain = fields.pop("location")
        chain = tuple((each["type"], each["name"], each["path"]) for each in fields.pop("chain"))
        chain = self._chains.setdefault(chain, chain)
        name, path = fields["name"], intern(fields["path"])
        fields["path"], fields["type"] = path, intern(fields["type"])
        if fields["originalname"] == name:
            fields["originalname"] = name
        relative, domain = intern(relative), name if domain == name else domain
        markers = tuple((each["name"], tuple(each["args"]), each["kwargs"]) for each in fields.pop("markers"))
        names = tuple(fields.pop("names"))
        return RemoteItem(location=(relative, line, domain), chain=chain, markers=markers, names=names, **fields)


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
            deselected = tuple(map(str, fields.get("deselected", ())))
            return Collected(count=_number(fields["count"]), errors=tuple(fields["errors"]), deselected=deselected)
        case "alive":
            return Alive()
        case "begins":
            return Begins()
        case "ran":
            reports = tuple(each if isinstance(each, list) else _report(each) for each in fields["reports"])
            statuses, shown = fields.get("statuses"), fields.get("shown")
            return Ran(
                index=_number(fields["index"]),
                reports=reports,
                statuses=tuple(map(_status, statuses)) if statuses else (),
                shown=tuple(map(str, shown)) if shown else (),
            )
        case "said":
            return Said(**fields)
        case "recorded":
            return Recorded(**fields)
        case "given":
            return Given(indices=tuple(map(_number, fields["indices"])))
        case "warning":
            location = fields.pop("location")
            return Warned(**fields, location=tuple(location) if location else None)
        case "stopped":
            return Stopped(**fields)
        case "failed":
            return Failed(reason=fields["reason"])
        case "bye":
            return Bye(exitstatus=fields["exitstatus"], keepers=tuple(map(str, fields.get("keepers", ()))))
    raise ProtocolError(f"unknown message {kind!r}")


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ProtocolError(f"{value!r} is no number of a test")
    return value


def _status(value: list[Any]) -> Status:
    place, category, letter, word = value
    return _number(place), str(category), str(letter), (str(word[0]), dict(word[1])) if type(word) is list else word


def _report(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError(f"{value!r} is not a report")
    return value

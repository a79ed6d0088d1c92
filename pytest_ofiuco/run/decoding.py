"""What a worker sends → messages. The first carries the protocol's version; an unknown kind raises."""

from __future__ import annotations

import json
from sys import intern
from typing import Any

from pytest_ofiuco.run.messages import (
    Alive,
    Asked,
    Begins,
    Bye,
    Chain,
    Collectable,
    Collected,
    CollectFailed,
    Failed,
    Given,
    Hello,
    Message,
    ProtocolError,
    Ran,
    Recorded,
    RemoteItem,
    Said,
    Status,
    Stopped,
    Warned,
)
from pytest_ofiuco.worker import PROTOCOL


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
            return Collected(total=_number(fields["count"]), errors=tuple(fields["errors"]), deselected=deselected)
        case "alive":
            return Alive()
        case "begins":
            return Begins()
        case "ran":
            reports = tuple(each if isinstance(each, list) else _report(each) for each in fields["reports"])
            statuses, shown = fields.get("statuses"), fields.get("shown")
            return Ran(
                test=_number(fields["index"]),
                reports=reports,
                statuses=tuple(map(_status, statuses)) if statuses else (),
                shown=tuple(map(str, shown)) if shown else (),
            )
        case "said":
            return Said(**fields)
        case "recorded":
            return Recorded(**fields)
        case "ask":
            return Asked(number=_number(fields["number"]), what=str(fields["what"]), about=dict(fields["about"]))
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

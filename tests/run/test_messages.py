"""What a worker says is read as what it is, or refused."""

from __future__ import annotations

import json

import pytest

from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.messages import (
    Alive,
    Asked,
    Begins,
    Bye,
    Collectable,
    Collected,
    CollectFailed,
    Failed,
    Given,
    Hello,
    Message,
    ProtocolError,
    Ran,
    Stopped,
    Warned,
)
from pytest_ofiuco.worker import PROTOCOL
from pytest_ofiuco.worker.channel import encode
from tests.run.fakes import described, remote_item

HELLO = {"protocol": PROTOCOL, "python": "3.12.1", "pytest": "9.0", "executable": "python", "prefix": "/", "pid": 1}
WARNING = {
    "text": "old",
    "category": "UserWarning",
    "module": "builtins",
    "filename": "a.py",
    "lineno": 3,
    "when": "runtest",
    "nodeid": "a.py::test",
    "location": ["a.py", 3, "test"],
}
ITEM = remote_item("a.py::test[1]", markers=(("python", (">=3.12",), {"reason": "new"}),), names=("fast",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            encode("collect", report={"nodeid": "a.py"}), CollectFailed(report={"nodeid": "a.py"}), id="collect"
        ),
        pytest.param(
            encode("collected", count=3, errors=["no"]),
            Collected(total=3, errors=("no",)),
            id="collected",
        ),
        pytest.param(encode("item", **described(ITEM)), Collectable(item=ITEM), id="item"),
        pytest.param(encode("alive"), Alive(), id="alive"),
        pytest.param(encode("begins"), Begins(), id="begins"),
        pytest.param(
            encode("ask", number=1, what="piece", about={"offset": 2}),
            Asked(number=1, what="piece", about={"offset": 2}),
            id="ask",
        ),
        pytest.param(encode("given", indices=[3, 4]), Given(indices=(3, 4)), id="given"),
        pytest.param(
            encode("ran", index=3, reports=[["call", 1, 2, 3]]),
            Ran(test=3, reports=(["call", 1, 2, 3],)),
            id="ran, in short",
        ),
        pytest.param(
            encode("ran", index=3, reports=[{"when": "call"}]), Ran(test=3, reports=({"when": "call"},)), id="ran"
        ),
        pytest.param(encode("stopped", reason="enough"), Stopped(reason="enough"), id="stopped"),
        pytest.param(encode("failed", reason="broken"), Failed(reason="broken"), id="failed"),
        pytest.param(encode("bye", exitstatus=1), Bye(exitstatus=1), id="bye"),
    ],
)
def test_each_kind_is_a_class_of_its_own(text: str, expected: Message) -> None:
    assert Decoder().decode(text) == expected


def test_hello_carries_the_protocol() -> None:
    message = Decoder().decode(encode("hello", **HELLO))
    assert message == Hello(python="3.12.1", pytest="9.0", executable="python", prefix="/", pid=1)


def test_a_warning_keeps_its_place() -> None:
    message = Decoder().decode(encode("warning", **WARNING))
    assert isinstance(message, Warned)
    assert message.location == ("a.py", 3, "test")
    assert Decoder().decode(encode("warning", **{**WARNING, "location": None})).location is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("Python 3.9 says hello", "JSONDecodeError", id="not JSON"),
        pytest.param("[]", "TypeError", id="not an object"),
        pytest.param("{}", "KeyError: 'kind'", id="no kind"),
        pytest.param(encode("surprise"), "unknown message 'surprise'", id="unknown kind"),
        pytest.param(encode("hello", **{**HELLO, "protocol": 99}), f"its protocol is 99, not {PROTOCOL}", id="version"),
        pytest.param(encode("hello", protocol=PROTOCOL, python="3.12"), "TypeError", id="a field is missing"),
        pytest.param(encode("ran", index=1), "KeyError: 'reports'", id="no reports"),
        pytest.param(encode("ran", index="three", reports=[]), "'three' is no number of a test", id="no number"),
        pytest.param(encode("ran", index=1, reports=["passed"]), "'passed' is not a report", id="no report"),
        pytest.param(encode("item", nodeid="a"), "KeyError", id="half an item"),
    ],
)
def test_anything_else_breaks_the_protocol(text: str, reason: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        Decoder().decode(text)
    assert reason in str(raised.value)
    assert "protocol" in str(raised.value)
    assert raised.value.hint
    assert raised.value.exit_code == 1


def test_what_json_does_not_know_becomes_its_repr() -> None:
    assert json.loads(encode("ran", value=object))["value"] == "<class 'object'>"


def test_what_is_described_alike_is_kept_once() -> None:
    decoder = Decoder()
    text = encode("item", **described(ITEM))
    first = decoder.decode(text)
    assert decoder.decode(text) is first
    other = decoder.decode(encode("item", **described(remote_item("a.py::other"))))
    assert isinstance(first, Collectable)
    assert isinstance(other, Collectable)
    assert other.item.chain is first.item.chain
    decoder.forget()
    assert decoder.decode(text) == first

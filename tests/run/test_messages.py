"""What a worker says is read as what it is, or refused."""

from __future__ import annotations

import json

import pytest

from pytest_ofiuco.run.messages import (
    Bye,
    Collected,
    CollectFailed,
    Failed,
    Hello,
    Idle,
    Message,
    ProtocolError,
    Ran,
    Running,
    Stopped,
    Warned,
    decode,
)
from pytest_ofiuco.worker import PROTOCOL
from pytest_ofiuco.worker.remote import encode
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
            encode("collected", items=[described(ITEM)], errors=["no"]),
            Collected(items=(ITEM,), errors=("no",)),
            id="collected",
        ),
        pytest.param(encode("running", index=3), Running(index=3), id="running"),
        pytest.param(
            encode("ran", index=3, reports=[{"when": "call"}]), Ran(index=3, reports=({"when": "call"},)), id="ran"
        ),
        pytest.param(encode("idle"), Idle(), id="idle"),
        pytest.param(encode("stopped", reason="enough"), Stopped(reason="enough"), id="stopped"),
        pytest.param(encode("failed", reason="broken"), Failed(reason="broken"), id="failed"),
        pytest.param(encode("bye", exitstatus=1), Bye(exitstatus=1), id="bye"),
    ],
)
def test_each_kind_is_a_class_of_its_own(text: str, expected: Message) -> None:
    assert decode(text) == expected


def test_hello_carries_the_protocol() -> None:
    message = decode(encode("hello", **HELLO))
    assert message == Hello(python="3.12.1", pytest="9.0", executable="python", prefix="/", pid=1)


def test_a_warning_keeps_its_place() -> None:
    message = decode(encode("warning", **WARNING))
    assert isinstance(message, Warned)
    assert message.location == ("a.py", 3, "test")
    assert decode(encode("warning", **{**WARNING, "location": None})).location is None  # type: ignore[union-attr]


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
        pytest.param(encode("running", index="three"), "'three' is not the index of a test", id="no number"),
        pytest.param(encode("ran", index=1, reports=["passed"]), "'passed' is not a report", id="no report"),
        pytest.param(encode("collected", items=[{"nodeid": "a"}], errors=[]), "KeyError", id="half an item"),
    ],
)
def test_anything_else_breaks_the_protocol(text: str, reason: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        decode(text)
    assert reason in str(raised.value)
    assert "protocol" in str(raised.value)
    assert raised.value.hint
    assert raised.value.exit_code == 1


def test_what_json_does_not_know_becomes_its_repr() -> None:
    assert json.loads(encode("ran", value=object))["value"] == "<class 'object'>"

"""What a test may ask of the fixture: refused before anything is started, or told to the function as it is."""

from __future__ import annotations

import re
import sys
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ofiuco.worker.aws_lambda.function import Function, Limits
from pytest_ofiuco.worker.aws_lambda.invoking import AwsLambda
from pytest_ofiuco.worker.aws_lambda.outcome import Invocation
from pytest_ofiuco.worker.aws_lambda.processes import started_with


class Functions:
    """Functions that only keep what they are invoked with."""

    def __init__(self) -> None:
        self.invoked: list[Any] = []

    def function(self, handler: str, variables: object, size: int) -> Any:
        def invoke(event: bytes, about: object, limits: Limits) -> Invocation:
            self.invoked.append((handler, size, event, limits.timeout, limits.init, limits.memory))
            return Invocation("id")

        return SimpleNamespace(invoke=invoke)


def view(functions: Functions, handler: str | None = None) -> AwsLambda:
    asset: Any = SimpleNamespace(manifest={"handler": handler})
    return AwsLambda(functions, asset)  # type: ignore[arg-type] # they are enough of it


def test_what_is_not_given_is_as_on_lambda() -> None:
    functions = Functions()
    view(functions, "app.handler").invoke()
    view(functions).invoke("app.other", {"a": 1}, timeout=0.5, memory=256)
    assert functions.invoked == [
        ("app.handler", 128, b"null", 3.0, 10.0, None),
        ("app.other", 256, b'{"a": 1}', 0.5, 10.0, 256),
    ]


def shown(caught: pytest.ExceptionInfo[Exception]) -> list[str]:
    """The functions whose lines pytest shows, of all that an exception went through."""
    return [entry.name for entry in caught.traceback.filter(caught)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"timeout": 0}, "timeout is 0, and not a number above 0", id="no time"),
        pytest.param({"timeout": -1}, "timeout is -1, and not a number above 0", id="negative time"),
        pytest.param({"timeout": "3"}, "timeout is '3', and not a number above 0", id="time as text"),
        pytest.param({"timeout": float("inf")}, "timeout is inf, and not a number above 0", id="endless"),
        pytest.param({"memory": 0}, "memory is 0, and not a number above 0", id="no memory"),
        pytest.param({"memory": True}, "memory is True, and not a number above 0", id="memory"),
        pytest.param(
            {"event": float("nan")},
            "JSON cannot express the event: Out of range float values are not JSON compliant",
            id="no number",
        ),
        pytest.param(
            {"event": "x" * (6 << 20)},
            "the event has 6291458 bytes as JSON, and AWS Lambda takes 6291456 at most",
            id="too large",
        ),
    ],
)
def test_what_cannot_be_asked(arguments: dict[str, Any], message: str) -> None:
    functions = Functions()
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        view(functions).invoke("app.handler", **arguments)
    assert functions.invoked == []
    assert shown(caught) == ["test_what_cannot_be_asked"]


@pytest.mark.parametrize(
    ("name", "document"), [("event", {"a": {1}}), ("client_context", object()), ("identity", {(1, 2): 3})]
)
def test_what_json_has_no_type_for(name: str, document: object) -> None:
    functions = Functions()
    with pytest.raises(TypeError, match=f"^JSON cannot express the {name}: ") as caught:
        view(functions).invoke("app.handler", **{name: document})  # type: ignore[arg-type] # any of them
    assert functions.invoked == []
    assert shown(caught) == ["test_what_json_has_no_type_for"]


@pytest.mark.parametrize(
    ("handler", "event"),
    [pytest.param("", None, id="empty"), pytest.param({"a": 1}, "app.handler", id="event and handler swapped")],
)
def test_a_handler_has_a_name(handler: Any, event: object) -> None:
    with pytest.raises(TypeError) as caught:
        view(Functions()).invoke(handler, event)
    assert str(caught.value) == 'invoke() needs a handler, as in aws_lambda.invoke("app.handler", event)'
    assert shown(caught) == ["test_a_handler_has_a_name"]


def test_an_init_timeout_that_is_none() -> None:
    aws_lambda = view(Functions())
    aws_lambda.init_timeout = -1
    with pytest.raises(ValueError, match="init_timeout is -1, and not a number above 0"):
        aws_lambda.invoke("app.handler")


@pytest.fixture
def place(tmp_path: Path) -> Any:
    """A function's folders, all of them one."""
    return SimpleNamespace(
        **dict.fromkeys(("task", "runtime", "home", "logs", "bytecode"), tmp_path), has_bytecode=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux")
def test_an_interpreter_that_does_not_start_by_itself(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one for another machine behind a launcher."""
    other = tmp_path / "python"
    other.write_bytes(b"\x7fELF")
    other.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(other), raising=False)
    functions: Any = SimpleNamespace(function=lambda *given: Function(place, *given))
    asset: Any = SimpleNamespace(manifest={})
    with pytest.raises(pytest.fail.Exception) as caught:
        AwsLambda(functions, asset).invoke("app.handler")
    assert caught.value.__suppress_context__
    assert str(caught.value).splitlines() == [
        f"error: {other} cannot be started from a test: Exec format error",
        "hint: have a script start it, and name that with `interpreters` of the platform, without `launcher`",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux")
def test_what_a_function_has_started_ends_with_it(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what has left its family, as a program does that goes to the background."""
    from pytest_ofiuco.worker.aws_lambda import function

    leaves = "import subprocess; subprocess.Popen(['sh', '-c', 'sleep 60 & exit'], start_new_session=True).wait()"
    monkeypatch.setattr(function, "_RUN", leaves)
    mark = uuid.uuid4().hex
    made = Function(place, "app.handler", {"MARK": mark}, 128)
    invocation = made.invoke(b"null", {}, Limits(3.0, 10.0, None))
    assert invocation.error is not None
    assert invocation.error.error_type == "Runtime.ExitError"
    deadline = time.monotonic() + 10
    while started_with(f"MARK={mark}"):
        assert time.monotonic() < deadline
        time.sleep(0.01)

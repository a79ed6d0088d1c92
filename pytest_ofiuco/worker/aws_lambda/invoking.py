"""What the ``aws_lambda`` fixture gives: a test's view of the functions that a worker's tests share."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Dict, Iterator, Mapping

import pytest

from . import events
from .asset import Asset
from .function import Function, Limits, NotStarted
from .outcome import Invocation, LambdaError
from .place import Place, closure

Message = Dict[str, Any]

_TIMEOUT, _INIT, _SIZE = 3.0, 10.0, 128
"""AWS Lambda's own: seconds, seconds, and MB."""

_FOREVER = 1e9

_LARGEST = 6_291_456
"""The bytes of an event, at most: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class Functions:
    """The functions of a worker: one process a handler, warm from one test to the next."""

    def __init__(self, asset: Asset, place: Place) -> None:
        self._asset, self._place = asset, place
        self._known: dict[str, Function] = {}

    def view(self) -> AwsLambda:
        """A test's own: what it sets is not the next one's."""
        return AwsLambda(self, self._asset)

    def function(self, handler: str, variables: Mapping[str, str], size: int) -> Function:
        """The function of a handler; a new one where its variables or its memory were others."""
        known = self._known.get(handler)
        if known is not None and (known.variables, known.size) != (dict(variables), size):
            known.end()
            known = None
        if known is None:
            known = self._known[handler] = Function(self._place, handler, variables, size)
        return known

    def end(self) -> None:
        """End all of them."""
        for function in self._known.values():
            function.end()
        self._known.clear()


class AwsLambda:
    """Invokes handlers of the zip. What is set here, a test sets for itself alone.

    ``environment``: the function's own variables. ``timeout`` and ``init_timeout`` are in seconds, ten times as long
    where the cell is emulated; ``memory`` is in MB, and limited only where it is given.
    """

    LambdaError = LambdaError
    events: ModuleType = events

    def __init__(self, functions: Functions, asset: Asset) -> None:
        self._functions = functions
        self.environment: dict[str, str] = {}
        self.handler: str | None = asset.manifest.get("handler")
        self.timeout, self.init_timeout = _TIMEOUT, _INIT
        self.memory: int | None = None

    def __repr__(self) -> str:
        return f"<aws_lambda {self.handler or ''}>"

    def invoke(
        self,
        handler: str | None = None,
        event: Any = None,
        *,
        timeout: float | None = None,
        memory: int | None = None,
        client_context: Any = None,
        identity: Any = None,
        check: bool = True,
    ) -> Invocation:
        """Invoke a handler, such as ``app.handler``, with an event that JSON can express.

        ``client_context`` and ``identity`` are what the context has of these, as documents.

        Raises:
            LambdaError: the function has failed; without ``check`` it is the ``error`` of what is returned.
        """
        __tracebackhide__ = True
        handler = handler if handler is not None else self.handler
        if not handler or not isinstance(handler, str):
            raise TypeError('invoke() needs a handler, as in aws_lambda.invoke("app.handler", event)')
        for name, value in self.environment.items():
            if not isinstance(value, str):
                raise TypeError(f"environment[{name!r}] is {value!r}, which is no text")
        memory = memory if memory is not None else self.memory
        limits = Limits(
            _above_0("timeout", timeout if timeout is not None else self.timeout),
            _above_0("init_timeout", self.init_timeout),
            _above_0("memory", memory) if memory is not None else None,
        )
        function = self._functions.function(handler, self.environment, memory or _SIZE)
        about = _headers(client_context, identity)
        try:
            invocation = function.invoke(_document(event), about, limits)
        except NotStarted as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        if invocation.logs:
            print(invocation.logs, end="" if invocation.logs.endswith("\n") else "\n")
        if check and invocation.error is not None:
            raise invocation.error
        return invocation

    def restart(self) -> None:
        """Have the next invocation of each handler be a cold start."""
        self._functions.end()


def _above_0(name: str, value: Any) -> Any:
    """A limit that can be kept.

    Raises:
        ValueError: it is none.
    """
    __tracebackhide__ = True
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < _FOREVER:
        raise ValueError(f"{name} is {value!r}, and not a number above 0")
    return value


def _document(event: Any) -> bytes:
    """An event as it is sent.

    Raises:
        TypeError: JSON cannot express it.
        ValueError: nor this, or it is too large.
    """
    __tracebackhide__ = True
    content = _json("event", event).encode()
    if len(content) > _LARGEST:
        raise ValueError(f"the event has {len(content)} bytes as JSON, and AWS Lambda takes {_LARGEST} at most")
    return content


def _headers(client_context: Any, identity: Any) -> dict[str, str]:
    __tracebackhide__ = True
    given = {
        "Client-Context": ("client_context", client_context),
        "Cognito-Identity": ("identity", identity),
    }
    headers = {}
    for name, (what, document) in given.items():
        if document is not None:
            headers[f"Lambda-Runtime-{name}"] = _json(what, document)
    return headers


def _json(what: str, document: Any) -> str:
    """A document as it is sent.

    Raises:
        TypeError: JSON has no such types.
        ValueError: nor such values.
    """
    __tracebackhide__ = True
    try:
        return json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"JSON cannot express the {what}: {error}") from None


@contextmanager
def functions(asset: Asset, folders: Any) -> Iterator[Functions]:
    """The functions of a zip; ``folders`` makes temporary ones."""
    if sys.platform != "linux":
        pytest.skip("awslambdaric, the runtime's client, is for Linux")
    found = {each.metadata["Name"].lower() for each in closure(["awslambdaric"])}
    if "awslambdaric" not in found:
        pytest.fail(
            "error: the cell has no awslambdaric, which is AWS Lambda's runtime\n"
            f"hint: `{asset.remedy}`, and name it in `provided` of the platform if the zip is to go without",
            pytrace=False,
        )
    place = Place(folders.mktemp("aws-lambda"), asset, asset.provided)
    made = Functions(asset, place)
    try:
        yield made
    finally:
        made.end()
        place.remove()

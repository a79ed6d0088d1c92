"""What is told of an invocation."""

from __future__ import annotations

import pytest

from pytest_ofiuco.worker.aws_lambda.outcome import Invocation, readable


@pytest.mark.parametrize(
    ("said", "read"),
    [
        pytest.param("a\nb\n", "a\nb\n", id="lines"),
        pytest.param("[ERROR]\rTrace\r\u00a0\u00a0File\n", "[ERROR]\nTrace\n  File\n", id="an entry of several lines"),
        pytest.param("a\u00a0b\r\n", "a\u00a0b\n", id="a space of one's own"),
    ],
)
def test_logs_are_readable(said: str, read: str) -> None:
    assert readable(said) == read


def test_an_error_tells_where_it_was_raised() -> None:
    invocation = Invocation("1")
    invocation.fail_with({"errorType": "KeyError", "errorMessage": "'a'", "stackTrace": ['  File "app.py"\n']})
    assert str(invocation.error) == "KeyError: 'a'\nin the function (most recent call last):\n  File \"app.py\""
    assert repr(invocation) == "<invocation 1: KeyError: 'a'>"


@pytest.mark.parametrize("document", [{}, [], None, {"stackTrace": None}])
def test_an_error_that_says_nothing(document: object) -> None:
    invocation = Invocation("1")
    invocation.fail_with(document)
    assert str(invocation.error) == "Error: "


def test_a_result() -> None:
    invocation = Invocation("1")
    invocation.payload = [1]
    assert repr(invocation) == "<invocation 1: [1]>"

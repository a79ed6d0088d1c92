"""What becomes of an invocation: a result, or an error as AWS Lambda tells of it."""

from __future__ import annotations

from typing import Any, Dict

Message = Dict[str, Any]

_NO_BREAK_SPACE = "\u00a0"


class LambdaError(Exception):
    """A function that has failed: in its handler, or before it or beside it.

    ``error_type``, ``error_message`` and ``stack_trace`` are those of the document that AWS Lambda answers with.
    ``invocation`` is all that is known of it.
    """

    __module__ = "aws_lambda"  # where a test has it: the fixture

    def __init__(self, error_type: str, error_message: str, stack_trace: list[str], invocation: Invocation) -> None:
        super().__init__(error_type, error_message)
        self.error_type, self.error_message, self.stack_trace = error_type, error_message, stack_trace
        self.invocation = invocation

    def __str__(self) -> str:
        text = f"{self.error_type}: {self.error_message}" if self.error_type else self.error_message
        if self.stack_trace:
            trace = "".join(each if each.endswith("\n") else each + "\n" for each in self.stack_trace)
            text += f"\nin the function (most recent call last):\n{trace.rstrip()}"
        return text


class Invocation:
    """An invocation that is over.

    ``payload`` is the handler's result, ``error`` what it failed with, if it did. ``logs`` are what the function has
    printed and logged; of a cold start also what its modules have. ``duration`` and ``init_duration`` are in seconds,
    the latter 0.0 of a warm start; ``memory_used``, in MB, is the most that was seen, where that can be seen.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.payload: Any = None
        self.error: LambdaError | None = None
        self.logs = ""
        self.duration = 0.0
        self.init_duration = 0.0
        self.is_cold = False
        self.memory_used: float | None = None

    def __repr__(self) -> str:
        what = repr(self.payload) if self.error is None else f"{self.error.error_type}: {self.error.error_message}"
        return f"<invocation {self.request_id}: {what}>"

    def fail(self, error_type: str, error_message: str, stack_trace: list[str] | None = None) -> None:
        """It has failed."""
        self.error = LambdaError(error_type, error_message, stack_trace or [], self)

    def fail_with(self, document: Any) -> None:
        """It has failed as a document of the runtime says."""
        about: Message = document if isinstance(document, dict) else {}
        trace = [str(each) for each in about.get("stackTrace") or ()]
        self.fail(str(about.get("errorType") or "Error"), str(about.get("errorMessage") or ""), trace)


def readable(logs: str) -> str:
    """Logs with line breaks and spaces, for which the runtime writes others to keep an entry together."""
    lines = logs.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_with_spaces(line) for line in lines)


def _with_spaces(line: str) -> str:
    rest = line.lstrip(_NO_BREAK_SPACE)
    return " " * (len(line) - len(rest)) + rest

"""Reports as no pytest of this process would make them: of kinds that only a cell knows, and of text."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest._code.code import TerminalRepr
from _pytest._io import TerminalWriter


class OtherReport(pytest.TestReport):
    """A test's report of a kind that only the cell's pytest, or a plugin there, knows: of a subtest, say."""

    @property
    def head_line(self) -> str | None:
        """The heading of its failure, as the cell's pytest has it."""
        return self.__dict__.get("ofiuco_heading") or super().head_line


class Text(TerminalRepr):
    """What a representation of a failure reads like: those that pytest cannot serialize come as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write it as it is."""
        tw.line(self.text)


def as_shown(longrepr: Any) -> Any:
    """Text of several lines as a representation again: of one line pytest takes the whole for the message."""
    return Text(longrepr) if isinstance(longrepr, str) and "\n" in longrepr else longrepr


class _Shown(str):
    """What is a repr already."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def keep_parameters(report: pytest.TestReport, data: dict[str, Any]) -> None:
    """A subtest's parameters as the cell shows them: pytest, or its plugin, would take the repr of what is one."""
    context = getattr(report, "context", None)
    sent = data.get("_subtest.context")
    kept = getattr(context, "kwargs", None)
    if isinstance(kept, dict) and isinstance(sent, dict) and isinstance(sent.get("kwargs"), dict):
        kept.update({name: _Shown(value) for name, value in sent["kwargs"].items()})

"""pytest's reports → the parts, messages and output that a page shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_ofiuco.run.page.results import RERUN
from pytest_ofiuco.run.page.texts import clean

Report = pytest.TestReport | pytest.CollectReport


def outcome_of(report: Report) -> str:
    """What a report says of its part, in pytest's words; what only a plugin knows is an error, so that it is seen."""
    outcome: str = report.outcome
    if outcome == RERUN:
        return RERUN
    if hasattr(report, "wasxfail"):
        return "xpassed" if outcome == "passed" else "xfailed"
    if outcome == "failed" and report.when == "call":
        return "failed"
    return outcome if outcome in ("passed", "skipped") else "error"


def label_of(report: Report) -> str:
    """The part's name: ``call``, or which subtest it was."""
    subtest = subtest_of(report)
    return (
        f"subtest {subtest}" if subtest is not None else "collection" if report.when == "collect" else str(report.when)
    )


def subtest_of(report: Report) -> str | None:
    """Which subtest a report is of, if any: its message and values, as pytest writes them.

    ``_subtest.context`` is what is left of it where this session's pytest knows no subtests, and the cell's does.
    """
    context: Any = getattr(report, "context", None) or getattr(report, "_subtest.context", None)
    if context is None:
        return None
    fields = context if isinstance(context, Mapping) else {"msg": context.msg, "kwargs": context.kwargs}
    values = ", ".join(f"{name}={value}" for name, value in dict(fields.get("kwargs") or {}).items())
    described = ([f"[{fields['msg']}]"] if fields.get("msg") else []) + ([f"({values})"] if values else [])
    return " ".join(described) or "(unnamed)"


def text_of(report: Report) -> str:
    """The traceback, or the reason for a skip or an expected failure."""
    longrepr: Any = report.longrepr
    if isinstance(longrepr, tuple) and len(longrepr) == 3:
        path, line, reason = longrepr
        return clean(f"{path}:{line}: {reason}" if line is not None else f"{path}: {reason}")
    expected = str(getattr(report, "wasxfail", "")).removeprefix("reason: ")
    text = clean(report.longreprtext) if longrepr is not None else ""
    return "\n\n".join(filter(None, (clean(expected), text)))


def message_of(report: Report) -> str:
    """One line that says what is wrong, or why it was skipped."""
    longrepr: Any = report.longrepr
    if isinstance(longrepr, tuple) and len(longrepr) == 3:
        return _first_line(str(longrepr[2]).removeprefix("Skipped: "))
    expected = str(getattr(report, "wasxfail", "")).removeprefix("reason: ")
    crash = getattr(longrepr, "reprcrash", None)
    return _first_line(expected or (str(crash.message) if crash is not None else _error_in(str(longrepr or ""))))


def _error_in(text: str) -> str:
    """What pytest marks as the error in a traceback that is text; all of it, where nothing is marked."""
    marked = [line[1:].strip() for line in text.splitlines() if line.startswith("E  ")]
    return marked[0] if marked else text


def _first_line(text: str) -> str:
    lines = clean(text).strip().splitlines()
    return lines[0][:300] if lines else ""

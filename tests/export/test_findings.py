"""Findings for people and for machines."""

from __future__ import annotations

import json

from pytest_ofiuco.core.check import Report, Taken
from pytest_ofiuco.core.finding import Finding
from pytest_ofiuco.export.findings import findings_json, findings_text
from tests.locks import SHA256, lock, package

LOCK = lock(package("a"), package("b"))
REPORT = Report(
    lock=LOCK,
    cells=("py311-host", "py312-host"),
    findings=(),
    taken=tuple(Taken(package=each, artifact=each.wheels[0], cells=("py311-host",)) for each in (*LOCK.packages,) * 2),
)
UNFIT = Finding(
    severity="error",
    code="unfit",
    message="no file fits py311-host (nothing to install)",
    file="uv.lock",
    at="package[0]",
    package="a",
    version="1.0",
    cells=("py311-host",),
    hint="lock another",
)
STALE = Finding(severity="warning", code="stale", message="out of date", file="uv.lock", hint="lock again: `uv lock`")


def test_nothing_found() -> None:
    """An entry counts once, whatever files of it the cells take."""
    assert findings_text(REPORT, ()) == "uv.lock: fine for 2 cells (2 packages)\n"
    one = Report(lock=LOCK, cells=("a",), findings=(), taken=REPORT.taken[:1])
    assert findings_text(one, (), notes=["but", "and"]) == "uv.lock: fine for 1 cell (1 package); but; and\n"


def test_a_line_each() -> None:
    """A hint is told once for all that have it in common."""
    told = Finding(severity="warning", code="unasked", message="cannot ask", file="uv.lock")
    assert findings_text(REPORT, [UNFIT, UNFIT, STALE, told]) == (
        "error: uv.lock: package[0]: a 1.0: no file fits py311-host (nothing to install)\n"
        "error: uv.lock: package[0]: a 1.0: no file fits py311-host (nothing to install)\n"
        "hint: lock another\n"
        "warning: uv.lock: out of date\n"
        "hint: lock again: `uv lock`\n"
        "warning: uv.lock: cannot ask\n"
        "uv.lock: 2 errors, 2 warnings in 2 cells\n"
    )
    assert findings_text(REPORT, [STALE]).endswith("uv.lock: 1 warning in 2 cells\n")


def test_a_line_stays_one() -> None:
    """What a lock holds is printed; it does not move the cursor."""
    odd = Finding(severity="error", code="unfit", message="\x1b[2J\nerror: ü", file="uv.lock")
    assert findings_text(REPORT, [odd]).splitlines()[0] == r"error: uv.lock: \x1b[2J\nerror: ü"


def test_json() -> None:
    text = findings_json(REPORT, [UNFIT, STALE], is_index_asked=False)
    assert text.endswith("}\n")
    assert text == findings_json(REPORT, [UNFIT, STALE], is_index_asked=False)
    assert json.loads(text) == {
        "version": 1,
        "lock": {"format": "uv", "path": "uv.lock", "sha256": SHA256},
        "cells": ["py311-host", "py312-host"],
        "index_asked": False,
        "findings": [
            {
                "severity": "error",
                "code": "unfit",
                "file": "uv.lock",
                "at": "package[0]",
                "package": "a",
                "package_version": "1.0",
                "cells": ["py311-host"],
                "message": "no file fits py311-host (nothing to install)",
                "hint": "lock another",
            },
            {
                "severity": "warning",
                "code": "stale",
                "file": "uv.lock",
                "at": None,
                "package": None,
                "package_version": None,
                "cells": [],
                "message": "out of date",
                "hint": "lock again: `uv lock`",
            },
        ],
    }

"""What ``ofiuco check`` found: a line each for people, and JSON that is the same bytes for the same findings."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pytest_ofiuco.core.check import Report
from pytest_ofiuco.core.finding import Finding
from pytest_ofiuco.core.lock import Lock

VERSION = 1


def findings_text(report: Report, findings: Sequence[Finding], *, notes: Sequence[str] = ()) -> str:
    """A line each, a hint where what follows has another one, and a summary; ``notes`` end it."""
    summary = _summary(report, findings) + "".join(f"; {note}" for note in notes)
    return lines_of(findings, summary)


def lines_of(findings: Sequence[Finding], *more: str) -> str:
    """A line each, a hint where what follows has another one, and ``more`` lines."""
    lines = []
    for index, finding in enumerate(findings):
        where = ": ".join(filter(None, (finding.file, finding.at, finding.subject, finding.message)))
        lines.append(f"{finding.severity}: {where}")
        after = findings[index + 1] if index + 1 < len(findings) else None
        if finding.hint and (after is None or (after.code, after.hint) != (finding.code, finding.hint)):
            lines.append(f"hint: {finding.hint}")
    return "".join(f"{_on_one_line(line)}\n" for line in (*lines, *more))


def findings_json(report: Report, findings: Sequence[Finding], *, is_index_asked: bool) -> str:
    """The JSON document, with a final newline."""
    lock: Lock = report.lock
    document = {
        "version": VERSION,
        "lock": {"format": lock.format, "path": lock.path, "sha256": lock.sha256},
        "cells": list(report.cells),
        "index_asked": is_index_asked,
        "findings": entries_of(findings),
    }
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def entries_of(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """The findings, as JSON has them."""
    return [
        {
            "severity": finding.severity,
            "code": finding.code,
            "file": finding.file,
            "at": finding.at or None,
            "package": finding.package or None,
            "package_version": finding.version,
            "cells": list(finding.cells),
            "message": finding.message,
            "hint": finding.hint or None,
        }
        for finding in findings
    ]


def _summary(report: Report, findings: Sequence[Finding]) -> str:
    cells = counted(len(report.cells), "cell")
    if not findings:
        packages = len({taken.package.at for taken in report.taken})
        return f"{report.lock.path}: fine for {cells} ({counted(packages, 'package')})"
    return f"{report.lock.path}: {counts_of(findings)} in {cells}"


def counts_of(findings: Sequence[Finding]) -> str:
    """``1 error, 2 warnings``."""
    severities = [finding.severity for finding in findings]
    return ", ".join(counted(severities.count(each), each) for each in ("error", "warning") if each in severities)


def counted(number: int, noun: str) -> str:
    """``1 cell``, ``2 cells``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _on_one_line(text: str) -> str:
    """What a lock or an index says may hold anything; nothing of it moves a cursor."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)

"""Reports in plain values: in short where nothing has happened but that a phase has passed."""

from __future__ import annotations

from typing import Any

from .options import has_foreign

_STANDARD = frozenset(
    {
        "nodeid",
        "_id",
        "location",
        "keywords",
        "outcome",
        "longrepr",
        "when",
        "user_properties",
        "sections",
        "duration",
        "start",
        "stop",
    }
)


class Serializer:
    """Makes plain values of one session's reports."""

    def __init__(self, config: Any) -> None:
        self._config, self._hook = config, config.hook.pytest_report_to_serializable
        self._is_extended = has_foreign(config, "pytest_report_to_serializable")

    def full(self, report: Any) -> Any:
        """As pytest serializes a report, by its own hook."""
        return self._hook(config=self._config, report=report)

    def test(self, report: Any, nodeid: str) -> Any:
        """``[when, duration, start, stop]``, in seconds, of a phase that has passed and said nothing; else in full."""
        if self.is_plain(report, nodeid):
            began, ended = getattr(report, "start", 0), getattr(report, "stop", 0)
            return [report.when, round(report.duration, 7), round(began, 6), round(ended, 6)]
        return self.full(report)

    def is_plain(self, report: Any, nodeid: str) -> bool:
        """Whether a report is one that the controller can make itself."""
        return (
            report.outcome == "passed"
            and report.longrepr is None
            and not report.sections
            and not report.user_properties
            and report.nodeid == nodeid
            and type(report).__name__ == "TestReport"
            and _STANDARD.issuperset(report.__dict__)
            and not self._is_extended
        )

"""Reports in plain values: in short where nothing has happened but that a phase has passed."""

from __future__ import annotations

from typing import Any

from .channel import safe_repr
from .terminal import foreign_plugins

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

_KINDS = ("TestReport", "CollectReport")
"""pytest's own, of which every version makes the same."""


class Serializer:
    """Makes plain values of one session's reports."""

    def __init__(self, config: Any) -> None:
        self._config, self._hook = config, config.hook.pytest_report_to_serializable
        self._is_extended = bool(foreign_plugins(config, "pytest_report_to_serializable"))

    def full(self, report: Any) -> Any:
        """As pytest serializes a report, by its own hook."""
        data = self._hook(config=self._config, report=report)
        if type(report).__name__ not in _KINDS and isinstance(data, dict):
            add_own_words(data, report)
        return data

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


def add_own_words(data: dict[str, Any], report: Any) -> None:
    """Add what a report of another kind says of itself, and not every pytest: its heading, a subtest's parameters."""
    data["ofiuco_heading"] = getattr(report, "head_line", None)
    context, sent = getattr(report, "context", None), data.get("_subtest.context")
    values = getattr(context, "kwargs", None)
    if isinstance(values, dict) and isinstance(sent, dict):
        has_texts = hasattr(type(context), "__post_init__")  # which makes them, from pytest 9.0.2 on
        sent["kwargs"] = {name: value if has_texts else safe_repr(value) for name, value in values.items()}


class Statuses:
    """Asks for the words that the terminal has for a report: ``(category, letter, word)``."""

    def __init__(self, config: Any) -> None:
        manager = config.pluginmanager
        self._config, self._ask = config, manager.hook.pytest_report_teststatus
        foreign = foreign_plugins(config, "pytest_report_teststatus")
        self._ask_own = manager.subset_hook_caller("pytest_report_teststatus", foreign) if foreign else None
        self._has_subtests = manager.hasplugin("subtests")

    def own(self, report: Any) -> Any:
        """The words for a report that the controller cannot know: a plugin's, or of a report that not every pytest has.

        With subtests of pytest's own a test is asked for in any case: it fails, then, for those of its parts.
        """
        if self._ask_own is not None:
            status = self._ask(report=report, config=self._config)
            return status if status != self._ask_own(report=report, config=self._config) else None
        if self._has_subtests and report.when == "call":
            status = self._ask(report=report, config=self._config)
            return status if type(report).__name__ != "TestReport" else None
        return None

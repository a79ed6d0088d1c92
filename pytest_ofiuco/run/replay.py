"""What comes back from cells → ordinary pytest reports of this session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, cast

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.foreign_reports import OtherReport, as_shown, keep_parameters
from pytest_ofiuco.run.messages import ProtocolError, Ran, Status
from pytest_ofiuco.run.proxies import ProxyItem, with_cell
from pytest_ofiuco.run.report import OUTCOMES, Tally
from pytest_ofiuco.run.words import OwnStatuses

Location = tuple[str, "int | None", str]

_PASSING_OVER = frozenset(
    f"_pytest.{name}" for name in ("terminal", "main", "cacheprovider", "stepwise", "logging", "runner")
)
"""pytest's modules whose ``pytest_runtest_logreport`` does nothing with a set-up or tear-down that has passed."""

HAS_PARSED_IDS = hasattr(pytest.Item, "id")
"""Whether this pytest (9.1 or later) parses node ids, which its reports then share with their items."""


class Replay:
    """Makes reports and hands them to pytest's hooks."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._keywords: dict[object, dict[str, Any]] = {}
        self._has_statuses = False
        self._properties: dict[str, list[tuple[str, object]]] = {}
        self._has_plain_protocol = self._has_plain_status = self._passes_over = False

    def begin(self) -> None:
        """Tests are about to be reported: see who listens."""
        self._has_plain_protocol = not has_foreign(self.config, "pytest_runtest_protocol")
        self._has_plain_status = not has_foreign(self.config, "pytest_report_teststatus")
        self._passes_over = (
            self._has_plain_status
            and self.config.option.durations is None
            and _PASSING_OVER.issuperset(_implementers(self.config, "pytest_runtest_logreport"))
        )

    def report(self, proxy: ProxyItem) -> None:
        """Have pytest take a test's reports for those of a test that it has run.

        Plugins that watch tests run, as those of IDEs do, hook into the protocol; pytest's own hooks into it catch
        what a test does, which has happened elsewhere.
        """
        if self._has_plain_protocol:
            self.play(proxy)
        else:
            self.config.hook.pytest_runtest_protocol(item=proxy, nextitem=None)

    def play(self, proxy: ProxyItem) -> None:
        """Call pytest's reporting hooks for what has come back of a test."""
        hook, nodeid, location = self.config.hook, proxy.nodeid, proxy.location
        hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
        for index, report in enumerate(proxy.reports):
            if index < len(proxy.shown) and self.config.pluginmanager.hasplugin(
                "terminalreporter"
            ):  # before it, in the cell: as fixtures that were set up
                text = proxy.shown[index].replace(proxy.remote.nodeid, nodeid)
                self.config.get_terminal_writer().write(text)
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
        proxy.reports = ()

    def test_reports(self, ran: Ran, proxy: ProxyItem) -> list[pytest.TestReport]:
        """The reports of a test, under its proxy's node id and location; without those that nobody would heed.

        Raises:
            ProtocolError: one of them is no report.
        """
        location = proxy.location
        passes_over = self._passes_over and not ran.statuses and not ran.shown
        return [
            self._passed(each, proxy, location)
            if isinstance(each, list)
            else self._test_report(with_tuples(each), proxy)
            for each in ran.reports
            if not (passes_over and isinstance(each, list) and each and each[0] in ("setup", "teardown"))
        ]

    def _passed(self, phase: list[Any], proxy: ProxyItem, location: Location) -> pytest.TestReport:
        """The report of a phase of which nothing was said but when it began and ended."""
        try:
            when, duration, start, stop = phase
        except ValueError as error:
            raise ProtocolError(f"its report cannot be read: {phase!r}") from error
        report = pytest.TestReport(
            proxy.id if HAS_PARSED_IDS else proxy.nodeid,
            location,
            self.keywords(proxy),
            outcome="passed",
            longrepr=None,
            when=when,
            duration=duration,
            start=start,
            stop=stop,
            user_properties=self._shared(proxy.cell),
        )
        report.ofiuco_cell = proxy.cell.name  # type: ignore[attr-defined]  # an attribute of ours
        return report

    def keywords(self, proxy: ProxyItem) -> dict[str, Any]:
        """The keywords of a test's reports, as pytest makes them; shared, since nobody changes them."""
        remote = proxy.remote
        key = (remote.name, remote.chain, remote.names, tuple(mark[0] for mark in remote.markers))
        found = self._keywords.get(key)
        if found is None:
            names = [remote.name, *key[3], *remote.names, *(name for _, name, _ in reversed(remote.chain)), ""]
            found = self._keywords[key] = dict.fromkeys(names, 1)
        return found

    def _shared(self, cell: Cell) -> list[tuple[str, object]]:
        return self._properties.get(cell.name) or self._properties.setdefault(cell.name, properties(cell))

    def _test_report(self, data: dict[str, Any], proxy: ProxyItem) -> pytest.TestReport:
        report = cast(pytest.TestReport, self._deserialized(data, pytest.TestReport))
        report.nodeid = proxy.nodeid
        report.location = proxy.location
        report.keywords = {**report.keywords, proxy.name: 1}
        report.__dict__["ofiuco_cell"] = proxy.cell.name
        report.longrepr = as_shown(report.longrepr)
        report.user_properties = [*self._shared(proxy.cell), *report.user_properties]
        keep_parameters(report, data)
        return report

    def say(self, reports: Sequence[pytest.TestReport], statuses: Iterable[Status]) -> None:
        """Have the terminal say of reports what a plugin in the cell says.

        Raises:
            ProtocolError: there is no such report.
        """
        if not self._has_statuses:
            self.config.pluginmanager.register(OwnStatuses(), "ofiuco-statuses")
            self._has_statuses = True
        for place, *status in statuses:
            if not 0 <= place < len(reports):
                raise ProtocolError(f"it says of report {place} what is to be said, and has {len(reports)}")
            if type(reports[place]) in (pytest.TestReport, OtherReport):  # whose own plugin is here says the rest
                reports[place].__dict__["ofiuco_status"] = tuple(status)

    def collected(self, data: dict[str, Any], tally: Tally) -> bool:
        """Report a collector that did not pass in a cell, and count it; whether it failed.

        Raises:
            ProtocolError: it is no report.
        """
        report = cast(pytest.CollectReport, self._deserialized(with_tuples(data), pytest.CollectReport))
        report.nodeid = with_cell(str(report.nodeid) or "session", tally.name)
        report.longrepr = as_shown(report.longrepr)
        self.config.hook.pytest_collectreport(report=report)
        tally.counts["error" if report.failed else "skipped"] += 1
        return bool(report.failed)

    def _deserialized(self, data: dict[str, Any], kind: type[pytest.TestReport | pytest.CollectReport]) -> object:
        hook = self.config.hook.pytest_report_from_serializable
        try:
            try:
                report = hook(config=self.config, data=dict(data))
            except AssertionError:  # a type that this pytest does not know
                report = None
            if report is None:  # a kind of report that only the cell's pytest, or a plugin there, knows
                report = (OtherReport if kind is pytest.TestReport else kind)._from_json(dict(data))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"its report cannot be read: {type(error).__name__}: {error}") from error
        return report

    def collected_items(self, items: Sequence[pytest.Item]) -> None:
        """Report what all cells together collected, as the terminal counts it."""
        report = pytest.CollectReport(nodeid="", outcome="passed", longrepr=None, result=list(items))
        self.config.hook.pytest_collectreport(report=report)

    def collect_error(self, nodeid: str, reason: str) -> None:
        """Report that a cell cannot take part."""
        report = pytest.CollectReport(nodeid=nodeid, outcome="failed", longrepr=reason, result=[])
        self.config.hook.pytest_collectreport(report=report)

    def collect_skip(self, nodeid: str, path: str, reason: str) -> None:
        """Report that a cell is left out, and why."""
        longrepr = cast(Any, (path, None, f"Skipped: {reason}"))
        report = pytest.CollectReport(nodeid=nodeid, outcome="skipped", longrepr=longrepr, result=[])
        self.config.hook.pytest_collectreport(report=report)

    def count(self, tally: Tally, reports: Iterable[pytest.TestReport]) -> None:
        """Add a test's outcomes to its cell's tally."""
        for report in reports:
            if self._has_plain_status and is_plain_pass(report):
                tally.counts["passed"] += report.when == "call"
                continue
            status = self.config.hook.pytest_report_teststatus(report=report, config=self.config)
            category = status[0] if status else ""  # nobody says without a terminal, where no table is shown
            if category in OUTCOMES and (
                category != "passed" or report.when == "call"
            ):  # or a plugin says so of each phase
                tally.counts[category] += 1


def is_plain_pass(report: pytest.TestReport) -> bool:
    """Whether pytest itself would count nothing but a test that has passed, or a phase before or after it."""
    return (
        report.outcome == "passed"
        and type(report) is pytest.TestReport
        and not hasattr(report, "wasxfail")
        and not hasattr(report, "ofiuco_status")
    )


class Unkept(list[pytest.TestReport]):
    """What the terminal's reporter keeps of set-ups and tear-downs that have passed, for ``--durations``: nothing."""

    def extend(self, reports: Iterable[pytest.TestReport]) -> None:
        """Keep what is no plain pass."""
        super().extend(report for report in reports if not is_plain_pass(report))


def has_foreign(config: pytest.Config, hook: str) -> bool:
    """Whether anything but pytest itself implements a hook."""
    return not all(name.startswith(("_pytest.", "pytest_ofiuco.run.")) for name in _implementers(config, hook))


def _implementers(config: pytest.Config, hook: str) -> list[str]:
    """The modules that implement a hook; an empty name where one tells none."""
    return [getattr(each.function, "__module__", None) or "" for each in getattr(config.hook, hook).get_hookimpls()]


def properties(cell: Cell) -> list[tuple[str, object]]:
    """What a report says of its cell: ``--junitxml`` and other reports have them with each test."""
    found: list[tuple[str, object]] = [
        ("cell", cell.name),
        ("python", str(cell.python)),
        ("platform", cell.platform),
    ]
    return [*found, ("variant", cell.variant)] if cell.variant else found


def with_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """A serialized report with the tuples that JSON has made lists of."""
    found = dict(data)
    if isinstance(found.get("longrepr"), list):
        found["longrepr"] = tuple(found["longrepr"])
    for key in ("sections", "user_properties"):
        if isinstance(found.get(key), list):
            found[key] = [tuple(each) if isinstance(each, list) else each for each in found[key]]
    return found


def reporter(proxy: ProxyItem) -> Callable[..., pytest.TestReport]:
    """Makes reports of a test that are none of a worker's."""
    return partial(
        pytest.TestReport,
        nodeid=proxy.nodeid,
        location=proxy.location,
        keywords={proxy.name: 1},
        user_properties=properties(proxy.cell),
    )


def crash_reports(proxy: ProxyItem, reason: str, tail: str) -> list[pytest.TestReport]:
    """The failed report of a test that no worker has run to its end, and that of its end, which files wait for."""
    report = reporter(proxy)
    sections = [("Captured worker output", tail)] if tail else []
    failed = report(outcome="failed", longrepr=reason, when="call", sections=sections)
    return [failed, report(outcome="passed", longrepr=None, when="teardown")]

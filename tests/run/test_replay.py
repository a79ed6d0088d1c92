"""A cell's reports become this session's."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from pytest_ofiuco.run.messages import ProtocolError, Ran
from pytest_ofiuco.run.proxies import Forest, ProxyItem
from pytest_ofiuco.run.replay import Replay, Unkept, crash_reports, is_plain_pass, properties, with_tuples
from pytest_ofiuco.run.report import Tally
from tests.run.fakes import make_cell, remote_item, serialized

NODEID = "test_a.py::test"


class Recorder:
    """Keeps what goes through pytest's reporting hooks."""

    def __init__(self) -> None:
        self.collected: list[pytest.CollectReport] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.collected.append(report)


@pytest.fixture
def recorder(session: pytest.Session) -> Recorder:
    recorder = Recorder()
    session.config.pluginmanager.register(recorder)
    return recorder


@pytest.fixture
def replay(session: pytest.Session) -> Replay:
    return Replay(session.config)


@pytest.fixture
def proxy(session: pytest.Session) -> ProxyItem:
    return Forest(session).item(remote_item(NODEID), make_cell("py313"), 0)


def ran(*reports: Any, **more: Any) -> Ran:
    """What a worker says once the first test is over."""
    return Ran(test=0, reports=reports, **more)


def test_a_plain_pass_in_short_is_the_report_that_pytest_makes(replay: Replay, proxy: ProxyItem) -> None:
    phases = [["setup", 0.5, 1.0, 1.5], ["call", 0.25, 2.0, 2.25], ["teardown", 0.0, 3.0, 3.0]]
    reports = replay.test_reports(ran(*phases), proxy)
    assert [(each.when, each.outcome, each.duration, each.start, each.stop) for each in reports] == [
        ("setup", "passed", 0.5, 1.0, 1.5),
        ("call", "passed", 0.25, 2.0, 2.25),
        ("teardown", "passed", 0.0, 3.0, 3.0),
    ]
    for report in reports:
        assert (report.nodeid, report.location) == (proxy.nodeid, proxy.location)
        assert {"test", "test_a.py"} <= set(report.keywords)
        assert (report.sections, report.user_properties) == ([], properties(proxy.cell))
        assert vars(report)["ofiuco_cell"] == "py313-host"
        assert is_plain_pass(report)


PHASES = [["setup", 0.5, 1.0, 1.5], ["call", 0.25, 2.0, 2.25], ["teardown", 0.0, 3.0, 3.0]]


def test_what_nobody_would_heed_is_not_made(
    session: pytest.Session, proxy: ProxyItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def phases(message: Ran) -> list[str]:
        replay = Replay(session.config)
        replay.begin()
        return [str(each.when) for each in replay.test_reports(message, proxy)]

    every = ["setup", "call", "teardown"]
    assert phases(ran(*PHASES)) == ["call"]
    assert phases(ran(*PHASES, statuses=((1, "rerun", "R", "RERUN"),))) == every
    assert phases(ran(*PHASES, shown=("SETUP", "", ""))) == every
    failed = serialized(NODEID, "teardown", "failed")
    assert phases(ran(*PHASES[:2], failed)) == ["call", "teardown"]
    monkeypatch.setattr(session.config.option, "durations", 3)
    assert phases(ran(*PHASES)) == every
    monkeypatch.undo()

    class Listener:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            """As a plugin has it."""

    session.config.pluginmanager.register(Listener())
    assert phases(ran(*PHASES)) == every


@pytest.mark.parametrize("phase", [[], ["call"], ["call", 1, 2, 3, 4]])
def test_half_a_report_breaks_the_protocol(replay: Replay, proxy: ProxyItem, phase: list[object]) -> None:
    with pytest.raises(ProtocolError, match="its report cannot be read"):
        replay.test_reports(ran(phase), proxy)


def test_the_terminal_keeps_no_plain_pass(replay: Replay, proxy: ProxyItem) -> None:
    plain, odd = replay.test_reports(ran(["setup", 0, 0, 0], serialized(NODEID, "setup", "failed")), proxy)
    kept = Unkept()
    kept.extend([plain, odd])
    assert kept == [odd]


@pytest.mark.parametrize("is_watched", [False, True])
def test_a_plugin_that_watches_tests_run_sees_the_protocol(
    replay: Replay, proxy: ProxyItem, session: pytest.Session, is_watched: bool
) -> None:
    seen: list[str] = []

    class Watcher:
        def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
            seen.append(item.nodeid)
            return True

    if is_watched:
        session.config.pluginmanager.register(Watcher())
    replay.begin()
    replay.report(proxy)
    assert seen == [proxy.nodeid] * is_watched


def test_a_report_becomes_the_proxys(replay: Replay, proxy: ProxyItem) -> None:
    data = serialized(
        NODEID, "call", "failed", longrepr="assert 1 == 2", sections=[("Captured stdout call", "hi")], duration=1.5
    )
    (report,) = replay.test_reports(ran(data), proxy)
    assert isinstance(report, pytest.TestReport)
    assert report.nodeid == "test_a.py::test[py313-host]"
    assert report.location == proxy.location
    assert "test[py313-host]" in report.keywords
    assert (report.capstdout, report.duration) == ("hi", 1.5)
    assert report.longreprtext == "assert 1 == 2"
    assert report.__dict__["ofiuco_cell"] == "py313-host"


def test_tuples_survive_json(replay: Replay, proxy: ProxyItem) -> None:
    data = serialized(
        NODEID, "setup", "skipped", longrepr=("test_a.py", 3, "Skipped: no"), user_properties=[("area", 4)]
    )
    assert isinstance(data["longrepr"], list)
    (report,) = replay.test_reports(ran(data), proxy)
    assert report.longrepr == ("test_a.py", 3, "Skipped: no")
    assert report.user_properties == [
        ("cell", "py313-host"),
        ("python", "3.13"),
        ("platform", "host"),
        ("area", 4),
    ]


def test_a_representation_of_several_lines_is_no_message(replay: Replay, proxy: ProxyItem) -> None:
    (report,) = replay.test_reports(ran(serialized(NODEID, "call", "failed", longrepr="001 A text::\n002")), proxy)
    assert not isinstance(report.longrepr, str)
    assert report.longreprtext == "001 A text::\n002"


def test_a_subtest_has_its_parameters_as_they_were_shown(replay: Replay, proxy: ProxyItem) -> None:
    data = serialized(NODEID, "call", "failed", longrepr="assert 0")
    data.update({"_report_type": "SubTestReport", "_subtest.context": {"msg": "part", "kwargs": {"number": "0"}}})
    (report,) = replay.test_reports(ran(data), proxy)
    assert cast(Any, report).context.kwargs == {"number": "0"}


def test_what_was_no_list_stays() -> None:
    assert with_tuples({"longrepr": None, "sections": None, "x": [1]}) == {"longrepr": None, "sections": None, "x": [1]}


def test_a_kind_of_report_that_only_the_cell_knows_is_read_as_a_test_report(replay: Replay, proxy: ProxyItem) -> None:
    data = serialized(NODEID, "call", "passed") | {"$report_type": "SubtestReport", "context": {"msg": "inner"}}
    (report,) = replay.test_reports(ran(data), proxy)
    assert report.passed
    assert report.nodeid == proxy.nodeid


@pytest.mark.parametrize("data", [{}, {"when": "call"}, {"$report_type": "TestReport", "longrepr": {"reprcrash": 1}}])
def test_what_is_no_report_breaks_the_protocol(replay: Replay, proxy: ProxyItem, data: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="report cannot be read"):
        replay.test_reports(ran(data), proxy)
    with pytest.raises(ProtocolError, match="report cannot be read"):
        replay.collected(data, Tally("py313-host"))


@pytest.mark.parametrize(("outcome", "failed"), [("failed", True), ("skipped", False)])
def test_a_collector_is_reported_with_its_cell(replay: Replay, recorder: Recorder, outcome: Any, failed: bool) -> None:
    report = pytest.CollectReport("test_a.py", outcome, "SyntaxError", [])
    data = {**report._to_json(), "$report_type": "CollectReport"}
    assert replay.collected(data, Tally("py313-host")) is failed
    assert [each.nodeid for each in recorder.collected] == ["test_a.py[py313-host]"]


def test_cells_that_take_no_part_are_reported(replay: Replay, recorder: Recorder) -> None:
    replay.collect_error("ofiuco::prepare[py313-host]", "error: no\nhint: yes")
    replay.collect_skip("ofiuco::cell[py310-host]", "uv.lock", "not here")
    failed, skipped = recorder.collected
    assert failed.failed
    assert failed.longreprtext == "error: no\nhint: yes"
    assert skipped.skipped
    assert cast(object, skipped.longrepr) == ("uv.lock", None, "Skipped: not here")


def test_outcomes_are_counted_as_pytest_does(pytester: pytest.Pytester, proxy: ProxyItem) -> None:
    replay = Replay(pytester.parseconfigure("-p", "no:cacheprovider"))
    tally = Tally("py313-host")
    for when, outcome in [("setup", "passed"), ("call", "failed"), ("teardown", "failed")]:
        replay.count(tally, replay.test_reports(ran(serialized(NODEID, when, outcome)), proxy))
    assert tally.counts == Counter(failed=1, error=1)


def test_a_crash_fails_the_test_and_quotes_the_worker(proxy: ProxyItem) -> None:
    report, end = crash_reports(proxy, "the worker of py313-host was killed by SIGKILL", "last words")
    assert report.failed
    assert report.when == "call"
    assert report.longreprtext == "the worker of py313-host was killed by SIGKILL"
    assert report.sections == [("Captured worker output", "last words")]
    assert (end.when, end.outcome, end.user_properties) == ("teardown", "passed", report.user_properties)
    assert crash_reports(proxy, "exited with 3", "")[0].sections == []


def test_a_plugins_own_words_for_a_report(replay: Replay, proxy: ProxyItem) -> None:
    reports = replay.test_reports(ran(serialized(NODEID, "call", "rerun"), serialized(NODEID, "call", "passed")), proxy)
    replay.say(reports, [(0, "rerun", "R", ("RERUN", {"yellow": True}))])
    hook = replay.config.hook.pytest_report_teststatus
    assert hook(report=reports[0], config=replay.config) == ("rerun", "R", ("RERUN", {"yellow": True}))
    assert (hook(report=reports[1], config=replay.config) or ("passed",))[0] == "passed"
    with pytest.raises(ProtocolError, match="report 2"):
        replay.say(reports, [(2, "passed", ".", "PASSED")])

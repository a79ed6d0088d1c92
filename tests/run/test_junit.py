"""What a JUnit report says of cells; with reports that pytest writes in tests/plugin/test_junit.py."""

from __future__ import annotations

import pytest

from pytest_ofiuco.run.junit import JUnit
from pytest_ofiuco.run.messages import Recorded
from tests.run.fakes import make_cell


def test_without_a_report_nothing_is_recorded_and_nothing_is_counted(session: pytest.Session) -> None:
    junit = JUnit(session.config, [make_cell("py313")], {})
    junit.record(Recorded(nodeid="", name="side", value="4"), "py313-host", 1)
    session.config.pluginmanager.register(junit)
    report = pytest.CollectReport(nodeid="test_a.py[py313-host]", outcome="failed", longrepr="no", result=[])
    session.config.hook.pytest_collectreport(report=report)
    session.config.pluginmanager.unregister(junit)

"""Runs what is pending in the cells, a given number of cells at a time, and loses no test when a worker is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import pytest

from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.messages import ProtocolError, Ran, RemoteItem
from pytest_ofiuco.run.proxies import ProxyItem, with_cell
from pytest_ofiuco.run.replay import Replay, crash_report

_MAX_CRASHES = 20
_PATIENCE = 10.0

_BUSY = (Phase.COLLECTING, Phase.RUNNING)


class Scheduler:
    """Decides which cell runs what, and what becomes of the tests of a worker that is gone."""

    def __init__(self, runs: Iterable[CellRun], jobs: int, launcher: Launcher, replay: Replay) -> None:
        self.runs, self.jobs, self.launcher, self.replay = tuple(runs), jobs, launcher, replay

    def run_all(self, session: pytest.Session, take: Callable[[], None]) -> None:
        """Run until everything pending is reported; ``take`` waits for an event and acts on it."""
        waiting = [run for run in self.runs if run.pending]
        for run in self.runs:
            if run.phase is Phase.COLLECTED and not run.pending:
                run.finish()
        while True:
            active = sum(run.phase in _BUSY for run in self.runs)
            waiting = [run for run in waiting if run.phase is Phase.COLLECTED]
            free = max(0, self.jobs - active)
            for run in waiting[:free]:
                run.begin()
            del waiting[:free]
            if not any(run.phase in (*_BUSY, Phase.ENDING) for run in self.runs):
                break
            take()
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        unheard = [run.proxies[index].nodeid for run in self.runs for index in run.pending]
        assert not unheard, f"tests without a report: {unheard}"

    def ran(self, run: CellRun, message: Ran) -> None:
        proxy = run.proxies.get(message.index)
        if proxy is None or message.index not in run.pending:
            self.lost(run, f"failed: it ran test {message.index}, which it was not asked to", "")
            return
        try:
            reports = self.replay.test_reports(message.reports, proxy)
        except ProtocolError as error:
            run.current = message.index
            self.lost(run, f"failed: {error}", "")
            return
        run.pending.remove(message.index)
        run.current = None
        self.conclude(run, proxy, reports)

    def conclude(self, run: CellRun, proxy: ProxyItem, reports: list[pytest.TestReport]) -> None:
        proxy.reports = reports
        run.has_failed = run.has_failed or any(report.failed for report in reports)
        self.replay.count(run.tally, reports)
        proxy.ihook.pytest_runtest_protocol(item=proxy, nextitem=None)

    def ended(self, run: CellRun, exitstatus: int | None) -> None:
        if run.phase is Phase.RUNNING and run.pending:
            self.lost(run, "ended its session early", "")
            return
        if run.phase is Phase.COLLECTING:
            self.lost(run, "ended its session before it had collected", "")
            return
        run.over()
        self.launcher.end(run, patience=_PATIENCE)  # what was registered with atexit may take its time
        has_failed = run.has_failed or bool(run.tally.counts["error"])
        explained = {None, 0, 5, 1 if has_failed else 0}
        if exitstatus not in explained:
            reason = f"its pytest ended with exit status {exitstatus}, which no test accounts for"
            hint = "a plugin or a conftest.py there has set it, as limits of coverage do"
            self.replay.collect_error(with_cell("ofiuco", run.cell.name), f"error: {reason}\nhint: {hint}")

    def lost(self, run: CellRun, how: str, tail: str) -> None:
        """A worker is gone. The test it was on fails, a fresh worker takes the rest, within limits."""
        self.launcher.end(run)
        said = f"\n{tail}" if tail else ""
        if run.phase is Phase.COLLECTING and not run.proxies:
            self.fail_cell(run, "collect", f"the worker of {run.cell.name} {how}{said}")
            return
        if run.phase is Phase.ENDING and not run.pending:
            reason = f"the worker of {run.cell.name} {how} after its last test, before its session had ended{said}"
            self.replay.collect_error(with_cell("ofiuco", run.cell.name), reason)
            run.over()
            return
        if run.phase is Phase.COLLECTED and not run.pending:
            self.fail_cell(run, "collect", f"the worker of {run.cell.name} {how} before it was asked to run")
            return
        run.crashes += 1
        if run.current is not None and run.current in run.pending:
            self.fail_test(run, run.current, how, tail)
        run.current = None
        if not run.pending:
            run.over()
        elif run.crashes > _MAX_CRASHES or (run.phase is Phase.COLLECTING):
            for index in list(run.pending):
                self.fail_test(run, index, f"{how}; no further worker is started", tail)
            run.over()
        else:
            run.phase = Phase.COLLECTING
            self.launcher.start(run)

    def fail_test(self, run: CellRun, index: int, how: str, tail: str) -> None:
        run.pending.remove(index)
        proxy = run.proxies[index]
        self.conclude(run, proxy, [crash_report(proxy, f"the worker of {run.cell.name} {how}", tail)])

    def resume(self, run: CellRun, items: Sequence[RemoteItem]) -> None:
        """A fresh worker has collected: go on with what is pending, found again by node id."""
        places: dict[str, deque[int]] = {}
        for index, item in enumerate(items):
            places.setdefault(item.nodeid, deque()).append(index)
        pending = [run.proxies[index] for index in run.pending]
        run.pending.clear()
        run.proxies = {}
        for proxy in pending:
            found = places.get(proxy.remote.nodeid)
            if not found:
                report = crash_report(proxy, f"the fresh worker of {run.cell.name} did not collect this test", "")
                self.conclude(run, proxy, [report])
                continue
            proxy.index = found.popleft()
            run.proxies[proxy.index] = proxy
            run.pending.append(proxy.index)
        if run.pending:
            run.begin()
        else:
            run.finish()

    def fail_cell(self, run: CellRun, stage: str, reason: str) -> None:
        """Nothing of the cell can run: an error of its own in the report; the other cells go on."""
        run.phase = Phase.OVER
        run.tally.remark = f"error: could not {stage}"
        self.launcher.end(run)
        self.replay.collect_error(with_cell("ofiuco", run.cell.name), reason)

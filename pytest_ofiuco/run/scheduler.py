"""Runs the cells' tests on a given number of workers, and loses no test when a worker is lost.

Cells begin in their order. Where workers are left over, a cell gets more than one: each takes whole groups of tests
from the end of what the busiest has still to run, until nothing is worth the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import pytest

from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.distribution import Group, by_mark
from pytest_ofiuco.run.events import Jobs
from pytest_ofiuco.run.feeding import Feeder
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.limits import Limits, exit_seconds
from pytest_ofiuco.run.messages import Given, ProtocolError, Ran
from pytest_ofiuco.run.proxies import ProxyItem, with_cell
from pytest_ofiuco.run.replay import Replay, crash_reports
from pytest_ofiuco.run.workers import BUSY, State, Worker
from pytest_ofiuco.run.worth import gain


class Scheduler:
    """Decides which worker runs what, and what becomes of the tests of one that is gone."""

    def __init__(
        self,
        runs: Iterable[CellRun],
        *,
        jobs: Jobs,
        launcher: Launcher,
        replay: Replay,
        group: Group = by_mark,
        limits: Limits | None = None,
    ) -> None:
        self.runs, self.jobs, self.launcher, self.replay, self.group = tuple(runs), jobs, launcher, replay, group
        self.limits, self.started = limits or Limits(), 0
        self.feeder = Feeder(group=group, jobs=jobs, free=self.free, refuse=self.refuse)

    def run_all(self, session: pytest.Session, take: Callable[[], None], is_awaited: Callable[[], bool]) -> None:
        """Run until everything is reported; ``take`` waits for an event and acts on it.

        ``is_awaited``: whether anything but workers has something to say.
        """
        for run in self.runs:
            if run.phase is Phase.COLLECTED and not run.todo:
                for worker in run.workers:
                    if worker.state is State.READY:
                        worker.end()
        while True:
            self.fill()
            if not any(worker for run in self.runs for worker in run.workers) and not is_awaited():
                break
            take()
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        unheard = [proxy.nodeid for run in self.runs for proxy in run.unreported()]
        assert not unheard, f"tests without a report: {unheard}"

    def fill(self) -> None:
        """Give the free jobs something to do: cells that wait for a worker first, then those that have much to do."""
        free, beginning = self.free(), []
        for run in self.runs:
            if free <= 0:
                break
            if run.phase is Phase.PREPARED:
                run.phase = Phase.COLLECTING
                self.start(run)
                free -= 1
            elif run.phase is Phase.COLLECTED and run.todo:
                ready = next((worker for worker in run.workers if worker.state is State.READY), None)
                if ready is not None:
                    run.begins()
                    beginning.append((run, ready))
                    free -= 1
        while free > 0:
            best = max(self.runs, key=self.gain, default=None)
            if best is None or self.gain(best) <= 0:
                break
            self.start(best)
            free -= 1
        for run, ready in beginning:  # only now is it known with how many others they share
            self.feeder.feed(run, ready)

    def free(self) -> int:
        """How many more workers may run."""
        return self.jobs.count - sum(worker.state in BUSY for run in self.runs for worker in run.workers)

    def running(self) -> list[str]:
        """The node ids of the tests that workers are on."""
        workers = [worker for run in self.runs for worker in run.workers]
        return [worker.queue[0].nodeid for worker in workers if worker.is_on and worker.queue]

    def start(self, run: CellRun) -> None:
        """Start one more worker."""
        self.launcher.start(run)
        self.started += 1

    def gain(self, run: CellRun) -> float:
        """How much one more worker would bring a cell; 0 where it is not worth its start."""
        return gain(run, self.jobs, is_wanted=self.jobs.is_given and self.started < self.jobs.count)

    def given(self, run: CellRun, giver: Worker, message: Given) -> None:
        """A worker has given tests back: they are for the one that waits longest."""
        try:
            run.todo.extend(giver.take_back(message.indices))
        except KeyError:
            self.lost(run, giver, "failed: it gave back tests that it did not have", "")
            return
        if run.hungry:
            self.feeder.serve(run)
        elif run.todo and not giver.has_ended:
            self.feeder.feed(run, giver)
        if giver.waits:
            self.feeder.feed(run, giver)

    def ran(self, run: CellRun, worker: Worker, message: Ran) -> None:
        """A test is over."""
        worker.heard()
        if not worker.queue or worker.place(worker.queue[0]) != message.test:
            self.lost(run, worker, f"failed: it ran test {message.test}, which it was not asked to", "")
            return
        proxy = worker.queue[0]
        try:
            reports = self.replay.test_reports(message, proxy)
            if message.statuses:
                self.replay.say(reports, message.statuses)
            proxy.shown = message.shown
        except ProtocolError as error:
            self.lost(run, worker, f"failed: {error}", "")
            return
        worker.queue.popleft()
        worker.is_on = not worker.waits
        group = self.group(proxy)
        if group is not None:
            run.owned[group] = worker
        self.conclude(run, proxy, reports)
        if worker.has_ended:
            if not worker.queue:
                worker.state = State.ENDING
        elif worker.waits:
            self.feeder.feed(run, worker)

    def conclude(self, run: CellRun, proxy: ProxyItem, reports: list[pytest.TestReport]) -> None:
        """Report a test."""
        proxy.reports = reports
        run.ran += 1
        self.replay.count(run.tally, reports)
        for report in reports:
            if report.outcome == "failed":
                run.has_failed = True
        if not run.remaining:
            run.clock()
        self.replay.report(proxy)

    def collected(self, run: CellRun, worker: Worker) -> None:
        """A worker has collected what the cell's first one has: it goes on with what is left."""
        worker.adopt(run.items, run.unreported())
        worker.state = State.READY
        if run.phase is Phase.RUNNING:
            self.feeder.feed(run, worker)

    def ended(self, run: CellRun, worker: Worker, exitstatus: int | None, keepers: Sequence[str]) -> None:
        """A worker's session is over."""
        if worker.queue or worker.state is State.READY:
            self.lost(run, worker, "ended its session early", "")
            return
        if worker.state in (State.STARTING, State.COLLECTING):
            self.lost(run, worker, "ended its session before it had collected", "")
            return
        self.launcher.let_end(
            worker, exit_seconds(worker), keepers
        )  # what was registered with atexit may take its time
        self.leave(run, worker)
        self.go_on(run, State.ENDING, "ended", "")
        has_failed = run.has_failed or bool(run.tally.counts["error"])
        if exitstatus not in {None, 0, 5, 1 if has_failed else 0}:
            reason = f"its pytest ended with exit status {exitstatus}, which no test accounts for"
            hint = "a plugin or a conftest.py there has set it, as limits of coverage do"
            self.replay.collect_error(with_cell("ofiuco", run.cell.name), f"error: {reason}\nhint: {hint}")

    def leave(self, run: CellRun, worker: Worker) -> None:
        """A worker is gone, and nothing with it."""
        run.workers.remove(worker)
        if worker in run.hungry:
            run.hungry.remove(worker)
        if worker.is_asked:
            self.feeder.serve(run)
        if not run.workers and not run.todo:
            run.phase = Phase.OVER

    def lost(self, run: CellRun, worker: Worker, how: str, tail: str) -> None:
        """A worker is gone. The test it was on fails, others take the rest, within limits."""
        state = worker.state
        how = worker.reason or how
        self.launcher.end(worker)
        if state is State.STARTING and worker.reason is not None and not run.stalls:
            self.start_again(run, worker)
            return
        said = f"\n{tail}" if tail else ""
        if run.phase is Phase.COLLECTING:
            self.fail_cell(run, "collect", f"the worker of {run.cell.name} {how}{said}")
            return
        if state is State.ENDING and not worker.queue:
            reason = f"the worker of {run.cell.name} {how} after its last test, before its session had ended{said}"
            self.replay.collect_error(with_cell("ofiuco", run.cell.name), reason)
            self.leave(run, worker)
            self.go_on(run, state, how, tail)
            return
        if run.phase is Phase.COLLECTED and not run.todo:
            self.fail_cell(run, "collect", f"the worker of {run.cell.name} {how} before it was asked to run")
            return
        run.crashes += 1
        left = list(worker.queue)
        worker.queue.clear()
        if left and worker.is_on:
            self.fail_test(run, left.pop(0), how, tail)
        run.todo.extendleft(reversed(left))
        self.leave(run, worker)
        self.go_on(run, state, how, tail)

    def start_again(self, run: CellRun, worker: Worker) -> None:
        """A worker has said nothing after its start, as emulators do once in a while: another one is tried."""
        run.stalls += 1
        run.workers.remove(worker)
        silence = f"said nothing for {worker.start_seconds:g} s after its start"
        self.launcher.warnings.append(f"{run.cell.name}: a worker {silence}, was ended, and started again")
        self.launcher.start(run)

    def go_on(self, run: CellRun, state: State, how: str, tail: str) -> None:
        """Find somebody for the tests of a worker that was lost in ``state``."""
        if not run.todo:
            return
        has_collected = state not in (State.STARTING, State.COLLECTING)
        if run.hungry:
            self.feeder.serve(run)
        elif run.crashes <= self.jobs.restarts and (has_collected or run.workers):
            if not run.coming:
                self.launcher.start(run)
        elif not run.workers:
            for proxy in list(run.todo):
                run.todo.remove(proxy)
                reason = f"not run: the worker of {run.cell.name} {how}; no further worker is started"
                self.conclude(run, proxy, crash_reports(proxy, reason, tail))
            run.phase = Phase.OVER

    def seconds_left(self) -> float | None:
        """Until the next worker's time is up."""
        workers = [worker for run in self.runs for worker in run.workers]
        if self.limits.test is None and not any(worker.state is State.STARTING for worker in workers):
            return None
        limits = [self.limits.of(worker) for worker in workers]
        due = min((limit[0] for limit in limits if limit is not None), default=None)
        return None if due is None else max(0.0, due - time.monotonic())

    def expire(self) -> None:
        """End the workers whose time is up; what becomes of their tests is said once they are gone."""
        now = time.monotonic()
        for run in self.runs:
            for worker in run.workers:
                limit = self.limits.of(worker)
                if limit is not None and limit[0] <= now:
                    worker.reason = limit[1]
                    self.launcher.abort(worker)

    def refuse(self, run: CellRun, proxy: ProxyItem) -> None:
        """Report a test that none of a cell's workers has."""
        reason = f"not run: the fresh worker of {run.cell.name} did not collect this test"
        self.conclude(run, proxy, crash_reports(proxy, reason, ""))

    def fail_test(self, run: CellRun, proxy: ProxyItem, how: str, tail: str) -> None:
        """Report a test that a worker was lost on."""
        reason = f"the worker of {run.cell.name} {how} while running {proxy.nodeid}"
        self.conclude(run, proxy, crash_reports(proxy, reason, tail))

    def fail_cell(self, run: CellRun, stage: str, reason: str) -> None:
        """Nothing of the cell can run: an error of its own in the report; the other cells go on."""
        run.phase = Phase.OVER
        run.tally.remark = f"error: could not {stage}"
        for worker in run.workers:
            self.launcher.end(worker)
        run.workers.clear()
        run.todo.clear()
        self.replay.collect_error(with_cell("ofiuco", run.cell.name), reason)

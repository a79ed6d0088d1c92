"""The controller: the pytest session that holds a proxy item for each test in each cell.

It prepares the cells, has their workers collect, selects and orders with pytest's own hooks, has the workers run, and
replays their reports as the proxy items'. Threads prepare and listen; everything that pytest sees happens in the main
thread, which takes one event after another from a queue.
"""

from __future__ import annotations

import gc
import queue
import time
from collections.abc import Callable, Iterable
from typing import cast

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.cellrun import CellRun, Phase
from pytest_ofiuco.run.cells import SessionPlan
from pytest_ofiuco.run.collection import Collection
from pytest_ofiuco.run.events import Events
from pytest_ofiuco.run.flushing import Flushes
from pytest_ofiuco.run.gateway import tail
from pytest_ofiuco.run.inspection.inspections import Inspections
from pytest_ofiuco.run.inspection.verdicts import Verdict
from pytest_ofiuco.run.junit import JUnit
from pytest_ofiuco.run.launcher import Launcher
from pytest_ofiuco.run.messages import (
    Alive,
    Asked,
    Begins,
    Bye,
    Collectable,
    Collected,
    CollectFailed,
    Failed,
    Given,
    Gone,
    Hello,
    Message,
    Ran,
    Recorded,
    Said,
    Stopped,
    Warned,
)
from pytest_ofiuco.run.preparation import Prepared, PrepareFailed
from pytest_ofiuco.run.proxies import ProxyItem, with_cell
from pytest_ofiuco.run.replay import Replay, Unkept
from pytest_ofiuco.run.report import Tally, header, table, terminal
from pytest_ofiuco.run.scheduler import Scheduler
from pytest_ofiuco.run.warned import Warnings
from pytest_ofiuco.run.words import Words, with_its_end_first
from pytest_ofiuco.run.workers import State, Worker
from pytest_ofiuco.store.threads import HEED_SECONDS

_SELDOM = 1_000_000


class Controller:
    """The plugin object of a matrix session."""

    def __init__(
        self,
        config: pytest.Config,
        plan: SessionPlan,
        *,
        events: Events,
        launcher: Launcher,
        schedule: Callable[[Iterable[CellRun], Replay], Scheduler],
        own_marks: frozenset[str],
        inspections: Inspections,
        answer: Callable[[Cell, Worker, Asked], None],
    ) -> None:
        self.config, self.plan = config, plan
        self.events, self.launcher, self.answer = events, launcher, answer
        self.inspections = inspections
        self.runs = {
            planned.cell.name: CellRun(planned=planned, tally=Tally(planned.cell.name)) for planned in plan.cells
        }
        self.replay = Replay(config)
        self.scheduler = schedule(self.runs.values(), self.replay)
        self.notes: list[str] = list(plan.warnings)
        self.collection = Collection(
            config=config,
            plan=plan,
            runs=self.runs,
            scheduler=self.scheduler,
            replay=self.replay,
            own_marks=own_marks,
            notes=self.notes,
            inspected=self.inspections.items,
        )
        self.executions: dict[str, str] = {}
        self.junit = JUnit(config, [planned.cell for planned in plan.cells], self.executions)
        self.tells_execution = any(getattr(config.option, name, None) for name in ("xmlpath", "ofiuco_html"))
        self.words, self.warnings, self.flushes = Words(), Warnings(config), Flushes()
        self.has_items = False

    # pytest's hooks

    def pytest_report_header(self) -> list[str]:
        width, _ = terminal(self.config)
        return header(self.plan.lock, list(self.runs), width)

    def pytest_sessionstart(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:  # cells report in turns: a file's name would come with every other dot
            reporter.showfspath = False
            if self.config.option.durations is None:
                reporter.stats.setdefault("", Unkept())

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        usual = gc.get_threshold()
        gc.set_threshold(_SELDOM, *usual[1:])  # all of it stays
        try:
            self.prepare_and_collect()
            reporter = self.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                self.words.show_header(reporter, [run.cell.name for run in self.runs.values() if run.items])
            self.has_items = self.collection.report(session)
        finally:
            gc.freeze()
            gc.set_threshold(*usual)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        option = session.config.option
        has_nothing_to_run = option.collectonly or not self.has_items
        if session.testsfailed and has_nothing_to_run and not option.continue_on_collection_errors:
            plural = "s" if session.testsfailed != 1 else ""
            raise session.Interrupted(f"{session.testsfailed} error{plural} during collection")
        if not option.collectonly:
            self.break_line()
            self.replay.begin()
            self.inspections.begin(session.items)
            with self.flushes.fewer(self.config):
                self.scheduler.run_all(session, self.take, lambda: self.inspections.are_awaited)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if not isinstance(item, ProxyItem):
            return None
        self.replay.play(item)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.launcher.close()
        if self.launcher.was_interrupted:
            self.notes.append("interrupted: workers that had not ended were killed")
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        gc.freeze()  # pytest looks for garbage at its end, several times

    def pytest_unconfigure(self) -> None:
        self.launcher.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        self.words.show_summary(terminalreporter)
        for note in (*self.notes, *self.launcher.warnings):
            terminalreporter.write_line(f"ofiuco: {note}", yellow=True)
        if self.config.option.collectonly or self.config.get_verbosity() < -1:
            return
        tallies = [run.tally for run in self.runs.values()]
        if any(tally.counts or tally.remark for tally in tallies):
            terminalreporter.write_sep("─", "ofiuco matrix")
            for line in table(tallies, self.config.get_terminal_writer().markup):
                terminalreporter.write_line(line)

    def break_line(self) -> None:
        """The empty line that pytest writes before a file's name, which is not written here."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.get_verbosity() == 0:
            reporter.write_line("")

    # Collection

    def prepare_and_collect(self) -> None:
        """Prepare every cell that can run, and have it collect; returns when each has, or has failed."""
        for run in self.runs.values():
            if run.planned.error is not None:
                self.scheduler.fail_cell(run, "resolve", run.planned.error.render())
            elif run.planned.skip is not None and not run.planned.is_prepared:
                self.skip_cell(run, run.planned.skip)
        runnable = [run for run in self.runs.values() if run.phase is not Phase.OVER]
        with self.launcher.preparing(runnable):
            while any(run.phase is Phase.PREPARING for run in runnable):
                self.scheduler.fill()
                self.take()
        while any(run.phase in (Phase.PREPARED, Phase.COLLECTING) for run in runnable):
            self.scheduler.fill()
            self.take()
        self.launcher.spawner.decoder.forget()

    def take(self) -> None:
        """Wait for the next event, and act on it; or end a worker whose time is up."""
        try:
            left = self.scheduler.seconds_left()
            if self.events.empty():
                self.flushes.catch_up()
            source, message = self.events.get(timeout=HEED_SECONDS if left is None else min(left, HEED_SECONDS))
        except queue.Empty:
            self.scheduler.expire()
            return
        if isinstance(message, Verdict):
            self.inspections.judged(self.runs[cast(str, source)], message, self.replay)
        elif isinstance(source, str):
            self.prepared(self.runs[source], cast(Prepared | PrepareFailed, message))
        elif self.launcher.ahead.get(source.name) is source:  # it has ended before it was told anything
            self.launcher.forgo(source.name)
        elif source.state is not State.GONE:
            self.handle(self.runs[source.name], source, cast(Message, message))

    def prepared(self, run: CellRun, message: Prepared | PrepareFailed) -> None:
        """A cell has its environment, or cannot have it."""
        if isinstance(message, PrepareFailed):
            self.scheduler.fail_cell(run, "prepare", message.error.render())
        else:
            run.environment, run.phase = message.environment, Phase.PREPARED
            if run.planned.skip is not None:
                self.skip_cell(run, run.planned.skip)
            elif run.cell.name in self.inspections.wanted.only:
                run.phase = Phase.OVER

    def handle(self, run: CellRun, worker: Worker, message: Message) -> None:
        match message:
            case Ran():
                self.scheduler.ran(run, worker, message)
            case Collectable():
                worker.items.append(message.item)
            case Hello():
                worker.state = State.COLLECTING
                worker.heard()
                run.answered(worker)
                self.check_interpreter(run, message)
            case Alive():
                worker.heard()
            case Begins():
                worker.is_on = True
                worker.heard()
            case CollectFailed():
                if run.phase is Phase.COLLECTING:
                    run.collect_reports.append(message.report)
            case Collected():
                self.collected(run, worker, message)
            case Asked():
                self.answer(run.cell, worker, message)
            case Given():
                self.scheduler.given(run, worker, message)
            case Warned():
                self.warnings.hear(message, run.cell.name, worker.number)
            case Said():
                if message.where != "header" or run.phase is Phase.COLLECTING:  # of a cell's first worker
                    self.words.hear(message, run.cell.name)
            case Recorded():
                self.junit.record(message, run.cell.name, worker.number)
            case Stopped():
                self.notes.append(f"{run.cell.name} stopped: {message.reason}")
                raise pytest.exit.Exception(f"{run.cell.name}: {message.reason}", message.returncode)
            case Bye():
                self.scheduler.ended(run, worker, message.exitstatus, message.keepers)
            case Failed():
                said = tail(worker.spool) if worker.state is State.STARTING else ""
                self.scheduler.lost(run, worker, f"failed: {with_its_end_first(message.reason)}", said)
            case Gone():
                self.scheduler.lost(run, worker, message.how, message.tail)

    def check_interpreter(self, run: CellRun, hello: Hello) -> None:
        """A launcher, or an environment that someone has changed, may have started another Python than was meant."""
        expected = run.cell.target.python.release
        is_foreign = run.planned.runs_as is not None
        if (is_foreign or self.tells_execution) and run.phase is Phase.COLLECTING:
            from pytest_ofiuco.run.emulation import execution

            assert run.environment is not None
            said = self.executions[run.cell.name] = execution(run.planned, run.environment, hello.pid)
            if is_foreign:
                self.words.hear_what_runs(said, run.cell.name)
        if hello.python != expected:
            reason = f"the worker of {run.cell.name} runs Python {hello.python} ({hello.executable}), not {expected}"
            self.scheduler.fail_cell(run, "start", reason)

    def collected(self, run: CellRun, worker: Worker, message: Collected) -> None:
        """A worker has collected, or pytest has refused its arguments: then its session is over."""
        if message.total != len(worker.items):
            self.scheduler.lost(run, worker, f"told {len(worker.items)} of {message.total} tests", "")
        elif run.phase is not Phase.COLLECTING:
            self.scheduler.collected(run, worker)
        else:
            run.start_seconds = time.monotonic() - worker.began_at
            run.items, run.errors, run.phase = worker.items, self.explained(message.errors), Phase.COLLECTED
            run.deselected = message.deselected
            worker.state, worker.items = State.READY, []
            if run.errors:
                self.launcher.end(worker)
                self.scheduler.leave(run, worker)

    def explained(self, errors: tuple[str, ...]) -> tuple[str, ...]:
        """What a cell's pytest does not accept, with a remedy where one is known."""
        if not any("unrecognized arguments: " in error and "--cov" in error for error in errors):
            return errors
        from pytest_ofiuco.run.coverage import with_remedy

        return with_remedy(errors, self.plan.lock.format)

    def skip_cell(self, run: CellRun, reason: str) -> None:
        if self.config.getoption("--ofiuco-require-exec") and not run.planned.is_by_choice:
            from pytest_ofiuco.run.execution import NotRunHereError  # most sessions run all of their cells

            self.scheduler.fail_cell(run, "run", NotRunHereError(run.cell.name, reason).render())
            return
        run.phase = Phase.OVER
        run.tally.remark = f"skipped: {reason}"
        self.replay.collect_skip(with_cell("ofiuco", run.cell.name), self.plan.lock.path, reason)

"""One pytest session of a worker, driven by the controller: it collects, tells, and runs what it is asked to.

``run`` brings tests, by index, in order; ``give`` asks for groups of them back, for another worker; ``end`` says that
no more will come. The last test of several waits until then: what pytest tears down after one depends on the next.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from typing import Any, Dict

from .channel import encode
from .coverage import save
from .description import describe
from .fixtures import make_fixtures, make_recorders
from .importing import PluginError, refusal
from .options import blank, make_options, own_arguments
from .process import keep_captured
from .reports import Serializer, Statuses
from .terminal import SetUpWriter, make_scribe, quieten, refuse_debugger

Message = Dict[str, Any]

_SIGN_SECONDS = 1.0


class Work:
    """The tests that a worker has still to run."""

    def __init__(self) -> None:
        self.queue: deque[int] = deque()
        self.has_ended = False

    @property
    def waits(self) -> bool:
        """Whether nothing can be run before the controller has said more."""
        return not self.has_ended and len(self.queue) < 2

    def give(self, groups: list[list[int]]) -> list[int]:
        """Take those groups out that are still there whole; the next test has been told to the one before it."""
        waiting = set(list(self.queue)[1:])
        given = [index for group in groups if waiting.issuperset(group) for index in group]
        gone = set(given)
        self.queue = deque(index for index in self.queue if index not in gone)
        return given


def make_interactor(channel: Any, config: Any, start: Message) -> Any:
    """The plugin of a worker's session. pytest is imported late, after the process has been set up."""
    import pytest

    serializer = Serializer(config)

    class Interactor:
        def __init__(self) -> None:
            self.reports: list[Any] = []
            self.statuses: list[list[Any]] = []
            self.items: list[pytest.Item] = []
            self.deselected: list[str] = []
            self.work = Work()
            self.signed_at = time.monotonic()
            self.questions = 0

        def send(self, kind: str, **fields: Any) -> None:
            channel.send(encode(kind, **fields))

        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            for line in start["markers"]:
                config.addinivalue_line("markers", line)
            quieten(config, start)
            if config.pluginmanager.hasplugin("debugging") and not start["is_debugged"]:
                refuse_debugger(start["cell"]["name"])
            self.set_up = SetUpWriter(config)
            config.pluginmanager.register(make_scribe(config, start, self.send), "ofiuco-scribe")

        def pytest_deselected(self, items: list[pytest.Item]) -> None:
            self.deselected += [str(item.nodeid) for item in items]

        def pytest_collectreport(self, report: Any) -> None:
            if not report.passed:
                self.send("collect", report=serializer.full(report))
            elif time.monotonic() - self.signed_at > _SIGN_SECONDS:
                self.signed_at = time.monotonic()
                self.send("alive")

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            self.items[:] = session.items
            remember_hooks(session)
            for item in self.items:
                self.send("item", **describe(item))
            self.send("collected", count=len(self.items), errors=[], deselected=self.deselected)
            self.own_status = Statuses(config).own
            start["restore"]()
            while True:
                was_idle = self.work.waits
                while self.work.waits or channel.has_more():
                    self.obey(json.loads(channel.receive()))
                if not self.work.queue:
                    return True
                if was_idle:
                    self.send("begins")
                self.run(session)
                if session.shouldfail or session.shouldstop:
                    self.send("stopped", reason=str(session.shouldfail or session.shouldstop))
                    return True

        def obey(self, message: Message) -> None:
            if message["kind"] == "run":
                self.work.queue.extend(message["indices"])
            elif message["kind"] == "give":
                self.send("given", indices=self.work.give(message["groups"]))
            self.work.has_ended = self.work.has_ended or bool(message.get("ends"))

        def ask(self, what: str, **about: Any) -> Message:
            """Ask something of the controller, and wait for its answer; whatever else it says is heeded meanwhile."""
            self.questions += 1
            self.send("ask", number=self.questions, what=what, about=about)
            while True:
                message: Message = json.loads(channel.receive())
                if message["kind"] == "answer" and message["number"] == self.questions:
                    return message
                self.obey(message)

        def run(self, session: pytest.Session) -> None:
            queue = self.work.queue
            index = queue.popleft()
            item = self.items[index]
            self.reports, self.statuses, self.set_up.texts = [], [], []
            try:
                item.ihook.pytest_runtest_protocol(item=item, nextitem=self.items[queue[0]] if queue else None)
            except (KeyboardInterrupt, pytest.exit.Exception):
                if self.reports:  # said before the debugger was left
                    self.send_reports(index, item.nodeid)
                raise
            if not channel.is_here():  # a test has forked, and its child has come back from it
                os._exit(1)
            self.send_reports(index, item.nodeid)

        def send_reports(self, index: int, nodeid: str) -> None:
            more: Message = {}
            if self.statuses:
                more["statuses"] = self.statuses
            if self.set_up.is_asked:
                more["shown"] = self.set_up.texts
            self.send("ran", index=index, reports=[serializer.test(report, nodeid) for report in self.reports], **more)

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logreport(self, report: Any) -> None:
            status = self.own_status(report)
            if status is not None:
                self.statuses.append([len(self.reports), *status])
            if self.set_up.is_asked:
                self.set_up.note()
            self.reports.append(report)

        def pytest_internalerror(self, excrepr: Any) -> None:
            self.send("failed", reason=str(excrepr))

        def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
            reason = str(excinfo.value) or excinfo.typename
            self.send("stopped", reason=reason, returncode=getattr(excinfo.value, "returncode", None))

        def pytest_warning_recorded(self, warning_message: Any, when: str, nodeid: Any, location: Any) -> None:
            category = warning_message.category
            self.send(
                "warning",
                text=str(warning_message.message),
                category=category.__name__,
                module=category.__module__,
                filename=warning_message.filename,
                lineno=warning_message.lineno,
                when=when,
                nodeid=str(nodeid),
                location=list(location) if location else None,
            )

    return Interactor()


def remember_hooks(session: Any) -> None:
    """Look a file's hooks up once: pytest asks eight times a test, and all conftest files are loaded by now."""
    known: dict[Any, Any] = {}
    look_up = session.gethookproxy

    def gethookproxy(path: Any) -> Any:
        found = known.get(path)
        if found is None:
            found = known[path] = look_up(path)
        return found

    session.gethookproxy = gethookproxy


def prepare(start: Message) -> Any:
    """pytest's configuration for this worker.

    Raises:
        pytest.UsageError: pytest does not accept the arguments, or cannot import a conftest.py or find a plugin.
        PluginError: a plugin cannot be imported.
    """
    import pytest
    from _pytest import config as configuration

    keep_captured(start["spool"])
    os.environ["PYTEST_VERSION"] = pytest.__version__  # says that pytest runs: https://docs.pytest.org
    named = {"prog": "python -m pytest" if start["is_module"] else "pytest"}  # from pytest 9.2 on
    make: Any = configuration._prepareconfig
    knows = "prog" in make.__code__.co_varnames
    of_plugins = getattr(configuration, "PluginImportFailure", ImportError)
    try:
        return make(own_arguments(start), plugins=[make_options(start["options"])], **(named if knows else {}))
    except (configuration.ConftestImportFailure, of_plugins, ImportError) as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from error


def run_session(channel: Any, start: Message) -> int | None:
    """One pytest session, from its arguments to its end; its exit status."""
    import pytest

    has_collected: list[Any] = []
    try:
        config = prepare(start)
        interactor = make_interactor(channel, config, start)
        config.pluginmanager.register(make_fixtures(start, interactor.ask), "ofiuco-fixtures")
        if getattr(config.option, "xmlpath", None):
            config.pluginmanager.register(make_recorders(interactor.send), "ofiuco-recorders")
        blank(config, start)
        config.pluginmanager.register(interactor, "ofiuco-worker")
        has_collected = interactor.items
        try:
            return int(config.hook.pytest_cmdline_main(config=config))
        finally:
            save(config, start.get("coverage"))
            config._ensure_unconfigure()
    except PluginError as error:
        channel.send(encode("failed", reason=str(error)))
        return None
    except pytest.UsageError as error:
        if has_collected:
            raise
        channel.send(encode("collected", count=0, errors=[str(each) for each in error.args]))
        return None

"""The plugin object that records how long tests take: ``--ofiuco-record-durations``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.durations import Durations, parse
from pytest_ofiuco.run.proxies import ProxyItem


class Recording:
    """Adds up what each test takes, and writes it when the session ends.

    ``before`` is what the file holds already. Where ``is_all``, what is collected is all that there is, and the file
    forgets the tests that are gone.
    """

    def __init__(self, path: Path, before: Durations, *, is_all: bool) -> None:
        self.path, self.before, self.is_all = path, before, is_all
        self.seconds: dict[str, dict[str, float]] = {}
        self.there: dict[str, set[str]] = {}
        self.problem: str | None = None

    @classmethod
    def prepare(cls, config: pytest.Config, *, is_shard: bool) -> Recording | None:
        """The session's, if one is wanted. A shard's file holds what this shard ran, and nothing of before.

        Raises:
            UsageError: the file cannot be written, or is something else.
        """
        given = config.getoption("--ofiuco-record-durations")
        if given is None:
            return None
        path = config.invocation_params.dir / os.path.expanduser(given)
        hint = "give the path of a file in a folder that you may write to"
        before = Durations(seconds={})
        try:
            if path.is_dir():
                raise UsageError(f"--ofiuco-record-durations {given}: is a folder, not a file", hint)
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = _beside(path)
            beside.touch()
            beside.unlink()
            if path.exists() and not is_shard:
                before = parse(path.read_text(encoding="utf-8", errors="replace"), given)
        except (OSError, ValueError) as error:
            raise UsageError(f"--ofiuco-record-durations {given}: cannot be written: {error}", hint) from error
        source = getattr(config, "args_source", None)
        narrowed = config.getoption("lf", default=False) or getattr(source, "name", "ARGS") == "ARGS"
        return cls(path, before, is_all=not narrowed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if isinstance(item, ProxyItem):
                self.there.setdefault(item.cell.name, set()).add(item.remote.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, _, cell = report.nodeid.removesuffix("]").rpartition("[")
        tests = self.seconds.setdefault(cell, {})
        tests[test] = tests.get(test, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        if not self.seconds:
            return
        durations = self.before.with_those(self.seconds)
        if self.is_all:
            durations = durations.of_those_only(self.there)
        beside = _beside(self.path)
        try:
            beside.write_text(durations.render(), encoding="utf-8", newline="\n")
            beside.replace(self.path)
        except OSError as error:
            self.problem = f"the durations of tests could not be written: {error}"
            beside.unlink(missing_ok=True)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.problem is not None:
            terminalreporter.write_line(f"ofiuco: {self.problem}", yellow=True)


def _beside(path: Path) -> Path:
    """This process's own, in the same folder."""
    return path.with_name(f".ofiuco-durations-{os.getpid()}")

"""What a cell's plugins and conftest files write on the terminal, which is the controller's: kept, and sent to it.

pytest's own words are left out; the controller's pytest writes them.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any, Callable, Dict, Iterator

from .options import KEEPERS

Message = Dict[str, Any]

Send = Callable[..., None]

_COUNTING = ("pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish")

_SET_UP = ("setupshow", "setuponly", "setupplan")


def own_plugins(config: Any, hook: str) -> list[Any]:
    """pytest's own plugins, and the worker's, that implement a hook."""
    return [each.plugin for each in _implementations(config, hook) if _is_own(each)]


def foreign_plugins(config: Any, hook: str) -> list[Any]:
    """What is neither pytest's own nor the worker's, and implements a hook."""
    return [each.plugin for each in _implementations(config, hook) if not _is_own(each)]


def _implementations(config: Any, hook: str) -> list[Any]:
    found: list[Any] = getattr(config.pluginmanager.hook, hook).get_hookimpls()
    return found


def _is_own(implementation: Any) -> bool:
    module = getattr(implementation.function, "__module__", None) or ""
    return module.partition(".")[0] in ("_pytest", "pytest", __name__.partition(".")[0], "ofiuco_fixtures")


def quieten(config: Any, start: Message) -> None:
    """What the cell's pytest would print, the controller prints.

    Where nobody in the cell asks the terminal's reporter for what it has counted, it need not count.
    """
    for name in filter(config.pluginmanager.hasplugin, KEEPERS):
        config.pluginmanager.unregister(name=name)
    reporter = config.pluginmanager.getplugin("terminalreporter")
    writer = getattr(reporter, "_tw", None)
    if writer is not None:
        if start["is_debugged"]:
            config.pluginmanager.register(make_prompter(writer, writer._file), "ofiuco-prompter")
        writer._file = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
        writer.fullwidth = start.get("width") or writer.fullwidth
    if any(foreign_plugins(config, name) for name in ("pytest_terminal_summary", "pytest_sessionfinish")):
        return
    for name in _COUNTING:
        _leave_out(config, name, [reporter])


def refuse_debugger(cell: str) -> None:
    """Let what asks for a prompt fail and say how to get one: the terminal is the controller's."""
    import pdb

    import pytest

    def set_trace(*arguments: Any, **keywords: Any) -> None:
        __tracebackhide__ = True
        pytest.fail(f"the debugger has no terminal here: run the cell alone, with --pdb --ofiuco-cell {cell}")

    pdb.set_trace = set_trace


def make_prompter(writer: Any, terminal: Any) -> object:
    """The plugin that lets the debugger say, before it prompts, what has failed."""
    import pytest

    class Prompter:
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_exception_interact(self) -> Iterator[None]:
            silent, writer._file = writer._file, terminal
            yield
            writer._file = silent

    return Prompter()


def _leave_out(config: Any, hook: str, plugins: list[Any]) -> None:
    for plugin in plugins:
        with contextlib.suppress(AttributeError, ValueError):  # the reporter, or a hook of it, is of another kind
            getattr(config.pluginmanager.hook, hook)._remove_plugin(plugin)


def make_scribe(config: Any, start: Message, send: Send) -> object:
    """The plugin that sends what others say in ``pytest_report_header``, ``…_collectionfinish`` and at the end."""
    import pytest

    class Scribe:
        @pytest.hookimpl(tryfirst=True)
        def pytest_sessionstart(self) -> None:
            reporter = config.pluginmanager.getplugin("terminalreporter")
            for hook in ("pytest_report_header", "pytest_report_collectionfinish", "pytest_terminal_summary"):
                _leave_out(config, hook, [each for each in own_plugins(config, hook) if each is not self])
            if reporter is not None:
                reporter._write_report_lines_from_hooks = self.send_lines

        def send_lines(self, lines: list[Any]) -> None:
            """Stands in for the reporter's own, which writes what these hooks return, the last one first."""
            text = "\n".join(
                each if isinstance(each, str) else "\n".join(map(str, each)) for each in reversed(lines) if each
            )
            if text.strip():
                send("said", where="header", text=text)

        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_terminal_summary(self, terminalreporter: Any) -> Iterator[None]:
            writer, said = terminalreporter._tw, io.StringIO()
            silent, writer._file = writer._file, said
            writer.hasmarkup = bool(start.get("has_markup"))
            printed = said if config.option.capture != "no" else None
            with contextlib.redirect_stdout(printed) if printed else contextlib.nullcontext():
                yield
            writer._file = silent
            if said.getvalue().strip():
                send("said", where="summary", text=said.getvalue())

    return Scribe()


class SetUpWriter:
    """What pytest shows of fixtures and tests as they are set up, where it was asked to."""

    def __init__(self, config: Any) -> None:
        from _pytest._io import TerminalWriter

        self._text = io.StringIO()
        self.texts: list[str] = []
        self.is_asked = any(getattr(config.option, name, False) for name in _SET_UP)
        if self.is_asked:
            writer = TerminalWriter(self._text)
            config.get_terminal_writer = lambda: writer

    def note(self) -> None:
        """What was written until now belongs to the next report."""
        self.texts.append(self._text.getvalue())
        self._text.seek(0)
        self._text.truncate()

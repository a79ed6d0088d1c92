"""What of pytest's options, plugins and fixtures differs in a worker.

What selects or reports in pytest's own options is the controller's business, and blanked here.
"""

from __future__ import annotations

import contextlib
import os
from types import ModuleType
from typing import Any, Dict

Message = Dict[str, Any]

BLANKED: Message = {
    "keyword": "",
    "markexpr": "",
    "maxfail": 0,
    "deselect": None,
    "collectonly": False,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "cacheclear": False,
    "stepwise": False,
    "stepwise_skip": False,
    "stepwise_reset": False,
    "usepdb": False,
    "trace": False,
    "xmlpath": None,
    "durations": None,
    "pastebin": None,
    "numprocesses": 0,
    "dist": "no",
    "distload": False,
    "looponfail": False,
    "tx": [],
    "htmlpath": None,
    "report_log": None,
    "json_report": False,
}
"""Options whose meaning is the controller's, with the values that leave a worker's session whole and silent."""

DEBUGGED = ("usepdb", "trace")
"""Options that a worker at the terminal keeps."""

KEEPERS = ("lfplugin", "nfplugin", "stepwiseplugin")
"""pytest's own plugins that keep what failed for the next session: that is the controller's business, too."""


class Cell:
    """What the ``ofiuco_cell`` fixture gives: the cell that the test runs in."""

    def __init__(self, fields: Message) -> None:
        self.name: str = fields["name"]
        self.python: str = fields["python"]
        self.platform: str = fields["platform"]
        self.variant: str | None = fields["variant"]
        self.resolution: dict[str, str | None] = fields["resolution"]

    def __repr__(self) -> str:
        return f"<ofiuco cell {self.name}>"


def make_options(options: list[list[Any]]) -> object:
    """A plugin that accepts options which only the controller knows: its own, and those of plugins it alone has.

    They may stand in an ini file or on a command line that the cell reads too. Added last, when the cell's plugins
    have had their say.
    """
    import pytest

    class Options:
        @pytest.hookimpl(tryfirst=True)
        def pytest_load_initial_conftests(self, parser: pytest.Parser) -> None:
            any_parser: Any = parser
            arguments = getattr(any_parser, "optparser", None) or any_parser._getparser()
            known = {name for action in arguments._actions for name in action.option_strings}
            group = parser.getgroup("ofiuco")
            for name, nargs in options:
                if name in known:
                    continue
                kind: Message = {"action": "append"}
                if nargs == 0:
                    kind = {"action": "store_true"}
                elif nargs:
                    kind = {"nargs": nargs}
                destination = "ofiuco_unused_" + name.strip("-").replace("-", "_")
                group.addoption(name, dest=destination, **kind)

    return Options()


def make_fixtures(start: Message) -> ModuleType:
    """The cell's fixtures, as the plugin module that pytest expects them in."""
    import pytest

    @pytest.fixture(scope="session")
    def ofiuco_cell() -> Cell:
        """The cell that this test runs in: name, python, platform, variant, resolution."""
        return Cell(start["cell"])

    module = ModuleType("ofiuco_fixtures")
    module.__dict__["ofiuco_cell"] = ofiuco_cell
    return module


def blank(config: Any, start: Message) -> None:
    """Leave to the controller what is the controller's."""
    option = config.option
    for name, value in BLANKED.items():
        if hasattr(option, name) and not (start["is_debugged"] and name in DEBUGGED):
            setattr(option, name, value)
    if getattr(option, "basetemp", None):
        os.makedirs(option.basetemp, exist_ok=True)
        option.basetemp = os.path.join(option.basetemp, start["folder"])
    coverage = config.pluginmanager.getplugin("_cov")
    if coverage is not None:
        coverage.options.cov_report = {}


def quieten(config: Any) -> None:
    """What the cell's pytest would print, the controller prints.

    Where nobody in the cell asks the terminal's reporter for what it has counted, it need not count.
    """
    for name in filter(config.pluginmanager.hasplugin, KEEPERS):
        config.pluginmanager.unregister(name=name)
    reporter = config.pluginmanager.getplugin("terminalreporter")
    writer = getattr(reporter, "_tw", None)
    if writer is not None:
        writer._file = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    if any(has_foreign(config, name) for name in ("pytest_terminal_summary", "pytest_sessionfinish")):
        return
    for name in ("pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish"):
        with contextlib.suppress(AttributeError, ValueError):  # the reporter, or a hook of it, is of another kind
            getattr(config.hook, name)._remove_plugin(reporter)


def has_foreign(config: Any, hook: str) -> bool:
    """Whether anything that is not pytest's own, nor the worker's, implements a hook."""
    own = ("_pytest", "pytest", __name__.partition(".")[0], "ofiuco_fixtures")
    for implementation in getattr(config.hook, hook).get_hookimpls():
        module = getattr(implementation.function, "__module__", None) or ""
        if module.partition(".")[0] not in own:
            return True
    return False

"""What of pytest's options differs in a worker.

What selects or reports in pytest's own options is the controller's business, and blanked here.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, Dict

from .coverage import leave_reporting

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


_DISTRIBUTION = (
    (("-n", "--numprocesses"), "store"),
    (("--maxprocesses",), "store"),
    (("--dist",), "store"),
    (("-d",), "store_true"),
    (("--max-worker-restart",), "store"),
    (("--testrunuid",), "store"),
    (("--maxschedchunk",), "store"),
    (("--loadscope-reorder",), "store_true"),
    (("--no-loadscope-reorder",), "store_true"),
)
"""pytest-xdist's options, which the controller has understood: a cell need not have it."""


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
                known.add(name)
            for names, action in _DISTRIBUTION:
                added = [name for name in names if name not in known]
                if added:  # pytest keeps short options in lower case for itself
                    group._addoption(*added, dest="ofiuco_unused_" + names[-1].strip("-"), action=action)

    return Options()


def own_arguments(start: Message) -> list[str]:
    """The arguments for pytest, less ``-p`` of the controller's plugins that this cell lacks: an IDE's own, say."""
    foreign = {name for name in start["plugins"] if not _is_here(name)}
    kept: list[str] = [*start["extra_arguments"]]
    for argument in start["arguments"]:
        if argument in foreign and kept[-1:] == ["-p"]:
            kept.pop()
        elif not (argument.startswith("-p") and argument[2:] in foreign):
            kept.append(argument)
    return kept


def _is_here(plugin: str) -> bool:
    from _pytest.config import builtin_plugins

    if plugin in builtin_plugins:
        return True
    try:
        if find_spec(plugin) is not None:
            return True
    except (ImportError, ValueError):  # of a package that is not there
        pass
    from importlib.metadata import distributions

    return any(
        each.group == "pytest11" and each.name == plugin for found in distributions() for each in found.entry_points
    )


def blank(config: Any, start: Message) -> None:
    """Leave to the controller what is the controller's."""
    option = config.option
    for name, value in BLANKED.items():
        if hasattr(option, name) and not (start["is_debugged"] and name in DEBUGGED):
            setattr(option, name, value)
    if getattr(option, "basetemp", None):
        os.makedirs(option.basetemp, exist_ok=True)
        option.basetemp = os.path.join(option.basetemp, start["folder"])
    _keep_apart(config, start)
    leave_reporting(config, start.get("coverage"))


def _keep_apart(config: Any, start: Message) -> None:
    """Let what tests keep in pytest's cache be their cell's own."""
    known = getattr(config, "_inicache", None)
    if isinstance(known, dict) and config.pluginmanager.hasplugin("cacheprovider"):
        known["cache_dir"] = os.path.join(config.getini("cache_dir"), "ofiuco", start["cell"]["name"])

"""What lets a controller read a project's pytest settings without the project's plugins and dependencies.

Options, ini keys, required plugins and warning filters may belong to plugins that only the cells have: the cells check
them. Conftest files are the cells' too.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_REPORTS = {"--html": "pytest-html", "--json-report": "pytest-json-report", "--report-log": "pytest-reportlog"}
"""Options that have a plugin write a report, which this session has to do: a cell would write its own tests only."""


def before_options(config: pytest.Config) -> None:
    """Before pytest checks for required plugins and applies warning filters: both are the cells' business."""
    cache = getattr(config, "_inicache", None)
    if isinstance(cache, dict):
        cache["required_plugins"] = []
        cache["filterwarnings"] = []
    config.pluginmanager.set_blocked("pytest_cov")  # it would measure this process, which runs no test


def _drop_own_plugins(config: Any) -> None:
    """The project's own plugins, named by ``-p`` or PYTEST_PLUGINS, are the cells': here they would act again."""
    root = config.rootpath
    for plugin in config.pluginmanager.get_plugins():
        file = getattr(plugin, "__file__", None)
        is_this = getattr(plugin, "__name__", "").partition(".")[0] == __name__.partition(".")[0]
        if file and isinstance(plugin, ModuleType) and not is_this and _lies_in(Path(file), root):
            config.pluginmanager.unregister(plugin)


def _lies_in(file: Path, root: Path) -> bool:
    """Whether a module is the project's, not one of an environment that happens to be kept in its folder."""
    return file.is_relative_to(root) and not {"site-packages", "dist-packages"} & set(file.parts)


def before_conftests(early_config: Any, parser: Any, args: list[str]) -> None:
    """Load no conftest, and pass over options and ini keys that are not known here.

    Raises:
        pytest.UsageError: one of them asks for a report that would not be written.
    """
    namespace = early_config.known_args_namespace
    namespace.noconftest = True
    _drop_own_plugins(early_config)
    _, unknown = parser.parse_known_and_unknown_args(args)
    for argument in unknown:
        _refuse_unwritten(argument.partition("=")[0])
        if argument in args:
            args.remove(argument)
    if hasattr(namespace, "numprocesses"):
        args += ["-n0", "--dist=no"]
        loop = early_config.pluginmanager.get_plugin("xdist.looponfail")
        if loop is not None:  # it would run before it is refused
            early_config.pluginmanager.unregister(loop)
    known = getattr(parser, "_inidict", {})
    written = early_config._inicfg if hasattr(early_config, "_inicfg") else early_config.inicfg
    for key in written:
        if key not in known and key not in getattr(parser, "_ini_aliases", {}):
            parser.addini(key, "a key of a plugin in the cells")


def _refuse_unwritten(option: str) -> None:
    plugin = _REPORTS.get(option)
    if plugin is not None:
        raise pytest.UsageError(
            f"{option}: no report would be written, since {plugin} is not installed where pytest was started\n"
            f"hint: install {plugin} beside pytest-ofiuco, or leave {option} out"
        )


def known_options(config: pytest.Config) -> list[tuple[str, int | str | None]]:
    """Every long option of this process, with argparse's ``nargs``: a cell accepts those that it does not know."""
    parser: Any = config._parser
    arguments = getattr(parser, "optparser", None) or parser._getparser()
    return [
        (name, action.nargs if isinstance(action.nargs, int | str) else None)
        for action in arguments._actions
        for name in action.option_strings
        if name.startswith("--")
    ]


def plugins_here(config: pytest.Config) -> list[str]:
    """The plugins that ``-p`` names on the command line and this session has; the project's own are the cells'."""
    arguments = config.invocation_params.args
    named = [after for before, after in pairwise(arguments) if before == "-p"]
    named += [each[2:] for each in arguments if each.startswith("-p") and not each.startswith("--")]
    return sorted({name for name in named if name and config.pluginmanager.get_plugin(name) is not None})

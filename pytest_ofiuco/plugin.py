"""pytest's hooks and options, and nothing else: without ``--ofiuco-matrix`` it costs this one small import."""

from __future__ import annotations

import os
import shlex
from typing import Any

import pytest

_MARKS = {
    "platform": "platform(*names): run the test only in cells on these platforms (ofiuco)",
    "python": 'python(*ranges): run the test only in cells with these Pythons, as in python(">=3.12") (ofiuco)',
    "variant": "variant(*names): run the test only in cells of these variants (ofiuco)",
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    group = parser.getgroup("ofiuco", "one lock, every platform, one session (pytest-ofiuco)")
    group.addoption("--ofiuco-matrix", action="store_true", help="run every test in every cell of the lock's matrix")
    group.addoption("--ofiuco-lock", metavar="FILE", help="another lock than the project's")
    group.addoption("--ofiuco-locked", action="store_true", help="a lock out of date with pyproject.toml is an error")
    group.addoption("--ofiuco-cell", action="append", metavar="NAME", help="only this cell; repeatable")
    group.addoption("--ofiuco-python", action="append", metavar="RANGE", help='only these Pythons: 3.12, ">=3.11"')
    group.addoption("--ofiuco-platform", action="append", metavar="NAME", help="only this platform; repeatable")
    group.addoption("--ofiuco-variant", action="append", metavar="NAME", help="only this variant; repeatable")
    group.addoption("--ofiuco-jobs", metavar="N", help="how many workers run at a time: a number, or auto (default)")
    group.addoption(
        "--ofiuco-forkserver", action="store_true", help="fork workers from processes that stay for the next session"
    )
    group.addoption(
        "--ofiuco-require-exec", action="store_true", help="a cell that cannot run on this machine is an error"
    )
    group.addoption("--ofiuco-timeout", metavar="SECONDS", help="end a test that takes longer, with its worker")
    group.addoption(
        "--ofiuco-shard", metavar="N/COUNT", help="run one of COUNT parts of the matrix, about as long each"
    )
    group.addoption(
        "--ofiuco-durations", metavar="PATH", help="what shards are divided by: a recorded file, or a folder"
    )
    group.addoption("--ofiuco-record-durations", metavar="FILE", help="record how long tests take")
    group.addoption("--ofiuco-shell", metavar="CELL", help="open the cell's interpreter instead of running tests")
    group.addoption(
        "--ofiuco-inspect",
        default="platforms",
        metavar="WHICH",
        help="look into the environments of named platforms (default), all, or none",
    )
    group.addoption("--ofiuco-html", metavar="FILE", help="write one self-contained page: tests by cells")
    group.addoption("--ofiuco-offline", action="store_true", help="use what the cache holds; never open a socket")
    group.addoption("--ofiuco-refresh", action="store_true", help="ask the indexes anew and rebuild the environments")
    config = pluginmanager.get_plugin("pytestconfig")
    if config is not None and _is_wanted_early(config):
        _import_as_compiled(config)
        from pytest_ofiuco.run.tolerance import before_options

        before_options(config)


def _is_wanted_early(config: pytest.Config) -> bool:
    """Whether the matrix is asked for, before options are parsed."""
    try:
        configured = config.getini("addopts")
    except ValueError:  # registered by hand, before pytest has read its settings
        configured = []
    given = (*config.invocation_params.args, *configured, *shlex.split(os.environ.get("PYTEST_ADDOPTS", "")))
    return "--ofiuco-matrix" in given or any(each.partition("=")[0] == "--ofiuco-shell" for each in given)


def _import_as_compiled(config: pytest.Config) -> None:
    """Let Python's own bytecode do for the rest of this package: pytest would rewrite it, as it does every plugin."""
    hook = getattr(config.pluginmanager, "rewrite_hook", None)
    marked = getattr(hook, "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard(__package__)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, parser: Any, args: list[str]) -> None:
    if early_config.known_args_namespace.ofiuco_matrix or early_config.known_args_namespace.ofiuco_shell:
        from pytest_ofiuco.run.ahead import begin
        from pytest_ofiuco.run.tolerance import before_conftests

        if not hasattr(early_config, "workerinput"):
            begin(early_config)
        before_conftests(early_config, parser, args)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if config.getoption("--ofiuco-matrix") and getattr(config.option, "cacheshow", None) and not config.option.help:
        from pytest_ofiuco.run.cache_show import show

        return show(config)
    if config.getoption("--ofiuco-shell") is None or hasattr(config, "workerinput") or _only_shows(config):
        return None
    from pytest_ofiuco.run.debugging import shell

    return shell(config)


def pytest_configure(config: pytest.Config) -> None:
    own = {line.partition("(")[0].partition(":")[0].strip() for line in config.getini("markers")}
    for name, line in _MARKS.items():
        if name not in own:
            config.addinivalue_line("markers", line)
        config.addinivalue_line("markers", f"ofiuco_{line}")
    if config.getoption("--ofiuco-matrix") and not _only_shows(config) and not hasattr(config, "workerinput"):
        from pytest_ofiuco.run.session import register

        register(config, frozenset(own & _MARKS.keys()))
    elif not config.getoption("--ofiuco-matrix"):
        _refuse_idle_options(config)


def _refuse_idle_options(config: pytest.Config) -> None:
    """An option on the command line that would do nothing is a mistake; in the settings it may wait for the matrix."""
    for argument in config.invocation_params.args:
        if argument.startswith("--ofiuco-"):
            raise pytest.UsageError(f"{argument.partition('=')[0]} needs --ofiuco-matrix")


def _only_shows(config: pytest.Config) -> bool:
    """Whether pytest is asked for something that no test is collected for."""
    options = ("help", "version", "markers", "showfixtures", "cacheshow")
    return any(getattr(config.option, name, None) for name in options)


@pytest.fixture(scope="session")
def ofiuco_cell() -> Any:
    """The cell that a test runs in: name, python, platform, variant, resolution; only with --ofiuco-matrix."""
    pytest.skip("runs in a cell only: pytest --ofiuco-matrix")


@pytest.fixture(scope="session")
def ofiuco_zip(ofiuco_cell: Any) -> Any:
    """The zip of the cell that a test runs in, as ofiuco zip makes it: path, manifest; only with --ofiuco-matrix."""


@pytest.fixture
def aws_lambda(ofiuco_zip: Any) -> Any:
    """Invokes handlers of the zip, as AWS Lambda does; only with --ofiuco-matrix."""

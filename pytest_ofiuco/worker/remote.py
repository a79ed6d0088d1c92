"""The worker: one pytest session inside a cell, driven over a channel.

Its text is sent to the cell's interpreter, so it imports the standard library and the cell's pytest (7.0 or later,
Python 3.8 or later) and nothing else. Messages are JSON objects with a ``kind``. It gets a start message, collects,
answers ``collected``, then waits for ``run`` with the indices to run, in order, and for ``stop``. What selects or
reports in pytest's own options is the controller's business and blanked here.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from types import ModuleType
from typing import Any, Dict

PROTOCOL = 1

Message = Dict[str, Any]

# Options whose meaning is the controller's, with the values that leave a worker's session whole and silent.
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


# pytest's own plugins that keep what failed for the next session: that is the controller's business, too.
_KEEPERS = ("lfplugin", "nfplugin", "stepwiseplugin")


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


def make_interactor(channel: Any, config: Any, start: Message) -> Any:
    """The plugin of a worker's session. pytest is imported late, after the process has been set up."""
    import pytest

    class Interactor:
        def __init__(self) -> None:
            self.reports: list[Message] = []
            self.items: list[pytest.Item] = []

        def send(self, kind: str, **fields: Any) -> None:
            channel.send(encode(kind, **fields))

        def serialized(self, report: Any) -> Any:
            return config.hook.pytest_report_to_serializable(config=config, report=report)

        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            for line in start["markers"]:
                config.addinivalue_line("markers", line)
            for name in filter(config.pluginmanager.hasplugin, _KEEPERS):
                config.pluginmanager.unregister(name=name)
            writer = getattr(config.pluginmanager.getplugin("terminalreporter"), "_tw", None)
            if writer is not None:  # what the cell's pytest would print, the controller prints
                writer._file = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives

        def pytest_collectreport(self, report: Any) -> None:
            if not report.passed:
                self.send("collect", report=self.serialized(report))

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            self.items = list(session.items)
            self.send("collected", items=[describe(item) for item in self.items], errors=[])
            while True:
                message = json.loads(channel.receive())
                if message["kind"] == "stop":
                    return True
                self.run(session, message["indices"])
                self.send("idle")

        def run(self, session: pytest.Session, indices: list[int]) -> None:
            for position, index in enumerate(indices):
                following = [self.items[each] for each in indices[position + 1 : position + 2]]
                item = self.items[index]
                self.reports = []
                self.send("running", index=index)
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following[0] if following else None)
                self.send("ran", index=index, reports=self.reports)
                if session.shouldstop:
                    self.send("stopped", reason=str(session.shouldstop))
                    return

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logreport(self, report: Any) -> None:
            self.reports.append(self.serialized(report))

        def pytest_internalerror(self, excrepr: Any) -> None:
            self.send("failed", reason=str(excrepr))

        def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
            self.send("stopped", reason=str(excinfo.value) or excinfo.typename)

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


def encode(kind: str, **fields: Any) -> str:
    """A message as it goes over the channel; what JSON does not know becomes its repr."""
    return json.dumps(dict(fields, kind=kind), default=safe_repr)


def safe_repr(value: Any) -> str:
    """The repr of a value, also of one whose own fails."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a test's own objects
        return object.__repr__(value)


def describe(item: Any) -> Message:
    """An item in plain values: what a proxy of it needs to be selected, shown and reported."""
    chain = [
        {"type": type(node).__name__, "name": node.name, "path": str(getattr(node, "path", None) or node.fspath)}
        for node in item.listchain()[1:-1]
    ]
    markers = [
        {"name": mark.name, "args": [], "kwargs": {}}
        if mark.name == "parametrize"  # as large as all of its items, and of no use to the controller
        else {"name": mark.name, "args": plain(list(mark.args)), "kwargs": plain(dict(mark.kwargs))}
        for mark in item.iter_markers()
    ]
    callspec = getattr(item, "callspec", None)
    function = getattr(item, "function", None)
    names = set(item.listextrakeywords()) | set(getattr(function, "__dict__", ()))
    return {
        "nodeid": str(item.nodeid),
        "name": item.name,
        "type": type(item).__name__,
        "path": str(getattr(item, "path", None) or item.fspath),
        "location": list(item.location),
        "chain": chain,
        "markers": markers,
        "names": sorted(name for name in names if isinstance(name, str)),
        "originalname": getattr(item, "originalname", None),
        "parameters": callspec.id if callspec is not None else None,
        "doc": getattr(function, "__doc__", None) or "",
    }


def plain(value: Any, depth: int = 4) -> Any:
    """JSON values as they are, to a depth; anything else as its repr."""
    if depth and isinstance(value, dict):
        return {key if isinstance(key, str) else safe_repr(key): plain(each, depth - 1) for key, each in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each, depth - 1) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return safe_repr(value)


def set_up_process(start: Message) -> None:
    """Own process group, own output, the module path and arguments that pytest would have."""
    if hasattr(os, "setpgid"):
        with contextlib.suppress(OSError):  # a session leader has its own group
            os.setpgid(0, 0)
    if start["spool"]:
        spool = os.open(start["spool"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(spool, 1)
        os.dup2(spool, 2)
        os.close(spool)
    else:
        os.dup2(2, 1)
    sys.dont_write_bytecode = False
    os.chdir(start["directory"])
    sys.path[:] = [entry for entry in sys.path if entry]
    if start["is_module"]:
        sys.path.insert(0, start["directory"])
    sys.argv = [start["program"], *start["arguments"]]


def keep_captured(spool: str | None) -> None:
    """Have pytest capture into files with names, so that what a test said is there even when the process is not.

    pytest takes one temporary file for each of stdout and stderr, in this order; later ones are a test's own.
    """
    import _pytest.capture

    temporary = getattr(_pytest.capture, "TemporaryFile", None)
    if spool is None or temporary is None:
        return
    names = [spool + ".err", spool + ".out"]

    def named(*arguments: Any, **keywords: Any) -> Any:
        if names and keywords == {"buffering": 0} and not arguments:
            return open(names.pop(), "wb+", buffering=0)
        return temporary(*arguments, **keywords)

    _pytest.capture.__dict__["TemporaryFile"] = named


def prepare(start: Message) -> Any:
    """pytest's configuration for this worker.

    Raises:
        pytest.UsageError: pytest does not accept the arguments.
    """
    from _pytest.config import _prepareconfig

    keep_captured(start["spool"])
    config: Any = _prepareconfig(start["arguments"], plugins=[make_options(start["options"])])
    option = config.option
    for name, value in BLANKED.items():
        if hasattr(option, name):
            setattr(option, name, value)
    cell = start["cell"]["name"]
    if getattr(option, "basetemp", None):
        os.makedirs(option.basetemp, exist_ok=True)
        option.basetemp = os.path.join(option.basetemp, cell)
    coverage = config.pluginmanager.getplugin("_cov")
    if coverage is not None:
        coverage.options.cov_report = {}
    return config


def session(channel: Any, start: Message) -> int | None:
    """One pytest session, from its arguments to its end; its exit status."""
    import pytest

    has_collected: list[Any] = []
    try:
        config = prepare(start)
        interactor = make_interactor(channel, config, start)
        config.pluginmanager.register(make_fixtures(start), "ofiuco-fixtures")
        config.pluginmanager.register(interactor, "ofiuco-worker")
        has_collected = interactor.items
        try:
            return int(config.hook.pytest_cmdline_main(config=config))
        finally:
            config._ensure_unconfigure()
    except pytest.UsageError as error:
        if has_collected:
            raise
        channel.send(encode("collected", items=[], errors=[str(each) for each in error.args]))
        return None


def main(channel: Any) -> None:
    """Serve one start message."""
    start = json.loads(channel.receive())
    if start["protocol"] != PROTOCOL:
        raise RuntimeError("protocol {} is not {}".format(start["protocol"], PROTOCOL))
    set_up_process(start)
    try:
        import pytest
    except ImportError as error:
        channel.send(encode("failed", reason=f"pytest cannot be imported: {error}"))
        return
    channel.send(
        encode(
            "hello",
            protocol=PROTOCOL,
            python=".".join(map(str, sys.version_info[:3])),
            pytest=pytest.__version__,
            executable=sys.executable,
            prefix=sys.prefix,
            pid=os.getpid(),
        )
    )
    exitstatus = None
    try:
        exitstatus = session(channel, start)
    except KeyboardInterrupt:
        channel.send(encode("stopped", reason="interrupted"))
    except SystemExit as error:
        channel.send(encode("failed", reason=f"pytest exited with {error.code}"))
    except BaseException:  # noqa: BLE001 - the worker's boundary: whatever it is, the controller reports it
        channel.send(encode("failed", reason=traceback.format_exc()))
    channel.send(encode("bye", exitstatus=exitstatus))


if __name__ == "__channelexec__":
    main(globals()["channel"])

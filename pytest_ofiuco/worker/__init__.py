"""What runs inside a cell: the standard library and that cell's pytest, nothing of ours beside it.

The cell's interpreter loads this package under a name of its own: the project under test may have a ``pytest_ofiuco``.
Where a file of this machine is within its reach, from that file; elsewhere from its text. Python 3.8 or later, pytest
7.0 or later.
"""

from __future__ import annotations

import os

PROTOCOL = 4

CUT_OFF = 86
"""The exit status of a worker that can no longer speak to its controller: a test has closed its pipes, say."""

LOADED_AS = "_ofiuco_worker"

_MODULES = (
    "channel",
    "process",
    "coverage",
    "options",
    "fixtures",
    "description",
    "terminal",
    "reports",
    "importing",
    "session",
    "service",
)
"""In an order in which each needs only earlier ones; without what only processes of this machine need."""

_LAMBDA_MODULES = (
    "events",
    "asset",
    "outcome",
    "runtime_api",
    "bytecode",
    "place",
    "processes",
    "variables",
    "function",
    "invoking",
)
"""Those below ``aws_lambda``, likewise; they are loaded, and sent elsewhere, when a test asks for them."""

_LOAD = """\
import gc, sys
usual = gc.get_threshold()
gc.set_threshold(100000, 50, 50)
sys.path[:] = [entry for entry in sys.path if entry]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location({name!r}, {file!r}, submodule_search_locations=[{folder!r}])
sys.modules[{name!r}] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[{name!r}])
"""

_SERVE_PIPE = """\
from {name}.service import serve_pipe
serve_pipe({receives}, {sends}, usual, leads={leads})
"""

_SERVE_FORKS = """\
from {name}.forkserver import serve
serve({path!r}, {idle_seconds}, usual)
"""

_FROM_TEXT = """\
import sys, types
for name, text in {texts!r}:
    module = sys.modules[name] = types.ModuleType(name)
    module.__package__ = {name!r}
    if name == {name!r}:
        module.__path__ = []
        module.__file__ = name
    exec(compile(text, name, "exec"), module.__dict__)
if __name__ == "__channelexec__":
    sys.modules["{name}.service"].serve_channel(channel)
"""


def command(receives: int, sends: int, *, leads: bool) -> str:
    """What ``python -c`` runs to serve two file descriptors of pipes: one to read from, one to write to.

    ``leads``: it leads a process group of its own. The collector of cyclic garbage is slowed down until tests run: a
    start makes much that stays.
    """
    return _loaded() + _SERVE_PIPE.format(name=LOADED_AS, receives=receives, sends=sends, leads=bool(leads))


def fork_command(path: str, idle_seconds: float) -> str:
    """What ``python -c`` runs to fork workers for who asks at a Unix socket, until nobody has for a while."""
    return _loaded() + _SERVE_FORKS.format(name=LOADED_AS, path=path, idle_seconds=float(idle_seconds))


def folder() -> str:
    """Where the worker's modules lie."""
    return os.path.dirname(os.path.abspath(__file__))


def _loaded() -> str:
    return _LOAD.format(name=LOADED_AS, folder=folder(), file=os.path.join(folder(), "__init__.py"))


def source() -> str:
    """The whole worker as one text, for execnet to run elsewhere."""
    texts = [(LOADED_AS + (module and "." + module), text(module or "__init__")) for module in ("", *_MODULES)]
    return _FROM_TEXT.format(texts=texts, name=LOADED_AS)


def lambda_texts() -> list[list[str]]:
    """The modules that only tests of a zip need, as their names and texts, in an order in which they can be loaded."""
    package = f"{LOADED_AS}.aws_lambda"
    return [[package, text("aws_lambda/__init__")]] + [
        [f"{package}.{module}", text(f"aws_lambda/{module}")] for module in _LAMBDA_MODULES
    ]


def text(module: str) -> str:
    """One module, as its text."""
    with open(os.path.join(folder(), module + ".py"), encoding="utf-8") as file:
        return file.read()

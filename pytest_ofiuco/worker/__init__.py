"""What runs inside a cell: the standard library and that cell's pytest, nothing of ours beside it.

The cell's interpreter loads this package under a name of its own: the project under test may have a ``pytest_ofiuco``.
Where a file of this machine is within its reach, from that file; elsewhere from its text. Python 3.8 or later, pytest
7.0 or later.
"""

import os

PROTOCOL = 3

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
    "session",
    "service",
)
"""In an order in which each needs only earlier ones."""

_FROM_FILES = """\
import gc, sys
usual = gc.get_threshold()
gc.set_threshold(100000, 50, 50)
sys.path[:] = [entry for entry in sys.path if entry]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location({name!r}, {file!r}, submodule_search_locations=[{folder!r}])
sys.modules[{name!r}] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[{name!r}])
from {name}.service import serve_pipe
serve_pipe({receives}, {sends}, usual, leads={leads})
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
    folder = os.path.dirname(os.path.abspath(__file__))
    file = os.path.join(folder, "__init__.py")
    return _FROM_FILES.format(
        name=LOADED_AS, folder=folder, file=file, receives=receives, sends=sends, leads=bool(leads)
    )


def source() -> str:
    """The whole worker as one text, for execnet to run elsewhere."""
    texts = [(LOADED_AS + (module and "." + module), text(module or "__init__")) for module in ("", *_MODULES)]
    return _FROM_TEXT.format(texts=texts, name=LOADED_AS)


def text(module: str) -> str:
    """One module, as its text."""
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, module + ".py"), encoding="utf-8") as file:
        return file.read()

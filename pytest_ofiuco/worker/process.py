"""Makes the process that a worker runs in what pytest's own would be."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Dict

Message = Dict[str, Any]


def lead_group() -> None:
    """Lead a process group: what a test starts ends with the worker, and Ctrl-C is the controller's to hear."""
    if hasattr(os, "setpgid"):
        with contextlib.suppress(OSError):  # a session leader has its own group
            os.setpgid(0, 0)


def redirect(spool: str | None) -> None:
    """Let the output go to a file, or all of it where the errors go: execnet speaks through the process's own."""
    if spool is None:
        os.dup2(2, 1)
        return
    descriptor = os.open(spool, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def import_pytest() -> str:
    """Import the cell's pytest with the plugins that belong to it, which it would import next; why there is none."""
    try:
        importlib.import_module("pytest")
        from _pytest.config import default_plugins
    except ImportError as error:
        return str(error)
    for name in default_plugins:
        with contextlib.suppress(ImportError):
            importlib.import_module("_pytest." + name)
    return ""


def set_up(start: Message) -> None:
    """The folder, module path and arguments that pytest would have."""
    sys.dont_write_bytecode = False
    os.chdir(start["directory"])
    sys.path[:] = [entry for entry in sys.path if entry]
    if start["is_module"]:
        sys.path.insert(0, start["directory"])
    sys.argv = [start["program"], *start["arguments"]]
    xdist = start.get("xdist")
    if xdist:
        os.environ["PYTEST_XDIST_WORKER"] = xdist["worker"]
        os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(xdist["count"])
        os.environ["PYTEST_XDIST_TESTRUNUID"] = start["testrun"]


_MAIN: list[ModuleType] = []
"""The process's first ``__main__``: its globals live as long as it."""


def become_main(start: Message) -> None:
    """Let ``__main__`` be what it is where pytest is started as the controller was: processes are spawned from it."""
    main: Any = ModuleType("__main__")
    script = os.path.join(os.path.dirname(sys.executable), os.path.basename(start["program"]))
    if start["is_module"] or not os.path.isfile(script):
        spec: Any = find_spec("pytest.__main__")
        main.__spec__, main.__loader__, main.__cached__ = spec, spec.loader, spec.cached
        main.__file__, main.__package__ = spec.origin, spec.parent
    else:
        main.__file__, main.__loader__ = script, SourceFileLoader("__main__", script)
    _MAIN.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    if os.path.basename(main.__file__) == os.path.basename(start["program"]):
        sys.argv[0] = main.__file__


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


def keepers() -> list[str]:
    """What Python waits for at its end: threads and processes that a test has left, unless they are daemons."""
    import threading

    threads = [each for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    found = [f"thread {each.name}" for each in threads]
    multiprocessing = sys.modules.get("multiprocessing")
    children = multiprocessing.active_children() if multiprocessing else []
    return found + [f"process {each.name}" for each in children if not each.daemon]

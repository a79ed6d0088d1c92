"""What pytest says of a conftest.py or a plugin that cannot be imported, in the words of its newest version."""

from __future__ import annotations

from typing import Any

_OF_OLDER = 'Error importing plugin "'
"""How an ``ImportError`` begins that pytest before 9.2 raises for a plugin."""


class PluginError(Exception):
    """A plugin that is there and raises while it is imported; its text says where."""


def refusal(error: Any) -> Exception | None:
    """What to raise for an error of pytest's start; ``None`` where it is of another kind."""
    import pytest
    from _pytest.config import ConftestImportFailure

    any_error: Any = error
    if isinstance(error, ConftestImportFailure):
        cause = getattr(error, "cause", None) or any_error.excinfo[1]
        return pytest.UsageError(f"ImportError while loading conftest '{error.path}'.\n{_short(cause)}")
    cause, name = error.__cause__, str(error)
    if type(error).__name__ != "PluginImportFailure":
        if cause is None or not name.startswith(_OF_OLDER):
            return None
        name = name[len(_OF_OLDER) :].partition('"')[0]
    missing = getattr(cause, "name", None) if isinstance(cause, ModuleNotFoundError) else None
    if missing and (name + ".").startswith(missing + "."):
        return pytest.UsageError(f'{_OF_OLDER}{name}": {cause}')
    return PluginError(f'Error while loading plugin "{name}".\n{_short(cause)}')


def _short(cause: Any) -> str:
    """The traceback without pytest's own and Python's importing frames."""
    import _pytest.config
    from _pytest._code import ExceptionInfo

    names = ("filter_traceback_for_import_failure", "filter_traceback_for_conftest_import_failure")
    chooses = next((getattr(_pytest.config, name) for name in names if hasattr(_pytest.config, name)), None)
    found: Any = ExceptionInfo.from_exc_info((type(cause), cause, cause.__traceback__))
    found.traceback = found.traceback.filter(chooses) if chooses else found.traceback
    said = str(found.getrepr(style="short", chain=False)) if found.traceback else found.exconly()
    return "\n".join(line.rstrip() for line in said.splitlines())

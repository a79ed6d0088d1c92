"""Warnings of cells → warnings of this session."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from typing import cast

import pytest

from pytest_ofiuco.run.messages import Warned
from pytest_ofiuco.run.proxies import with_cell


class Warnings:
    """Tells what cells warn of, as often as plain pytest would: all workers of a cell collect, and it is one cell."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._told: Counter[tuple[str, Warned]] = Counter()
        self._heard: Counter[tuple[int, Warned]] = Counter()

    def hear(self, warned: Warned, cell: str, worker: int) -> None:
        """A worker, by its number, has recorded a warning: of a test, or else what each of the cell's may say."""
        if warned.when != "runtest":
            self._heard[worker, warned] += 1
            if self._heard[worker, warned] <= self._told[cell, warned]:
                return
            self._told[cell, warned] += 1
        self._tell(warned, cell)

    def _tell(self, warned: Warned, cell: str) -> None:
        category = _category(warned.module, warned.category)
        message = warnings.WarningMessage(
            message=category(warned.text), category=category, filename=warned.filename, lineno=warned.lineno
        )
        self.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "when": warned.when,
                "nodeid": with_cell(warned.nodeid, cell) if warned.nodeid else "",
                "location": warned.location,
            }
        )


def _category(module: str, name: str) -> type[Warning]:
    """The warning's own class where this process has loaded it; a stand-in of that name elsewhere."""
    found = getattr(sys.modules.get(module), name, None)
    if isinstance(found, type) and issubclass(found, Warning):
        try:
            found("")
        except TypeError:
            pass
        else:
            return found
    return cast(type[Warning], type(name, (Warning,), {"__module__": module}))

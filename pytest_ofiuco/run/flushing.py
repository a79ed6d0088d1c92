"""The terminal's output while tests are reported: flushed when there is nothing more to write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest


class Flushes:
    """Those of pytest's terminal, which flushes each letter."""

    def __init__(self) -> None:
        self._flush: Callable[[], object] | None = None
        self._is_behind = False

    @contextmanager
    def fewer(self, config: pytest.Config) -> Iterator[None]:
        """Let the terminal wait with them for ``catch_up``."""
        if not config.pluginmanager.hasplugin("terminalreporter"):
            yield
            return
        writer = config.get_terminal_writer()
        before = writer.__dict__.get("flush")
        self._flush = writer.flush
        writer.__dict__["flush"] = self._later
        try:
            yield
        finally:
            if before is None:
                del writer.__dict__["flush"]
            else:
                writer.__dict__["flush"] = before
            self.catch_up()

    def _later(self) -> None:
        self._is_behind = True

    def catch_up(self) -> None:
        """Flush what waits."""
        if self._is_behind and self._flush is not None:
            self._is_behind = False
            self._flush()

"""The terminal's output while tests are reported: flushed when there is nothing more to write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def fewer_flushes(config: pytest.Config, is_more: Callable[[], bool]) -> Iterator[None]:
    """Let pytest's terminal, which flushes each letter, wait with it while ``is_more`` to report."""
    if not config.pluginmanager.hasplugin("terminalreporter"):
        yield
        return
    writer = config.get_terminal_writer()
    flush = writer.flush

    def flush_at_last() -> None:
        if not is_more():
            flush()

    writer.__dict__["flush"] = flush_at_last
    try:
        yield
    finally:
        del writer.__dict__["flush"]
        flush()

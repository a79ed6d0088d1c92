"""Ctrl-C again, while the session ends: workers are not waited for any more, and the session says what it knows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest


class Interrupts:
    """The plugin that hears the second Ctrl-C: pytest would break off with a traceback. The third is Python's again.

    ``running`` tells the tests that it interrupts, and ``notes`` takes them.
    """

    def __init__(self, kill: Callable[[], None], running: Callable[[], list[str]], notes: list[str]) -> None:
        self._kill, self._running, self._notes = kill, running, notes
        self._has_taken_over = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        running = self._running()
        if running:
            self._notes.append(f"interrupted while running {', '.join(running)}")
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._heard)
            self._has_taken_over = True

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self._has_taken_over:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _heard(self, number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._kill()

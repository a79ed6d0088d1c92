"""Ctrl-C, more than once."""

from __future__ import annotations

import signal

import pytest

from pytest_ofiuco.run.interrupts import Interrupts


def test_the_second_kills_and_the_third_is_pythons() -> None:
    killed: list[None] = []
    notes: list[str] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupts = Interrupts(lambda: killed.append(None), lambda: ["test_a.py::test[py313-host]"], notes)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        interrupts.pytest_keyboard_interrupt()
        signal.raise_signal(signal.SIGINT)
        assert len(killed) == 1
        assert notes == ["interrupted while running test_a.py::test[py313-host]"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        interrupts.pytest_unconfigure()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_of_somebody_else_stays() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupts = Interrupts(lambda: None, list, [])
        interrupts.pytest_keyboard_interrupt()
        interrupts.pytest_unconfigure()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

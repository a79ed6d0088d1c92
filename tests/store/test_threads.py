"""Threads that work off calls and hold nobody up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from pytest_ofiuco.store.threads import Threads


def test_calls_give_results_and_errors() -> None:
    threads = Threads(2)
    results = [threads.submit(lambda number=number: 10 // number) for number in (1, 2, 0)]
    assert [results[0].result(5), results[1].result(5)] == [10, 5]
    with pytest.raises(ZeroDivisionError):
        results[2].result(5)
    assert threads.close(5)


def test_there_are_no_more_threads_than_asked_for() -> None:
    threads, barrier = Threads(2), threading.Barrier(3)
    waiting = [threads.submit(barrier.wait) for _ in range(2)]
    third = threads.submit(threading.get_ident)
    time.sleep(0.05)
    assert not third.done()
    barrier.wait(5)
    assert len({each.result(5) for each in waiting}) == 2
    assert third.result(5)
    assert threads.close(5)


def test_a_cancelled_call_is_never_begun() -> None:
    threads, release = Threads(1), threading.Event()
    threads.submit(release.wait, 5)
    begun: list[int] = []
    waiting = threads.submit(begun.append, 1)
    assert waiting.cancel()
    release.set()
    assert threads.submit(len, begun).result(5) == 0
    assert threads.close(5)


def test_closing_drops_what_has_not_begun_and_does_not_wait_for_ever() -> None:
    threads, release = Threads(1), threading.Event()
    running = threads.submit(release.wait, 5)
    waiting = threads.submit(len, "")
    began = time.monotonic()
    assert not threads.close(0.1)
    assert time.monotonic() - began < 2
    release.set()
    assert running.result(5)
    assert threads.close(5)
    assert not waiting.done()


def test_a_process_ends_without_them() -> None:
    source = "import time; from pytest_ofiuco.store.threads import Threads; Threads(1).submit(time.sleep, 60)"
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)

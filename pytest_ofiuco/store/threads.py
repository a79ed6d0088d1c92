"""Threads that work off calls and hold nobody up: a process that is to end does not wait for a silent index.

``concurrent.futures.ThreadPoolExecutor`` is waited for when the interpreter ends, whatever its threads are at. These
are not, which the store allows: a kill at any moment loses nothing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")
HEED_SECONDS = 0.5
"""How long the main thread waits at a time: a Ctrl-C in the instant before a wait would not end it."""


def result_of(future: Future[T]) -> T:
    """The result of ``future``, awaited so that Ctrl-C is heeded."""
    while not wait([future], HEED_SECONDS).done:
        pass
    return future.result()


class Threads:
    """At most ``most`` daemon threads, started as they are needed. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Call ``function`` in a thread, after what was submitted before."""
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(*arguments))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)

        self._calls.put(call)
        with self._lock:
            if len(self._threads) < self._most and not self._is_closed:
                thread = threading.Thread(target=self._work, name="ofiuco-store", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self, seconds: float) -> bool:
        """Begin nothing more; whether what is under way has ended within ``seconds``."""
        with self._lock:
            self._is_closed = True
            threads = list(self._threads)
        for _ in threads:
            self._calls.put(None)
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            if call is None or self._is_closed:
                return
            call()

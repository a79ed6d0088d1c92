"""The progress of preparation: a bar on a terminal, plain lines elsewhere, one closing line in both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from pytest_ofiuco.store.progress import size_of


class PreparationProgress:
    """Counts what the store does, from several threads, and shows it."""

    def __init__(
        self,
        total: int,
        write_line: Callable[[str], None],
        terminal: TextIO | None,
        title: str = "Preparing environments",
    ) -> None:
        """``terminal`` is where a bar may be drawn; ``None`` gives plain lines."""
        self.title = title
        self.total, self.write_line, self.terminal = total, write_line, terminal
        self.cached = self.built = self.failed = self.files = self.bytes = 0
        self._lock = threading.Lock()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> PreparationProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()
        if kind is None:
            self.write_line(f"{self.title}: {self.summary()}")

    def summary(self) -> str:
        """``6/6 (4 cached, 2 built, 38 files fetched, 12.1 MB)``."""
        parts = [f"{self.cached} cached", f"{self.built} built"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.files:
            parts.append(f"{self.files} file{'' if self.files == 1 else 's'} fetched, {size_of(self.bytes)}")
        done = self.cached + self.built + self.failed
        return f"{done}/{self.total} ({', '.join(parts)})"

    def fetched(self, filename: str, size: int) -> None:
        """A file has been downloaded and verified; ``size`` in bytes."""
        with self._lock:
            self.files += 1
            self.bytes += size
            self._draw(f"fetched {filename}")

    def started(self, what: str) -> None:
        """Something that takes a while begins."""
        with self._lock:
            self._draw(what)

    def finished(self, what: str) -> None:
        """It is over."""
        with self._lock:
            self._draw(what)

    def ready(self, cell: str, *, was_cached: bool, seconds: float) -> None:
        """A cell's environment is there."""
        with self._lock:
            if was_cached:
                self.cached += 1
            else:
                self.built += 1
                if self.terminal is None:
                    self.write_line(f"prepared {cell} in {seconds:.1f}s")
            self._draw(cell)

    def not_ready(self, cell: str) -> None:
        """A cell's environment could not be made."""
        with self._lock:
            self.failed += 1
            self._draw(cell)

    def _draw(self, what: str) -> None:
        if self.terminal is None:
            return
        if self._bar is None:
            self._open_bar(self.terminal)
        self._bar.update(self._task, completed=self.cached + self.built + self.failed, what=what[:50])

    def _open_bar(self, terminal: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn(self.title),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"),
            console=Console(file=terminal),
            transient=True,
        )
        self._task = self._bar.add_task("prepare", total=self.total, what="")
        self._bar.start()

    def _close_bar(self) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
            self.terminal = None

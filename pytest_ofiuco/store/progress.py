"""The seam through which the store tells what it is doing, from several threads."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Whoever shows progress; every method may be called from any thread."""

    def fetched(self, filename: str, size: int) -> None:
        """A file has been downloaded and verified; ``size`` in bytes."""

    def started(self, what: str) -> None:
        """Something that takes a while begins."""

    def finished(self, what: str) -> None:
        """It is over, well or not."""


class SilentProgress:
    """Shows nothing."""

    def fetched(self, filename: str, size: int) -> None:
        """Nothing."""

    def started(self, what: str) -> None:
        """Nothing."""

    def finished(self, what: str) -> None:
        """Nothing."""


def size_of(count: int) -> str:
    """Bytes for people: ``12.1 MB``."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

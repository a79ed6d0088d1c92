"""Sizes of what ships, for people: in units of 1,024, as platforms count what they take."""

from __future__ import annotations

from collections.abc import Mapping

_NAMED = 10
_UNIT = 1024


def binary_size(count: int) -> str:
    """Bytes for people: ``12.1 MiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < _UNIT:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _UNIT
    return f"{size:.1f} GiB"


def by_size(sizes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Names with their bytes, the largest first."""
    return tuple(sorted(sizes.items(), key=lambda each: (-each[1], each[0])))


def largest_of(sizes: Mapping[str, int]) -> str:
    """The ten largest, each with its size."""
    return ", ".join(f"{name} {binary_size(size)}" for name, size in by_size(sizes)[:_NAMED])

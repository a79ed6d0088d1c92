"""Bytes of a tree and its packages against what a platform takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_ofiuco.core.finding import Finding, Severity
from pytest_ofiuco.core.sizes import binary_size, by_size, largest_of
from pytest_ofiuco.inspect.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most bytes, unpacked, and of a zip; over the latter it is only to be uploaded in another way."""

    unpacked: int | None = None
    zipped: int | None = None


def bytes_by_package(tree: Tree) -> tuple[tuple[str, int], ...]:
    """The largest first."""
    sizes: dict[str, int] = {}
    for member in tree.members:
        name = tree.owners[member.path].name
        sizes[name] = sizes.get(name, 0) + member.size
    return by_size(sizes)


def over(name: str, limits: Limits, sizes: Sequence[tuple[str, int]], zipped: int | None) -> Iterator[Finding]:
    """A finding for each limit that packages of these sizes, or the zip of them, pass."""
    unpacked = sum(size for _, size in sizes)
    largest = largest_of(dict(sizes))
    if limits.unpacked is not None and unpacked > limits.unpacked:
        message = f"{binary_size(unpacked)} unpacked, the platform takes {binary_size(limits.unpacked)}"
        yield _finding("error", name, message, f"leave out what is not needed; the largest: {largest}")
    if limits.zipped is not None and zipped is not None and zipped > limits.zipped:
        message = f"{binary_size(zipped)} zipped, of which the platform takes {binary_size(limits.zipped)} directly"
        yield _finding("warning", name, message, f"upload it by way of a store; the largest unpacked: {largest}")


def _finding(severity: Severity, name: str, message: str, hint: str) -> Finding:
    return Finding(severity=severity, code="size", message=message, file=name, hint=hint)

"""Groups and extras that include others: all that one stands for, whatever includes what how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Where = TypeVar("Where")


def with_included(
    name: str, included: Callable[[str], Iterable[tuple[str, Where]]], circle: Callable[[str, Where], Exception] | None
) -> list[str]:
    """``name``, and what it includes, and what that does: each once, before what it includes.

    ``included`` gives the names that one includes, each with where it says so; ``circle`` what to raise there if that
    is one that includes it. Without it circles are passed over.
    """
    found = {name: None}
    pending = [(name, iter(included(name)))]
    within = {name}
    while pending:
        current, more = pending[-1]
        step = next(more, None)
        if step is None:
            pending.pop()
            within.discard(current)
            continue
        other, where = step
        if other in within and circle is not None:
            raise circle(other, where)
        if other not in found:
            found[other] = None
            within.add(other)
            pending.append((other, iter(included(other))))
    return list(found)

"""Taking out of the store what is damaged, as whole entries: the next run makes them again.

What a running session uses stays, with the wheels that it leads to; so does everything but environments while sessions
are making some. See ``removal``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.upkeep.removal import PATIENCE, removing
from pytest_ofiuco.store.upkeep.verify import Verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Entries that are gone, and those that stay because a running session uses them."""

    removed: tuple[str, ...]
    in_use: tuple[str, ...]


def fix(store: Store, verified: Verified) -> Fixed:
    """Take out what is damaged, as whole entries: the next run makes them again.

    Raises:
        CacheError: the store cannot be written.
    """
    removed: list[str] = []
    in_use: list[str] = []
    entries = sorted({damage.entry for damage in verified.damages})
    own = f"{store.environments.name}/"
    with removing(store) as removal:
        for entry in (each for each in entries if each.startswith(own)):
            taken = removal.environment(entry.removeprefix(own), math.inf)
            (in_use if taken is None else removed).append(entry)
        with usage.alone(store, PATIENCE) as is_alone:
            for entry in (each for each in entries if not each.startswith(own)):
                is_needed = not set(in_use).isdisjoint(verified.leading.get(entry.partition("/")[2], ()))
                taken = removal.take(store.root / entry) if is_alone and not is_needed else None
                (in_use if taken is None else removed).append(entry)
    return Fixed(removed=tuple(removed), in_use=tuple(in_use))

"""What platforms are said to have under a name that no package of the lock has, and one almost has: a slip of the pen.

A platform may have more than the lock does, so other names are not wondered at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from packaging.utils import canonicalize_name

_ALIKE = 0.8


def misnamed(provided: Mapping[str, Iterable[str]], known: Collection[str]) -> Iterator[str]:
    """What to say of the names in ``provided`` of each platform; ``known`` are the normalized names of the lock."""
    for platform, written in provided.items():
        names = {canonicalize_name(name): name for name in written}
        strange = [name for name in names if name not in known]
        if not strange:
            continue
        from difflib import get_close_matches  # slow to import, and seldom needed

        others = [name for name in known if name not in names]
        for name in strange:
            for near in get_close_matches(name, others, 1, _ALIKE):
                yield (
                    f'tool.ofiuco.platform.{platform}.provided: "{names[name]}": no package of the lock: did you mean'
                    f" {near}?"
                )

"""What of a star lock only the packages need that the platform provides.

A star lock says what is wanted, and not by whom. Where its packages have edges nonetheless (poetry.lock, some
pylock.toml), they tell; else the wheels' own ``Requires-Dist`` do, evaluated for the target
(https://packaging.python.org/specifications/core-metadata/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.parser import HeaderParser

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.store.wheel import UnpackedWheel

Extras = frozenset[str]
Edges = Callable[[NormalizedName, Extras], Iterable[tuple[NormalizedName, Extras]]]
"""What a package depends on when these extras are requested of it, each with the extras that it asks for."""


def kept(
    names: Iterable[NormalizedName],
    provided: Iterable[NormalizedName],
    roots: Mapping[NormalizedName, Extras],
    before: Edges,
    after: Edges,
) -> frozenset[NormalizedName]:
    """The packages that ship: all but the provided ones, and what only these need.

    What no provided package leads to is needed by somebody else, whoever that is; ``roots`` are what the project itself
    asks for, as far as that is known. The edges are those ``before`` the provided packages are cut out, and ``after``.
    """
    everything, cut = frozenset(names), frozenset(provided)
    beneath = _reached(dict.fromkeys(cut & everything, frozenset()), everything, frozenset(), before)
    starts = dict.fromkeys(everything - beneath - cut, frozenset[str]()) | {
        name: extras for name, extras in roots.items() if name in everything
    }
    return _reached(starts, everything, cut, after)


def _reached(
    starts: Mapping[NormalizedName, Extras],
    names: frozenset[NormalizedName],
    cut: frozenset[NormalizedName],
    edges: Edges,
) -> frozenset[NormalizedName]:
    requested: dict[NormalizedName, Extras] = {}
    pending = [(name, extras) for name, extras in starts.items() if name not in cut]
    while pending:
        name, extras = pending.pop()
        known = requested.get(name)
        if known is not None and extras <= known:
            continue
        requested[name] = extras | (known or frozenset())
        pending += [each for each in edges(name, requested[name]) if each[0] in names and each[0] not in cut]
    return frozenset(requested)


def of_resolution(resolution: Resolution) -> Edges:
    """The edges that the lock itself has."""
    pins = {pin.name: pin.dependencies for pin in resolution.packages}
    return lambda name, _: [(each, frozenset()) for each in pins.get(name, ())]


def of_wheels(resolution: Resolution, wheels: Mapping[NormalizedName, UnpackedWheel]) -> Edges:
    """The edges that the lock has, and those that the wheels' metadata tell of."""
    requirements = {name: _requirements(wheel) for name, wheel in wheels.items()}
    own, environment = of_resolution(resolution), resolution.target.environment
    asked = {pin.name: frozenset(pin.extras) for pin in resolution.packages}

    def edges(name: NormalizedName, extras: Extras) -> list[tuple[NormalizedName, Extras]]:
        found = list(own(name, extras))
        active = ["", *sorted(extras | asked.get(name, frozenset()))]
        for each in requirements.get(name, ()):
            marker = each.marker
            if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in active):
                found.append((canonicalize_name(each.name), frozenset(map(canonicalize_name, each.extras))))
        return found

    return edges


def _requirements(wheel: UnpackedWheel) -> list[Requirement]:
    """What a wheel says that it requires; what cannot be read is passed over."""
    text = (wheel.tree / wheel.dist_info / "METADATA").read_text(encoding="utf-8", errors="replace")
    found = []
    for written in HeaderParser().parsestr(text).get_all("Requires-Dist", ()):
        try:
            found.append(Requirement(written))
        except ValueError:  # InvalidRequirement is one
            continue
    return found

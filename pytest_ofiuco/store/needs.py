"""What the wheels of a variant say that they need, beside what they get: no lock has put them together.

``Requires-Dist`` of core metadata (https://packaging.python.org/specifications/core-metadata/) tells it of every wheel,
also where the lock that an entry came from does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.parser import Parser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.errors import UnmetDependencyError
from pytest_ofiuco.store.wheel import UnpackedWheel


def check_needs(resolution: Resolution, variant: Variant, wheels: Mapping[str, UnpackedWheel]) -> None:
    """Whether what was replaced gets what it needs, and is what the others need; ``wheels`` by normalized name.

    Raises:
        UnmetDependencyError: it does not.
    """
    replaced = {each.name for each in variant.replacements}
    dropped = {each.name for each in variant.replacements if not each.entries}
    versions = resolution.versions()
    environment = {**resolution.target.environment, "extra": ""}
    for name, wheel in sorted(wheels.items()):
        for needed in _needs(wheel):
            other = canonicalize_name(needed.name)
            if not replaced & {name, other} or other in dropped:
                continue
            if needed.marker is not None and not needed.marker.evaluate(environment):
                continue
            version = versions.get(other)
            if other in versions and (version is None or needed.specifier.contains(version, prereleases=True)):
                continue
            has = f"{other} {version}" if other in versions else "nothing of that name"
            wanted = f"{other} {needed.specifier}".strip()
            raise UnmetDependencyError(variant.file, variant.name, f"{name} {versions.get(name)}", wanted, has)


def _needs(wheel: UnpackedWheel) -> Iterator[Requirement]:
    """The requirements of a wheel; what cannot be read as one is passed over."""
    text = (wheel.tree / wheel.dist_info / "METADATA").read_text(encoding="utf-8", errors="replace")
    for written in Parser().parsestr(text, headersonly=True).get_all("Requires-Dist", ()):
        try:
            yield Requirement(written)
        except InvalidRequirement:
            continue

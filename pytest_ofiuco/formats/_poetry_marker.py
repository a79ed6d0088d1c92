"""Environment markers for what Poetry says in its own words: ``python = "^3.8"``, ``platform = "linux"``.

https://python-poetry.org/docs/dependency-specification/#python-restricted-dependencies
"""

from __future__ import annotations

from collections.abc import Iterable

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import Specifier, SpecifierSet

_BOTH_NUMBERS = 2
"""The parts of a version that ``python_version`` has."""


def all_of(markers: Iterable[Marker | None]) -> Marker | None:
    """What holds where all of these do."""
    found = [each for each in markers if each is not None]
    return found[0] if len(found) == 1 else _joined([str(each) for each in found], "and")


def any_of(markers: Iterable[Marker]) -> Marker | None:
    """What holds where one of these does."""
    return _joined(list(dict.fromkeys(map(str, markers))), "or")


def python_marker(alternatives: Iterable[SpecifierSet]) -> Marker | None:
    """What holds for the Pythons that one of the alternatives admits; nothing where one admits all."""
    sets = [" and ".join(sorted(_python(each) for each in one)) for one in alternatives]
    return _joined(sets, "or") if all(sets) else None


def platform_marker(constraint: str) -> Marker | None:
    """What holds for the values of ``sys_platform`` that a constraint admits: ``linux || darwin``, ``!=win32``.

    Raises:
        ValueError: it is not one.
    """
    sets = []
    for alternative in constraint.replace("||", "|").split("|"):
        values = [each.strip() for each in alternative.split(",")]
        if "*" in values:
            return None
        sets.append(" and ".join(_platform(each) for each in values))
    try:
        return _joined(sets, "or")
    except InvalidMarker as error:
        raise ValueError(constraint) from error


def _joined(texts: list[str], word: str) -> Marker | None:
    if len(texts) == 1:
        return Marker(texts[0])
    return Marker(f" {word} ".join(f"({each})" for each in texts)) if texts else None


def _python(specifier: Specifier) -> str:
    """Poetry compares as PEP 440 does, with zeros to fill: ``>3.8`` and ``<=3.8`` are about 3.8.0."""
    parts = specifier.version.removesuffix(".*").split(".")
    is_short = len(parts) <= _BOTH_NUMBERS and specifier.operator not in (">", "<=")
    return f'python_{"" if is_short else "full_"}version {specifier.operator} "{specifier.version}"'


def _platform(text: str) -> str:
    operator = "!=" if text.startswith("!=") else "=="
    return f'sys_platform {operator} "{text.lstrip("!=").strip()}"'

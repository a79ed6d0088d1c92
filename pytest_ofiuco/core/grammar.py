"""Markers, requirements, specifiers, versions and file names, of a size that a person or a tool would write.

``packaging`` reads them all. What is nested hundreds deep ends in Python's own limits, there or wherever it is used
next, and so does a number of thousands of digits: neither is read here.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

_LONGEST = 1000
_DEEPEST = 50
_MOST_TAGS = 10_000
_STRANGE = frozenset(map(chr, range(0x20))) - {"\t"} | {"\\", "\x7f"}


@lru_cache(maxsize=4096)
def marker(text: str) -> Marker:
    """An environment marker.

    Raises:
        InvalidMarker: it is none.
    """
    if _is_deep(text):
        raise InvalidMarker("nested too deeply")
    if _has_escapes(text):
        raise InvalidMarker("a backslash or a control character in it")
    return Marker(text)


def requirement(text: str) -> Requirement:
    """A requirement (PEP 508).

    Raises:
        InvalidRequirement: it is none.
    """
    if _is_deep(text):
        raise InvalidRequirement("nested too deeply")
    if _has_escapes(text.partition(";")[2]):
        raise InvalidRequirement("a backslash or a control character in its marker")
    found = Requirement(text)
    if len(str(found.specifier)) > _LONGEST:
        raise InvalidRequirement("too long")
    return found


def specifier_set(text: str) -> SpecifierSet:
    """Version specifiers (PEP 440).

    Raises:
        InvalidSpecifier: they are none.
    """
    if len(text) > _LONGEST:
        raise InvalidSpecifier("too long")
    return SpecifierSet(text)


def version(text: str) -> Version:
    """A version (PEP 440).

    Raises:
        InvalidVersion: it is none.
    """
    if len(text) > _LONGEST:
        raise InvalidVersion("too long")
    return Version(text)


def admits(specifiers: SpecifierSet, written: str) -> bool:
    """Whether specifiers admit a version; what is none they do not."""
    return len(written) <= _LONGEST and specifiers.contains(written, prereleases=True)


def wheel_filename(text: str) -> tuple[NormalizedName, Version, BuildTag, frozenset[Tag]]:
    """What the name of a wheel says.

    Raises:
        InvalidWheelFilename: it is none.
    """
    if len(text) > _LONGEST or has_many_tags(text):
        raise InvalidWheelFilename("too long")
    return parse_wheel_filename(text)


def has_many_tags(text: str) -> bool:
    """Whether the name of a wheel stands for more tags than anybody makes: all that its parts combine to."""
    return prod(part.count(".") + 1 for part in text.rsplit("-", 3)[1:]) > _MOST_TAGS


def sdist_filename(text: str) -> tuple[NormalizedName, Version]:
    """What the name of an sdist says.

    Raises:
        InvalidSdistFilename: it is none.
    """
    if len(text) > _LONGEST:
        raise InvalidSdistFilename("too long")
    return parse_sdist_filename(text)


def _has_escapes(text: str) -> bool:
    """Whether characters are in a marker that its grammar does not know; ``packaging`` reads them as Python would."""
    return not _STRANGE.isdisjoint(text)


def _is_deep(text: str) -> bool:
    """Whether parentheses are nested beyond reason; those in literals count, too."""
    if text.count("(") <= _DEEPEST:
        return False
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest > _DEEPEST

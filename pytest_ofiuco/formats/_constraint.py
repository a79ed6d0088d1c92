"""Poetry's version constraints → PEP 440 specifiers.

``^3.8``, ``~3.9``, ``3.12.*``, ``>=3.8,<4``, with ``||`` between alternatives
(https://python-poetry.org/docs/dependency-specification/).
"""

from __future__ import annotations

from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.grammar import specifier_set, version
from pytest_ofiuco.errors import shown

_OPERATORS = ("===", "==", "!=", "<=", ">=", "~=", "<", ">")

_ORDERED = ("<", ">")
"""The operators after which Poetry passes over a wildcard: ``>=3.6.*`` is ``>=3.6``."""


def alternatives(text: str) -> tuple[SpecifierSet, ...]:
    """The alternatives of a constraint, of which one must admit a version.

    Raises:
        ValueError: it is not a constraint.
    """
    found = []
    for part in text.replace("||", "|").split("|"):
        pieces = [_specifier(each) for each in _pieces(part)]
        found.append(SpecifierSet(",".join(filter(None, pieces))))
    return tuple(found)


@lru_cache(maxsize=4096)
def readable_alternatives(text: str) -> tuple[SpecifierSet, ...]:
    """The alternatives of a constraint; none where any version will do, or where it cannot be read.

    Old locks hold constraints that no standard knows. The lock has chosen already, so that little hangs on them.
    """
    try:
        found = alternatives(text)
    except ValueError:
        return ()
    return found if all(len(each) for each in found) else ()


def _pieces(text: str) -> list[str]:
    """Comma- or space-separated comparisons, with the space after an operator taken out."""
    pieces: list[str] = []
    for word in text.replace(",", " ").split():
        if pieces and pieces[-1] and pieces[-1][-1] in "<>=!~^":
            pieces[-1] += word
        else:
            pieces.append(word)
    return pieces


def _specifier(piece: str) -> str:
    try:
        if piece == "*":
            return ""
        if piece.startswith("^"):
            return _caret(version(piece[1:]))
        if piece.startswith("~") and not piece.startswith("~="):
            return _tilde(version(piece[1:]))
        if not piece.startswith(_OPERATORS):
            return str(specifier_set(f"=={piece.removeprefix('=')}"))
        if piece.startswith(_ORDERED):
            piece = piece.removesuffix(".*")
        specifier_set(piece)
    except (InvalidVersion, InvalidSpecifier) as error:
        raise ValueError(f"{shown(piece)} is not a version constraint") from error
    return piece


def _caret(version: Version) -> str:
    """Up to the next change of the leftmost part that is not zero."""
    release = list(version.release)
    leading = next((index for index, part in enumerate(release) if part), len(release) - 1)
    upper = [*release[:leading], release[leading] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def _tilde(version: Version) -> str:
    """Up to the next minor version, or the next major where only that is given."""
    release = list(version.release)
    kept = release[: min(2, len(release))]
    kept[-1] += 1
    return f">={version},<{'.'.join(map(str, kept))}"

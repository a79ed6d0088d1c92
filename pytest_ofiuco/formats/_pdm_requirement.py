"""Requirements as pdm writes and reads them: PEP 508, and URLs and paths that may be editable or lack a name.

https://packaging.python.org/specifications/dependency-specifiers/,
https://pdm-project.org/latest/usage/dependency/#local-dependencies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.lock import Dependency
from pytest_ofiuco.core.source import filename_of, is_sdist
from pytest_ofiuco.errors import InputError, shown
from pytest_ofiuco.formats._markers import with_extras_as_set

VCS = ("git", "hg", "svn", "bzr")
_ROOTS = ("file:///${PROJECT_ROOT}", "{root:uri}")
"""What stands for the project's folder in URLs: in pdm's own way, and in Hatch's."""

Wrong = Callable[[str], InputError]


def local_path(url: str) -> str | None:
    """The path that a URL below the project's folder names, relative to it; nothing where it is another URL."""
    for root in _ROOTS:
        if url.startswith(root):
            return unquote(url.removeprefix(root).partition("#")[0].strip("/")) or "."
    return None


def required(text: str, *, at: str, wrong: Wrong, names: Mapping[str, NormalizedName] | None = None) -> Dependency:
    """The edge that a requirement is; ``names`` are the packages' names by the places that they come from.

    Raises:
        InputError: it is no requirement.
    """
    try:
        requirement = _parsed(text, names or {})
        name = canonicalize_name(requirement.name, validate=True)
    except ValueError as error:  # all of packaging's, and urlsplit's
        raise wrong(f"{shown(text)} is not a requirement") from error
    marker = requirement.marker
    return Dependency(
        name=name,
        at=at,
        marker=marker and with_extras_as_set(marker),
        extras=tuple(sorted(canonicalize_name(each) for each in requirement.extras)),
        specifiers=(requirement.specifier,) if requirement.specifier else (),
    )


def _parsed(text: str, names: Mapping[str, NormalizedName]) -> Requirement:
    written = text.strip()
    if not written.startswith("-e "):
        try:
            return grammar.requirement(written)
        except InvalidRequirement:
            if "/" not in written:
                raise
    place, _, marker = written.removeprefix("-e ").partition(";")
    return grammar.requirement(f"{_name(place.strip(), names)}{';' if marker else ''}{marker}")


def _name(place: str, names: Mapping[str, NormalizedName]) -> str:
    """The name, with extras, of what comes from a place: said there, else known, else guessed."""
    place, _, fragment = place.partition("#")
    for each in fragment.split("&"):
        if each.startswith("egg="):
            return unquote(each.removeprefix("egg="))
    place, bracket, extras = place.partition("[")
    return f"{names.get(place_of(place)) or _guessed(place)}{bracket}{extras}"


def _guessed(place: str) -> str:
    """The last word of a place: a file's up to its version, a repository's or a folder's whole."""
    last = filename_of(_without_reference(place))
    if last.endswith(".whl"):
        return last.partition("-")[0]
    return last.rpartition("-")[0] if is_sdist(last) else last.removesuffix(".git")


def place_of(written: str) -> str:
    """A URL or a path in the one form that all its spellings have: no reference, no fragment, relative."""
    path = local_path(written)
    if path is not None or "://" not in written:
        return (path or written).removeprefix("./").rstrip("/")
    return _without_reference(written.partition("#")[0])


def _without_reference(url: str) -> str:
    """``git+https://host/a.git@main`` → ``git+https://host/a.git``."""
    head, slash, last = url.rpartition("/")
    return f"{head}{slash}{last.partition('@')[0]}" if url.startswith(tuple(f"{vcs}+" for vcs in VCS)) else url

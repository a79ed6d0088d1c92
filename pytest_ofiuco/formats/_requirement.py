"""One requirement of a requirements file: a pinned version (PEP 508), a file, a folder or a commit.

https://packaging.python.org/specifications/dependency-specifiers/ and what pip reads beyond it: URLs and paths without
a name, which is then in a file's name, in ``#egg=`` or in the folder's own pyproject.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
)
from packaging.version import InvalidVersion

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Archive, Directory, Hashes, Vcs, Wheel, hashes_of
from pytest_ofiuco.core.source import direct_file, filename_of, is_sdist
from pytest_ofiuco.errors import InputError, shown
from pytest_ofiuco.formats._requirements_file import Line, joined

ALGORITHMS = MappingProxyType({"sha256": 64, "sha384": 96, "sha512": 128})
"""The algorithms that pip takes, and the length of their digests in hex."""

_VCS = ("git", "hg", "svn", "bzr")
_COMMIT_DIGITS = frozenset((40, 64))
_NAME_IT = "write it as `name @ URL`"
_COMPILE = "compile it with hashes: `uv pip compile --universal --generate-hashes`, or pip-compile --generate-hashes"

Digests = tuple[tuple[str, str], ...]
"""Pairs of algorithm and hex digest, sorted; an algorithm comes as often as there are files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What one line pins; ``digests`` are those of the files of a version."""

    line: Line
    name: NormalizedName
    version: str | None
    extras: tuple[NormalizedName, ...] = ()
    marker: Marker | None = None
    digests: Digests = ()
    direct: Wheel | Archive | Vcs | Directory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a requirements file is read: ``root`` leads from the lock's folder to the project's, where pip would run.

    ``name_in`` gives the name of the project in a folder, ``None`` where its pyproject.toml tells none.
    """

    root: str
    name_in: Callable[[str], NormalizedName | None]


def pinned(line: Line, text: str, digests: Digests, *, editable: bool, around: Surroundings) -> Pinned | None:
    """What a requirement pins; nothing where it is the project itself.

    Raises:
        InputError: it is no requirement, or not pinned.
    """
    line.refuse_variables(text)
    if not editable:
        requirement = parsed(text)
        if requirement is not None and requirement.url is None:
            return _of_index(line, requirement, digests)
        if requirement is not None and requirement.url is not None:
            extras = tuple(sorted(map(canonicalize_name, requirement.extras)))
            name = canonicalize_name(requirement.name)
            return _Direct(line, requirement.url, digests, around).pinned(name, extras, requirement.marker, editable)
    location, extras, marker = _location(line, text)
    return _Direct(line, location, digests, around).pinned(None, extras, marker, editable)


def parsed(text: str) -> Requirement | None:
    """A requirement by PEP 508; nothing where it is a file's name, or none at all."""
    try:
        requirement = grammar.requirement(text)
    except InvalidRequirement:
        return None
    is_file = not requirement.specifier and requirement.url is None and _is_archive(requirement.name)
    return None if is_file else requirement


def _of_index(line: Line, requirement: Requirement, digests: Digests) -> Pinned:
    name = canonicalize_name(requirement.name)
    return Pinned(
        line=line,
        name=name,
        version=_version(line, requirement),
        extras=tuple(sorted(map(canonicalize_name, requirement.extras))),
        marker=requirement.marker,
        digests=digests,
    )


def _version(line: Line, requirement: Requirement) -> str:
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in ("==", "===") or specifiers[0].version.endswith(".*"):
        wanted = f"{requirement.name}{requirement.specifier}"
        raise line.error(f"{shown(wanted)} is not pinned to one version", _COMPILE, requirement.name)
    written = specifiers[0].version
    try:
        return str(grammar.version(written))
    except InvalidVersion as error:  # ``===`` takes any text
        raise line.error(f"{shown(written)} is no version", "pin one by `==`", requirement.name) from error


def _location(line: Line, text: str) -> tuple[str, tuple[NormalizedName, ...], Marker | None]:
    """A URL or a path, its extras, and its marker."""
    if not _is_place(text):
        hint = "write `name==version`, and the markers that PEP 508 knows"
        raise line.error(f"{shown(text)} is neither a requirement nor a URL or path", hint)
    separator = " ;" if " ;" in text or "://" in text else ";"
    location, _, condition = text.partition(separator)
    location = location.strip()
    place, words = _extras(location)
    try:
        marker = grammar.marker(condition.strip()) if condition.strip() else None
        extras = tuple(sorted(canonicalize_name(each.strip(), validate=True) for each in words))
    except (InvalidMarker, InvalidName) as error:
        reason = f"cannot read {shown(text)}: {str(error).partition(chr(10))[0]}"
        raise line.error(reason, "correct it there, or compile it again") from error
    return place, extras, marker


def _extras(location: str) -> tuple[str, list[str]]:
    """A place, and the words in the square brackets that it ends with, if it does."""
    place, bracket, words = location.removesuffix("]").rpartition("[")
    if not (bracket and place.strip() and location.endswith("]")) or "]" in words:
        return location, []
    return place.rstrip(), [each for each in words.split(",") if each.strip()]


class _Direct:
    """A requirement that names a place."""

    def __init__(self, line: Line, location: str, digests: Digests, around: Surroundings) -> None:
        self.line, self.location, self.digests, self.around = line, location, digests, around
        try:
            self.parts = urlsplit(location)
            _ = self.parts.port
        except ValueError as error:
            raise self.wrong(f"cannot read {shown(location)}: {error}", "correct it there") from error
        self.fragment = {key: values[-1] for key, values in parse_qs(self.parts.fragment).items()}

    def wrong(self, reason: str, hint: str) -> InputError:
        return self.line.error(reason, hint)

    def pinned(
        self, name: NormalizedName | None, extras: tuple[NormalizedName, ...], marker: Marker | None, editable: bool
    ) -> Pinned | None:
        """What it pins; the name comes from the requirement, else from ``#egg=``, the file's name or the folder."""
        direct = self.artifact(editable=editable)
        if isinstance(direct, Directory) and direct.path == joined(self.around.root, "."):
            return None
        told, version = self.told(direct)
        found = name or self.named_egg() or told
        if found is None and isinstance(direct, Directory):
            found = self.around.name_in(direct.path)
        if found is None:
            raise self.wrong(f"{shown(self.location)}: what it is called is not known", _NAME_IT)
        return Pinned(line=self.line, name=found, version=version, extras=extras, marker=marker, direct=direct)

    def named_egg(self) -> NormalizedName | None:
        egg = self.fragment.get("egg")
        requirement = parsed(egg) if egg else None
        return canonicalize_name(requirement.name) if requirement else None

    def told(self, direct: Wheel | Archive | Vcs | Directory) -> tuple[NormalizedName | None, str | None]:
        """The name and the version that a file's name tells."""
        match direct:
            case Wheel(filename=filename):
                try:
                    name, version, _, _ = grammar.wheel_filename(filename)
                except InvalidWheelFilename as error:
                    raise self.wrong(f"{shown(filename)} is no name of a wheel", "correct it there") from error
                return name, str(version)
            case Archive(filename=filename):
                try:
                    name, version = grammar.sdist_filename(filename)
                except InvalidSdistFilename:
                    return None, None
                return name, str(version)
            case _:
                return None, None

    def artifact(self, *, editable: bool) -> Wheel | Archive | Vcs | Directory:
        scheme, _, rest = self.location.partition("+")
        if rest and scheme in _VCS:
            return self.commit(scheme, urlsplit(rest))
        if "://" in self.location and self.parts.scheme != "file":
            url = self.location.partition("#")[0]
            return direct_file(filename_of(url), self.hashes(), url=url, subdirectory=self.fragment.get("subdirectory"))
        path = self.path()
        if _is_archive(path):
            subdirectory = self.fragment.get("subdirectory")
            return direct_file(filename_of(path), self.hashes(), path=path, subdirectory=subdirectory)
        self.refuse_hashes("a folder")
        return Directory(path=path, editable=editable, subdirectory=self.fragment.get("subdirectory"))

    def path(self) -> str:
        """The path, from the lock's folder."""
        if self.parts.scheme == "file":
            path = unquote(self.parts.path)
            if path[2:3] == ":":  # file:///C:/folder
                path = path[1:]
        else:
            path = self.location.partition("#")[0]
        return joined(self.around.root, path)

    def commit(self, kind: str, parts: SplitResult) -> Vcs:
        path, separator, commit = parts.path.rpartition("@")
        is_commit = len(commit) in _COMMIT_DIGITS and not set(commit.lower()) - set("0123456789abcdef")
        if not separator or (kind in ("git", "hg") and not is_commit):
            raise self.wrong(f"{shown(self.location)} is not pinned to a commit", "write its full hash: `…@COMMIT`")
        self.refuse_hashes("a commit")
        url = parts._replace(path=path, fragment="").geturl()
        return Vcs(type=kind, url=url, commit=commit, subdirectory=self.fragment.get("subdirectory"))

    def refuse_hashes(self, what: str) -> None:
        if self.digests:
            raise self.wrong(f"{what} has no hash", "take the hash away there")

    def hashes(self) -> Hashes:
        """The hash of the one file: by option, else in the URL."""
        if len(dict(self.digests)) != len(self.digests):
            raise self.wrong("several hashes for one file", "keep the one that is right")
        in_url = {name: self.fragment[name] for name in ALGORITHMS if name in self.fragment}
        return hashes_of(dict(self.digests) or in_url)


def _is_place(text: str) -> bool:
    location = text.partition(";")[0].strip()
    return location.startswith(".") or "/" in location or "\\" in location or _is_archive(location)


def _is_archive(path: str) -> bool:
    return path.endswith(".whl") or is_sdist(path)

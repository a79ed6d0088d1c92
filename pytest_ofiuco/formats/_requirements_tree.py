"""A requirements file and all that it includes: what they pin, constrain and set, in pip's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.errors import shown
from pytest_ofiuco.formats._requirement import ALGORITHMS, Digests, Pinned, Surroundings, parsed, pinned
from pytest_ofiuco.formats._requirements_file import Line, joined, lines

Kind = Literal["wheel", "sdist"]

_DEEPEST = 50
_MOST_FOLLOWED = 1000
"""Inclusions within each other, and of all files together."""

_OF_A_REQUIREMENT = frozenset({"--hash", "--editable"})
_OF_A_BUILD = frozenset({"--config-settings", "--global-option"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A line of a file that is included by ``-c``: it wants nothing, and limits what others want."""

    line: Line
    name: NormalizedName
    specifiers: SpecifierSet
    marker: Marker | None
    digests: Digests

    def admits(self, pin: Pinned) -> bool:
        """Whether it has nothing against a version; what has none is not looked at."""
        return pin.version is None or self.specifiers.contains(pin.version, prereleases=True)

    def pins(self, pin: Pinned) -> bool:
        """Whether, of what has its name, it speaks of this one version, and so its hashes are of its files."""
        exact = {each.operator for each in self.specifiers} <= {"==", "==="} and len(self.specifiers) == 1
        return exact and self.admits(pin)


class Tree:
    """Reads files, each where it is included, and keeps what they say."""

    def __init__(self, name: str, around: Surroundings, include: Callable[[str], bytes]) -> None:
        self._name, self._around, self._include = name, around, include
        self._no_index, self._followed = False, 0
        self._only_wheels: set[str] = set()
        self._no_wheels: set[str] = set()
        self.pins: list[Pinned] = []
        self.constraints: list[Constraint] = []
        self.indexes: list[str] = []
        self.find_links: list[str] = []
        self.warnings: list[str] = []
        self.requires_hashes = False

    def read(self, content: bytes) -> None:
        """Read the file itself.

        Raises:
            InputError: it, or a file that it includes, cannot be read.
        """
        base = self._name.replace("\\", "/").rpartition("/")[2]
        self._read(content, (base,), constrains=False)

    def excluded(self, name: NormalizedName) -> frozenset[Kind]:
        """The kind of file that ``--only-binary`` or ``--no-binary`` refuses of a package: its name counts first."""
        for word in (name, ":all:"):
            if word in self._only_wheels:
                return frozenset({"sdist"})
            if word in self._no_wheels:
                return frozenset({"wheel"})
        return frozenset()

    def _read(self, content: bytes, chain: tuple[str, ...], *, constrains: bool) -> None:
        """Read the last file of ``chain``, which the one before it includes; paths are from the lock's folder."""
        file = self._name if len(chain) == 1 else chain[-1]
        for line in lines(content, self._name, file):
            text, options = line.split()
            editable = ("--editable", "") in options
            digests = _digests(line, options)
            if text:
                if constrains:
                    self._constrain(line, text, digests)
                else:
                    self._pin(line, text, digests, editable=editable)
            elif editable or digests:
                raise line.error("nothing to install in this line", "complete it")
            for option, value in options:
                if option in _OF_A_BUILD:
                    raise line.error(f"{option} is not followed", "take it out: builds have no options here")
                if option not in _OF_A_REQUIREMENT:
                    self._set(line, option, value, chain)

    def _pin(self, line: Line, text: str, digests: Digests, *, editable: bool) -> None:
        found = pinned(line, text, digests, editable=editable, around=self._around)
        if found is not None:
            self.pins.append(found)

    def _constrain(self, line: Line, text: str, digests: Digests) -> None:
        line.refuse_variables(text)
        requirement = parsed(text)
        if requirement is None or requirement.url is not None:
            raise line.error(f"{shown(text)} is no constraint that can be checked", "constrain by a version")
        self.constraints.append(
            Constraint(
                line=line,
                name=canonicalize_name(requirement.name),
                specifiers=requirement.specifier,
                marker=requirement.marker,
                digests=digests,
            )
        )

    def _set(self, line: Line, option: str, value: str, chain: tuple[str, ...]) -> None:
        match option:
            case "--requirement" | "--constraint":
                self._follow(line, value, chain, constrains=option == "--constraint")
            case "--index-url":
                self.indexes[:] = [] if self._no_index else [value]
            case "--extra-index-url":
                self.indexes += [] if self._no_index else [value]
            case "--no-index":
                self._no_index = True
                self.indexes.clear()
            case "--find-links":
                folder = chain[-1].rpartition("/")[0]
                self.find_links.append(value if "://" in value or value.startswith("file:") else joined(folder, value))
            case "--only-binary":
                _choose(line, value, self._only_wheels, self._no_wheels)
            case "--no-binary":
                _choose(line, value, self._no_wheels, self._only_wheels)
            case "--require-hashes":
                self.requires_hashes = True
            case "--trusted-host":
                self.warnings.append(
                    f"{self._name}: {line.at}: {option} is not followed: trust hosts in pip's settings"
                )
            case _:  # --pre, --prefer-binary, --use-feature: how versions are chosen, and here they are pinned
                pass

    def _follow(self, line: Line, path: str, chain: tuple[str, ...], *, constrains: bool) -> None:
        line.refuse_variables(path)
        if "://" in path:
            raise line.error(f"{shown(path)} is elsewhere", "keep the file beside the lock, and include it from there")
        file = joined(chain[-1].rpartition("/")[0], path)
        if file in chain:
            circle = " → ".join([*chain[chain.index(file) :], file])
            raise line.error(f"files that include each other: {circle}", "take one of the inclusions out")
        self._followed += 1
        if len(chain) > _DEEPEST or self._followed > _MOST_FOLLOWED:
            raise line.error("files that include others without end", "put what they say into fewer files")
        self._read(self._include(file), (*chain, file), constrains=constrains)


def _digests(line: Line, options: list[tuple[str, str]]) -> Digests:
    found = set()
    for option, value in options:
        if option == "--hash":
            algorithm, _, digest = value.lower().partition(":")
            if len(digest) != ALGORITHMS.get(algorithm) or set(digest) - set("0123456789abcdef"):
                reason = f"{shown(value)} is no sha256, sha384 or sha512 as pip takes them"
                raise line.error(reason, "compile the file again")
            found.add((algorithm, digest))
    return tuple(sorted(found))


def _choose(line: Line, value: str, chosen: set[str], other: set[str]) -> None:
    """``:all:``, ``:none:`` or names, as pip adds them up: the last word holds."""
    for word in value.split(","):
        name = word.strip()
        match name:
            case ":all:":
                other.clear()
                chosen.clear()
                chosen.add(name)
            case ":none:":
                chosen.clear()
            case _:
                if not name or name.startswith("-"):
                    raise line.error(f"{shown(value)} names no packages", "name them, or write :all: or :none:")
                chosen.add(canonicalize_name(name))
                other.discard(canonicalize_name(name))

"""A lock, whatever tool wrote it, as the resolver sees it.

A *graph* lock (uv.lock, older poetry.lock, pdm.lock) says what each package depends on; what a target gets is what is
reachable from the roots. A *star* lock (pylock.toml, poetry.lock 2.1, requirements.txt) says for each package when it
is wanted; its edges between packages, where it has any, only inform.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.errors import ConflictError, UnknownNameError

MAIN = "main"
"""The group of what the project itself depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An edge to a package.

    It holds when ``marker`` does and, where ``extra`` is set, when that extra of the package it starts from is
    requested. ``extras`` are requested of the package it leads to; ``version`` and ``source`` narrow the entries it may
    lead to, and where several are left, ``specifiers``: alternatives, of which one must admit the version. ``at`` is
    its TOML path.
    """

    name: NormalizedName
    at: str
    marker: Marker | None = None
    extra: NormalizedName | None = None
    extras: tuple[NormalizedName, ...] = ()
    version: str | None = None
    source: str | None = None
    specifiers: tuple[SpecifierSet, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One entry of a lock. ``forks``: markers of which one must hold; ``at`` is its TOML path.

    ``is_unnamed``: the lock does not tell which files it has (requirements.txt); an index must be asked before it is
    resolved. ``unnamed`` are their hashes: (algorithm, hex digest), sorted; an algorithm comes as often as there are
    files. ``excluded`` are the kinds of files that must not be taken then (``--no-binary``, ``--only-binary``).

    ``is_virtual``: there is nothing to install, only dependencies to follow: the project itself, a virtual workspace
    member.
    """

    name: NormalizedName
    version: str | None
    at: str
    source: str = ""
    wheels: tuple[Wheel, ...] = ()
    sdist: Sdist | None = None
    direct: Archive | Vcs | Directory | None = None
    is_unnamed: bool = False
    unnamed: tuple[tuple[str, str], ...] = ()
    excluded: frozenset[Literal["wheel", "sdist"]] = frozenset()
    dependencies: tuple[Dependency, ...] = ()
    forks: tuple[Marker, ...] = ()
    requires_python: SpecifierSet | None = None
    is_virtual: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What of a lock is wanted: dependency groups (``main`` is one) and extras of the project, sorted."""

    groups: tuple[str, ...] = (MAIN,)
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A parsed lock; every name of a group or an extra in it is normalized.

    Attributes:
        always: root edges, whatever is selected.
        groups, extras: root edges by name.
        requires_python: alternatives, of which one must admit the target; ``requires_python_file`` is the file that
            says so, where the lock does not.
        environments: markers, of which one must hold for the target.
        activates: ``("extra" | "group", name)`` → the encoded names that uv's conflict markers test.
        encodes: (package, extra) → its encoded name, for extras that packages ask of each other.
        conflicts: what may not be selected together.
        flat: whoever exported the lock left no groups in it.
        indexes: the simple-API bases that the lock itself names, the first before the others (requirements.txt).
        find_links: the pages and folders of files that it names (requirements.txt).
        stale: in which way it is out of date with the pyproject.toml beside it; ``relock`` is what renews it.
        project: the name of the project that it is of, where that is known.
        takes_highest: of several entries of one name that suit what leads to them, its tool takes the highest version.
    """

    format: str
    version: str
    path: str
    sha256: str
    shape: Literal["graph", "star"]
    packages: tuple[Package, ...]
    groups: Mapping[str, tuple[Dependency, ...]]
    always: tuple[Dependency, ...] = ()
    default_groups: tuple[str, ...] = (MAIN,)
    extras: Mapping[str, tuple[Dependency, ...]] = field(default_factory=dict)
    requires_python: tuple[SpecifierSet, ...] = ()
    requires_python_text: str = ""
    requires_python_file: str = ""
    environments: tuple[Marker, ...] = ()
    activates: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    encodes: Mapping[tuple[NormalizedName, NormalizedName], str] = field(default_factory=dict)
    conflicts: tuple[frozenset[tuple[str, str]], ...] = ()
    flat: bool = False
    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    stale: str = ""
    relock: str = ""
    warnings: tuple[str, ...] = ()
    project: str = ""
    takes_highest: bool = False

    @property
    def unnamed(self) -> tuple[Package, ...]:
        """The packages whose files an index must name before anything is resolved."""
        return tuple(package for package in self.packages if package.is_unnamed or package.unnamed)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say of it to whoever uses it."""
        if not self.stale:
            return self.warnings
        return (*self.warnings, f"{self.path}: {self.stale}: lock again (`{self.relock}`)")

    def selection(
        self,
        *,
        groups: Iterable[str] | None = None,
        extras: Iterable[str] = (),
        all_groups: bool = False,
        all_extras: bool = False,
    ) -> Selection:
        """A validated selection; ``groups=None`` means what the lock's own tool installs by default.

        Raises:
            UnknownNameError: the lock has no such group or extra.
            ConflictError: two selected ones are declared incompatible.
        """
        wanted_groups = set(self.groups) if all_groups else set(self.default_groups if groups is None else groups)
        chosen_groups = {self._known("group", name, self.groups) for name in wanted_groups}
        chosen_extras = {self._known("extra", name, self.extras) for name in extras}
        if all_extras:
            chosen_extras |= set(self.extras)
        active = {("group", name) for name in chosen_groups} | {("extra", name) for name in chosen_extras}
        for conflict in self.conflicts:
            both = sorted(conflict & active)
            if len(both) > 1:
                raise ConflictError(self.path, " ".join(both[0]), " ".join(both[1]))
        return Selection(groups=tuple(sorted(chosen_groups)), extras=tuple(sorted(chosen_extras)))

    def _known(self, kind: str, name: str, known: Mapping[str, object]) -> str:
        normalized = canonicalize_name(name)
        if normalized not in known:
            raise UnknownNameError(self.path, kind, name, sorted(known))
        return normalized

"""What of a project ships to a platform, and what does not: from its lock, its settings and where its sources lie."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_ofiuco.bundle import source
from pytest_ofiuco.core.lock import Selection
from pytest_ofiuco.core.resolve import Pin, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.inspect.imports import Shipment
from pytest_ofiuco.inspect.modules import Module, linked_folders, modules_from, modules_in, modules_of
from pytest_ofiuco.inspect.tree import Tree
from pytest_ofiuco.store.project import LocalProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """A project, where there is one with a lock, for a target on a platform of that name.

    ``is_cell``: what is looked into is an environment of its matrix.
    """

    project: LocalProject | None
    target: Target
    platform: str
    is_cell: bool = False

    def modules(self, tree: Tree, folder: Path | None) -> dict[str, Module]:
        """The modules of a tree, and those that an environment's editable installs have elsewhere."""
        own = {name for name in (self._name(),) if name}
        if tree.is_zip:
            own |= {canonicalize_name(name) for name in self._sources() if "." not in name}
            if tree.packages:  # what no package has recorded is the project's
                own |= {package.name for package in tree.owners.values() if package.version is None}
        found = modules_of(tree, frozenset(own))
        is_linked = folder is not None and not (self.is_cell and self._included())
        for linked in linked_folders(folder, tree) if folder is not None and is_linked else ():
            found |= modules_in(linked, self._shown(linked))
        if self.is_cell and not any(module.is_own for module in found.values()):
            found |= self._sources()  # linked to in some other way, or not installed at all
        return found

    def folders(self, tree: Tree, folder: Path) -> tuple[Path, ...]:
        """Where ``modules`` reads the project's own ones beside a cell's environment."""
        if self.project is None:
            return linked_folders(folder, tree)
        if self._included():
            paths = [self.project.directory / each for each in self._included()]
            return tuple(dict.fromkeys(path if path.is_dir() else path.parent for path in paths))
        if self._are_linked(tree, folder):
            return linked_folders(folder, tree)
        return (*linked_folders(folder, tree), source.folder(self.project.directory))

    def files(self, tree: Tree, folder: Path) -> tuple[Path, ...]:
        """Which files ``modules`` reads there, those that are not in the folders that the environment links to.

        Raises:
            UsageError, InputError: they cannot be found.
        """
        if self.project is None or (not self._included() and self._are_linked(tree, folder)):
            return ()
        return tuple(path for _, path in source.files(self.project.directory, self._included()))

    def _are_linked(self, tree: Tree, folder: Path) -> bool:
        return any(modules_in(each) for each in linked_folders(folder, tree))

    def shipment(self) -> Shipment:
        """Which packages the platform provides, and which only tests need; nothing where the lock does not suit it."""
        if self.project is None:
            return Shipment()
        lock, config = self.project.lock, self.project.config
        settings = config.settings.get(self.platform)
        provided = {canonicalize_name(name) for name in settings.provided} if settings is not None else set()
        groups = tuple(name for name in config.groups if name in lock.groups)
        others = tuple(name for name in lock.groups if name not in groups)
        try:
            ships = self._pins(lock.selection(groups=groups, extras=config.extras))
        except OfiucoError:
            return Shipment(provided=frozenset(provided))
        brought = {name: each for name, each in self._brought(others).items() if name not in ships}
        waiting = list(provided)
        for name in waiting:  # grows on the way
            pin = ships.get(name) or brought.get(name, (None,))[0]
            needed = [each for each in (pin.dependencies if pin is not None else ()) if each not in provided]
            if name not in ships:
                needed = [each for each in needed if each not in ships]
            provided.update(needed)
            waiting += needed
        left_out = {
            name: f"{name} {pin.version or ''}".strip() + f" (group {group})"
            for name, (pin, group) in brought.items()
            if name not in provided
        }
        return Shipment(left_out=left_out, provided=frozenset(provided))

    def _brought(self, groups: Iterable[str]) -> dict[str, tuple[Pin, str]]:
        """What groups bring, each with the first group that does; nothing of those that the target gets nothing of."""
        assert self.project is not None
        found: dict[str, tuple[Pin, str]] = {}
        for group in groups:
            with suppress(OfiucoError):
                pins = self._pins(self.project.lock.selection(groups=(group,)))
                found = {name: (pin, group) for name, pin in pins.items()} | found
        return found

    def _pins(self, selection: Selection) -> dict[str, Pin]:
        assert self.project is not None
        return {pin.name: pin for pin in resolve(self.project.lock, self.target, selection).packages}

    def _name(self) -> str:
        if self.project is None:
            return ""
        tables = self.project.pyproject.table("project"), self.project.pyproject.table("tool").table("poetry")
        name = self.project.lock.project or next(filter(None, (table.text("name") for table in tables)), "")
        return canonicalize_name(name)

    def _included(self) -> tuple[str, ...]:
        """What the project's settings name as the code that a zip holds."""
        settings = self.project.config.zip if self.project is not None else None
        return settings.include if settings is not None else ()

    def _sources(self) -> dict[str, Module]:
        """The modules of the project's sources that a zip holds.

        Raises:
            UsageError, InputError: they cannot be found.
        """
        if self.project is None:
            return {}
        directory = self.project.directory.resolve()
        return modules_from(
            (path.relative_to(root).as_posix(), path, path.relative_to(directory).as_posix())
            for root, path in source.files(directory, self._included())
        )

    def _shown(self, folder: Path) -> str:
        if self.project is None:
            return folder.as_posix()
        inside = os.path.relpath(folder.resolve(), self.project.directory.resolve())
        return folder.as_posix() if inside.startswith("..") else "" if inside == "." else Path(inside).as_posix()

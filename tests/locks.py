"""Locks in a line or two, for tests of what is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats import Include, read

SHA256 = "0" * 64


def wheel(filename: str) -> Wheel:
    return Wheel(filename=filename, hashes=(("sha256", SHA256),))


def edge(
    name: str,
    marker: str | None = None,
    *,
    version: str | None = None,
    source: str | None = None,
    extra: str | None = None,
    extras: tuple[str, ...] = (),
) -> Dependency:
    return Dependency(
        name=canonicalize_name(name),
        at=f"edge to {name}",
        marker=Marker(marker) if marker else None,
        version=version,
        source=source,
        extra=canonicalize_name(extra) if extra else None,
        extras=tuple(canonicalize_name(each) for each in extras),
    )


def package(
    name: str,
    version: str | None = "1.0",
    *dependencies: Dependency,
    wheels: tuple[str, ...] | None = None,
    sdist: str | None = None,
    direct: Archive | Vcs | Directory | None = None,
    source: str = "",
    forks: tuple[str, ...] = (),
    requires_python: str | None = None,
    is_virtual: bool = False,
) -> Package:
    """A package with one pure wheel, where nothing else is said."""
    if wheels is None and sdist is None and direct is None and not is_virtual:
        wheels = (f"{name.replace('-', '_')}-{version}-py3-none-any.whl",)
    return Package(
        name=canonicalize_name(name),
        version=version,
        at=f"package {name} {version}",
        source=source,
        wheels=tuple(wheel(each) for each in wheels or ()),
        sdist=Sdist(filename=sdist, hashes=(("sha256", SHA256),)) if sdist else None,
        direct=direct,
        dependencies=dependencies,
        forks=tuple(Marker(each) for each in forks),
        requires_python=SpecifierSet(requires_python) if requires_python else None,
        is_virtual=is_virtual,
    )


def lock(
    *packages: Package,
    roots: tuple[Dependency, ...] | None = None,
    shape: Literal["graph", "star"] = "graph",
    groups: Mapping[str, tuple[Dependency, ...]] | None = None,
    extras: Mapping[str, tuple[Dependency, ...]] | None = None,
    default_groups: tuple[str, ...] = (MAIN,),
    requires_python: tuple[str, ...] = (),
    environments: tuple[str, ...] = (),
    activates: Mapping[tuple[str, str], frozenset[str]] | None = None,
    conflicts: tuple[frozenset[tuple[str, str]], ...] = (),
) -> Lock:
    """A lock whose roots, where nothing else is said, are all of its packages."""
    if roots is None:
        roots = tuple(edge(each.name, version=each.version) for each in packages)
    return Lock(
        format="uv",
        version="1.3",
        path="uv.lock",
        sha256=SHA256,
        shape=shape,
        packages=packages,
        groups={MAIN: roots, **(groups or {})},
        default_groups=default_groups,
        extras=extras or {},
        requires_python=tuple(SpecifierSet(each) for each in requires_python),
        requires_python_text=" || ".join(requires_python),
        environments=tuple(Marker(each) for each in environments),
        activates=activates or {},
        conflicts=conflicts,
    )


def read_lock(name: str, text: str, pyproject: str = "", files: Mapping[str, str] | None = None) -> Lock:
    """A lock by the reader that its name stands for; ``files`` are those beside it, by path."""
    return read(text.encode(), name, table(pyproject), included(files or {}))


def included(files: Mapping[str, str]) -> Include:
    """What gives the files beside a lock: these."""

    def include(path: str) -> bytes:
        if path not in files:
            raise InputError(path, "", "cannot be read: No such file or directory")
        return files[path].encode()

    return include


def table(text: str, file: str = "pyproject.toml") -> Table:
    return parse(text.encode(), file)

"""pylock.toml (PEP 751, https://packaging.python.org/specifications/pylock-toml/), read by ``packaging.pylock``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from packaging.pylock import Package as Entry
from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.utils import canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel, hashes_of
from pytest_ofiuco.core.lock import MAIN, Dependency, Lock, Package
from pytest_ofiuco.core.source import direct_file, filename_of
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError, LockVersionError, brief, shown


def read(document: Table, content: bytes, pyproject: Table) -> Lock:
    """Read a pylock.toml.

    Raises:
        InputError: it is not valid by the specification.
        LockVersionError: its major version is not 1.
    """
    _check(document)
    hollow = _hollow(document)
    lock = _validated(document, hollow)
    packages = tuple(
        _package(document.file, index, entry, is_hollow=index in hollow) for index, entry in enumerate(lock.packages)
    )
    edges = tuple(
        Dependency(name=entry.name, at=f"packages[{index}]", marker=entry.marker, version=None, source=package.source)
        for index, (entry, package) in enumerate(zip(lock.packages, packages, strict=True))
    )
    groups = [canonicalize_name(name) for name in lock.dependency_groups or ()]
    # "default-groups: … names of synthetic dependency groups": they need not be among dependency-groups.
    default_groups = [canonicalize_name(name) for name in lock.default_groups or ()]
    specifiers = lock.requires_python
    return Lock(
        format="pylock",
        version=str(lock.lock_version),
        path=document.file,
        sha256=hashlib.sha256(content).hexdigest(),
        shape="star",
        packages=packages,
        always=edges,
        groups={MAIN: (), **dict.fromkeys((*groups, *default_groups), ())},
        default_groups=(MAIN, *default_groups),
        extras=dict.fromkeys(map(canonicalize_name, lock.extras or ()), ()),
        requires_python=(specifiers,) if specifiers else (),
        requires_python_text=str(specifiers or ""),
        environments=tuple(lock.environments or ()),
        flat=not groups,
    )


def _check(document: Table) -> None:
    """What ``packaging`` does not look at, or not with our limits."""
    for table in document.tables("packages"):
        table.table("archive").location("url")
        table.marker("marker")
        for each in table.tables("wheels"):
            _check_tags(each)
    for index, text in enumerate(document.texts("environments")):
        document.marker(f"environments[{index}]", text)


def _check_tags(table: Table) -> None:
    """``packaging`` takes long to read a name that stands for millions of tags."""
    for key in ("name", "url", "path"):
        text = table.location(key) if key in table else None
        if text is not None and grammar.has_many_tags(filename_of(text)):
            raise table.wrong(key, f"{shown(text)} stands for too many tags")


_SOURCES = ("wheels", "sdist", "vcs", "directory", "archive")


def _hollow(document: Table) -> frozenset[int]:
    """Entries without anything to install.

    The specification forbids them and uv has written them for packages whose marker no platform meets: an error only
    where one is selected.
    """
    return frozenset(
        index for index, table in enumerate(document.tables("packages")) if not any(key in table for key in _SOURCES)
    )


def _validated(document: Table, hollow: frozenset[int]) -> Pylock:
    data = dict(document.data)
    if hollow:
        stand_in = {"directory": {"path": "."}}
        data["packages"] = [
            {**each.data, **stand_in} if index in hollow else each.data
            for index, each in enumerate(document.tables("packages"))
        ]
    try:
        return Pylock.from_dict(data)
    except PylockUnsupportedVersionError as error:
        raise LockVersionError(
            document.file, "lock-version", brief(str(document.data.get("lock-version"))), "pylock.toml 1.x"
        ) from error
    except PylockValidationError as error:
        hint = "lock the project again; the file breaks the pylock.toml specification"
        at = error.context or ""
        raise InputError(document.file, at, brief(error.message), hint, _name_at(document, at)) from error


def _name_at(document: Table, at: str) -> str:
    """The name of the package whose entry a TOML path leads into, where it leads into one that has a name."""
    entry, _, _ = at.partition(".")
    return next((each.package for each in document.tables("packages") if each.at == entry), "")


def _package(file: str, index: int, entry: Entry, *, is_hollow: bool) -> Package:
    at = f"packages[{index}]"
    index_url = entry.index
    wheels = tuple(
        Wheel(
            filename=wheel.filename,
            hashes=hashes_of(dict(wheel.hashes)),
            url=wheel.url,
            path=wheel.path,
            index=index_url,
        )
        for wheel in entry.wheels or ()
    )
    sdist = _sdist(entry)
    direct = None if is_hollow else _direct(entry)
    return Package(
        name=entry.name,
        version=str(entry.version) if entry.version is not None else None,
        at=at,
        source=at,
        wheels=(direct,) if isinstance(direct, Wheel) else wheels,
        sdist=sdist,
        direct=None if isinstance(direct, Wheel) else direct,
        dependencies=tuple(_edges(file, at, entry.dependencies or ())),
        requires_python=entry.requires_python,
    )


def _sdist(entry: Entry) -> Sdist | None:
    sdist = entry.sdist
    if sdist is None:
        return None
    return Sdist(
        filename=sdist.filename,
        hashes=hashes_of(dict(sdist.hashes)),
        url=sdist.url,
        path=sdist.path,
        index=entry.index,
    )


def _direct(entry: Entry) -> Wheel | Archive | Vcs | Directory | None:
    if entry.vcs is not None:
        vcs = entry.vcs
        return Vcs(
            type=vcs.type,
            url=vcs.url,
            path=vcs.path,
            commit=vcs.commit_id,
            requested_revision=vcs.requested_revision,
            subdirectory=vcs.subdirectory,
        )
    if entry.directory is not None:
        directory = entry.directory
        return Directory(path=directory.path, editable=bool(directory.editable), subdirectory=directory.subdirectory)
    if entry.archive is not None:
        archive = entry.archive
        return direct_file(
            filename_of(archive.url or archive.path or ""),
            hashes_of(dict(archive.hashes)),
            url=archive.url,
            path=archive.path,
            subdirectory=archive.subdirectory,
        )
    return None


def _edges(file: str, at: str, dependencies: Sequence[Mapping[str, object]]) -> list[Dependency]:
    """Informational edges; the specification asks only that each tells packages apart."""
    edges = []
    for number, each in enumerate(dependencies):
        where = f"{at}.dependencies[{number}]"
        name = each.get("name")
        if not isinstance(name, str):
            raise InputError(file, f"{where}.name", "required, and missing")
        version = each.get("version")
        edges.append(
            Dependency(name=canonicalize_name(name), at=where, version=version if isinstance(version, str) else None)
        )
    return edges

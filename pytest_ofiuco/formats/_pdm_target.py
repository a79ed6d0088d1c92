"""[[metadata.targets]] of a pdm.lock: the Pythons and platforms that it was made for, as specifiers and markers.

https://pdm-project.org/latest/usage/lock-targets/. A target's libc and its release are no matter of markers: there the
files' tags decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from pytest_ofiuco.core.table import Table
from pytest_ofiuco.formats._constraint import alternatives

_ALIASES = {"linux": "linux_x86_64", "alpine": "linux_x86_64", "macos": "macos_arm64", "windows": "windows_amd64"}
_SYSTEMS = {"manylinux": "linux", "musllinux": "linux", "macos": "darwin", "windows": "win32"}
"""``sys_platform`` by the first word of a platform's name, where they differ."""

_MACHINES = {
    "linux": {"amd64": "x86_64", "arm64": "aarch64", "x86": "i686", "i386": "i686"},
    "darwin": {"amd64": "x86_64", "aarch64": "arm64"},
    "win32": {"amd64": "AMD64", "x86_64": "AMD64", "arm64": "ARM64", "aarch64": "ARM64", "i386": "x86", "i686": "x86"},
}
"""``platform_machine`` by system and by the architecture in a platform's name, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Alternatives of Pythons, and their text; where platforms are named, a marker for each target."""

    requires_python: tuple[SpecifierSet, ...]
    requires_python_text: str
    environments: tuple[Marker, ...]
    number: int


def targets_of(metadata: Table) -> Targets:
    """What a lock was made for.

    Raises:
        InputError: a target is not as pdm writes it.
    """
    tables = metadata.tables("targets")
    texts = list(dict.fromkeys(table.text("requires_python") or "" for table in tables))
    pythons = [_pythons(table) for table in tables]
    surroundings = [list(_surroundings(table)) for table in tables]
    environments: tuple[Marker, ...] = ()
    if all(surroundings):
        admitted = [python_marker(each) if len(texts) > 1 else None for each in pythons]
        environments = tuple(
            _all_of([*([str(python)] if python is not None else ()), *markers])
            for python, markers in zip(admitted, surroundings, strict=True)
        )
    is_restricted = all(texts)
    return Targets(
        requires_python=tuple(dict.fromkeys(each for found in pythons for each in found)) if is_restricted else (),
        requires_python_text=" || ".join(texts) if is_restricted else "",
        environments=environments,
        number=len(tables),
    )


def _pythons(table: Table) -> tuple[SpecifierSet, ...]:
    try:
        return alternatives(table.text("requires_python") or "")
    except ValueError as error:
        raise table.wrong("requires_python", str(error)) from error


def python_marker(pythons: Sequence[SpecifierSet]) -> Marker | None:
    """What holds for the Pythons that one of the alternatives admits; nothing where they admit all."""
    sets = [
        " and ".join(sorted(f'python_full_version {each.operator} "{each.version}"' for each in specifiers))
        for specifiers in pythons
    ]
    return Marker(" or ".join(sets)) if sets and all(sets) else None


def _surroundings(table: Table) -> Iterator[str]:
    """Markers for a target's platform and implementation, where it has them."""
    for key, texts in (("platform", _platform), ("implementation", _implementation)):
        value = table.text(key)
        for text in texts(value) if value else ():
            yield str(table.marker(key, text))


def _implementation(name: str) -> Iterator[str]:
    yield f'implementation_name == "{name}"'


def _platform(name: str) -> Iterator[str]:
    """``manylinux_2_28_x86_64``, ``macos_14_0_arm64``, ``windows_amd64``; of other systems only their name matters."""
    first, *rest = _ALIASES.get(name, name).split("_")
    system = _SYSTEMS.get(first, first)
    yield f'sys_platform == "{system}"'
    if system in _MACHINES:
        while rest and rest[0].isdecimal():
            rest = rest[1:]
        architecture = "_".join(rest)
        yield f'platform_machine == "{_MACHINES[system].get(architecture, architecture)}"'


def _all_of(texts: list[str]) -> Marker:
    return Marker(" and ".join(f"({each})" for each in texts))

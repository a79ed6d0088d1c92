"""What machine code asks of a platform that the platform does not have."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.inspect.binary import FAMILIES, Binary, Release
from pytest_ofiuco.inspect.complaint import Complaint
from pytest_ofiuco.inspect.policy import ceilings, has_library, kind_of, machine_of, may_have_library
from pytest_ofiuco.inspect.suffixes import is_extension
from pytest_ofiuco.inspect.tree import Tree

_OWN_OF_MACOS = ("/usr/lib/", "/System/Library/", "@")


def complaints(tree: Tree, target: Target, code: Mapping[str, Binary]) -> Iterator[tuple[str, Complaint]]:
    """Of every file that the target's system loads; files of another system's are passed over.

    Libraries and programs of another machine that lie beside those of the right one are there on purpose.
    """
    platform, kind = target.platform, kind_of(target.platform)
    hint = f"take a wheel for {platform}: lock a version that has one"
    names = {posixpath.basename(member.path) for member in tree.members}
    wanted = machine_of(platform)
    suited = {posixpath.dirname(path) for path, binary in code.items() if wanted in binary.machines}
    for path, binary in code.items():
        if binary.kind == kind:
            is_meant = posixpath.dirname(path) in suited and not is_extension(path)
            for complaint in _of(binary, platform, names, hint):
                is_one_of_several = is_meant and complaint.code == "machine"
                yield path, replace(complaint, severity="warning") if is_one_of_several else complaint


def _of(binary: Binary, platform: Platform, names: set[str], hint: str) -> Iterator[Complaint]:
    wanted = machine_of(platform)
    if wanted not in binary.machines and not (wanted == "armv6l" and "armv7l" in binary.machines):
        message = f"is for {' and '.join(binary.machines)}, not {wanted}"
        yield Complaint(code="machine", message=message, hint=hint, is_of_machine=True)
    elif platform.os == "linux":
        yield from _of_linux(binary, platform, names, hint)
    elif platform.os == "macos":
        yield from _of_macos(binary, platform, wanted, hint)


def _of_linux(binary: Binary, platform: Platform, names: set[str], hint: str) -> Iterator[Complaint]:
    if binary.is_musl != (platform.libc == "musl") and (binary.is_musl or "libc.so.6" in binary.needed):
        libc = "musl" if binary.is_musl else "glibc"
        yield Complaint(code="libc", message=f"is for {libc}, not {platform.libc}", hint=hint, is_of_machine=True)
        return
    highest = ceilings(platform)
    for family in FAMILIES:
        asked, has = binary.versions.get(family), highest.get(family)
        if asked is not None and has is not None and asked > has:
            message = f"needs {family}_{_dotted(asked)}, the platform has {_dotted(has)}"
            yield Complaint(code="symbols", message=message, hint=hint, is_of_machine=True)
    for name in binary.needed:
        if name not in names and posixpath.basename(name) not in names and not has_library(platform, name):
            yield _missing(name, is_usual=may_have_library(name))


def _missing(name: str, *, is_usual: bool) -> Complaint:
    return Complaint(
        code="library",
        message=f"needs {name}, which is neither here nor on every system of the platform",
        hint="make sure that the platform has it" if is_usual else "take a wheel that brings it",
        severity="warning" if is_usual else "error",
        is_of_machine=True,
    )


def _of_macos(binary: Binary, platform: Platform, machine: str, hint: str) -> Iterator[Complaint]:
    minimum = binary.minimums.get(machine)
    if minimum is not None and platform.version is not None and minimum > platform.version:
        message = f"needs macOS {_dotted(minimum)}, the platform is {_dotted(platform.version)}"
        yield Complaint(code="macos", message=message, hint=hint, is_of_machine=True)
    for name in binary.needed:
        if name.startswith("/") and not name.startswith(_OWN_OF_MACOS):
            yield _missing(name, is_usual=False)


def _dotted(release: Release) -> str:
    return ".".join(map(str, release))

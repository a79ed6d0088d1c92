"""What a platform's own system has: the libraries that a wheel may leave to it, and their highest symbol versions.

Libraries after the manylinux and musllinux policies (https://peps.python.org/pep-0600/,
https://peps.python.org/pep-0656/); versions of libstdc++ and libgcc after the compilers of the distributions that a
glibc came with, the lowest of them where there are several (https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html).
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.inspect.binary import Release

_GLIBC = frozenset(
    f"lib{name}"
    for name in (
        *("c.so.6", "m.so.6", "dl.so.2", "rt.so.1", "pthread.so.0", "util.so.1", "resolv.so.2"),
        *("anl.so.1", "BrokenLocale.so.1", "mvec.so.1", "thread_db.so.1"),
    )
)
_BESIDE_IT = frozenset(("libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"))
"""The compiler's own, and the one that the package managers of all systems need."""

_DESKTOP = frozenset(
    f"lib{name}"
    for name in (
        *("X11.so.6", "Xext.so.6", "Xrender.so.1", "ICE.so.6", "SM.so.6", "GL.so.1"),
        *("gobject-2.0.so.0", "gthread-2.0.so.0", "glib-2.0.so.0", "expat.so.1", "nsl.so.1", "crypt.so.1"),
    )
)
"""Allowed to a wheel, though not every system has them."""

_OPTIONAL = ("libcuda.so", "libnvidia-ml.so", "libpython3")
"""What comes with a driver or with the interpreter."""

_LOADERS = ("ld-linux", "ld64.so", "ld-musl-", "libc.musl-", "linux-vdso")
_MUSL = frozenset(("libc.so", "libc.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"))

_ANDROID = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86": "i686"}
_KINDS = {"linux": "elf", "android": "elf", "macos": "mach-o", "ios": "mach-o", "windows": "pe"}

_BY_GLIBC: tuple[tuple[Release, dict[str, Release]], ...] = (
    ((2, 5), {"GLIBCXX": (3, 4, 8), "CXXABI": (1, 3, 1), "GCC": (4, 2, 0)}),
    ((2, 12), {"GLIBCXX": (3, 4, 13), "CXXABI": (1, 3, 3), "GCC": (4, 3, 0)}),
    ((2, 17), {"GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0)}),
    ((2, 24), {"GLIBCXX": (3, 4, 22), "CXXABI": (1, 3, 10), "GCC": (6, 0, 0)}),
    ((2, 26), {"GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)}),
    ((2, 28), {"GLIBCXX": (3, 4, 25), "CXXABI": (1, 3, 11), "GCC": (8, 0, 0)}),
    ((2, 31), {"GLIBCXX": (3, 4, 28), "CXXABI": (1, 3, 12), "GCC": (9, 0, 0)}),
    ((2, 34), {"GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11, 0)}),
    ((2, 35), {"GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "GCC": (12, 0, 0)}),
    ((2, 39), {"GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15), "GCC": (14, 0, 0)}),
)


def ceilings(platform: Platform) -> Mapping[str, Release]:
    """The highest symbol version of each family that the platform has; nothing where it has no ceiling."""
    if platform.libc != "glibc" or platform.version is None:
        return {}
    found: dict[str, Release] = {}
    for glibc, versions in _BY_GLIBC:
        if glibc <= platform.version:
            found = versions
    return {"GLIBC": platform.version, **found}


def has_library(platform: Platform, name: str) -> bool:
    """Whether every system of the platform has a library that its name is looked up by."""
    if name.startswith(_LOADERS):
        return True
    return name in (_MUSL if platform.libc == "musl" else _GLIBC | _BESIDE_IT)


def may_have_library(name: str) -> bool:
    """Whether wheels ask for a library all the same: one of a desktop's, a driver's or the interpreter's."""
    return name in _DESKTOP or name.startswith(_OPTIONAL)


def machine_of(platform: Platform) -> str:
    """The platform's machine, as ``Binary.machines`` spells it."""
    if platform.os == "ios":
        return platform.architecture.partition("_")[0]
    return _ANDROID.get(platform.architecture, platform.architecture)


def kind_of(platform: Platform) -> str:
    """The format of the platform's machine code; empty where it is none that is read here."""
    return _KINDS.get(platform.os, "")

"""What an executable is for: the machine and the C library that the header of an ELF file names, without starting it.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html; what is no ELF executable (a script, say) is none.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.store.pythons import probe

_MACHINES = {
    (3, 1): ("i686",),
    (21, 1): ("ppc64le",),
    (21, 2): ("ppc64",),
    (22, 2): ("s390x",),
    (40, 1): ("armv7l", "armv6l"),
    (62, 1): ("x86_64",),
    (183, 1): ("aarch64",),
    (243, 1): ("riscv64",),
    (258, 1): ("loongarch64",),
}
"""Architectures, as platform tags name them, by ``e_machine`` and by byte order: 1 is little-endian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executable:
    """An ELF executable. ``loader`` is the absolute path of the program that it asks to be loaded by, if any."""

    path: str
    architectures: tuple[str, ...]
    loader: str | None

    def is_for(self, platform: Platform) -> bool:
        """Whether it may be a program for a platform: of its architecture and its C library."""
        if platform.os != "linux" or platform.architecture not in self.architectures:
            return False
        return self.loader is None or ("musl" in self.loader) == (platform.libc == "musl")


def read(path: str) -> Executable | None:
    """What an executable says of itself; nothing where it is none, or for no machine that is known here."""
    try:
        with open(path, "rb") as file:
            header = file.read(20)
    except OSError:
        return None
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return None
    order = header[5]
    (machine,) = struct.unpack_from("<H" if order == 1 else ">H", header, 18)
    architectures = _MACHINES.get((machine, order), ())
    if not architectures:
        return None
    return Executable(path=os.path.realpath(path), architectures=architectures, loader=probe.loader(path))

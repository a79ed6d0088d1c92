"""A file's bytes → what machine its code is for, and what it needs of the one that loads it.

ELF is read with pyelftools; its symbol versions are those of the LSB (``.gnu.version_r``). Of Mach-O
(https://github.com/apple-oss-distributions/xnu, ``mach-o/loader.h``) and PE
(https://learn.microsoft.com/windows/win32/debug/pe-format) only what is asked for here is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Literal

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from elftools.elf.dynamic import DynamicSection, DynamicSegment
    from elftools.elf.elffile import ELFFile

Release = tuple[int, ...]

_ELF, _PE = b"\x7fELF", b"MZ"
_MACH_O = {b"\xfe\xed\xfa\xce": ">", b"\xfe\xed\xfa\xcf": ">", b"\xce\xfa\xed\xfe": "<", b"\xcf\xfa\xed\xfe": "<"}
_FAT, _FAT_64 = b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"
_MOST_SECTIONS, _MOST_ENTRIES = 1_000, 10_000
"""Far more than any library has: a damaged count must not keep us for hours."""

_MOST_ARCHITECTURES = 30
"""Java's class files begin as fat Mach-O files do, with a version of 45 or more in this place."""

_ELF_MACHINES = {
    ("EM_X86_64", 64): "x86_64",
    ("EM_X86_64", 32): "x32",
    ("EM_386", 32): "i686",
    ("EM_AARCH64", 64): "aarch64",
    ("EM_ARM", 32): "armv7l",
    ("EM_PPC64", 64): "ppc64le",
    ("EM_S390", 64): "s390x",
    ("EM_RISCV", 64): "riscv64",
    ("EM_LOONGARCH", 64): "loongarch64",
}
_DYNAMIC_TAGS = {"DT_NEEDED": "needed", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}
_CPUS = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "i386", 12: "armv7", 18: "ppc", 0x01000012: "ppc64"}
_PE_MACHINES = {0x8664: "win_amd64", 0xAA64: "win_arm64", 0x014C: "win32"}
_LOAD_DYLIB = {0xC, 0x80000018, 0x8000001F, 0x20, 0x80000023}
_VERSION_MIN_MACOS, _BUILD_VERSION, _MACOS = 0x24, 0x32, 1

_DAMAGES = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What pyelftools lets through of a file whose numbers make no sense."""

FAMILIES = ("GLIBC", "GLIBCXX", "CXXABI", "GCC")


class UnreadableError(ValueError):
    """A file that begins as one of machine code, and is cut off or damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A shared library, extension module or program.

    ``machines`` are spelled as the platform tags of its system spell them; several in a universal Mach-O file.
    ``needed`` are the libraries that it names, ``versions`` the highest symbol version that it asks for by family, as
    in ``{"GLIBC": (2, 17)}``; ``paths`` its RPATH or RUNPATH, ``minimum`` the oldest macOS that it runs on.
    """

    kind: Literal["elf", "mach-o", "pe"]
    machines: tuple[str, ...]
    needed: tuple[str, ...] = ()
    versions: Mapping[str, Release] = field(default_factory=lambda: MappingProxyType({}))
    paths: tuple[str, ...] = ()
    minimums: Mapping[str, Release] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_musl(self) -> bool:
        """Whether it asks for musl, by the name of its C library."""
        return any(name.startswith(("libc.musl-", "ld-musl-")) for name in self.needed)


def is_code(magic: bytes) -> bool:
    """Whether a file that begins with these four bytes may be machine code."""
    return magic in (_ELF, _FAT, _FAT_64) or magic in _MACH_O or magic[:2] == _PE


def read(file: IO[bytes]) -> Binary | None:
    """What a file holds; ``None`` where it is no machine code.

    Raises:
        UnreadableError: it begins as such, and is cut off or damaged.
    """
    file.seek(0)
    magic = file.read(4)
    try:
        if magic == _ELF:
            return _elf(file)
        if magic in _MACH_O:
            file.seek(0)
            return _mach_o([_thin(file.read())])
        if magic in (_FAT, _FAT_64):
            return _fat(file, magic)
        if magic[:2] == _PE:
            return _pe(file)
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise UnreadableError(str(error) or type(error).__name__) from error
    return None


def _elf(file: IO[bytes]) -> Binary:
    from elftools.common.exceptions import ELFError
    from elftools.construct import ConstructError
    from elftools.elf.elffile import ELFFile

    file.seek(0)
    try:
        elf = ELFFile(file)
        machine = _ELF_MACHINES.get((elf["e_machine"], elf.elfclass), str(elf["e_machine"]))
        if machine == "ppc64le" and not elf.little_endian:
            machine = "ppc64"
        loading = _Loading()
        loading.read(elf)
    except (ELFError, ConstructError, *_DAMAGES) as error:
        raise UnreadableError(str(error) or type(error).__name__) from error
    return Binary(
        kind="elf",
        machines=(machine,),
        needed=tuple(loading.needed),
        versions=MappingProxyType(loading.versions),
        paths=tuple(loading.paths),
    )


class _Loading:
    """What the loader is told: libraries, where to look for them, and versions of their symbols."""

    def __init__(self) -> None:
        self.needed: list[str] = []
        self.paths: list[str] = []
        self.versions: dict[str, Release] = {}
        self._entries = 0

    def read(self, elf: ELFFile) -> None:
        """Read the sections or, where a file has none, the segment that the loader reads."""
        from elftools.elf.dynamic import DynamicSection, DynamicSegment
        from elftools.elf.gnuversions import GNUVerNeedSection

        if elf.num_sections() > _MOST_SECTIONS:
            raise UnreadableError("it names too many sections")
        for section in elf.iter_sections():
            if isinstance(section, DynamicSection):
                self._read_tags(section)
            elif isinstance(section, GNUVerNeedSection):
                for _, symbols in section.iter_versions():
                    for symbol in symbols:
                        self._count()
                        _note(self.versions, symbol.name)
        if elf.num_sections() == 0:
            for segment in elf.iter_segments("PT_DYNAMIC"):
                if isinstance(segment, DynamicSegment):
                    self._read_tags(segment)

    def _read_tags(self, dynamic: DynamicSection | DynamicSegment) -> None:
        for tag in dynamic.iter_tags():
            self._count()
            attribute = _DYNAMIC_TAGS.get(tag.entry.d_tag)
            if attribute is not None:
                text: str = getattr(tag, attribute)
                (self.needed if attribute == "needed" else self.paths).extend(filter(None, text.split(":")))

    def _count(self) -> None:
        self._entries += 1
        if self._entries > _MOST_ENTRIES:
            raise UnreadableError("it names too many libraries or symbols")


def _note(versions: dict[str, Release], name: str) -> None:
    """Keep the highest of a family: ``GLIBC_2.17``, ``CXXABI_1.3.8``; ``GLIBC_PRIVATE`` has no number."""
    family, _, number = name.partition("_")
    if family in FAMILIES:
        try:
            release = Version(number).release
        except InvalidVersion:
            return
        versions[family] = max(versions.get(family, release), release)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thin:
    """A Mach-O file for one architecture."""

    machine: str
    needed: tuple[str, ...]
    minimum: Release | None


def _fat(file: IO[bytes], magic: bytes) -> Binary | None:
    (count,) = struct.unpack(">I", file.read(4))
    if count > _MOST_ARCHITECTURES:
        return None
    layout = ">iiQQII" if magic == _FAT_64 else ">iiIII"
    entries = [struct.unpack(layout, file.read(struct.calcsize(layout))) for _ in range(count)]
    found = []
    for _, _, offset, size, *_ in entries:
        file.seek(offset)
        found.append(_thin(file.read(size)))
    return _mach_o(found)


def _mach_o(parts: list[_Thin]) -> Binary:
    minimums = {part.machine: part.minimum for part in parts if part.minimum is not None}
    return Binary(
        kind="mach-o",
        machines=tuple(part.machine for part in parts),
        needed=tuple(dict.fromkeys(name for part in parts for name in part.needed)),
        minimums=MappingProxyType(minimums),
    )


def _thin(data: bytes) -> _Thin:
    order = _MACH_O.get(data[:4])
    if order is None:
        raise UnreadableError("an architecture of it is no Mach-O file")
    cpu, _, _, count, _, _ = struct.unpack_from(f"{order}iIIIII", data, 4)
    offset = 32 if cpu & 0x01000000 else 28
    needed, minimum = [], None
    for kind, command in _commands(data, order, offset, count):
        if kind in _LOAD_DYLIB:
            (start,) = struct.unpack_from(f"{order}I", command, 8)
            needed.append(command[start:].partition(b"\0")[0].decode())
        elif kind == _VERSION_MIN_MACOS:
            minimum = _packed(struct.unpack_from(f"{order}I", command, 8)[0])
        elif kind == _BUILD_VERSION:
            system, oldest = struct.unpack_from(f"{order}II", command, 8)
            minimum = _packed(oldest) if system == _MACOS else minimum
    return _Thin(machine=_CPUS.get(cpu, f"cpu {cpu}"), needed=tuple(needed), minimum=minimum)


def _commands(data: bytes, order: str, offset: int, count: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(count):
        kind, size = struct.unpack_from(f"{order}II", data, offset)
        if size < 8 or offset + size > len(data):
            raise UnreadableError("a load command is cut off")
        yield kind, data[offset : offset + size]
        offset += size


def _packed(version: int) -> Release:
    """``0x000b0000`` is 11.0; the third number says nothing to a platform tag."""
    return version >> 16, version >> 8 & 0xFF


def _pe(file: IO[bytes]) -> Binary | None:
    file.seek(0x3C)
    place = file.read(4)
    if len(place) < 4:
        return None
    file.seek(struct.unpack("<I", place)[0])
    if file.read(4) != b"PE\0\0":  # a DOS program, or a text that begins so
        return None
    (machine,) = struct.unpack("<H", file.read(2))
    return Binary(kind="pe", machines=(_PE_MACHINES.get(machine, f"machine {machine:#06x}"),))

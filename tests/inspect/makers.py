"""Tiny files of machine code and trees of files, made where a test wants them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

X86_64, I386, AARCH64, ARM, PPC64 = 62, 3, 183, 40, 21
MACOS_ARM64, MACOS_X86_64 = 0x0100000C, 0x01000007


def elf(
    machine: int = AARCH64,
    needed: tuple[str, ...] = ("libc.so.6",),
    versions: Mapping[str, tuple[str, ...]] | None = None,
    *,
    runpath: str = "",
    bits: int = 64,
    order: str = "<",
) -> bytes:
    """An ELF file with a dynamic section and, where there are ``versions``, a section of needed versions by library."""
    versions = {"libc.so.6": ("GLIBC_2.17",)} if versions is None else versions
    strings, places = bytearray(b"\0"), {}
    for text in (*needed, *versions, *(each for names in versions.values() for each in names), runpath):
        places[text] = len(strings)
        strings += text.encode() + b"\0"
    word = "Q" if bits == 64 else "I"
    tags = [(1, places[name]) for name in needed] + ([(29, places[runpath])] if runpath else []) + [(0, 0)]
    dynamic = b"".join(struct.pack(f"{order}{word}{word}", *tag) for tag in tags)
    verneed = b""
    for index, (library, names) in enumerate(versions.items(), 1):
        size = 16 + 16 * len(names)
        last = index == len(versions)
        verneed += struct.pack(f"{order}HHIII", 1, len(names), places[library], 16, 0 if last else size)
        for position, name in enumerate(names, 1):
            after = 0 if position == len(names) else 16
            verneed += struct.pack(f"{order}IHHII", 0, 0, 2, places[name], after)
    kinds = [(0, b"", 0, 0), (3, bytes(strings), 0, 0), (6, dynamic, 1, 0), (0x6FFFFFFE, verneed, 1, len(versions))]
    return _elf_file(machine, kinds, bits, order)


def _elf_file(machine: int, kinds: list[tuple[int, bytes, int, int]], bits: int, order: str) -> bytes:
    """``kinds``: for each section its type, bytes, linked section and number of entries."""
    word, header = ("Q", 64) if bits == 64 else ("I", 52)
    entry = 64 if bits == 64 else 40
    body, sections = b"", b""
    for kind, content, link, info in kinds:
        place = header + len(body)
        values = (0, kind, 0, 0, place, len(content), link, info, 1, 16 if kind == 6 and bits == 64 else 8)
        sections += struct.pack(f"{order}II{word * 4}II{word * 2}", *values)
        body += content + b"\0" * (-len(content) % 16)
    ident = b"\x7fELF" + bytes((bits // 32, 1 if order == "<" else 2, 1)) + b"\0" * 9
    place = header + len(body)
    head = struct.pack(
        f"{order}HHI{word * 3}IHHHHHH", 3, machine, 1, 0, 0, place, 0, header, 0, 0, entry, len(kinds), 1
    )
    return ident + head + body + sections


def mach_o(
    cpu: int = MACOS_ARM64, needed: tuple[str, ...] = (), minimum: tuple[int, int] = (11, 0), *, is_old: bool = False
) -> bytes:
    """A 64-bit Mach-O library; ``is_old``: it says its macOS as tools before 2018 did."""
    packed = minimum[0] << 16 | minimum[1] << 8
    commands = [
        struct.pack("<IIII", 0x24, 16, packed, 0) if is_old else struct.pack("<IIIIII", 0x32, 24, 1, packed, 0, 0)
    ]
    for name in needed:
        text = name.encode() + b"\0" * (8 - len(name) % 8)
        commands.append(struct.pack("<IIIIII", 0xC, 24 + len(text), 24, 0, 0, 0) + text)
    size = sum(map(len, commands))
    return struct.pack("<IiIIIIII", 0xFEEDFACF, cpu, 0, 6, len(commands), size, 0, 0) + b"".join(commands)


def universal(*parts: bytes) -> bytes:
    """A Mach-O file for several machines."""
    head, place = struct.pack(">II", 0xCAFEBABE, len(parts)), 8 + 20 * len(parts)
    for part in parts:
        head += struct.pack(">iiIII", *struct.unpack_from("<i", part, 4), 0, place, len(part), 0)
        place += len(part)
    return head + b"".join(parts)


def pe(machine: int = 0x8664) -> bytes:
    """The beginning of a Windows library."""
    return b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0" + struct.pack("<H", machine) + b"\0" * 18


def installed(
    name: str, files: Mapping[str, bytes], *, version: str = "1.0", tag: str = "py3-none-any"
) -> dict[str, bytes]:
    """A package's files as an installer leaves them, with its RECORD and WHEEL."""
    folder = f"{name}-{version}.dist-info"
    found = {**files, f"{folder}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n".encode(), f"{folder}/RECORD": b""}
    found[f"{folder}/RECORD"] = "".join(f"{path},,\n" for path in found).encode()
    return found


def folder_of(path: Path, files: Mapping[str, bytes]) -> Path:
    """The files, in a folder."""
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def zip_of(path: Path, files: Mapping[str, bytes], *, mode: int = 0o100644) -> Path:
    """The files, in a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system = mode << 16, 3
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path

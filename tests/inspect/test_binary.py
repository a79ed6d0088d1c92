"""What a file of machine code is for and needs, and files that are cut off or damaged."""

from __future__ import annotations

import io
import random
import struct

import pytest

from pytest_ofiuco.inspect.binary import Binary, UnreadableError, read
from tests.inspect.makers import (
    AARCH64,
    ARM,
    I386,
    MACOS_ARM64,
    MACOS_X86_64,
    PPC64,
    X86_64,
    elf,
    mach_o,
    pe,
    universal,
)

LIBRARY = elf(
    AARCH64,
    ("libm.so.6", "libstdc++.so.6", "libc.so.6"),
    {
        "libc.so.6": ("GLIBC_2.17", "GLIBC_2.28", "GLIBC_2.4", "GLIBC_PRIVATE"),
        "libstdc++.so.6": ("GLIBCXX_3.4.9", "GLIBCXX_3.4.21", "CXXABI_1.3.8", "OTHER_9"),
    },
    runpath="$ORIGIN/../x.libs:$ORIGIN",
)


def found(content: bytes) -> Binary:
    binary = read(io.BytesIO(content))
    assert binary is not None
    return binary


def test_an_elf_file() -> None:
    binary = found(LIBRARY)
    assert (binary.kind, binary.machines) == ("elf", ("aarch64",))
    assert binary.needed == ("libm.so.6", "libstdc++.so.6", "libc.so.6")
    assert binary.versions == {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 21), "CXXABI": (1, 3, 8)}
    assert binary.paths == ("$ORIGIN/../x.libs", "$ORIGIN")
    assert not binary.is_musl


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        pytest.param(elf(X86_64), "x86_64", id="x86_64"),
        pytest.param(elf(X86_64, bits=32), "x32", id="x32"),
        pytest.param(elf(I386, bits=32), "i686", id="i686"),
        pytest.param(elf(ARM, bits=32), "armv7l", id="arm"),
        pytest.param(elf(PPC64), "ppc64le", id="ppc64le"),
        pytest.param(elf(PPC64, order=">"), "ppc64", id="ppc64"),
        pytest.param(elf(8, bits=32), "EM_MIPS", id="another"),
        pytest.param(pe(), "win_amd64", id="win_amd64"),
        pytest.param(pe(0xAA64), "win_arm64", id="win_arm64"),
        pytest.param(pe(0x014C), "win32", id="win32"),
        pytest.param(pe(0x0200), "machine 0x0200", id="itanium"),
        pytest.param(mach_o(MACOS_ARM64), "arm64", id="mac arm64"),
        pytest.param(mach_o(MACOS_X86_64), "x86_64", id="mac x86_64"),
        pytest.param(mach_o(0x01000063), "cpu 16777315", id="mac another"),
    ],
)
def test_machines(content: bytes, machine: str) -> None:
    assert found(content).machines == (machine,)


@pytest.mark.parametrize("name", ["libc.musl-aarch64.so.1", "ld-musl-x86_64.so.1"])
def test_musl(name: str) -> None:
    assert found(elf(needed=(name,), versions={})).is_musl


def test_a_universal_file_has_a_minimum_for_each_machine() -> None:
    parts = mach_o(MACOS_X86_64, ("/usr/lib/libSystem.B.dylib",), (10, 9), is_old=True), mach_o(MACOS_ARM64)
    binary = found(universal(*parts))
    assert binary.machines == ("x86_64", "arm64")
    assert binary.minimums == {"x86_64": (10, 9), "arm64": (11, 0)}
    assert binary.needed == ("/usr/lib/libSystem.B.dylib",)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\n", id="script"),
        pytest.param(b"MZ is how this text begins" + b" " * 80, id="text"),
        pytest.param(b"MZ", id="two bytes"),
        pytest.param(b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + b"\0" * 40, id="Java class"),
    ],
)
def test_what_is_no_machine_code(content: bytes) -> None:
    assert read(io.BytesIO(content)) is None


@pytest.mark.parametrize(
    "whole", [LIBRARY, mach_o(needed=("@rpath/a.dylib",)), universal(mach_o())], ids=["elf", "mach-o", "fat"]
)
def test_cut_off(whole: bytes) -> None:
    """Wherever it ends: an error of ours, or what a whole file could say, too."""
    refused = 0
    for end in range(4, len(whole)):
        try:
            read(io.BytesIO(whole[:end]))
        except UnreadableError:
            refused += 1
    assert refused > len(whole) * 3 // 4


@pytest.mark.parametrize("whole", [LIBRARY, mach_o(), universal(mach_o()), pe()], ids=["elf", "mach-o", "fat", "pe"])
def test_damaged(whole: bytes) -> None:
    """Any bytes anywhere: an answer or an error of ours, soon."""
    chance = random.Random(6)
    for _ in range(600):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 20))):
            content[chance.randrange(2, len(content))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        try:
            read(io.BytesIO(bytes(content)))
        except UnreadableError:
            continue


def test_a_count_of_versions_without_end() -> None:
    content = bytearray(elf(versions={"libc.so.6": ("GLIBC_2.17",)}))
    sections = struct.unpack_from("<Q", content, 40)[0]
    struct.pack_into("<I", content, sections + 3 * 64 + 44, 0xFFFFFFFF)
    with pytest.raises(UnreadableError, match=r"^it names too many libraries or symbols$"):
        read(io.BytesIO(bytes(content)))


def test_sections_without_end() -> None:
    content = bytearray(LIBRARY)
    struct.pack_into("<H", content, 60, 0xFE00)
    with pytest.raises(UnreadableError, match=r"^it names too many sections$"):
        read(io.BytesIO(bytes(content)))

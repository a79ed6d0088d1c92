"""What executables are for."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.store.pythons.elf import read
from tests.store.pythons.executables import AARCH64, GLIBC, I386, MUSL, S390X, X86_64, elf


@pytest.mark.parametrize(
    ("content", "fitting", "loader"),
    [
        pytest.param(elf(), ["linux_aarch64"], GLIBC, id="glibc"),
        pytest.param(elf(loader=MUSL), ["musl_aarch64"], MUSL, id="musl"),
        pytest.param(elf(loader=None), ["linux_aarch64", "musl_aarch64"], None, id="static"),
        pytest.param(elf(I386, "/lib/ld-linux.so.2", wide=False), ["linux_i686"], "/lib/ld-linux.so.2", id="32-bit"),
        pytest.param(elf(S390X, "/lib/ld64.so.1", order=">"), ["linux_s390x"], "/lib/ld64.so.1", id="big-endian"),
        pytest.param(elf(X86_64, "/lib64/l.so"), ["linux_x86_64"], "/lib64/l.so", id="x86_64"),
    ],
)
def test_an_executable_says_who_it_is_for(
    tmp_path: Path, content: bytes, fitting: list[str], loader: str | None
) -> None:
    tags = {
        "linux_aarch64": "manylinux_2_28_aarch64",
        "musl_aarch64": "musllinux_1_2_aarch64",
        "linux_i686": "manylinux_2_28_i686",
        "linux_s390x": "manylinux_2_28_s390x",
        "linux_x86_64": "manylinux_2_28_x86_64",
        "macos_arm64": "macosx_14_0_arm64",
    }
    path = tmp_path / "python3.13"
    path.write_bytes(content)
    executable = read(str(path))
    assert executable is not None
    assert executable.loader == loader
    assert [name for name, tag in tags.items() if executable.is_for(Platform.parse(tag))] == fitting


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\nexec python3 and some more\n", id="script"),
        pytest.param(elf()[:18], id="cut off"),
        pytest.param(elf(machine=9999), id="unknown machine"),
        pytest.param(elf(AARCH64, order=">"), id="no such byte order"),
    ],
)
def test_what_is_no_executable_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "python3.13"
    path.write_bytes(content)
    assert read(str(path)) is None
    assert read(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("offset", "number", "loader"),
    [
        pytest.param(32, 1 << 63, None, id="segments that are nowhere"),
        pytest.param(64 + 8, (1 << 64) - 1, None, id="a name that is nowhere"),
        pytest.param(64 + 32, 1 << 62, GLIBC, id="a name without an end"),
        pytest.param(64 + 32, (1 << 64) - 1, GLIBC, id="a name as long as can be"),
    ],
)
def test_a_damaged_executable_is_read(tmp_path: Path, offset: int, number: int, loader: str | None) -> None:
    path = tmp_path / "python3.13"
    content = bytearray(elf() + b"and what follows")
    struct.pack_into("<Q", content, offset, number)
    path.write_bytes(content)
    executable = read(str(path))
    assert executable is not None
    assert executable.loader == loader

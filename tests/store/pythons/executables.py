"""Executables of other machines that nothing runs, and programs in place of those that would run them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

AARCH64, X86_64, I386, S390X = 183, 62, 3, 22
GLIBC, MUSL = "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"


def elf(machine: int = AARCH64, loader: str | None = GLIBC, *, order: str = "<", wide: bool = True) -> bytes:
    """The beginning of an executable: its header, and where it names its loader."""
    name = b"" if loader is None else loader.encode() + b"\0"
    head, entry = (64, 56) if wide else (52, 32)
    identity = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    words = "QQQ" if wide else "III"
    fields = (2, machine, 1, 0, head, 0, 0, head, entry, int(loader is not None), 0, 0, 0)
    header = identity + struct.pack(f"{order}HHI{words}IHHHHHH", *fields)
    if wide:
        segment = struct.pack(f"{order}IIQQQQQQ", 3, 4, head + entry, 0, 0, len(name), len(name), 1)
    else:
        segment = struct.pack(f"{order}IIIIIIII", 3, head + entry, 0, 0, len(name), len(name), 4, 1)
    return header + (segment + name if loader is not None else b"")


def python(prefix: Path, version: str = "3.13", content: bytes | None = None) -> Path:
    """An executable where an installation has it, with a standard library beside."""
    path = prefix / "bin" / f"python{version}"
    path.parent.mkdir(parents=True)
    path.write_bytes(elf() if content is None else content)
    path.chmod(0o755)
    (prefix / "lib" / f"python{version}").mkdir(parents=True)
    return path


def script(path: Path, text: str) -> Path:
    """A program of the shell's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return path


def answering(path: Path, version: str = "3.13.5", platform: str = "manylinux_2_41_aarch64", name: str = "$0") -> Path:
    """A program that answers as such a Python does, which goes by the ``name``."""
    said = {
        "implementation": "cpython",
        "version": version,
        "free_threaded": False,
        "platform": platform,
        "executable": "NAME",
    }
    text = json.dumps(said).replace('"', '\\"').replace("NAME", name)
    return script(path, f'echo "{text}"\n')


def emulator(folder: Path, version: str = "3.13.5", platform: str = "manylinux_2_41_aarch64") -> Path:
    """qemu-aarch64 as far as it goes: whatever it is to start is such a Python; called with -L FOLDER -0 NAME."""
    return answering(folder / "qemu-aarch64", version, platform, "$4")


def libraries(folder: Path, loader: str = GLIBC) -> Path:
    """A folder with a loader in it."""
    path = folder / loader.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_bytes(elf(loader=None))
    return folder

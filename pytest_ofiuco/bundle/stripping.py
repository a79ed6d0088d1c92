"""ELF files without what is not loaded of them, symbols and debug information: by a ``strip`` that knows the machine.

Files that were edited after they were linked, as those in many wheels are, have been broken by some versions of
``strip``. So nobody has to believe it: what is loaded must be the same bytes at the same addresses as before, or else
the file is taken as it is. https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_ofiuco.bundle.entries import Entry, hashed
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import BundleError, UsageError

AUTO = ""
"""Any ``strip`` that is found."""
_MAGIC = b"\x7fELF"
_TRIPLETS = {
    "x86_64": "x86_64-linux-gnu",
    "i686": "i686-linux-gnu",
    "aarch64": "aarch64-linux-gnu",
    "armv7l": "arm-linux-gnueabihf",
    "armv6l": "arm-linux-gnueabihf",
    "ppc64le": "powerpc64le-linux-gnu",
    "s390x": "s390x-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
}
_LOADED_KINDS = ("ET_EXEC", "ET_DYN")
_PATIENCE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """``entries``, of which some are smaller now; ``by`` whom, and which of them are as they were: ``kept``."""

    entries: Mapping[str, Entry]
    by: str | None = None
    kept: tuple[str, ...] = ()


def stripped(
    entries: Mapping[str, Entry], command: str, platform: Platform, environ: Mapping[str, str], scratch: Path
) -> Stripped:
    """The entries, with their ELF files stripped.

    Raises:
        UsageError: the platform has none, or ``command`` cannot be run.
        BundleError: no ``strip`` here knows its machine.
        OSError: ``scratch``, an empty folder, cannot be written.
    """
    if platform.os not in ("linux", "android"):
        raise UsageError(f"strip: there are no ELF files on {platform}", "leave --strip out")
    tools = [_given(command, environ)] if command != AUTO else _found(platform.architecture, environ)
    before = {path: content for path, entry in entries.items() if (content := _elf(entry)) is not None}
    if not before:
        return Stripped(entries=entries)
    by, after = _all_stripped(list(before.values()), tools, platform.architecture, scratch)
    found, kept = dict(entries), []
    for (path, content), less in zip(before.items(), after, strict=True):
        if less is None or (len(less) < len(content) and _loaded(less) != _loaded(content)):
            kept.append(path)
        elif len(less) < len(content):
            found[path] = replace(entries[path], content=less, hash=hashed(less), size=len(less))
    return Stripped(entries=found, by=by, kept=tuple(kept))


def _elf(entry: Entry) -> bytes | None:
    """The bytes of an entry that is a program or a shared library."""
    if entry.wheel is not None and entry.content is None:
        with (entry.wheel.tree / entry.member).open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return None
    content = entry.read()
    return content if content.startswith(_MAGIC) and _loaded(content) is not None else None


def _loaded(content: bytes) -> list[Any] | None:
    """What of an ELF file is put where when it is loaded; nothing of what is no program and no library, or damaged.

    Its headers are loaded with the rest: of them, what says where in the file things are may differ.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        file = ELFFile(io.BytesIO(content))
        if file["e_type"] not in _LOADED_KINDS:
            return None
        rest = bytearray(content)
        for start, size in ((0, file["e_ehsize"]), (file["e_phoff"], file["e_phnum"] * file["e_phentsize"])):
            rest[start : start + size] = bytes(size)
        found: list[Any] = [tuple(file[key] for key in ("e_type", "e_machine", "e_entry", "e_flags"))]
        for segment in file.iter_segments():
            header = segment.header
            place = tuple(header[key] for key in ("p_type", "p_vaddr", "p_filesz", "p_memsz", "p_flags", "p_align"))
            start, is_apart = header["p_offset"], (header["p_offset"] - header["p_vaddr"]) % max(header["p_align"], 1)
            found.append((place, is_apart, hashed(bytes(rest[start : start + header["p_filesz"]]))))
    except (ELFError, ValueError, KeyError, OverflowError):
        return None
    return found


def _all_stripped(
    contents: Sequence[bytes], tools: Sequence[tuple[str, ...]], machine: str, scratch: Path
) -> tuple[str, list[bytes | None]]:
    """The first tool that knows one of the files at least, and what it makes of each; nothing where it fails."""
    for words in tools:
        at_once = _try(words, contents, scratch)
        one_by_one = (_try(words, [content], scratch) for content in contents if at_once is None)
        each = [*(at_once or (found[0] if found is not None else None for found in one_by_one))]
        if any(each):
            return _version(words[0]), each
    triplet = _TRIPLETS.get(machine, machine).replace("_", "-")
    hint = f"install llvm or binutils-{triplet}, or name another with --strip COMMAND"
    named = f"{tools[0][0]}: knows no" if len(tools) == 1 else "no strip that is found here knows"
    raise BundleError(f"{named} files for {machine}", hint)


def _given(command: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--strip {command}: cannot be read: {error}", "end each quote") from error
    path = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if path is None:
        raise UsageError(f"--strip {command}: there is no such command", "name one that is on PATH")
    return path, *words[1:]


def _found(machine: str, environ: Mapping[str, str]) -> list[tuple[str, ...]]:
    names = [f"{_TRIPLETS[machine]}-strip"] if machine in _TRIPLETS else []
    paths = (shutil.which(name, path=environ.get("PATH")) for name in (*names, "llvm-strip", "strip"))
    return [(path,) for path in paths if path is not None]


def _try(words: Sequence[str], contents: Sequence[bytes], scratch: Path) -> list[bytes] | None:
    """What a tool makes of contents, all at once; nothing where it fails."""
    files = [scratch / f"{number}.so" for number in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    command = [*words, "--strip-unneeded", *map(os.fspath, files)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return [file.read_bytes() for file in files] if done.returncode == 0 else None


def _version(path: str) -> str:
    """The tool as it calls itself: the first line with a number in it."""
    done = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    return next((line.strip() for line in lines if any(each.isdigit() for each in line)), os.path.basename(path))

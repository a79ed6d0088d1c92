"""What an interpreter says of itself.

Imported by the running interpreter, and executed as a script by every other one (``python -I probe.py``): standard
library only, and nothing that Python 3.8 does not know. Tags: PEP 425, PEP 600 (manylinux), PEP 656 (musllinux).
"""

from __future__ import annotations

import json
import os
import struct
import sys
import sysconfig

_LONGEST_PATH = 4096

_LEVELS = {"alpha": "a", "beta": "b", "candidate": "rc", "final": ""}


def describe() -> dict[str, object]:
    """The answer: implementation, version, ABI, platform tag and the executable to start, as JSON types."""
    version = sys.version_info
    text = f"{version[0]}.{version[1]}.{version[2]}"
    if version[3] != "final":
        text += _LEVELS[version[3]] + str(version[4])
    return {
        "implementation": sys.implementation.name,
        "version": text,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "platform": platform_tag(),
        "executable": base_executable(),
    }


def base_executable() -> str:
    """The executable outside every virtual environment, with symbolic links followed.

    Before 3.11, ``sys._base_executable`` of a virtual environment on POSIX is that environment's own.
    """
    executable = sys.executable
    if sys.platform == "win32":
        return getattr(sys, "_base_executable", None) or executable
    real = os.path.realpath(executable)
    if sys.prefix == sys.base_prefix:
        return real
    inside = os.path.realpath(sys.prefix) + os.sep
    base = os.path.realpath(getattr(sys, "_base_executable", None) or executable)
    for candidate in (base, real):
        if not candidate.startswith(inside) and os.path.exists(candidate):
            return candidate
    names = [f"python{sys.version_info[0]}.{sys.version_info[1]}", "python3", "pypy3", "python"]
    for name in names:
        candidate = os.path.join(sys.base_prefix, "bin", name)
        if os.path.exists(candidate):
            return os.path.realpath(candidate)
    return real


def platform_tag() -> str:
    """The platform tag of this interpreter on this machine, with the version of its libc or macOS."""
    if sys.platform == "win32":
        return sysconfig.get_platform().replace("-", "_")
    if sys.platform == "darwin":
        return _macos_tag()
    machine = os.uname().machine
    if struct.calcsize("P") == 4:
        machine = {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l"}.get(machine, machine)
    glibc = _glibc_version()
    if glibc:
        return f"manylinux_{glibc[0]}_{glibc[1]}_{machine}"
    musl = _musl_version()
    if musl:
        return f"musllinux_{musl[0]}_{musl[1]}_{machine}"
    return f"{sys.platform}_{machine}"


def _macos_tag() -> str:
    import platform  # needed on macOS only

    release, _, machine = platform.mac_ver()
    major, minor = (int(part) for part in [*release.split("."), "0"][:2])
    return f"macosx_{major}_{0 if major >= 11 else minor}_{machine}"


def _glibc_version() -> tuple[int, int] | None:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        text = ""
    if not text.startswith("glibc "):
        return _glibc_version_by_call()
    return _version(text[len("glibc ") :])


def _glibc_version_by_call() -> tuple[int, int] | None:
    try:
        import ctypes  # some builds have none

        library = ctypes.CDLL(None)
        function = library.gnu_get_libc_version
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    function.restype = ctypes.c_char_p
    return _version(function().decode("ascii", "replace"))


def _musl_version() -> tuple[int, int] | None:
    """musl's dynamic loader prints ``Version 1.2.4`` when started alone; that of another machine cannot be started."""
    found = _musl_loader()
    if found is None:
        return None
    import subprocess  # needed on musl only

    try:
        said = subprocess.run([found], stderr=subprocess.PIPE, check=False).stderr.decode("utf-8", "replace")
    except OSError:
        return 1, 2  # emulated: all since 2020 are of this series
    for line in said.splitlines():
        if line.startswith("Version "):
            return _version(line[len("Version ") :])
    return None


def _musl_loader() -> str | None:
    """The loader of this process, where it is musl's: what the executable names, or what the process is."""
    itself = "/proc/self/exe"  # sys.executable may be a script that starts this through a loader or an emulator
    for found in (loader(sys.executable), loader(itself), os.path.realpath(itself)):
        if found is not None and "musl" in found:
            return found
    return None


def loader(executable: str) -> str | None:
    """The program interpreter (PT_INTERP) that an ELF executable names."""
    try:
        with open(executable, "rb") as file:
            header = file.read(64)
            if header[:4] != b"\x7fELF":
                return None
            wide, order = header[4] == 2, "<" if header[5] == 1 else ">"
            offset = struct.unpack_from(order + ("Q" if wide else "I"), header, 32 if wide else 28)[0]
            size, count = struct.unpack_from(order + "HH", header, 54 if wide else 42)
            for index in range(count):
                file.seek(offset + index * size)
                entry = file.read(size)
                if struct.unpack_from(order + "I", entry)[0] != 3:
                    continue
                word = order + ("Q" if wide else "I")
                file.seek(struct.unpack_from(word, entry, 8 if wide else 4)[0])
                length = struct.unpack_from(word, entry, 32 if wide else 16)[0]
                return os.fsdecode(file.read(min(length, _LONGEST_PATH)).partition(b"\0")[0])
    except (OSError, struct.error, IndexError, ValueError, OverflowError):
        pass  # cut off, or damaged
    return None


def _version(text: str) -> tuple[int, int] | None:
    digits = ["".join(c for c in part if c.isdigit()) for part in text.split(".")[:2]]
    return (int(digits[0]), int(digits[1])) if len(digits) == 2 and all(digits) else None


if __name__ == "__main__":
    print(json.dumps(describe()))

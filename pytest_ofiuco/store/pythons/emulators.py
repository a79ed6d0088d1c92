"""What an executable of another platform is started by: its own loader, or qemu-user, each with a folder of libraries.

The folder is one that holds the loader which the executable names, as qemu's ``-L`` takes it
(https://www.qemu.org/docs/master/user/main.html): QEMU_LD_PREFIX, the system that the executable lies in, this
machine's own, or where distributions put the libraries of other machines.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco.core.platforms import Platform

_LONGEST_SCRIPT = 1 << 14
_BINFMT = "/proc/sys/fs/binfmt_misc"
_COMPATIBLE = {("x86_64", "i686"), ("aarch64", "armv7l"), ("aarch64", "armv6l"), ("armv7l", "armv6l")}
"""A kernel's architecture, and another that it may run by itself."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture as others name it: qemu, GNU's triplet, Debian, and uv with its C library.

    ``loader`` is glibc's. ``processor`` is what qemu is told to be, where its default is slow or no such machine.
    """

    qemu: str
    triplet: str
    debian: str
    uv: str
    loader: str
    processor: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What commands for it are named after, beside the architecture's own name."""
        return tuple(dict.fromkeys((self.qemu, self.debian)))


MACHINES: Mapping[str, Machine] = {
    "aarch64": Machine(
        "aarch64", "aarch64-linux-gnu", "arm64", "aarch64-gnu", "/lib/ld-linux-aarch64.so.1", "neoverse-n1"
    ),
    "armv6l": Machine("arm", "arm-linux-gnueabihf", "armhf", "armv6-gnueabihf", "/lib/ld-linux-armhf.so.3", "arm1176"),
    "armv7l": Machine(
        "arm", "arm-linux-gnueabihf", "armhf", "armv7-gnueabihf", "/lib/ld-linux-armhf.so.3", "cortex-a15"
    ),
    "i686": Machine("i386", "i686-linux-gnu", "i386", "i686-gnu", "/lib/ld-linux.so.2"),
    "loongarch64": Machine(
        "loongarch64",
        "loongarch64-linux-gnu",
        "loong64",
        "loongarch64-gnu",
        "/lib64/ld-linux-loongarch-lp64d.so.1",
    ),
    "ppc64": Machine("ppc64", "powerpc64-linux-gnu", "ppc64", "powerpc64-gnu", "/lib64/ld64.so.1"),
    "ppc64le": Machine("ppc64le", "powerpc64le-linux-gnu", "ppc64el", "powerpc64le-gnu", "/lib64/ld64.so.2"),
    "riscv64": Machine("riscv64", "riscv64-linux-gnu", "riscv64", "riscv64gc-gnu", "/lib/ld-linux-riscv64-lp64d.so.1"),
    "s390x": Machine("s390x", "s390x-linux-gnu", "s390x", "s390x-gnu", "/lib/ld64.so.1"),
    "x86_64": Machine("x86_64", "x86_64-linux-gnu", "amd64", "x86_64-gnu", "/lib64/ld-linux-x86-64.so.2"),
}
"""By architecture as in platform tags. neoverse-n1: AWS Lambda's family, without the pointer authentication whose
emulation takes seconds at each start in older versions of qemu."""


def is_compatible(architecture: str, host: str) -> bool:
    """Whether a processor runs another architecture's programs by itself, or may."""
    return architecture == host or (host, architecture) in _COMPATIBLE


def registration(architecture: str) -> str:
    """What is there where the kernel knows an emulator (binfmt_misc), by the name that settings of qemu's give it."""
    return os.path.join(_BINFMT, f"qemu-{MACHINES[architecture].qemu}")


def emulator(architecture: str, environ: Mapping[str, str]) -> str | None:
    """qemu-user for an architecture, on PATH."""
    name = f"qemu-{MACHINES[architecture].qemu}"
    path = environ.get("PATH", "")
    found = shutil.which(name, path=path) or shutil.which(f"{name}-static", path=path)
    return os.path.abspath(found) if found is not None else None


def libraries(loader: str, path: str, architecture: str, environ: Mapping[str, str]) -> str | None:
    """The folder below which the loader lies that the executable at ``path`` names; ``/``: this machine has it."""
    for folder in library_folders(path, architecture, environ):
        if os.path.isfile(os.path.join(folder, loader.lstrip("/"))):
            return folder
    return None


def library_folders(path: str, architecture: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Where the libraries of an executable at ``path`` may be, in order."""
    machine = MACHINES[architecture]
    chosen = environ.get("QEMU_LD_PREFIX")
    if chosen:
        yield os.path.abspath(os.path.expanduser(chosen))
    for folder in Path(path).parents:
        yield str(folder)  # at last the root
    yield from (f"/usr/{machine.triplet}", f"/usr/{machine.triplet}/sys-root", f"/etc/qemu-binfmt/{machine.qemu}")


def lacks_runtime(folder: str) -> bool:
    """Whether there is no libstdc++ among libraries: wheels expect it of their host."""
    places = (os.path.join(folder, *each) for each in (("lib",), ("lib64",), ("usr", "lib"), ("usr", "lib64")))
    for place in places:
        try:
            inner = [entry.path for entry in os.scandir(place) if "-linux-" in entry.name]
        except OSError:
            continue
        if any(os.path.exists(os.path.join(each, "libstdc++.so.6")) for each in (place, *inner)):
            return False
    return True


def is_started_by(script: str) -> bool:
    """Whether a script names an emulator, or a loader, that it may start."""
    try:
        with open(script, "rb") as file:
            text = file.read(_LONGEST_SCRIPT)
    except OSError:
        return False
    return any(each in text for each in (b"qemu-", b"/ld-linux", b"/ld-musl", b"/ld64.so"))


def to_install_emulator(architecture: str) -> str:
    """What to install for an emulator."""
    return f"qemu-user (no qemu-{MACHINES[architecture].qemu} is on PATH)"


def to_install_libraries(platform: Platform, loader: str) -> str:
    """What to install for a loader and its libraries: a package, as Debian and Ubuntu name it, or a folder."""
    package = f"libstdc++6-{MACHINES[platform.architecture].debian}-cross"
    what = "a system with musl, as Alpine Linux" if platform.libc == "musl" else package
    return f"{what} (no {os.path.basename(loader)} is here; QEMU_LD_PREFIX names a folder that has it)"

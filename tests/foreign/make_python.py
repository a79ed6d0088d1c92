"""An arm64 CPython that runs on this machine through qemu-user, made of Debian's packages: what the foreign tests run.

    python tests/foreign/make_python.py FOLDER VERSION

``FOLDER/bin/pythonVERSION`` is a command that acts as the interpreter: 3.11 comes from bookworm, 3.13 from trixie. What
is needed is apt, dpkg-deb, a Debian mirror (apt's own, or ``DEBIAN_MIRROR``) and its keys; no root, no foreign dpkg
architecture, no binfmt_misc. Nothing is done where it is there and runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITES = {"3.11": "bookworm", "3.13": "trixie"}
EMULATOR_SUITE = "trixie"
TRIPLET, LOADER = "aarch64-linux-gnu", "ld-linux-aarch64.so.1"
LIBRARIES = ("libstdc++6", "libgcc-s1", "zlib1g")
"""Wheels expect them of their host."""
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
WRAPPER = """\
#!/bin/sh
export QEMU_CPU="${{QEMU_CPU:-neoverse-n1}}"
exec {emulator} -L {system} -0 "$0" {interpreter} "$@"
"""


class NoMirrorError(SystemExit):
    """The packages cannot be had: apt names no mirror, or it does not answer."""


def mirror() -> str:
    """Where packages come from.

    Raises:
        NoMirrorError: apt names none.
    """
    chosen = os.environ.get("DEBIAN_MIRROR")
    if chosen:
        return chosen
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI)").splitlines()
    for address in listed:
        if "security" not in address:
            return address
    raise NoMirrorError("apt names no mirror: run `apt-get update`, or set DEBIAN_MIRROR")


def run(*command: str | Path, folder: Path | None = None) -> str:
    """What a command prints.

    Raises:
        SystemExit: it fails; what it said is told. Of apt it is a ``NoMirrorError``.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        kind = NoMirrorError if command[0] == "apt-get" else SystemExit
        raise kind(f"{' '.join(map(str, command))} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Packages:
    """Debian's packages of one suite and architecture, with an apt of its own state."""

    def __init__(self, folder: Path, suite: str, architecture: str) -> None:
        for name in ("etc/apt/preferences.d", "state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        source = f"deb [arch={architecture} signed-by={KEYS}] {mirror()} {suite} main\n"
        (folder / "sources.list").write_text(source, encoding="utf-8")
        self.folder = folder
        settings = {
            "APT::Architecture": architecture,
            "APT::Architectures": architecture,
            "APT::Sandbox::User": "",
            "Dir::Etc": str(folder / "etc/apt"),
            "Dir::Etc::SourceList": str(folder / "sources.list"),
            "Dir::Etc::SourceParts": "/nonexistent",
            "Dir::State": str(folder / "state"),
            "Dir::State::status": str(folder / "status"),
            "Dir::Cache": str(folder / "cache"),
            "Acquire::Languages": "none",
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",
        }
        self.options = [f"-o{name}={value}" for name, value in settings.items()]
        run("apt-get", "-qq", *self.options, "update")

    def unpacked(self, target: Path, *names: str) -> Path:
        """Unpack packages, and those that they depend on."""
        run("apt-get", "-qq", "-y", *self.options, "--download-only", "--no-install-recommends", "install", *names)
        return self._unpack(target)

    def unpacked_alone(self, target: Path, name: str) -> Path:
        """Unpack one package, and nothing that it depends on."""
        archives = self.folder / "cache/archives"
        run("apt-get", "-qq", *self.options, "download", name, folder=archives)
        return self._unpack(target)

    def _unpack(self, target: Path) -> Path:
        for archive in sorted((self.folder / "cache/archives").glob("*.deb")):
            run("dpkg-deb", "--extract", archive, target)
        return target


def unpacked_system(folder: Path, version: str, architecture: str) -> Path:
    """A folder with the interpreter's packages as they are, and all that they depend on; nothing in it is started."""
    with tempfile.TemporaryDirectory(prefix="foreign-python-") as name:
        packages = Packages(Path(name) / "packages", SUITES[version], architecture)
        return packages.unpacked(folder, f"python{version}-minimal", f"libpython{version}-stdlib", *LIBRARIES)


def make(folder: Path, version: str) -> Path:
    """Make the interpreter; its path."""
    command = folder / "bin" / f"python{version}"
    if is_whole(command):
        return command
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="foreign-python-") as name:
        work = Path(name)
        native = run("dpkg", "--print-architecture").strip()
        emulators = Packages(work / "emulators", EMULATOR_SUITE, native)
        emulator = emulators.unpacked_alone(work / "emulator", "qemu-user") / "usr/bin/qemu-aarch64"
        packages = Packages(work / "packages", SUITES[version], "arm64")
        wanted = (f"python{version}-minimal", f"libpython{version}-stdlib", *LIBRARIES)
        root = packages.unpacked(work / "root", *wanted)
        lay_out(folder, version, root, emulator)
    write_wrapper(folder, command)
    compile_library(folder / "lib" / f"python{version}", command)
    if not is_whole(command):
        raise SystemExit(f"{command} does not run")
    return command


def lay_out(folder: Path, version: str, root: Path, emulator: Path) -> None:
    """Take of the packages' files what an interpreter needs.

    ``system`` holds the loader and its folders alone: all other paths that the interpreter opens are this machine's.
    """
    for name in ("bin", "lib", "libexec", "system/lib"):
        (folder / name).mkdir(parents=True)
    shutil.copy2(emulator, folder / "libexec")
    shutil.copy2(root / "usr/bin" / f"python{version}", folder / "libexec" / f"python{version}")
    shutil.copytree(root / "usr/lib" / f"python{version}", folder / "lib" / f"python{version}", symlinks=True)
    (folder / "lib" / f"python{version}" / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    libraries = folder / "system/lib" / TRIPLET
    for place in (root / "lib" / TRIPLET, root / "usr/lib" / TRIPLET):
        if place.is_dir():
            shutil.copytree(place, libraries, symlinks=True, dirs_exist_ok=True)
    (folder / "system/lib" / LOADER).symlink_to(f"{TRIPLET}/{LOADER}")
    (folder / "system/usr").mkdir()
    (folder / "system/usr/lib").symlink_to("../lib")


def write_wrapper(folder: Path, command: Path) -> None:
    """The command: the emulator tells the interpreter its name, so that ``sys.executable`` is the command again."""
    interpreter = folder / "libexec" / command.name
    emulator, system = folder / "libexec/qemu-aarch64", folder / "system"
    text = WRAPPER.format(emulator=emulator, system=system, interpreter=interpreter)
    command.write_text(text, encoding="utf-8")
    command.chmod(0o755)


def compile_library(library: Path, command: Path) -> None:
    """Compile the standard library, with an interpreter of this machine if there is one: bytecode is alike."""
    native = shutil.which(command.name)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for compiler in filter(None, (native, str(command))):
        words = [compiler, "-m", "compileall", "-q", "-x", "/test/", str(library)]
        if not subprocess.run(words, env=environ, capture_output=True, check=False).returncode:
            return


def is_whole(command: Path) -> bool:
    """Whether the command runs, as the interpreter that it should be."""
    if not command.is_file():
        return False
    code = "import ctypes, platform, sys, zlib; print(platform.machine(), sys.executable)"
    done = subprocess.run([command, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.split() == ["aarch64", str(command)]


if __name__ == "__main__":
    print(make(Path(sys.argv[1]).absolute(), sys.argv[2]))

"""Platforms: OS, architecture and libc with a version ceiling, and the table of built-in names.

A platform is written as one PEP 425 platform tag (https://peps.python.org/pep-0425/): manylinux as in PEP 600,
musllinux as in PEP 656, iOS as in PEP 730, Android as in PEP 738, Pyodide as in PEP 783. ``parse`` and ``str`` are
inverse to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from packaging.tags import android_platforms, ios_platforms, mac_platforms

from pytest_ofiuco.errors import UsageError, shown

_LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_FAMILIES = {
    "manylinux": ("linux", "glibc"),
    "musllinux": ("linux", "musl"),
    "macosx": ("macos", None),
    "ios": ("ios", None),
    "pyemscripten": ("emscripten", None),
    "pyodide": ("emscripten", None),
}
"""How a tag with a version of two numbers begins: the OS and the libc."""
_PREFIXES = {"macos": "macosx", "ios": "ios", "emscripten": "pyemscripten", "glibc": "manylinux", "musl": "musllinux"}
_LINUX = ("x86_64", "aarch64", "armv7l", "armv6l", "ppc64le", "ppc64", "s390x", "riscv64", "i686", "loongarch64")
_MACHINES: Mapping[str, Mapping[str, str]] = {
    "linux": {each: each for each in _LINUX},
    "macos": {"arm64": "arm64", "x86_64": "x86_64"},
    "windows": {"win_amd64": "AMD64", "win_arm64": "ARM64", "win32": "x86"},
    "ios": {"arm64_iphoneos": "arm64", "arm64_iphonesimulator": "arm64", "x86_64_iphonesimulator": "x86_64"},
    "android": {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86_64": "x86_64", "x86": "i686"},
    "emscripten": {"wasm32": "wasm32"},
}
"""``platform_machine`` by OS and by the architecture as that OS's tags spell it."""
_SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
    "ios": ("posix", "ios", "iOS"),
    "android": ("posix", "android", "Android"),
    "emscripten": ("posix", "emscripten", "Emscripten"),
}
"""``os_name``, ``sys_platform`` and ``platform_system``."""
_SEVERAL_MACHINES = ("universal2", "universal", "intel", "fat", "fat3", "fat32", "fat64")
_UNSUPPORTED = ("freebsd", "openbsd", "netbsd", "dragonfly", "solaris", "aix", "cygwin", "mingw", "emscripten", "wasi")
_DEFAULT_GLIBC = (2, 28)
_DIGITS = 3
_YEAR_DIGITS = 4

MARKER_KEYS = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)
"""The environment marker variables of the dependency specifier specification, ``extra`` aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One libc family with a version ceiling on one architecture.

    ``os`` is ``linux``, ``macos``, ``windows``, ``ios``, ``android`` or ``emscripten``; ``architecture`` is spelled as
    the OS's own tags do; ``libc`` is ``glibc`` or ``musl`` on Linux; ``version`` is (major, minor) of the libc, of the
    macOS or iOS release or of Pyodide's ABI, or (API level, 0) of Android.
    """

    os: str
    architecture: str
    libc: str | None = None
    version: tuple[int, int] | None = None
    markers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, tag: str) -> Platform:
        """Read a PEP 425 platform tag.

        Raises:
            UsageError: it is not the tag of a platform known here.
        """
        platform = _parsed(tag)
        if platform is None:
            raise _refusal(tag)
        if not platform.tags:
            raise UsageError(
                f"platform {shown(tag)}: older than any that wheels are made for",
                hint="give a later version: macOS 10.4, iOS 12.0 and Android's API level 16 are the first",
            )
        return platform

    def __str__(self) -> str:
        if self.os == "windows":
            return self.architecture
        if self.version is None:
            return f"linux_{self.architecture}"
        major, minor = self.version
        if self.os == "android":
            return f"android_{major}_{self.architecture}"
        return f"{_PREFIXES[self.libc or self.os]}_{major}_{minor}_{self.architecture}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags that it accepts, best first."""
        match self:
            case Platform(os="macos", version=(_, _)):
                return tuple(mac_platforms(self.version, self.architecture))
            case Platform(os="ios", version=(_, _)):
                return tuple(ios_platforms(self.version, self.architecture))
            case Platform(os="android", version=(level, _)):
                return tuple(android_platforms(level, self.architecture))
            case Platform(os="emscripten", version=(year, patch)):
                # One ABI by two names: PEP 783's, and the one that Pyodide gave it before.
                return tuple(f"{name}_{year}_{patch}_{self.architecture}" for name in ("pyemscripten", "pyodide"))
            case Platform(os="linux"):
                return tuple(_linux_tags(self))
        return (self.architecture,)

    @property
    def environment(self) -> dict[str, str]:
        """The marker keys that the platform decides."""
        os_name, sys_platform, platform_system = _SYSTEMS[self.os]
        environment = {
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": platform_system,
            "platform_machine": _MACHINES[self.os][self.architecture],
            "platform_release": "",
            "platform_version": "",
        }
        return environment | dict(self.markers)


def _parsed(tag: str) -> Platform | None:
    if tag in _MACHINES["windows"]:
        return Platform(os="windows", architecture=tag)
    family, _, rest = tag.partition("_")
    if rest in _MACHINES["linux"]:
        if family == "linux":
            return Platform(os="linux", architecture=rest, libc="glibc")
        if family in _LEGACY_MANYLINUX:
            return Platform(os="linux", architecture=rest, libc="glibc", version=_LEGACY_MANYLINUX[family])
    if family == "android":
        level, _, architecture = rest.partition("_")
        return _versioned("android", None, _version(level, "0"), architecture)
    if family not in _FAMILIES:
        return None
    major, _, rest = rest.partition("_")
    minor, _, architecture = rest.partition("_")
    os, libc = _FAMILIES[family]
    version = _version(major, minor, _YEAR_DIGITS if os == "emscripten" else _DIGITS)
    return _versioned(os, libc, version, architecture)


def _versioned(os: str, libc: str | None, version: tuple[int, int] | None, architecture: str) -> Platform | None:
    if version is None or architecture not in _MACHINES[os]:
        return None
    return Platform(os=os, architecture=architecture, libc=libc, version=version)


def _version(major: str, minor: str, digits: int = _DIGITS) -> tuple[int, int] | None:
    if not all(part.isascii() and part.isdigit() and len(part) <= digits for part in (major, minor)):
        return None
    return int(major), int(minor)


def _refusal(tag: str) -> UsageError:
    family, _, rest = tag.partition("_")
    prefix, _, machines = tag.rpartition("_")
    if family == "macosx" and machines in _SEVERAL_MACHINES:
        return UsageError(
            f"platform {shown(tag)}: names no one machine",
            hint=f"use {prefix}_arm64 or {prefix}_x86_64: they take {machines} wheels as far as they can run them",
        )
    if rest and family.startswith(_UNSUPPORTED):
        return UsageError(
            f"platform {shown(tag)}: the tag of a system that is not supported",
            hint="use one of Linux (glibc or musl), macOS, Windows, iOS, Android or Pyodide",
        )
    return UsageError(
        f"platform {shown(tag)}: neither a built-in name nor a platform tag",
        hint=(
            "use a tag such as manylinux_2_28_aarch64, macosx_14_0_arm64, win_amd64, or one of: "
            f"host, {', '.join(BUILTIN)}"
        ),
    )


def _linux_tags(platform: Platform) -> Iterator[str]:
    """PEP 600 and PEP 656: every release of the same libc up to the ceiling, newest first, then the bare tag."""
    architecture = platform.architecture
    major, minor = platform.version or _DEFAULT_GLIBC
    if platform.libc == "musl":
        for older in range(minor, -1, -1):
            yield f"musllinux_{major}_{older}_{architecture}"
    else:
        floor = 5 if architecture in ("x86_64", "i686") else 17
        legacy = {version: name for name, version in _LEGACY_MANYLINUX.items()}
        for older in range(minor, floor - 1, -1):
            yield f"manylinux_{major}_{older}_{architecture}"
            if (major, older) in legacy:
                yield f"{legacy[major, older]}_{architecture}"
    yield f"linux_{architecture}"


PythonVersion = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDefinition:
    """A named platform whose tag may depend on the Python version (AWS Lambda's images do).

    ``choose`` maps (major, minor) to a platform tag; ``markers`` override marker keys.
    """

    name: str
    choose: Callable[[PythonVersion], str]
    markers: tuple[tuple[str, str], ...] = field(default=())

    def platform(self, version: PythonVersion) -> Platform:
        """The platform for one Python version."""
        parsed = Platform.parse(self.choose(version))
        return Platform(
            os=parsed.os,
            architecture=parsed.architecture,
            libc=parsed.libc,
            version=parsed.version,
            markers=self.markers,
        )


def fixed(name: str, tag: str, markers: tuple[tuple[str, str], ...] = ()) -> PlatformDefinition:
    """A platform that is the same for every Python."""
    Platform.parse(tag)
    return PlatformDefinition(name=name, choose=lambda _: tag, markers=markers)


def _lambda(name: str, architecture: str) -> PlatformDefinition:
    """AWS Lambda: Amazon Linux 2023 (glibc 2.34) from Python 3.12 on, Amazon Linux 2 (glibc 2.26) before.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    return PlatformDefinition(
        name=name,
        choose=lambda version: f"manylinux_2_{34 if version >= (3, 12) else 26}_{architecture}",
    )


def _table() -> dict[str, PlatformDefinition]:
    definitions = [
        _lambda("aws_lambda", "aarch64"),
        _lambda("aws_lambda_arm64", "aarch64"),
        _lambda("aws_lambda_x86_64", "x86_64"),
        fixed("macos_arm64", "macosx_14_0_arm64"),
        fixed("macos_x86_64", "macosx_14_0_x86_64"),
        fixed("windows_amd64", "win_amd64"),
        fixed("windows_arm64", "win_arm64"),
        fixed("windows_x86", "win32"),
    ]
    for architecture in ("x86_64", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "i686"):
        newest = 39 if architecture == "riscv64" else _DEFAULT_GLIBC[1]
        definitions.append(fixed(f"linux_{architecture}", f"manylinux_2_{newest}_{architecture}"))
        definitions.append(fixed(f"musl_{architecture}", f"musllinux_1_2_{architecture}"))
    return {definition.name: definition for definition in sorted(definitions, key=lambda each: each.name)}


BUILTIN = MappingProxyType(_table())
"""Built-in platform names. ``host`` is not among them: whoever knows the host passes its tag."""


def find(name: str) -> PlatformDefinition:
    """A built-in name or any platform tag.

    Raises:
        UsageError: it is neither.
    """
    return BUILTIN.get(name) or fixed(name, name)


def runs_on(platform: Platform, host: Platform) -> bool:
    """Whether what is built for ``platform`` runs on ``host`` as it is."""
    if (platform.os, platform.architecture, platform.libc) != (host.os, host.architecture, host.libc):
        return False
    return platform.version is None or host.version is None or platform.version <= host.version

"""Platforms: OS, architecture and libc with a version ceiling, and the table of built-in names.

A platform is written as one PEP 425 platform tag (https://peps.python.org/pep-0425/), with manylinux as in PEP 600
and musllinux as in PEP 656. ``parse`` and ``str`` are inverse to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

from packaging.tags import mac_platforms

from pytest_ofiuco.errors import UsageError, shown

_LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_LINUX_ARCHITECTURES = frozenset(
    {"x86_64", "aarch64", "armv7l", "armv6l", "ppc64le", "ppc64", "s390x", "riscv64", "i686", "loongarch64"}
)
_MAC_ARCHITECTURES = frozenset({"arm64", "x86_64"})
_WINDOWS = {"win_amd64": "AMD64", "win_arm64": "ARM64", "win32": "x86"}
_DEFAULT_GLIBC = (2, 28)
_DIGITS = 3

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

    ``os`` is ``linux``, ``macos`` or ``windows``; ``architecture`` is spelled as the OS's own tags do; ``libc`` is
    ``glibc`` or ``musl`` on Linux; ``version`` is the libc's, or the macOS release's, (major, minor).
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
        for read in (_parse_windows, _parse_macos, _parse_linux):
            platform = read(tag)
            if platform is not None:
                return platform
        raise UsageError(
            f"platform {shown(tag)}: neither a built-in name nor a platform tag",
            hint="use a tag such as manylinux_2_28_aarch64, macosx_14_0_arm64, win_amd64,"
            f" or one of: {', '.join(BUILTIN)}",
        )

    def __str__(self) -> str:
        if self.os == "windows":
            return self.architecture
        if self.version is None:
            return f"linux_{self.architecture}"
        prefix = {"macos": "macosx", "linux": "musllinux" if self.libc == "musl" else "manylinux"}[self.os]
        return f"{prefix}_{self.version[0]}_{self.version[1]}_{self.architecture}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags that it accepts, best first."""
        match self.os:
            case "windows":
                return (self.architecture,)
            case "macos":
                assert self.version is not None
                return tuple(mac_platforms(self.version, self.architecture))
            case _:
                return tuple(_linux_tags(self))

    @property
    def environment(self) -> dict[str, str]:
        """The marker keys that the platform decides."""
        match self.os:
            case "windows":
                values = ("nt", "win32", "Windows", _WINDOWS[self.architecture])
            case "macos":
                values = ("posix", "darwin", "Darwin", self.architecture)
            case _:
                values = ("posix", "linux", "Linux", self.architecture)
        keys = ("os_name", "sys_platform", "platform_system", "platform_machine")
        environment = dict(zip(keys, values, strict=True)) | {"platform_release": "", "platform_version": ""}
        return environment | dict(self.markers)


def _parse_windows(tag: str) -> Platform | None:
    return Platform(os="windows", architecture=tag) if tag in _WINDOWS else None


def _parse_macos(tag: str) -> Platform | None:
    parts = tag.split("_", 3)
    if len(parts) != 4 or parts[0] != "macosx" or parts[3] not in _MAC_ARCHITECTURES:
        return None
    version = _version(parts[1], parts[2])
    return version and Platform(os="macos", architecture=parts[3], version=version)


def _parse_linux(tag: str) -> Platform | None:
    family, _, rest = tag.partition("_")
    if family == "linux" and rest in _LINUX_ARCHITECTURES:
        return Platform(os="linux", architecture=rest, libc="glibc", version=None)
    if family in _LEGACY_MANYLINUX and rest in _LINUX_ARCHITECTURES:
        return Platform(os="linux", architecture=rest, libc="glibc", version=_LEGACY_MANYLINUX[family])
    if family not in ("manylinux", "musllinux"):
        return None
    major, _, rest = rest.partition("_")
    minor, _, architecture = rest.partition("_")
    version = _version(major, minor)
    if version is None or architecture not in _LINUX_ARCHITECTURES:
        return None
    return Platform(
        os="linux",
        architecture=architecture,
        libc="musl" if family == "musllinux" else "glibc",
        version=version,
    )


def _version(major: str, minor: str) -> tuple[int, int] | None:
    if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in (major, minor)):
        return None
    return int(major), int(minor)


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

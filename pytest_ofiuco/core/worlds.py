"""The worlds that markers ask about: which values their variables have together, on whatever runs Python.

Systems beyond those of the platform table are here so that a marker for them is not called dead: other Unixes, Python
on the JVM and in a browser, mobile systems. ``sys.platform``: https://docs.python.org/3/library/sys.html#sys.platform;
``platform.system()`` and ``platform.machine()`` say what ``uname`` says.

The set of systems is closed, and so are the machines of a system as far as another system has the word: ``arm64`` is
not Linux's. A machine or an implementation that is known nowhere may exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, islice, product

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.platforms import BUILTIN, MARKER_KEYS

World = tuple[tuple[str, str], ...]
"""Pairs of variable and value. Of the set-valued variables the value is the only element; empty means none."""

Literals = tuple[tuple[str, tuple[str, ...]], ...]
"""What each variable is compared with."""

_PYTHON, _PLATFORM, _IMPLEMENTATION = "python", "platform", "implementation"

_FAMILIES = {
    "python_version": _PYTHON,
    "python_full_version": _PYTHON,
    "implementation_name": _IMPLEMENTATION,
    "platform_python_implementation": _IMPLEMENTATION,
    "os_name": _PLATFORM,
    "platform_machine": _PLATFORM,
    "platform_system": _PLATFORM,
    "sys_platform": _PLATFORM,
}
_SETS = ("extras", "dependency_groups")
_EXTRA = "extra"

_MOST_PIECES = 6
"""Literals of a free text whose every combination is tried."""

_MOST_PLATFORMS = 50_000
"""More than anybody evaluates."""

_POSIX_MACHINES = (
    *("x86_64", "aarch64", "i386", "i486", "i586", "i686", "armv5tel", "armv6l", "armv7l", "armv8l"),
    *("ppc", "ppc64", "ppc64le", "s390", "s390x", "riscv32", "riscv64", "loongarch64", "mips", "mips64"),
    *("alpha", "ia64", "m68k", "parisc", "parisc64", "sparc", "sparc64", "sh4", "arc", "sw_64"),
)
_BSD_MACHINES = (
    *("amd64", "arm64", "aarch64", "i386", "arm", "armv6", "armv7", "evbarm", "powerpc", "macppc", "riscv"),
    *("riscv64", "sparc64", "alpha", "hppa", "mips", "x86_64"),
)
_APPLE_MACHINES = ("arm64", "x86_64")

# os.name, sys.platform, platform.system(), platform.machine(). One of several of each.
_SYSTEMS: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("posix",), ("linux", "linux2", "linux3"), ("Linux",), _POSIX_MACHINES),
    (("posix",), ("darwin",), ("Darwin",), (*_APPLE_MACHINES, "i386", "Power Macintosh", "arm64e")),
    (("nt",), ("win32",), ("Windows",), ("AMD64", "ARM64", "x86", "ARM", "IA64", "")),
    (("posix",), ("cygwin", "msys"), ("CYGWIN_NT-10.0", "MSYS_NT-10.0", "MINGW64_NT-10.0"), ("x86_64", "i686")),
    (("posix",), ("android",), ("Android",), ("aarch64", "x86_64", "armv7l", "armv8l", "i686")),
    (
        ("posix",),
        ("ios", "tvos", "watchos", "visionos"),
        ("iOS", "iPadOS", "tvOS", "watchOS", "visionOS"),
        _APPLE_MACHINES,
    ),
    (("posix",), ("emscripten",), ("Emscripten",), ("wasm32", "wasm64")),
    (("posix",), ("wasi",), ("wasi", "WASI"), ("wasm32", "wasm64")),
    (("java",), ("java",), ("Java",), (*_POSIX_MACHINES, "amd64", "arm64", "x86", "")),
    (("posix",), ("freebsd",), ("FreeBSD",), _BSD_MACHINES),
    (("posix",), ("gnukfreebsd",), ("GNU/kFreeBSD",), _BSD_MACHINES),
    (("posix",), ("midnightbsd",), ("MidnightBSD",), _BSD_MACHINES),
    (("posix",), ("netbsd",), ("NetBSD",), _BSD_MACHINES),
    (("posix",), ("openbsd",), ("OpenBSD",), _BSD_MACHINES),
    (("posix",), ("dragonfly",), ("DragonFly",), _BSD_MACHINES),
    (("posix",), ("sunos",), ("SunOS",), ("i86pc", "sun4u", "sun4v", "x86_64", "amd64", "sparc")),
    (("posix",), ("aix",), ("AIX",), ("powerpc", "ppc64", "")),
    (("posix",), ("os400",), ("OS400",), ("powerpc", "ppc64", "")),
    (("posix",), ("zos", "os390"), ("OS/390", "z/OS"), ("s390x", "")),
    (("posix",), ("hp-ux",), ("HP-UX",), ("ia64", "9000/800")),
    (("posix",), ("irix", "osf1v", "unixware"), ("IRIX", "IRIX64", "OSF1", "UnixWare"), ("mips", "alpha", "i386")),
    (("posix",), ("haiku",), ("Haiku",), ("x86_64", "BePC", "arm64")),
    (("posix",), ("gnu",), ("GNU",), ("i686-AT386", "x86_64")),
    (("posix",), ("vxworks",), ("VxWorks",), _POSIX_MACHINES),
    (("posix",), ("qnx", "nto"), ("QNX",), ("x86pc", "x86_64", "aarch64le")),
    (("posix",), ("serenityos",), ("SerenityOS",), ("x86_64", "AArch64", "aarch64", "riscv64")),
    (("os2", "ce", "riscos", "mac"), ("os2emx", "os2knix", "wince", "riscos", "mac"), ("",), ("",)),
)

_IMPLEMENTATIONS = (
    ("cpython", "CPython"),
    ("pypy", "PyPy"),
    ("jython", "Jython"),
    ("ironpython", "IronPython"),
    ("graalpy", "GraalVM"),
    ("graalpython", "GraalVM"),
    ("micropython", "MicroPython"),
    ("rustpython", "RustPython"),
    ("pyston", "Pyston"),
    ("pyodide", "CPython"),
)

_ELSEWHERE = "elsewhere"


def family_of(variable: str, literal: str) -> str:
    """The name of the family of a variable; of a set, every element is one of its own."""
    if variable in _SETS or variable == _EXTRA:
        return f"{variable} {literal}"
    return _FAMILIES.get(variable, variable)


def of_family(family: str, literals: Literals, admitted: tuple[SpecifierSet, ...]) -> list[World]:
    """The worlds of a family, as far as the literals can tell them apart."""
    compared = dict(literals)
    match family:
        case "python":
            return list(_pythons(chain.from_iterable(compared.values()), admitted))
        case "platform":
            return list(islice(_platforms(compared), _MOST_PLATFORMS))
        case "implementation":
            return list(_implementations(compared))
        case _:
            ((variable, found),) = literals
            values = _free(found) if variable in MARKER_KEYS else ("", *found)
            return [((variable, value),) for value in values]


def environment(world: World) -> dict[str, str | frozenset[str]]:
    """All marker keys, so that nothing is asked of the host."""
    values: dict[str, str | frozenset[str]] = dict.fromkeys(MARKER_KEYS, "")
    values |= {"python_full_version": "3.0.0", _EXTRA: "", **dict.fromkeys(_SETS, frozenset())}
    for variable, value in world:
        values[variable] = frozenset(filter(None, [value])) if variable in _SETS else value
    return values


def _pythons(literals: Iterable[str], admitted: tuple[SpecifierSet, ...]) -> list[World]:
    """Full versions at, just below and just above every version that is mentioned."""
    texts = [*literals, *(each.version for specifiers in admitted for each in specifiers), "2.7.18", "3.8", "3.99"]
    versions = dict.fromkeys(chain.from_iterable(map(_around, _versions(texts))))
    within = [each for each in versions if any(specifiers.contains(each, prereleases=True) for specifiers in admitted)]
    return [
        (("python_full_version", each), ("python_version", ".".join(each.split(".")[:2])))
        for each in within or versions
    ]


def _versions(texts: Iterable[str]) -> Iterator[Version]:
    for word in chain.from_iterable(map(_words, texts)):
        try:
            yield grammar.version(word.removesuffix(".*"))
        except InvalidVersion:
            continue


def _around(version: Version) -> Iterator[str]:
    major, minor, micro = (*version.release, 0, 0)[:3]
    for release in (
        (major, minor, micro),
        (major, minor, 0),
        (major, minor, micro + 1),
        (major, minor, max(micro - 1, 0)),
        (major, minor + 1, 0),
        (major, max(minor - 1, 0), 99),
        (major + 1, 0, 0),
        (max(major - 1, 0), 99, 0),
    ):
        yield ".".join(map(str, release))
    for stage in ("a1", "b1", "rc1"):
        yield f"{major}.{minor}.{micro}{stage}"
    if version.pre is not None:
        stage, number = version.pre
        for each in (number, number + 1, max(number - 1, 0)):
            yield f"{major}.{minor}.{micro}{stage}{each}"
    if version.local or version.is_postrelease or version.is_devrelease:
        yield str(version).replace(version.base_version, f"{major}.{minor}.{micro}", 1)


def _platforms(compared: dict[str, tuple[str, ...]]) -> Iterator[World]:
    """The systems, each with its machines, as far as variables of theirs are compared."""
    strange = _strange(compared.get("platform_machine", ()), _MACHINES)
    written = {variable: list(chain.from_iterable(map(_words, found))) for variable, found in compared.items()}
    for os_names, names, systems, machines in _SYSTEMS:
        numbered = [word for word in written.get("sys_platform", ()) if word.rstrip("0123456789._-") in names]
        hosted = [word for word in written.get("platform_system", ()) if word.partition("-")[0] in _heads(systems)]
        values = {
            "os_name": os_names,
            "sys_platform": (*names, *numbered),
            "platform_system": (*systems, *hosted),
            "platform_machine": (*machines, *strange),
        }
        for combination in product(*(values[variable] for variable in compared)):
            yield tuple(zip(compared, combination, strict=True))


def _heads(systems: Iterable[str]) -> set[str]:
    """``CYGWIN_NT`` of ``CYGWIN_NT-10.0``: the number is Windows's."""
    return {each.partition("-")[0] for each in systems if "_NT-" in each}


def _implementations(compared: dict[str, tuple[str, ...]]) -> Iterator[World]:
    names = _strange(compared.get("implementation_name", ()), {name for name, _ in _IMPLEMENTATIONS})
    titles = _strange(compared.get("platform_python_implementation", ()), {title for _, title in _IMPLEMENTATIONS})
    others = product((*names, _ELSEWHERE), (*titles, _ELSEWHERE, "CPython"))
    for name, title in (*_IMPLEMENTATIONS, *others):
        yield (("implementation_name", name), ("platform_python_implementation", title))


def _strange(literals: Iterable[str], known: Iterable[str]) -> list[str]:
    """The words that are known nowhere, in whatever case."""
    lowered = {each.lower() for each in known}
    return [word for word in chain.from_iterable(map(_words, literals)) if word.lower() not in lowered]


def _free(literals: tuple[str, ...]) -> Iterator[str]:
    """Values of a free text: the literals, what is near them where they are versions, and several at once."""
    yield from ("", _ELSEWHERE, *literals)
    for version in _versions(literals):
        yield from (f"{version.public}.1", *_around(version))
    pieces = list(dict.fromkeys(chain.from_iterable(map(_words, literals))))[:_MOST_PIECES]
    for size in range(1, len(pieces) + 1):
        yield from map(" ".join, combinations(pieces, size))


def _words(literal: str) -> list[str]:
    """``in`` and ``not in`` list their values in one literal, separated in one way or another."""
    return [literal, *literal.replace(",", " ").replace("|", " ").split()]


_MACHINES = frozenset(chain.from_iterable(machines for _, _, _, machines in _SYSTEMS)) | {
    each.platform((3, 12)).environment["platform_machine"] for each in BUILTIN.values()
}

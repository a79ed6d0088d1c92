"""Targets: Python × platform → the 11 marker keys and the ordered tags, all without asking the host.

Markers: https://packaging.python.org/specifications/dependency-specifiers/. Tags: PEP 425, and ``packaging.tags``
with every argument given, since its defaults ask the running interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.tags import Tag, compatible_tags, cpython_tags, generic_tags
from packaging.version import Version

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import UsageError, shown

_FIRST_FREE_THREADED = (3, 13)
_LAST_WITH_PYMALLOC_FLAG = (3, 7)
_PYPY_VERSION = "7.3.0"
"""PyPy has a version of its own, which ``implementation_version`` tests. All releases for Python 3.8 and later are of
the 7.3 series, as their ABI (``pp73``) says; which one is no more told by ``pypy3.10`` than the micro version of Python
by ``3.10``, hence X.Y.0 here too. A platform's ``markers`` may say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """An implementation, a version and an ABI.

    Written ``3.12``, ``3.12.4``, ``3.13t`` (free-threaded) or ``pypy3.10``; ``X.Y`` has the full version ``X.Y.0``.
    """

    text: str
    implementation: str
    version: Version
    free_threaded: bool = False

    @classmethod
    def parse(cls, text: str) -> Python:
        """Read a Python as a user writes it.

        Raises:
            UsageError: it is not a version of Python 3.
        """
        rest, implementation = text.strip(), "cpython"
        for prefix, name in (("cpython", "cpython"), ("pypy", "pypy"), ("python", "cpython")):
            if rest.startswith(prefix):
                rest, implementation = rest[len(prefix) :].lstrip("-@"), name
        free_threaded = implementation == "cpython" and rest.endswith("t")
        try:
            version = Version(rest.removesuffix("t") if free_threaded else rest)
        except ValueError:  # also for numbers of more digits than Python reads
            version = None
        if version is None or not rest[:1].isdecimal() or not _names_a_python(version):
            raise UsageError(
                f"python {shown(text)}: not a version of Python 3",
                hint="write it as 3.12, 3.12.4, 3.13t (free-threaded) or pypy3.10",
            )
        if free_threaded and (version.major, version.minor) < _FIRST_FREE_THREADED:
            raise UsageError(
                f"python {shown(text)}: no such free-threaded Python",
                hint="3.13t is the first; leave the t out for the build with the GIL",
            )
        return cls(text=text.strip(), implementation=implementation, version=version, free_threaded=free_threaded)

    def __str__(self) -> str:
        return self.text

    @property
    def minor(self) -> tuple[int, int]:
        """(major, minor)."""
        return self.version.major, self.version.minor

    @property
    def full_version(self) -> str:
        """``X.Y.Z``, with what follows in a prerelease."""
        text = str(self.version)
        release = ".".join(map(str, self.version.release))
        return text if len(self.version.release) == 3 else text.replace(release, f"{release}.0", 1)

    @property
    def release(self) -> str:
        """``X.Y.Z`` alone: what ``sys.version_info[:3]`` says, of a prerelease too."""
        return ".".join(map(str, (*self.version.release, 0)[:3]))

    @property
    def is_exact(self) -> bool:
        """Whether a micro version was given."""
        return len(self.version.release) == 3

    @property
    def any_patch(self) -> Python:
        """The same of whichever patch."""
        prefix = "pypy" if self.implementation == "pypy" else ""
        return Python.parse(f"{prefix}{self.version.major}.{self.version.minor}{'t' * self.free_threaded}")

    @property
    def label(self) -> str:
        """What names it in a cell: ``py312``, ``py3.12.4``, ``py313t``, ``pypy310``."""
        prefix = "pypy" if self.implementation == "pypy" else "py"
        number = str(self.version) if self.is_exact else f"{self.version.major}{self.version.minor}"
        return f"{prefix}{number}{'t' if self.free_threaded else ''}"


def _names_a_python(version: Version) -> bool:
    """Whether it is 3.X or 3.X.Y, perhaps a prerelease: no Python has an epoch, a post-, dev or local release."""
    is_odd = version.epoch or version.is_postrelease or version.is_devrelease or version.local
    return not is_odd and version.major == 3 and len(version.release) in (2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Python on a platform."""

    python: Python
    platform: Platform

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform}"

    @property
    def environment(self) -> dict[str, str]:
        """All 11 marker keys, sorted."""
        python = self.python
        pypy = python.implementation == "pypy"
        values = {
            "implementation_name": python.implementation,
            "implementation_version": _PYPY_VERSION if pypy else python.full_version,
            "platform_python_implementation": "PyPy" if pypy else "CPython",
            "python_full_version": python.full_version,
            "python_version": f"{python.version.major}.{python.version.minor}",
        }
        return dict(sorted((values | self.platform.environment).items()))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Every compatible tag, best first."""
        return tuple(self._tags())

    def _tags(self) -> Iterator[Tag]:
        version, platforms = self.python.minor, self.platform.tags
        number = f"{version[0]}{version[1]}"
        if self.python.implementation == "pypy":
            yield from generic_tags(f"pp{number}", [f"pypy{number}_pp73"], platforms)
            yield from compatible_tags(version, "pp3", platforms)
            return
        flag = "t" if self.python.free_threaded else "m" if version <= _LAST_WITH_PYMALLOC_FLAG else ""
        yield from cpython_tags(version, [f"cp{number}{flag}"], platforms)
        yield from compatible_tags(version, f"cp{number}", platforms)

"""The Pythons that a lock is for, where nobody says: no interpreter is needed to ask."""

from __future__ import annotations

from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.satisfiable import can_hold
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import UsageError, shown

_MINORS = range(8, 16)
_MICROS = range(1, 40)


def pythons_of(lock: Lock) -> tuple[Python, ...]:
    """The minor versions of CPython from 3.8 on that a lock admits.

    Raises:
        UsageError: it admits none.
    """
    known = [Python.parse(f"3.{minor}") for minor in _MINORS]
    found = tuple(python for python in known if admits(lock, as_meant(lock, python)) and _has_environment(lock, python))
    if not found:
        raise UsageError(
            f"{lock.path}: {shown(lock.requires_python_text)} admits no Python from {known[0]} to {known[-1]}",
            "name one with --python",
        )
    return found


def as_meant(lock: Lock, python: Python) -> Python:
    """``X.Y`` as the lowest ``X.Y.Z`` that a lock admits, if there is one: ``>=3.8.1`` is for 3.8, too."""
    if python.is_exact or admits(lock, python):
        return python
    micros = (replace(python, version=Version(f"{python.version}.{micro}")) for micro in _MICROS)
    return next((each for each in micros if admits(lock, each)), python)


def admits(lock: Lock, python: Python) -> bool:
    """Whether a lock is for a Python."""
    admitted = lock.requires_python
    return not admitted or any(each.contains(python.release) for each in admitted)


def _has_environment(lock: Lock, python: Python) -> bool:
    """Whether one of the environments that a lock was made for, where it names any, may have a minor version."""
    minor = (SpecifierSet(f"=={python.version}.*"),)
    return not lock.environments or any(can_hold(marker, minor) for marker in lock.environments)

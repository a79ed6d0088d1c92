"""Every error that a user can cause: ``OfiucoError`` and its leaves.

A leaf's module is imported when the leaf is asked for (PEP 562): a start that finds everything ready raises none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_ofiuco.errors.base import CacheError, OfiucoError, UsageError, brief, shown

if TYPE_CHECKING:
    from pytest_ofiuco.errors.bundle import BundleError
    from pytest_ofiuco.errors.hosts import HostError, MissingThereError
    from pytest_ofiuco.errors.inputs import (
        ConflictError,
        InputError,
        LockVersionError,
        NoLockError,
        StaleLockError,
        UnknownNameError,
        UnknownPackageError,
    )
    from pytest_ofiuco.errors.resolution import (
        AmbiguousError,
        IndistinctCellsError,
        NoArtifactError,
        NoReplacementError,
        NothingToReplaceError,
        NotLockedError,
        PlatformNotAdmittedError,
        PythonNotAdmittedError,
        UnmetDependencyError,
    )
    from pytest_ofiuco.errors.store import (
        ArchiveError,
        BrokenImageError,
        BrokenPythonError,
        BuildError,
        FetchError,
        HashMismatchError,
        MisbuiltError,
        MissingPytestError,
        MissingPythonError,
        NamingError,
        NoLocationError,
        NotInstalledError,
        NoWheelError,
        OfflineError,
        UnhashedError,
    )

__all__ = [
    "AmbiguousError",
    "ArchiveError",
    "BrokenImageError",
    "BrokenPythonError",
    "BuildError",
    "BundleError",
    "CacheError",
    "ConflictError",
    "FetchError",
    "HashMismatchError",
    "HostError",
    "IndistinctCellsError",
    "InputError",
    "LockVersionError",
    "MisbuiltError",
    "MissingPytestError",
    "MissingPythonError",
    "MissingThereError",
    "NamingError",
    "NoArtifactError",
    "NoLocationError",
    "NoLockError",
    "NoReplacementError",
    "NoWheelError",
    "NotInstalledError",
    "NotLockedError",
    "NothingToReplaceError",
    "OfflineError",
    "OfiucoError",
    "PlatformNotAdmittedError",
    "PythonNotAdmittedError",
    "StaleLockError",
    "UnhashedError",
    "UnknownNameError",
    "UnknownPackageError",
    "UnmetDependencyError",
    "UsageError",
    "brief",
    "shown",
]

_MODULES = ("inputs", "resolution", "store", "hosts", "bundle")


def __getattr__(name: str) -> object:
    if name in __all__:
        for module in _MODULES:
            found: object = getattr(import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

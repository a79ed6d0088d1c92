"""Every error that a user can cause: ``OfiucoError`` and its leaves."""

from __future__ import annotations

from pytest_ofiuco.errors.base import (
    OfiucoError,
    UsageError,
    brief,
    shown,
)
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
    BrokenPythonError,
    BuildError,
    CacheError,
    FetchError,
    HashMismatchError,
    MissingPytestError,
    MissingPythonError,
    NamingError,
    NoLocationError,
    OfflineError,
    UnhashedError,
)

__all__ = [
    "AmbiguousError",
    "ArchiveError",
    "BrokenPythonError",
    "BuildError",
    "CacheError",
    "ConflictError",
    "FetchError",
    "HashMismatchError",
    "IndistinctCellsError",
    "InputError",
    "LockVersionError",
    "MissingPytestError",
    "MissingPythonError",
    "NamingError",
    "NoArtifactError",
    "NoLocationError",
    "NoLockError",
    "NoReplacementError",
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

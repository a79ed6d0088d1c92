"""Builds that the user has forbidden: a build runs whatever code its source holds.

As uv (``UV_NO_BUILD``, ``UV_NO_BUILD_PACKAGE``) and pip (``PIP_ONLY_BINARY``) have it. Folders are the user's own, and
are built all the same; what has been built is taken all the same, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Artifact, Directory
from pytest_ofiuco.errors import UsageError

_YES = frozenset({"1", "true", "t", "yes", "y", "on"})


def check_allowed(artifact: Artifact, package: str, environ: Mapping[str, str]) -> None:
    """Whether ``package`` may be built.

    Raises:
        UsageError: a variable forbids it.
    """
    if isinstance(artifact, Directory):
        return
    variable = _forbidding(canonicalize_name(package), environ)
    if variable:
        reason = f"{package}: there is no wheel for it, and {variable} forbids to build it"
        raise UsageError(reason, f"lock a version that has a wheel, or allow the build in {variable}")


def _forbidding(name: str, environ: Mapping[str, str]) -> str | None:
    if environ.get("UV_NO_BUILD", "").strip().lower() in _YES:
        return "UV_NO_BUILD"
    if name in _names(environ.get("UV_NO_BUILD_PACKAGE", "").split()):
        return "UV_NO_BUILD_PACKAGE"
    only_binary = environ.get("PIP_ONLY_BINARY", "").split(",")
    # what follows `:none:` counts, and `:all:` is all
    while ":none:" in only_binary:
        del only_binary[: only_binary.index(":none:") + 1]
    if ":all:" in only_binary or name in _names(only_binary):
        return "PIP_ONLY_BINARY"
    return None


def _names(texts: list[str]) -> set[str]:
    return {canonicalize_name(each.strip()) for each in texts if each.strip()}

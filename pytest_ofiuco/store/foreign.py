"""What may be installed for a platform that does not run here: wheels, and what is built of folders for any platform.

A build runs here, with this machine's compiler and headers, whatever interpreter it is done with: what it compiles is
not for the platform. Sources that are locked are refused before anything is fetched. The project's own sources, and
folders beside it, are built by an interpreter of this machine, and must give wheels that are for any platform.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from packaging.utils import parse_wheel_filename

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Wheel
from pytest_ofiuco.core.choice import Choice
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import MisbuiltError, NoWheelError

_WHAT = {"sdist": "a source distribution", "archive": "a source archive", "vcs": "a commit"}


def is_wheel(artifact: Artifact) -> TypeGuard[Wheel | Archive]:
    """Whether an artifact is a wheel, be it named by a URL."""
    return isinstance(artifact, Wheel) or (isinstance(artifact, Archive) and artifact.filename.endswith(".whl"))


def check_locked(resolution: Resolution, pins: Iterable[Pin]) -> None:
    """Whether packages have what may be installed for a platform that does not run here.

    Raises:
        NoWheelError: one would have to be built.
    """
    choice = Choice(resolution.lock, resolution.target)
    for pin in pins:
        if not is_wheel(pin.artifact) and not isinstance(pin.artifact, Directory):
            raise NoWheelError(
                file=resolution.lock.path,
                package=f"{pin.name} {pin.version or ''}".rstrip(),
                target=str(resolution.target),
                what=_WHAT[pin.artifact.kind],
                nearest=choice.lacking(_wheels(resolution.lock, pin)),
            )


def _wheels(lock: Lock, pin: Pin) -> list[Wheel]:
    """Those that a lock has of a package, none of which fits."""
    entries = (each for each in lock.packages if (each.name, each.version) == (pin.name, pin.version))
    return [wheel for entry in entries for wheel in entry.wheels]


def check_built(filename: str, package: str, target: Target) -> None:
    """Whether a wheel that was built here may be installed for a platform that does not run here.

    Raises:
        MisbuiltError: it may not.
    """
    tags = parse_wheel_filename(filename)[3]
    if not any(tag.platform == "any" and tag in target.tags for tag in tags):
        raise MisbuiltError(package=package, filename=filename, target=str(target))

"""What the wheels of a variant say that they need, beside what they get: no lock has put them together.

``Requires-Dist`` and ``Requires-Python`` of core metadata
(https://packaging.python.org/specifications/core-metadata/) tell it of every wheel, also where the lock that an entry
came from does not. What was unmet before anything was replaced is the lock's own business: it may override.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.message import Message
from email.parser import Parser

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.errors import ArchiveError, PythonNotAdmittedError, UnmetDependencyError
from pytest_ofiuco.store.wheel import UnpackedWheel


def check_needs(resolution: Resolution, wheels: Sequence[UnpackedWheel]) -> None:
    """Whether what a variant has replaced gets what it needs, and is what the others need.

    ``wheels`` are those of the resolution's packages, in their order. The project's own may follow; it does not count.

    Raises:
        ArchiveError: what has taken a place is another version than its name says.
        PythonNotAdmittedError: what has taken a place is not for this Python.
        UnmetDependencyError: it lacks something, or does not suit.
    """
    variant = resolution.variant
    if variant is None:
        return
    dropped = {each.name for each in variant.replacements if not each.entries}
    versions = resolution.versions()
    for pin, wheel in zip(resolution.packages, wheels, strict=False):
        metadata = _metadata(wheel)
        is_new = pin.name in resolution.replaced
        if is_new:
            _check_version(pin, metadata)
            _check_python(resolution, variant, pin, metadata)
        for needed in _needed(metadata, pin, resolution):
            other = canonicalize_name(needed.name)
            if other in dropped or not (is_new or other in resolution.replaced):
                continue
            if other in versions and _suits(needed, versions[other]):
                continue
            if not is_new and not _suits(needed, resolution.replaced[other]):
                continue
            found = f"{other} {versions[other]}" if other in versions else ""
            raise UnmetDependencyError(
                file=variant.file,
                variant=variant.name,
                package=f"{pin.name} {pin.version}",
                wanted=f"{other} {needed.specifier}".strip(),
                found=found,
                other=other if is_new else pin.name,
            )


def _metadata(wheel: UnpackedWheel) -> Message:
    """A wheel's metadata; none where it has none."""
    text = ""
    with suppress(OSError):
        text = (wheel.tree / wheel.dist_info / "METADATA").read_text(encoding="utf-8", errors="replace")
    return Parser().parsestr(text, headersonly=True)


def _check_version(pin: Pin, metadata: Message) -> None:
    """Whether a wheel is of the version that its name says: the store finds files by hashes, which people copy."""
    version = metadata.get("Version")
    if not isinstance(pin.artifact, Wheel) or pin.version is None or version is None:
        return
    with suppress(ValueError):  # InvalidVersion is one
        if Version(version) != Version(pin.version):
            reason = f"what has its hash is {pin.name} {version}"
            raise ArchiveError(pin.artifact.filename, reason, "correct the hash: it is that of another file")


def _check_python(resolution: Resolution, variant: Variant, pin: Pin, metadata: Message) -> None:
    written, python = metadata.get("Requires-Python"), resolution.target.python.full_version
    if written is None:
        return
    with suppress(ValueError):  # InvalidSpecifier is one
        if not SpecifierSet(written).contains(python, prereleases=True):
            at = f"variant {variant.name}: {pin.name} {pin.version}"
            hint = "leave this cell out with `exclude` in [tool.ofiuco]"
            raise PythonNotAdmittedError(variant.file, at, python, written, hint)


def _needed(metadata: Message, pin: Pin, resolution: Resolution) -> Iterator[Requirement]:
    """The requirements that hold on the target, with the extras requested; what cannot be read is passed over."""
    environments = [{**resolution.target.environment, "extra": extra} for extra in ("", *pin.extras)]
    for written in metadata.get_all("Requires-Dist", ()):
        try:
            requirement = Requirement(written)
            marker = requirement.marker
            holds = marker is None or any(marker.evaluate(each) for each in environments)
        except ValueError:  # all that packaging raises here is one
            continue
        if holds:
            yield requirement


def _suits(needed: Requirement, version: str | None) -> bool:
    """Whether a version is what is needed; one that cannot be compared is."""
    with suppress(ValueError):
        return version is None or needed.specifier.contains(version, prereleases=True)
    return True

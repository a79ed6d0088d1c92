"""Which of a package's files a target takes: best tag first, then the highest build tag, a wheel before an sdist.

https://packaging.python.org/specifications/binary-distribution-format/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Archive, Artifact, Sdist, Wheel, is_sha256, sha256_of
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import NoArtifactError, shown

FAR = "for another"
"""How the reason begins why a file does not fit that is far from it."""


class Choice:
    """Chooses for one target."""

    def __init__(self, lock: Lock, target: Target) -> None:
        self.lock, self.target = lock, target
        self.ranks = {tag: rank for rank, tag in reversed(list(enumerate(target.tags)))}

    @cached_property
    def pythons(self) -> frozenset[tuple[str, str]]:
        """The (interpreter, ABI) pairs of the target, on whatever platform."""
        return frozenset((tag.interpreter, tag.abi) for tag in self.ranks)

    def artifact(self, package: Package) -> Artifact:
        """What is installed of ``package``.

        Raises:
            NoArtifactError: nothing of it fits.
        """
        found = package.direct or best_wheel(package.wheels, self.ranks) or package.sdist
        if found is not None:
            return found
        raise NoArtifactError(
            file=self.lock.path,
            at=package.at,
            package=package.name,
            version=package.version or "",
            target=str(self.target),
            offers=sorted((wheel.filename for wheel in package.wheels), key=self._distance),
            reason=self._why_not(package.wheels),
        )

    def remarks(self, package: Package, artifact: Artifact) -> Iterator[str]:
        """What there is to say of an sdist that is taken since no wheel fits, and of a hash that nothing can have."""
        if isinstance(artifact, Sdist) and package.wheels:
            reason = self.lacking(package.wheels) or "each is for another platform or Python"
            yield f"{package}: no wheel fits ({reason}): {artifact.filename} must be built on such a platform"
        if isinstance(artifact, (Wheel, Sdist, Archive)):
            sha256 = sha256_of(artifact.hashes)
            if sha256 is not None and not is_sha256(sha256):
                yield f"{package}: {artifact.filename}: {shown(sha256)} is no sha256: no file can be installed by it"

    def _distance(self, filename: str) -> tuple[bool, str]:
        """Wheels for the target's Python come first."""
        return not any((tag.interpreter, tag.abi) in self.pythons for tag in _tags(filename)), filename

    def tag(self, wheel: Wheel) -> Tag | None:
        """The best of a wheel's tags that the target accepts; none where the wheel does not fit."""
        fitting = [tag for tag in _tags(wheel.filename) if tag in self.ranks]
        return min(fitting, key=self.ranks.__getitem__) if fitting else None

    def in_order(self, wheels: Iterable[Wheel]) -> list[Wheel]:
        """Wheels as they are preferred, the best first; those that do not fit are the last."""
        last = len(self.ranks)
        by_build = sorted(sorted(wheels, key=lambda each: each.filename), key=_build, reverse=True)
        ranks = {each.filename: _rank(each.filename, self.ranks) for each in by_build}
        return sorted(by_build, key=lambda each: last if (rank := ranks[each.filename]) is None else rank)

    def misfit(self, wheel: Wheel) -> str:
        """Why a wheel does not fit."""
        tags = _tags(wheel.filename)
        if not tags:
            return "its name is not a wheel's"
        lacking = self.lacking([wheel])
        if lacking:
            return lacking
        is_for_python = any((tag.interpreter, tag.abi) in self.pythons for tag in tags)
        is_for_platform = bool({tag.platform for tag in tags} & {tag.platform for tag in self.ranks})
        others = {(True, False): "platform", (False, True): "Python"}
        return f"{FAR} {others.get((is_for_python, is_for_platform), 'Python and platform')}"

    def _why_not(self, wheels: Sequence[Wheel]) -> str:
        """The nearest miss, in the words of a user: a libc or macOS that is too new, or another Python or platform."""
        lacking = self.lacking(wheels)
        if lacking:
            return lacking
        return (
            "every wheel is for another platform or Python, and there is no sdist" if wheels else "nothing to install"
        )

    def lacking(self, wheels: Sequence[Wheel]) -> str:
        """The libc or macOS that the least demanding of the wheels for this Python and architecture needs, if newer."""
        platform = self.target.platform
        family = "macOS" if platform.os == "macos" else platform.libc
        needs = [
            need
            for wheel in wheels
            for tag in _tags(wheel.filename)
            if (tag.interpreter, tag.abi) in self.pythons
            and (need := _needed_version(tag.platform, family, platform.architecture)) is not None
        ]
        if not needs or platform.version is None or min(needs) <= platform.version:
            return ""
        need, have = min(needs), platform.version
        return f"needs {family} ≥ {need[0]}.{need[1]}, the platform has {have[0]}.{have[1]}"


def best_wheel(wheels: Iterable[Wheel], ranks: Mapping[Tag, int]) -> Wheel | None:
    """The wheel that fits best; ``ranks`` are the target's tags, the best has the lowest.

    Of wheels alike in tag and build it is the first by name: the one that ``packaging``, pip and uv take too, since
    locks and indexes list files sorted.
    """
    fitting = [(rank, wheel) for wheel in wheels if (rank := _rank(wheel.filename, ranks)) is not None]
    if not fitting:
        return None
    first = min(rank for rank, _ in fitting)
    return max(sorted((wheel for rank, wheel in fitting if rank == first), key=lambda each: each.filename), key=_build)


_FAMILIES = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS"}


def _needed_version(tag: str, family: str | None, architecture: str) -> tuple[int, int] | None:
    """The version in a tag of this libc or system and architecture: ``manylinux_2_28_x86_64`` → (2, 28)."""
    written, _, rest = tag.partition("_")
    major, _, rest = rest.partition("_")
    minor, _, machine = rest.partition("_")
    if family is None or _FAMILIES.get(written) != family or machine != architecture:
        return None
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def _rank(filename: str, ranks: Mapping[Tag, int]) -> int | None:
    return min((ranks[tag] for tag in _tags(filename) if tag in ranks), default=None)


@lru_cache(maxsize=65536)
def _parsed(filename: str) -> tuple[frozenset[Tag], tuple[int, str]] | None:
    try:
        _, _, build, tags = grammar.wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return tags, build or (-1, "")


def _tags(filename: str) -> frozenset[Tag]:
    """The tags of a wheel's name; none where the name is not a wheel's: such a file is passed over."""
    parsed = _parsed(filename)
    return parsed[0] if parsed else frozenset()


def _build(wheel: Wheel) -> tuple[int, str]:
    parsed = _parsed(wheel.filename)
    return parsed[1] if parsed else (-1, "")

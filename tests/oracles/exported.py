"""An exported requirements.txt, evaluated for a target, and what our resolution of the same lock must be beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, sha256_of
from pytest_ofiuco.core.lock import Lock, Package, Selection
from pytest_ofiuco.core.resolve import Pin, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import NoArtifactError
from pytest_ofiuco.store.project import load

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOTHING = "0" * 64
"""The sha256 of a stand-in: the file of a package that has none for the target."""

PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_17_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_14_0_arm64",
    "macosx_14_0_x86_64",
    "win_amd64",
    "win32",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a tool says of one package: its pinned version or its location, and the hashes a file of it may have."""

    name: str
    version: str | None
    location: str | None
    hashes: frozenset[str]


def exported(text: str, target: Target, names: Mapping[str, str]) -> dict[str, Exported]:
    """The lines of an exported requirements.txt whose marker holds for the target, by name.

    Args:
        text: the file.
        target: for whom markers are evaluated.
        names: the packages' names by the paths that lines without a name give.
    """
    found: dict[str, Exported] = {}
    for line in _logical_lines(text):
        written, *options = line.split(" --hash=")
        requirement = Requirement(_with_name(written, names))
        if requirement.marker is None or requirement.marker.evaluate({**target.environment, "extra": ""}):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} twice for {target}"
            pinned = next(iter(requirement.specifier), None)
            found[name] = Exported(
                name=name,
                version=pinned.version if pinned else None,
                location=requirement.url,
                hashes=frozenset(option.strip().partition(":")[2] for option in options),
            )
    return found


def _logical_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        written = line.partition(" # ")[0].strip()
        if written and not written.startswith(("#", "--")):
            yield " ".join(written.split())


def _with_name(written: str, names: Mapping[str, str]) -> str:
    """``-e file:///…/sample ; marker`` with the name that the lock has for that path."""
    if not written.startswith("-e "):
        return written
    location, _, rest = written.removeprefix("-e ").partition(" ")
    return f"{names[urlsplit(location).path.rpartition('/')[2]]} @ {location} {rest}"


@cache
def locked(directory: Path, name: str | None = None) -> Lock:
    """A lock, read once however many tests need it."""
    return load(directory, name).lock


@cache
def filenames(lock: Path) -> dict[str, str]:
    """File names by sha256, straight from the lock's TOML."""
    found: dict[str, str] = {}
    document = tomllib.loads(lock.read_text(encoding="utf-8"))
    for package in document.get("package", document.get("packages", [])):
        for file in (*package.get("files", ()), *package.get("wheels", ()), package.get("sdist", {})):
            digest = file.get("hash", "").removeprefix("sha256:") or file.get("hashes", {}).get("sha256")
            if digest:
                name = file.get("file") or file.get("url") or file["path"]
                found[digest] = unquote(urlsplit(name).path.rpartition("/")[2])
    return found


@cache
def paths(lock: Path) -> dict[str, str]:
    """Package names by the local paths that they come from."""
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return {package["source"]["url"]: package["name"] for package in packages if package.get("source", {}).get("type")}


def fits(filename: str, tags: Iterable[Tag]) -> bool:
    """Whether a file can be installed: a wheel with a tag of the target, or a source."""
    if not filename.endswith(".whl"):
        return True
    return not parse_wheel_filename(filename)[3].isdisjoint(tags)


def unfit(answer: Mapping[str, Exported], names: Mapping[str, str], target: Target) -> set[str]:
    """The packages of which the tool offers no file that the target can install."""
    tags = frozenset(target.tags)
    return {
        each.name
        for each in answer.values()
        if each.hashes and not any(fits(names[digest], tags) for digest in each.hashes)
    }


def with_stand_ins(lock: Lock, names: set[str]) -> Lock:
    """The lock with an sdist for each of ``names``, so that the rest of a refused resolution can be seen."""
    stand_in = Sdist(filename="stand_in-0.tar.gz", hashes=(("sha256", NOTHING),))
    packages = [replace(each, direct=None, sdist=stand_in) if each.name in names else each for each in lock.packages]
    return replace(lock, packages=tuple(packages))


def assert_same(
    lock: Lock, target: Target, selection: Selection, answer: Mapping[str, Exported], names: Mapping[str, str]
) -> None:
    """Our resolution has the tool's packages, versions and files; where no file fits, an error that says so.

    Args:
        lock: as we read it.
        target: for whom.
        selection: what was asked of the tool.
        answer: the tool's answer.
        names: file names by sha256.
    """
    misfits = unfit(answer, names, target)
    if misfits:
        with_error = refusal(lock, target, selection)
        assert with_error.package in misfits, f"{with_error}; without a fitting file: {sorted(misfits)}"
    pins = {pin.name: pin for pin in resolve(with_stand_ins(lock, misfits), target, selection).packages}
    assert sorted(pins) == sorted(answer)
    for name, each in answer.items():
        _assert_pin(pins[canonicalize_name(name)], each)
        if each.hashes:
            assert each.hashes == _offered(lock, pins[canonicalize_name(name)], each), name


def refusal(lock: Lock, target: Target, selection: Selection) -> NoArtifactError:
    """The error of a resolution that must be refused."""
    try:
        resolve(lock, target, selection)
    except NoArtifactError as error:
        return error
    raise AssertionError(f"a resolution for {target}, though the tool has no fitting file")


def _assert_pin(pin: Pin, answer: Exported) -> None:
    if answer.location is None:
        assert pin.version == answer.version, pin.name
    match pin.artifact:
        case Wheel() | Sdist() | Archive() as file:
            assert sha256_of(file.hashes) in {NOTHING, *answer.hashes}, pin.name
        case Vcs() as vcs:
            assert answer.location == f"{vcs.type}+{vcs.url}@{vcs.commit}"
        case Directory() as directory:
            assert answer.location is not None
            assert answer.location.endswith(directory.path)


def _offered(lock: Lock, pin: Pin, answer: Exported) -> set[str]:
    """The sha256 of every file of the lock's entry for a pin."""
    entries = [each for each in lock.packages if each.name == pin.name and each.version == pin.version]
    offers = [{digest for file in _files(each) if (digest := sha256_of(file.hashes))} for each in entries]
    return next((offer for offer in offers if offer == answer.hashes), set().union(*offers))


def _files(package: Package) -> Iterator[Wheel | Sdist | Archive]:
    yield from package.wheels
    if package.sdist is not None:
        yield package.sdist
    if isinstance(package.direct, Archive):
        yield package.direct


def file_of(artifact: Artifact) -> str | None:
    """What tells an artifact from another: a file's sha256, a commit, a path."""
    match artifact:
        case Wheel() | Sdist() | Archive():
            return sha256_of(artifact.hashes)
        case Vcs():
            return artifact.commit
        case Directory():
            return artifact.path

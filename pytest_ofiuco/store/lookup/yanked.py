"""What the indexes say today of the files that were locked: withdrawn (PEP 592), not there, or not the same.

Asked where ``fetch`` would look. A page is read once, packages are asked about in parallel, and an index that does not
answer is a warning: the lock may be fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_ofiuco.core.artifact import Sdist, Wheel, sha256_of
from pytest_ofiuco.core.check import Taken
from pytest_ofiuco.core.finding import Finding, in_order, place_of
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.errors import HashMismatchError, shown
from pytest_ofiuco.store.index import Failure, Indexes
from pytest_ofiuco.store.network.failure import host_of
from pytest_ofiuco.store.network.page import Link
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.threads import Threads, result_of

_AT_A_TIME = 8

Code = Literal["yanked", "hash-differs", "not-found", "unasked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What an index says of a file that is not as it should be."""

    taken: Taken
    code: Code
    text: str


def ask(lock: Lock, directory: Path, taken: Sequence[Taken], settings: IndexSettings) -> tuple[Finding, ...]:
    """Findings about the files from indexes among ``taken``; ``directory`` is where the lock lies."""
    remote = Remote(settings)
    threads = Threads(_AT_A_TIME)
    try:
        indexes = Indexes(settings, remote, offline=False)
        by_package: dict[str, list[Taken]] = {}
        for each in taken:
            by_package.setdefault(each.package.name, []).append(each)
        futures = [threads.submit(_about, indexes, directory, files) for files in by_package.values()]
        answers = [answer for future in futures for answer in result_of(future)]
    finally:
        threads.close(0)
        remote.close()
    return in_order((*_told(lock, answers), *_untold(lock, answers)))


def _about(indexes: Indexes, directory: Path, files: Iterable[Taken]) -> list[_Answer]:
    """What is said of the files of one package."""
    found = []
    for each in files:
        artifact = each.artifact
        if isinstance(artifact, Wheel | Sdist) and artifact.path is None:
            answer = _of_file(indexes, directory, each, artifact)
            found += [answer] if answer else []
    return found


def _of_file(indexes: Indexes, directory: Path, taken: Taken, artifact: Wheel | Sdist) -> _Answer | None:
    sha256, failures = sha256_of(artifact.hashes), []
    other: Link | None = None
    index = artifact.index
    if index is not None and "://" not in index:
        index = str(directory / index)
    for place in indexes.places(artifact.filename, taken.package.name, index):
        if isinstance(place, Failure):
            failures.append(place)
        elif sha256 is not None and place.sha256 is not None and place.sha256.lower() != sha256:
            other = other or place
        elif place.yanked is not None:
            return _Answer(taken=taken, code="yanked", text=shown(" ".join(place.yanked.split())))
        else:
            return None
    if other is not None:
        text = f"the lock has {sha256}, {host_of(other.url) or 'the index'} has {other.sha256}"
        return _Answer(taken=taken, code="hash-differs", text=f"{artifact.filename}: {text}")
    silent = [failure for failure in failures if failure.is_silent]
    reasons = "; ".join(dict.fromkeys(failure.reason for failure in silent or failures))
    if silent:
        return _Answer(taken=taken, code="unasked", text=reasons)
    is_from_elsewhere = artifact.url is not None and artifact.index is None
    if is_from_elsewhere or not failures:
        return None
    return _Answer(taken=taken, code="not-found", text=f"{artifact.filename}: {reasons}")


_SAID = {
    "yanked": ("warning", "yanked from the index: {}", "lock another version: this one still installs"),
    "hash-differs": ("error", "the index has another file: {}", HashMismatchError.hint),
    "not-found": ("warning", "not found on the index: {}", "lock a version that can still be had"),
}


def _told(lock: Lock, answers: Iterable[_Answer]) -> Iterator[Finding]:
    """A finding for each entry of which the same is said."""
    cells: dict[tuple[tuple[str, str], str, str | None, Code, str], dict[str, None]] = {}
    for answer in answers:
        if answer.code != "unasked":
            package = answer.taken.package
            key = (place_of(package), package.name, package.version, answer.code, answer.text)
            cells.setdefault(key, {}).update(dict.fromkeys(answer.taken.cells))
    for ((file, place), name, version, code, text), names in cells.items():
        severity, sentence, hint = _SAID[code]
        yield Finding(
            severity="error" if severity == "error" else "warning",
            code=code,
            message=sentence.format(text),
            file=file or lock.path,
            at=place,
            package=name,
            version=version,
            cells=tuple(names),
            hint=hint or "",
        )


def _untold(lock: Lock, answers: Iterable[_Answer]) -> Iterator[Finding]:
    """One finding for each way in which indexes were silent, about however many packages."""
    silent: dict[str, dict[str, None]] = {}
    for answer in answers:
        if answer.code == "unasked":
            silent.setdefault(answer.text, {})[answer.taken.package.name] = None
    for reasons, names in silent.items():
        about = f"{len(names)} packages" if len(names) > 1 else next(iter(names))
        yield Finding(
            severity="warning",
            code="unasked",
            message=f"cannot ask whether files of {about} were yanked: {reasons}",
            file=lock.path,
            hint="check the network and the index settings, or leave the index out with --offline",
        )

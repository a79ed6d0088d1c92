"""Which files the hashes of a lock are of: requirements.txt and the oldest poetry.lock tell hashes and no names.

The lock's own indexes are asked, then the user's, for every file of that version; those whose hash is locked are taken,
whoever lists them. What a page does not hash with a locked algorithm is read and hashed here. An answer that covers all
hashes is kept for good, since it cannot change; any other serves where nobody may be asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pytest_ofiuco.core.artifact import Sdist, Wheel, without_user_info
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.source import SDISTS
from pytest_ofiuco.errors import CacheError, NamingError, OfflineError, UsageError
from pytest_ofiuco.store.cache import Store, digest, touch
from pytest_ofiuco.store.index import Failure, Indexes, local_path, remedy
from pytest_ofiuco.store.lookup.search import Answer, Digests, Search
from pytest_ofiuco.store.network.failure import Unavailable
from pytest_ofiuco.store.network.page import Offer
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.threads import Threads, result_of

_AT_A_TIME = 8
_SHOWN = 3
_CHUNK = 1 << 20


def named(lock: Lock, directory: Path, environ: Mapping[str, str], *, offline: bool) -> Lock:
    """The lock in ``directory`` with the files of every package.

    Raises:
        NamingError: there is no such file anywhere.
        OfflineError: somebody would have to be asked.
        UsageError: what is needed to ask is not installed.
    """
    try:
        settings = IndexSettings.load(environ, directory).for_lock(lock, directory, environ)
        with closing(_Namer(lock, settings, Store.default(environ), offline=offline)) as namer:
            answers = namer.answers(lock.unnamed)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{lock.path}: which files its hashes are of must be asked of an index, and {error.name} is not installed",
            "export the lock once where pytest-ofiuco is installed whole: `ofiuco export --format pylock`",
        ) from error
    index = _own_index(lock)
    packages = []
    warnings = list(lock.warnings)
    for package in lock.packages:
        answer = answers.get(package.at)
        packages.append(package if answer is None else _completed(package, answer, index))
        if answer is not None and answer.lacking:
            warnings.append(
                f"{lock.path}: {package.at}: package {package.name}: no index here has the files of {answer.lacking}"
                f" of its {len(package.unnamed)} hashes"
            )
    return replace(lock, packages=tuple(packages), warnings=tuple(warnings))


def _own_index(lock: Lock) -> str | None:
    """The index that all files come from by the lock's own word: the same on every machine, and no secret in it."""
    if len(lock.indexes) != 1:
        return None
    index = without_user_info(lock.indexes[0])
    return None if "${" in index else index


def _completed(package: Package, answer: Answer, index: str | None) -> Package:
    wheels, sdists = [], []
    for filename, hashes in sorted(answer.files.items()):
        if filename.endswith(".whl"):
            wheels.append(Wheel(filename=filename, hashes=hashes, index=index))
        else:
            sdists.append(Sdist(filename=filename, hashes=hashes, index=index))
    sdists.sort(key=lambda each: next(rank for rank, end in enumerate(SDISTS) if each.filename.endswith(end)))
    requires_python = package.requires_python
    if requires_python is None and answer.requires_python:
        with suppress(InvalidSpecifier):
            requires_python = SpecifierSet(answer.requires_python)
    return replace(
        package,
        wheels=() if "wheel" in package.excluded else tuple(wheels),
        sdist=None if "sdist" in package.excluded else next(iter(sdists), None),
        is_unnamed=False,
        unnamed=(),
        requires_python=requires_python,
    )


class _Namer:
    """Asks for one lock."""

    def __init__(self, lock: Lock, settings: IndexSettings, store: Store, *, offline: bool) -> None:
        self._lock, self._store, self._offline = lock, store, offline
        self._remote = Remote(settings)
        self._indexes = Indexes(settings, self._remote, offline=offline)

    def close(self) -> None:
        self._remote.close()

    def answers(self, packages: Sequence[Package]) -> dict[str, Answer]:
        """The answer for each package, by its place in the lock."""
        found: dict[str, Answer] = {}
        for package in packages:
            known = self._kept(package)
            if known is not None and (self._offline or (package.unnamed and not known.lacking)):
                found[package.at] = known
        rest = [package for package in packages if package.at not in found]
        threads = Threads(_AT_A_TIME)
        try:
            asked = [threads.submit(self._asked, package) for package in rest]
            answers = [result_of(future) for future in asked]
        finally:
            threads.close(0.0)
        unknown = [str(package) for package, answer in zip(rest, answers, strict=True) if answer is None]
        if unknown:
            named_here = ", ".join(unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN} more packages" if len(unknown) > _SHOWN else ""
            raise OfflineError([f"which files the hashes of {named_here}{more} are of"])
        return found | {package.at: each for package, each in zip(rest, answers, strict=True) if each is not None}

    def _asked(self, package: Package) -> Answer | None:
        """What the places say; nothing where they would have to be asked over the network."""
        search = Search(package)
        for said in self._indexes.offers(package.name, search.lacking):
            search.take(said)
            if search.is_over:
                break
        for offer in search.untold:
            if search.lacking:
                self._read(offer, search)
        if search.files and (not search.lacking or not search.silent):
            answer = search.answer()
            if not (self._offline and answer.lacking):
                self._keep(package, answer)
                return answer
        if self._offline:
            return None
        failures = search.silent or search.failures
        reasons = "; ".join(dict.fromkeys(failure.reason for failure in failures))
        reason = without_user_info(f"{search.complaint}: {reasons or 'no index lists such a file'}")
        raise NamingError(self._lock.path, package.at, str(package), reason, remedy(failures) or NamingError.hint)

    def _read(self, offer: Offer, search: Search) -> None:
        """Hash a file of which the page does not tell what is locked."""
        path = local_path(offer.url)
        if path is None and self._offline:
            return
        try:
            if path is not None:
                search.found(offer, _hashed(_chunks_of(path), search.algorithms))
            else:
                told = self._remote.attempt(
                    offer.url, lambda: _hashed(self._remote.chunks(offer.url), search.algorithms)
                )
                search.found(offer, told)
        except Unavailable as error:
            search.take(Failure.of(error))
        except OSError as error:
            search.take(Failure(f"{offer.filename}: {error.strerror}"))

    def _path(self, package: Package) -> Path:
        key = digest({"name": package.name, "version": package.version, "hashes": package.unnamed})
        return self._store.names / f"{key}.json"

    def _kept(self, package: Package) -> Answer | None:
        try:
            content = json.loads(self._path(package).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        touch(self._path(package))
        match content:
            case {"files": dict(files), "requires_python": str() | None as requires_python, "lacking": int(lacking)}:
                pass
            case _:
                return None
        read: dict[str, Digests] = {}
        for filename, hashes in files.items():
            match hashes:
                case dict() if all(pair in package.unnamed for pair in hashes.items()):
                    read[filename] = tuple(sorted(hashes.items()))
                case _:
                    return None
        return Answer(files=read, requires_python=requires_python, lacking=lacking) if read else None

    def _keep(self, package: Package, answer: Answer) -> None:
        content = {
            "files": {filename: dict(hashes) for filename, hashes in answer.files.items()},
            "requires_python": answer.requires_python,
            "lacking": answer.lacking,
        }
        with suppress(CacheError):  # a read-only store is still good for reading; who is asked again answers again
            self._store.keep(self._path(package), json.dumps(content, sort_keys=True).encode())


def _hashed(chunks: Iterator[bytes], algorithms: Sequence[str]) -> Digests:
    hashers = [(name, hashlib.new(name)) for name in algorithms]
    for chunk in chunks:
        for _, hasher in hashers:
            hasher.update(chunk)
    return tuple((name, hasher.hexdigest()) for name, hasher in hashers)


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk

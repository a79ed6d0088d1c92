"""Where a file is: the simple repository API in JSON (PEP 691) and HTML (PEP 503), over HTTP and from folders.

https://packaging.python.org/specifications/simple-repository-api/. A lock such as poetry.lock names files
and hashes but no URLs; these are found by file name on the package's own index, then on those that the user
has configured, then in ``find-links``. A package of an explicit index is not asked for on others. A page is fetched
once a run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from pytest_ofiuco.store.network.failure import HINTS, Trouble, Unavailable, host_of
from pytest_ofiuco.store.network.page import Link, Offer, Page
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.settings import IndexSettings, shown, unique

_ACCEPT = ", ".join(
    (
        "application/vnd.pypi.simple.v1+json",
        "application/vnd.pypi.simple.v1+html;q=0.2",
        "text/html;q=0.01",
    )
)


Said = TypeVar("Said", covariant=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one place did not have a file; ``is_silent``: it did not answer, and may have it; ``hint``: what to do."""

    reason: str
    is_silent: bool = False
    trouble: Trouble = Trouble.ABSENT
    hint: str = HINTS[Trouble.ABSENT]

    @classmethod
    def of(cls, error: Unavailable) -> Failure:
        """What was raised, as a value."""
        return cls(error.reason, error.is_temporary or error.is_dead, error.trouble, error.hint)


def remedy(failures: Iterable[Failure]) -> str | None:
    """What to do first about places that do not have a file; ``None`` where they merely do not have it."""
    worst = min(failures, key=lambda each: each.trouble, default=None)
    return None if worst is None or worst.trouble is Trouble.ABSENT else worst.hint


class _Question(Protocol[Said]):
    """What is asked of every place."""

    def on(self, page: Page) -> Sequence[Said]: ...

    def within(self, folder: Path) -> Sequence[Said]: ...


@dataclass(frozen=True, slots=True)
class _Named:
    """Where is the file of this name?"""

    filename: str

    def on(self, page: Page) -> list[Link]:
        return page.links(self.filename)

    def within(self, folder: Path) -> list[Link]:
        path = folder / self.filename
        return [Link(url=path.absolute().as_uri())] if path.is_file() else []


@dataclass(frozen=True, slots=True)
class _Hashed:
    """Which files may have one of these hashes?"""

    digests: Set[tuple[str, str]]

    def on(self, page: Page) -> list[Offer]:
        return page.offers(self.digests)

    def within(self, folder: Path) -> list[Offer]:
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            return []
        return [Offer(filename=path.name, url=path.absolute().as_uri()) for path in paths if path.is_file()]


@dataclass(slots=True)
class _Reading:
    """A page that one thread reads while others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    outcome: Page | Unavailable | None = None


class Indexes:
    """The package's index, the user's indexes, and ``find-links``. Thread-safe."""

    def __init__(self, settings: IndexSettings, remote: Remote, *, offline: bool) -> None:
        self._settings, self._remote, self._offline = settings, remote, offline
        self._pages: dict[str, _Reading] = {}
        self._lock = threading.Lock()

    def places(self, filename: str, package: str, index: str | None) -> Iterator[Link | Failure]:
        """Where ``filename`` may be had, nearest place first, with failures in between.

        ``index`` is the base URL or path that the lock names for ``package``.
        """
        yield from self._ask(_Named(filename), package, index)

    def offers(self, package: str, digests: Set[tuple[str, str]]) -> Iterator[Offer | Failure]:
        """Files listed for ``package`` that may have one of ``digests``, nearest place first."""
        yield from self._ask(_Hashed(digests), package, None)

    def _ask(self, question: _Question[Said], package: str, index: str | None) -> Iterator[Said | Failure]:
        settings = self._settings
        bases = [index] if index else []
        if not settings.no_index and not settings.is_explicit(index):
            bases += [*settings.lock_indexes, settings.default_index or self._public(), *settings.indexes]
        for base in unique(bases):
            if base:
                yield from self._on_index(question, base, package)
        for location in settings.find_links:
            yield from self._in_links(question, location)

    def _public(self) -> str:
        if self._offline:
            return ""
        from pypi_simple import PYPI_SIMPLE_ENDPOINT  # where the public index is

        return PYPI_SIMPLE_ENDPOINT

    def _on_index(self, question: _Question[Said], base: str, package: str) -> Iterator[Said | Failure]:
        folder = local_path(base)
        if folder is None:
            if not self._offline:
                yield from self._on_page(question, f"{base.rstrip('/')}/{package}/")
            return
        own = folder / package
        page = own / "index.html"
        if page.is_file():
            yield from self._on_page(question, page.absolute().as_uri())
        else:
            yield from question.within(own)
            yield from question.within(folder)

    def _in_links(self, question: _Question[Said], location: str) -> Iterator[Said | Failure]:
        path = local_path(location)
        if path is None:
            if not self._offline:
                yield from self._on_page(question, location)
        elif path.is_file():
            yield from self._on_page(question, path.absolute().as_uri())
        else:
            yield from question.within(path)

    def _on_page(self, question: _Question[Said], url: str) -> Iterator[Said | Failure]:
        try:
            found = question.on(self._page(url))
        except Unavailable as error:
            yield Failure.of(error)
            return
        yield from found
        if not found:
            yield Failure(f"{host_of(url) or shown(url)}: has no such file")

    def _page(self, url: str) -> Page:
        with self._lock:
            reading = self._pages.setdefault(url, _Reading())
        with reading.lock:
            if reading.outcome is None:
                try:
                    reading.outcome = self._read(url)
                except Unavailable as error:
                    reading.outcome = error
        if isinstance(reading.outcome, Unavailable):
            raise reading.outcome
        return reading.outcome

    def _read(self, url: str) -> Page:
        path = local_path(url)
        if path is not None:
            try:
                return Page(url=url, content=path.read_bytes(), type="text/html")
            except OSError as error:
                raise Unavailable(f"{shown(url)}: {error.strerror}") from None
        answer = self._remote.attempt(url, lambda: self._remote.page(url, _ACCEPT))
        return Page(url=answer.url, content=answer.content, type=answer.type)


def local_path(location: str) -> Path | None:
    """The path of a ``file:`` URL or of what is no URL; ``None`` for what is elsewhere."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        from urllib.request import url2pathname  # takes 10 ms to import

        return Path(url2pathname(unquote(parts.path) if os.name != "nt" else parts.path))
    return None if "://" in location else Path(os.path.expanduser(location))

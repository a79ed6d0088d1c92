"""HTTP: pages and files, with credentials, redirects, a few retries, and a memory of hosts that do not answer.

Credentials are looked up anew for every address, so a redirect to another host carries none of them there; after one
from https to http there are none at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from pytest_ofiuco import __version__
from pytest_ofiuco.store.network.connections import Connections, let_go
from pytest_ofiuco.store.network.failure import Trouble, Unavailable, Unresumable, host_of, status_text, translated
from pytest_ofiuco.store.network.keys import Key, Keys
from pytest_ofiuco.store.network.source import origin_of
from pytest_ofiuco.store.settings import IndexSettings

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

T = TypeVar("T")

FIRST_PAUSE = 0.3
"""Seconds before the second attempt; each further pause is twice as long, give or take a half."""

_LONGEST_PAUSE = 8.0
_MOST_PATIENCE = 60.0
"""Seconds that a host may ask to be left alone with ``Retry-After``."""

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 403})
_ABSENT = frozenset({404, 410})
_MOST_REDIRECTS = 12
_CHUNK = 1 << 18
_SLOWEST = 512
"""Bytes a second, over the time limit: what is slower has stalled."""

_LARGEST_PAGE = 1 << 28
_AGENT = f"pytest-ofiuco/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page: where it was in the end, its content type and its bytes."""

    url: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A file from byte ``start`` on; ``validator`` says whether it is the same file at the next attempt."""

    start: int
    validator: str | None
    chunks: Generator[bytes, None, None]


class Remote:
    """Gets URLs. Thread-safe."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._connections = Connections(settings.timeout)
        self._keys = Keys(settings)
        self._dead: dict[str, Unavailable] = {}
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End what is under way at the next chunk, and every pause now."""
        self._stopped.set()

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def attempt(self, url: str, action: Callable[[], T]) -> T:
        """What ``action`` returns, which may use the methods below; a temporary failure is tried again.

        An attempt that has brought much of a file does not count.

        Raises:
            Unavailable: the last attempt failed, or the host has not been reached before in this run.
        """
        self._check_alive(url)
        tried = 0
        while True:
            try:
                return action()
            except Unavailable as error:
                tried = 1 if error.has_gained else tried + 1
                if not error.is_temporary or tried > self._settings.retries:
                    if error.dead_host is not None:
                        self._dead[error.dead_host] = error
                    raise error.after(tried) from None
                if self._stopped.wait(max(_pause(tried), min(error.pause, _MOST_PATIENCE))):
                    raise _ending() from None

    def page(self, url: str, accept: str) -> Answer:
        """One attempt to get a whole answer.

        Raises:
            Unavailable: there is none.
        """
        response, final = self._open(url, {"Accept": accept, "Accept-Encoding": "gzip, deflate"}, "project")
        try:
            content = bytearray()
            for chunk in self._chunks(response, final, is_decoded=True):
                content += chunk
                if len(content) > _LARGEST_PAGE:
                    raise Unavailable(f"{host_of(final)}: gives a page without an end")
        finally:
            response.close() if response.length_remaining else response.release_conn()
        kind = response.headers.get("Content-Type") or "text/html"
        return Answer(url=final, type=kind, content=bytes(content))

    @contextmanager
    def file(self, url: str, start: int = 0, validator: str | None = None) -> Iterator[Body]:
        """One attempt to get a file, undecoded: from ``start`` on, or whole where the host does not do that.

        Raises:
            Unavailable: the host did not give the whole rest of it.
        """
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if validator is not None:
                headers["If-Range"] = validator
        response, final = self._open(url, headers, "file")
        chunks = self._chunks(response, final, is_decoded=False)
        try:
            yield Body(start=_start(response, start, host_of(final)), validator=_validator(response), chunks=chunks)
        finally:
            chunks.close()
            response.close() if response.length_remaining else response.release_conn()

    def chunks(self, url: str) -> Generator[bytes, None, None]:
        """One attempt to get the bytes of a file as they come, undecoded.

        Raises:
            Unavailable: the host did not give the whole file.
        """
        with self.file(url) as body:
            yield from body.chunks

    def _open(self, url: str, headers: dict[str, str], what: str) -> tuple[BaseHTTPResponse, str]:
        """An answer that is neither an error nor a redirect, and whose it is."""
        asked, is_secret_safe = url, True
        key: Key | None = None
        for _ in range(_MOST_REDIRECTS):
            if self._stopped.is_set():
                raise _ending()
            self._check_alive(asked)
            response, key = self._sent(asked, headers, key, is_secret_safe=is_secret_safe)
            location = response.get_redirect_location()
            if not location:
                if response.status not in (200, 206):
                    let_go(response)
                    raise self._failure(response, asked, key, what)
                return response, asked
            let_go(response)
            target = _joined(asked, location)
            is_secret_safe = is_secret_safe and not (asked.startswith("https:") and target.startswith("http:"))
            if origin_of(target) != origin_of(asked):
                key = None
            asked = target
        raise Unavailable(f"{host_of(url)}: leads from one address to the next without an end")

    def _sent(
        self, url: str, headers: dict[str, str], carried: Key | None, *, is_secret_safe: bool
    ) -> tuple[BaseHTTPResponse, Key | None]:
        """The answer of one address, with what it was asked with; ``carried``: what served its origin before."""
        key = (self._keys.known(url) or carried) if is_secret_safe else None
        proxy, certificates = self._settings.proxies.for_url(url), self._settings.certificates_for(url)
        headers = {"User-Agent": _AGENT, **headers}

        def send() -> BaseHTTPResponse:
            return self._connections.get(url, headers | (key.header() if key else {}), proxy, certificates)

        response = send()
        if response.status in _REFUSED and is_secret_safe and (key is None or key.password is None):
            found = self._keys.ask(url, key)
            if found is not None:
                let_go(response)
                key = found
                response = send()
        return response, key

    def _failure(self, response: BaseHTTPResponse, url: str, key: Key | None, what: str) -> Unavailable:
        host, status = host_of(url), response.status
        reason = f"{host}: {status_text(status)}"
        if status in _REFUSED:
            return Unavailable(reason, Trouble.REFUSED, hint=self._keys.remedy(url, key))
        if status == 407:
            hint = "give user name and password in the URL of the proxy (HTTPS_PROXY, PIP_PROXY)"
            return Unavailable(reason, Trouble.REFUSED, hint=hint)
        if status in _ABSENT:
            return Unavailable(f"{host}: no such {what}: {status_text(status)}", Trouble.ABSENT)
        if status == 416:
            return Unresumable(reason, Trouble.BUSY, is_temporary=True)
        if status in _RETRIED:
            pause = _seconds(response.headers.get("Retry-After", ""))
            return Unavailable(reason, Trouble.BUSY, is_temporary=True, pause=pause)
        return Unavailable(reason, Trouble.BUSY if status >= 500 else Trouble.UNREADABLE)

    def _chunks(self, response: BaseHTTPResponse, url: str, *, is_decoded: bool) -> Generator[bytes, None, None]:
        from urllib3.exceptions import ProtocolError

        began, passed = time.monotonic(), 0
        expected = response.headers.get("Content-Length", "")
        with translated(url):
            while True:
                try:
                    chunk = response.read1(_CHUNK, decode_content=is_decoded)
                except ProtocolError:
                    if not expected.isdecimal():
                        raise
                    break
                if not chunk and (not is_decoded or not response.length_remaining):
                    break
                yield chunk
                if self._stopped.is_set():
                    raise _ending()
                now = time.monotonic()
                if now - began > self._settings.timeout:
                    if response.tell() - passed < _SLOWEST * self._settings.timeout:
                        raise Unavailable(f"{host_of(url)}: no answer in time", Trouble.BUSY, is_temporary=True)
                    began, passed = now, response.tell()
        if expected.isdecimal() and response.tell() < int(expected):
            reason = f"{host_of(url)}: the connection was closed after {response.tell()} of {expected} bytes"
            raise Unavailable(reason, Trouble.BUSY, is_temporary=True)

    def _check_alive(self, url: str) -> None:
        dead = self._dead.get(host_of(url))
        if dead is not None:
            raise Unavailable(dead.reason, dead.trouble, dead_host=dead.dead_host, hint=dead.hint)


def _pause(tried: int) -> float:
    from random import uniform  # most is had at the first attempt

    return uniform(0.5, 1.5) * min(FIRST_PAUSE * float(1 << min(tried - 1, 9)), _LONGEST_PAUSE)


def _ending() -> Unavailable:
    return Unavailable("the session is ending", Trouble.BUSY)


def _joined(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        if urlsplit(target).scheme in ("http", "https") and urlsplit(target).hostname:
            return target
    except ValueError:
        pass
    raise Unavailable(f"{host_of(url)}: leads to what is no address of a host")


def _start(response: BaseHTTPResponse, wanted: int, host: str) -> int:
    """Where a body begins: an answer with status 200 is whole, whatever was asked for."""
    if response.status == 200:
        return 0
    said = response.headers.get("Content-Range", "")
    unit, _, span = said.partition(" ")
    first = span.partition("-")[0]
    if unit != "bytes" or not first.isdecimal() or int(first) != wanted:
        raise Unresumable(f"{host}: gives another part of the file than was asked for", Trouble.BUSY, is_temporary=True)
    return wanted


def _validator(response: BaseHTTPResponse) -> str | None:
    """What ``If-Range`` may hold (RFC 9110): a strong entity tag, else the date of the last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _seconds(text: str) -> float:
    """What ``Retry-After`` says: seconds, or a date."""
    if text.isdecimal():
        return float(text[:9])
    from email.utils import parsedate_to_datetime  # hosts that are well do not say when to come back

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0

"""HTTP: one session a thread, a few short retries, and a memory of hosts that do not answer.

What went wrong is told in words of our own: the messages of ``requests`` hold whole URLs, and those hold
credentials.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pytest_ofiuco import __version__
from pytest_ofiuco.store.settings import IndexSettings, host_of

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

PAUSES = (0.2, 0.6, 1.4)
"""Seconds between the attempts."""

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE = 5.0
_CONNECT_TIMEOUT = 10.0
_CHUNK = 1 << 16


class Unavailable(Exception):
    """What was asked for cannot be had from here.

    ``reason`` names the host and holds no secret; ``is_temporary``: it may be had a moment later, after
    ``pause`` seconds where the host said so; ``is_dead``: the host itself was not reached.
    """

    def __init__(self, reason: str, *, is_temporary: bool = False, is_dead: bool = False, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.is_temporary, self.is_dead, self.pause = reason, is_temporary, is_dead, pause


class Remote:
    """Gets URLs. Thread-safe."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._threads = threading.local()
        self._dead: dict[str, str] = {}
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Close every connection."""
        while self._sessions:
            self._sessions.pop().close()

    def attempt(self, url: str, action: Callable[[], T]) -> T:
        """What ``action`` returns, which may use the methods below; a temporary failure is tried again.

        Raises:
            Unavailable: the last attempt failed, or the host has not been reached before in this run.
        """
        host = host_of(url)
        if host in self._dead:
            raise Unavailable(self._dead[host], is_dead=True)
        for pause in (*PAUSES, None):
            try:
                return action()
            except Unavailable as error:
                if pause is None or not error.is_temporary:
                    if error.is_dead:
                        self._dead[host] = error.reason
                    raise
                time.sleep(max(pause, min(error.pause, _LONGEST_PAUSE)))
        raise AssertionError("the last attempt returns or raises")

    def page(self, url: str, accept: str) -> requests.Response:
        """One attempt to get a whole answer.

        Raises:
            Unavailable: there is none.
        """
        with _translated(url):
            response = self._get(url, {"Accept": accept})
            _ = response.content
            return response

    def chunks(self, url: str) -> Generator[bytes, None, None]:
        """One attempt to get the bytes of a file as they come, undecoded.

        Raises:
            Unavailable: the host did not give the whole file.
        """
        received = 0
        with _translated(url), self._get(url, {"Accept-Encoding": "identity"}) as response:
            expected = response.headers.get("Content-Length", "")
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                received += len(chunk)
                yield chunk
        if expected.isdigit() and received < int(expected):
            reason = f"the connection was closed after {received} of {expected} bytes"
            raise Unavailable(f"{host_of(url)}: {reason}", is_temporary=True)

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        settings = self._settings
        response = self._session().get(
            url,
            headers=headers,
            stream=True,
            timeout=(min(settings.timeout, _CONNECT_TIMEOUT), settings.timeout),
            auth=settings.credentials(url),
            verify=False if settings.trusts(url) else settings.certificate or True,
        )
        if response.status_code >= 400:
            status = response.status_code
            response.close()
            pause = response.headers.get("Retry-After", "")
            raise Unavailable(
                f"{host_of(url)}: HTTP status {status} ({response.reason})",
                is_temporary=status in _RETRIED,
                pause=float(pause) if pause.isdigit() else 0.0,
            )
        return response

    def _session(self) -> requests.Session:
        import requests  # a run that finds everything asks nobody
        import urllib3

        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = f"pytest-ofiuco/{__version__}"
            if self._settings.client_certificate:
                session.cert = self._settings.client_certificate
            if self._settings.proxy:
                session.proxies = {"http": self._settings.proxy, "https": self._settings.proxy}
            if self._settings.trusted_hosts:
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            self._threads.session = session
            self._sessions.append(session)
        return session


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Errors of requests and urllib3 become ``Unavailable``."""
    import requests
    import urllib3

    host = host_of(url)
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise Unavailable(f"{host}: no trusted connection: {_innermost(error)}", is_dead=True) from None
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise Unavailable(f"{host}: cannot be reached: {_innermost(error)}", is_dead=True) from None
    except (requests.exceptions.ReadTimeout, urllib3.exceptions.TimeoutError):
        raise Unavailable(f"{host}: no answer in time", is_temporary=True) from None
    except requests.exceptions.ConnectionError as error:
        raise _connection_failure(host, error) from None
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError):
        raise Unavailable(f"{host}: the connection was closed too early", is_temporary=True) from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Unavailable(f"{host}: {type(error).__name__}") from None


def _connection_failure(host: str, error: Exception) -> Unavailable:
    """A name that does not resolve is not asked again; a refused connection is; one that was lost is not dead."""
    import urllib3

    chain = list(_causes(error))
    unresolved: type[Exception] | tuple[()] = getattr(urllib3.exceptions, "NameResolutionError", ())  # since urllib3 2
    if any(isinstance(each, unresolved) for each in chain):
        return Unavailable(f"{host}: cannot be reached: the name does not resolve", is_dead=True)
    if any(isinstance(each, urllib3.exceptions.NewConnectionError) for each in chain):
        reason = f"{host}: cannot be reached: {_innermost(error)}"
        return Unavailable(reason, is_temporary=True, is_dead=True)
    return Unavailable(f"{host}: the connection was closed too early", is_temporary=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and everything that it came from, outermost first."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]


def _innermost(error: Exception) -> str:
    """What the operating system or the TLS library said; neither knows the URL."""
    for each in _causes(error):
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return "no connection"

"""Connections: kept open, shared by all threads, one set for each proxy and each set of certificates."""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64encode
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from pytest_ofiuco.store.network.certificates import Certificates, Contexts
from pytest_ofiuco.store.network.failure import Trouble, Unavailable, host_of, translated

if TYPE_CHECKING:
    import ssl

    from urllib3 import BaseHTTPResponse, PoolManager

AT_A_TIME = 8
"""Files that are fetched side by side, and so the connections to a host that are kept."""

_HOSTS = 64
_CONNECT_SECONDS = 10.0
_SHORT = 1 << 16
_LOGGERS = ("urllib3.connection", "urllib3.connectionpool")
"""Those of urllib3 that log whole URLs, which are seen where a session logs everything."""

_QUERY = re.compile(r"\?[^\s)]+")


class Connections:
    """Sends requests. Thread-safe."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._contexts = Contexts()
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if _without_queries not in logger.filters:
                logger.addFilter(_without_queries)
        self._managers: dict[tuple[str | None, Certificates | None], PoolManager] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
        for manager in managers:
            manager.clear()

    def get(
        self, url: str, headers: Mapping[str, str], proxy: str | None, certificates: Certificates
    ) -> BaseHTTPResponse:
        """The answer to one request, its body not read; a redirect is an answer.

        Raises:
            Unavailable: there is none.
        """
        from urllib3 import Timeout

        timeout = Timeout(connect=min(self._timeout, _CONNECT_SECONDS), read=self._timeout)
        with translated(url):
            return self._manager(url, proxy, certificates).request(
                "GET",
                without_user(url),
                headers=dict(headers),
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )

    def _manager(self, url: str, proxy: str | None, certificates: Certificates) -> PoolManager:
        from urllib3 import PoolManager, ProxyManager

        needs_context = url.startswith("https:") or (proxy or "").startswith("https:")
        context = self._contexts.get(certificates, url) if needs_context else None
        key = proxy, certificates if needs_context else None
        with self._lock:
            manager = self._managers.get(key)
            if manager is None:
                if proxy is None:
                    manager = PoolManager(_HOSTS, maxsize=AT_A_TIME, ssl_context=context)
                elif proxy.startswith("socks"):
                    manager = _through_socks(proxy, url, context)
                else:
                    manager = ProxyManager(
                        without_user(proxy),
                        _HOSTS,
                        proxy_headers=authorization(proxy, "Proxy-Authorization"),
                        maxsize=AT_A_TIME,
                        ssl_context=context,
                        proxy_ssl_context=context,
                    )
                self._managers[key] = manager
            return manager


def let_go(response: BaseHTTPResponse) -> None:
    """End with an answer whose body is not wanted; a short one is read, so that the connection can serve again."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) <= _SHORT:
        response.drain_conn()
        response.release_conn()
    else:
        response.close()


def without_user(url: str) -> str:
    """``url`` without user name, password and fragment."""
    return urlunsplit(urlsplit(url)._replace(netloc=host_of(url), fragment=""))


def authorization(url: str, header: str = "Authorization") -> dict[str, str]:
    """The header for the user name and the password in a URL."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    return basic(unquote(parts.username), unquote(parts.password or ""), header)


def basic(user: str, password: str, header: str = "Authorization") -> dict[str, str]:
    """The header of RFC 7617."""
    return {header: "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def _without_queries(record: logging.LogRecord) -> bool:
    """A query may hold a token: it is not logged."""
    if isinstance(record.args, tuple):
        record.args = tuple(_QUERY.sub("?…", each) if isinstance(each, str) else each for each in record.args)
    return True


def _through_socks(proxy: str, url: str, context: ssl.SSLContext | None) -> PoolManager:
    if find_spec("socks") is None:
        reason = f"{host_of(url)}: cannot be reached: a SOCKS proxy is set, and PySocks is not installed"
        raise Unavailable(reason, Trouble.UNREACHABLE, hint="install PySocks beside pytest-ofiuco")
    from urllib3.contrib.socks import SOCKSProxyManager

    return SOCKSProxyManager(proxy, num_pools=_HOSTS, maxsize=AT_A_TIME, ssl_context=context)

"""Why a host did not give what was asked of it, in words of our own.

The messages of urllib3 hold whole URLs, and those hold credentials; the reason phrase and the body of an answer are the
server's words. None of them is repeated: a reason names the host and what the operating system, the TLS library or the
status code says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from http import HTTPStatus
from urllib.parse import urlsplit


class Trouble(IntEnum):
    """What kind of failure it is; where several places failed, the first of these says what to do."""

    REFUSED = 0
    UNTRUSTED = 1
    UNREACHABLE = 2
    BUSY = 3
    UNREADABLE = 4
    ABSENT = 5


HINTS = {
    Trouble.UNTRUSTED: "name the file of the certificate authority with SSL_CERT_FILE or PIP_CERT",
    Trouble.UNREACHABLE: (
        "check the network, the proxy (HTTPS_PROXY) and the index settings (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf),"
        " then run again"
    ),
    Trouble.BUSY: "run again later: what has been fetched is kept",
    Trouble.UNREADABLE: "name the index itself, a URL that mostly ends in /simple, in the index settings",
    Trouble.ABSENT: "configure the index that has it (PIP_EXTRA_INDEX_URL, UV_INDEX), or lock what can be had",
}
"""One remedy for each trouble; for ``REFUSED`` it depends on the host and on what was sent to it."""


class Unavailable(Exception):
    """What was asked for cannot be had from here.

    ``reason`` names the host and holds no secret; ``is_temporary``: it may be had a moment later, after
    ``pause`` seconds where the host said so; ``dead_host``: the one that was not reached at all; ``hint``: the remedy;
    ``has_gained``: much of it has come by now.
    """

    has_gained = False

    def __init__(
        self,
        reason: str,
        trouble: Trouble = Trouble.UNREADABLE,
        *,
        is_temporary: bool = False,
        dead_host: str | None = None,
        pause: float = 0.0,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.trouble, self.pause = reason, trouble, pause
        self.is_temporary, self.dead_host = is_temporary, dead_host
        self.hint = hint or HINTS.get(trouble, "")

    @property
    def is_dead(self) -> bool:
        """Whether the host itself was not reached."""
        return self.dead_host is not None

    def after(self, times: int) -> Unavailable:
        """The same, as what has been tried so many times."""
        reason = f"{self.reason} (tried {times} times)" if times > 1 else self.reason
        return Unavailable(
            reason, self.trouble, is_temporary=self.is_temporary, dead_host=self.dead_host, hint=self.hint
        )


class Unresumable(Unavailable):
    """The rest of a file cannot be had from here; all of it may."""


def host_of(url: str) -> str:
    """Host and port, without credentials."""
    return urlsplit(url).netloc.rpartition("@")[2]


def status_text(status: int) -> str:
    """A status code with its name, which the server may call what it likes."""
    try:
        return f"HTTP status {status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return f"HTTP status {status}"


@contextmanager
def translated(url: str) -> Iterator[None]:
    """What urllib3 and the TLS library raise becomes ``Unavailable``."""
    import ssl  # a run that finds everything asks nobody

    from urllib3 import exceptions

    host = host_of(url)
    try:
        yield
    except (exceptions.HTTPError, ssl.SSLError, OSError) as error:
        raise _told(host, error) from None


def _told(host: str, error: Exception) -> Unavailable:
    """A name that does not resolve is not asked again; a refused connection is; one that was lost is not dead."""
    import ssl

    from urllib3 import exceptions

    chain = list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in chain)

    if has(exceptions.ProxyError, exceptions.ProxySchemeUnknown):
        reason = f"{host}: cannot be reached through the proxy: {_said(chain)}"
        is_final = has(exceptions.NameResolutionError, exceptions.ProxySchemeUnknown) or "HTTP status 4" in reason
        return Unavailable(reason, Trouble.UNREACHABLE, is_temporary=not is_final, dead_host=host)
    if has(exceptions.SSLError, ssl.SSLError):
        return _untrusted(host, chain)
    if has(exceptions.NameResolutionError):
        reason = f"{host}: cannot be reached: the name does not resolve"
        return Unavailable(reason, Trouble.UNREACHABLE, dead_host=host)
    if has(exceptions.NewConnectionError):
        reason = f"{host}: cannot be reached: {_said(chain)}"
        return Unavailable(reason, Trouble.UNREACHABLE, is_temporary=True, dead_host=host)
    if has(exceptions.ConnectTimeoutError):
        return Unavailable(f"{host}: cannot be reached: no answer in time", Trouble.UNREACHABLE, dead_host=host)
    if has(exceptions.TimeoutError, TimeoutError):
        return Unavailable(f"{host}: no answer in time", Trouble.BUSY, is_temporary=True)
    if has(exceptions.ProtocolError, exceptions.IncompleteRead, ConnectionError):
        return Unavailable(f"{host}: the connection was closed too early", Trouble.BUSY, is_temporary=True)
    if has(exceptions.LocationValueError):
        return Unavailable(f"{host}: not an address that can be asked", Trouble.UNREACHABLE)
    return Unavailable(f"{host}: {type(error).__name__}", Trouble.UNREACHABLE)


def _untrusted(host: str, chain: list[BaseException]) -> Unavailable:
    import ssl

    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return Unavailable(
                f"{host}: its certificate is not trusted: {each.verify_message}", Trouble.UNTRUSTED, dead_host=host
            )
    said = next((each.reason for each in chain if isinstance(each, ssl.SSLError) and each.reason), "")
    about = said.replace("_", " ").lower() or "the connection was closed"
    hint = (
        "check that it is a host for https; if it wants a client certificate, name that with SSL_CLIENT_CERT or"
        " PIP_CLIENT_CERT"
    )
    return Unavailable(
        f"{host}: no secure connection: {about}",
        Trouble.UNTRUSTED,
        is_temporary="alert" not in about,
        dead_host=host,
        hint=hint,
    )


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
        pending += [
            each.__cause__,
            each.__context__,
            getattr(each, "reason", None),
            getattr(each, "original_error", None),
            *each.args,
        ]


def _said(chain: list[BaseException]) -> str:
    """What the operating system said, or the status of a proxy; neither knows the URL."""
    for each in chain:
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    for each in chain:
        status = next((word for word in str(each).split() if word.isdecimal() and len(word) == 3), "")
        if isinstance(each, OSError) and str(each).startswith("Tunnel connection failed") and status:
            return status_text(int(status))
    return "no connection"

"""TLS: whose certificates are trusted, and which one is shown; one context for all connections that are alike.

Reading a bundle of authorities takes 20 ms, so no connection does it for itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.store.network.failure import Trouble, Unavailable, host_of

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """``authorities``: files and folders to trust instead of what is usual; ``is_system_only``: what the system trusts.

    ``client``: a PEM file with a certificate and its key. Without anything: what requests and the system trust.
    """

    authorities: tuple[str, ...] = ()
    is_system_only: bool = False
    client: str | None = None
    is_checked: bool = True


class Contexts:
    """TLS contexts, each made once. Thread-safe."""

    def __init__(self) -> None:
        self._contexts: dict[Certificates, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def get(self, certificates: Certificates, url: str) -> ssl.SSLContext:
        """The context for a connection to ``url``.

        Raises:
            Unavailable: a file cannot be read, or is not of certificates.
        """
        with self._lock:
            if certificates not in self._contexts:
                self._contexts[certificates] = _made(certificates, host_of(url))
            return self._contexts[certificates]


def _made(certificates: Certificates, host: str) -> ssl.SSLContext:
    import ssl

    import urllib3
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    if certificates.is_checked:
        for path in certificates.authorities:
            _read(context, path, host)
        if not certificates.authorities:
            context.load_default_certs()
        if not certificates.authorities and not certificates.is_system_only:
            import certifi

            context.load_verify_locations(certifi.where())
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if certificates.client is not None:
        try:
            context.load_cert_chain(certificates.client, password="")  # a terminal is not asked
        except (OSError, ValueError) as error:
            what = f"the client certificate {certificates.client}"
            raise _unreadable(
                host, what, error, "name a PEM file with the certificate and its key, unencrypted"
            ) from None
    return context


def _read(context: ssl.SSLContext, path: str, host: str) -> None:
    folder = Path(path)
    try:
        if not folder.is_dir():
            context.load_verify_locations(path)
            return
        context.load_verify_locations(capath=path)
        names = [each for each in sorted(folder.iterdir()) if each.suffix in (".pem", ".crt", ".cer")]
        if not any(each.suffix.removeprefix(".").isdecimal() for each in folder.iterdir()):
            for each in names:  # not hashed, so OpenSSL does not find them by itself
                context.load_verify_locations(each)
    except OSError as error:
        hint = "correct SSL_CERT_FILE, SSL_CERT_DIR, PIP_CERT or `cert` in the tool's settings, whichever names it"
        raise _unreadable(host, f"the certificates in {path}", error, hint) from None


def _unreadable(host: str, what: str, error: Exception, hint: str) -> Unavailable:
    import ssl

    said = getattr(error, "strerror", None) if not isinstance(error, ssl.SSLError) else None
    reason = f"{host}: no secure connection: {what} cannot be read: {said or 'not in PEM format'}"
    return Unavailable(reason, Trouble.UNTRUSTED, hint=hint)

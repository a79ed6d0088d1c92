"""Where packages come from, as the user has told pip, uv and requests: one answer made of all three.

Every hash is locked, so the indexes of both tools may be asked without risk; pip's come after uv's. Within
one tool its own precedence holds. netrc, proxies and REQUESTS_CA_BUNDLE are left to ``requests``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.store import pip_settings, uv_settings

_DEFAULT_TIMEOUT = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """URLs may carry credentials, so this has a ``repr`` that shows none of them.

    ``lock_indexes``: those that the lock names, asked before all others. ``default_index``: ``None`` means the public
    one. ``indexes``: those to ask after it. ``timeout`` in seconds. ``certificate``: a file of certificate authorities;
    ``client_certificate``: a PEM file.
    """

    lock_indexes: tuple[str, ...] = field(default=(), repr=False)
    default_index: str | None = field(default=None, repr=False)
    indexes: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    certificate: str | None = None
    client_certificate: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    proxy: str | None = field(default=None, repr=False)
    timeout: float = _DEFAULT_TIMEOUT

    @classmethod
    def load(cls, environ: Mapping[str, str], project: Path) -> IndexSettings:
        """Read pip's and uv's variables and files, as they hold in the folder ``project``.

        Raises:
            InputError: a file cannot be read as what it is, or a setting in it; no value is told.
        """
        pip = pip_settings.load(environ)
        uv = uv_settings.load(environ, project)
        defaults = [url for url in (uv.default_index, pip.location("index-url")) if url]
        extras = [*defaults[1:], *uv.indexes, *pip.locations("extra-index-url")]
        timeout, no_index = pip.options.get("timeout"), pip.options.get("no-index")
        certificates = (pip.value("cert"), environ.get("SSL_CERT_FILE"))
        return cls(
            default_index=defaults[0] if defaults else None,
            indexes=tuple(dict.fromkeys(extras)),
            find_links=tuple(dict.fromkeys((*uv.find_links, *pip.locations("find-links")))),
            no_index=uv.no_index or (no_index is not None and no_index.flag()),
            certificate=next((_expanded(path) for path in certificates if path), None),
            client_certificate=_expanded(pip.value("client-cert")),
            trusted_hosts=(*pip.values("trusted-host"), *uv.insecure_hosts),
            proxy=pip.location("proxy"),
            timeout=timeout.seconds() if timeout else _DEFAULT_TIMEOUT,
        )

    def for_lock(self, lock: Lock, directory: Path, environ: Mapping[str, str]) -> IndexSettings:
        """With the places that the lock in ``directory`` names itself; ``${VARIABLE}`` in them is what it is here."""
        indexes = tuple(_located(each, directory, environ) for each in lock.indexes)
        links = tuple(_located(each, directory, environ) for each in lock.find_links)
        return replace(self, lock_indexes=indexes, find_links=tuple(dict.fromkeys((*links, *self.find_links))))

    def credentials(self, url: str) -> tuple[str, str] | None:
        """User name and password that a configured index has for the host of ``url``, which names none."""
        wanted = urlsplit(url)
        if wanted.username is not None:
            return None
        for known in filter(None, (*self.lock_indexes, self.default_index, *self.indexes, *self.find_links)):
            parts = urlsplit(known)
            if parts.username is not None and host_of(known) == host_of(url) and parts.scheme == wanted.scheme:
                return unquote(parts.username), unquote(parts.password or "")
        return None

    def trusts(self, url: str) -> bool:
        """Whether the certificate of the host of ``url`` is not to be checked."""
        parts = urlsplit(url)
        return bool({parts.hostname, host_of(url)} & set(self.trusted_hosts))

    def for_pip(self) -> dict[str, str]:
        """The same settings as variables for a pip that installs build requirements."""
        variables = {
            "PIP_INDEX_URL": self.default_index,
            "PIP_EXTRA_INDEX_URL": " ".join(self.indexes),
            "PIP_FIND_LINKS": " ".join(self.find_links),
            "PIP_NO_INDEX": "1" if self.no_index else None,
            "PIP_CERT": self.certificate,
            "PIP_TRUSTED_HOST": " ".join(self.trusted_hosts),
        }
        return {name: value for name, value in variables.items() if value}


def shown(url: str) -> str:
    """``url`` without user name, password, query and fragment: fit for a message, a log, a key."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return unquote(parts.path)
    return f"{parts.scheme}://{host_of(url)}{parts.path}"


def host_of(url: str) -> str:
    """Host and port, without credentials."""
    return urlsplit(url).netloc.rpartition("@")[2]


_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def _located(location: str, directory: Path, environ: Mapping[str, str]) -> str:
    """A URL as it is, a path from where the lock lies; a variable that is not set stays, as with pip."""
    text = _VARIABLE.sub(lambda found: environ.get(found[1], found[0]), location)
    is_url = "://" in text or text.startswith("file:")
    return text if is_url else str(directory.absolute() / os.path.expanduser(text))


def _expanded(path: str | None) -> str | None:
    return os.path.expanduser(path) if path else None


def unique(urls: Iterable[str]) -> list[str]:
    """Without repetitions; a trailing slash makes no difference."""
    return list({url.rstrip("/"): url for url in reversed(list(urls))}.values())[::-1]

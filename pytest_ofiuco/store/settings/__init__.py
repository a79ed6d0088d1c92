"""Where packages come from, as the user has told pip, uv and Poetry: one answer made of all three.

Every hash is locked, so the indexes of all tools may be asked without risk; uv's come first, then pip's, then Poetry's.
Within one tool its own precedence holds. An ``explicit`` index is asked for what the lock has from it, and such a
package is asked for nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.store.network.certificates import Certificates
from pytest_ofiuco.store.network.failure import host_of as host_of
from pytest_ofiuco.store.network.keyring_access import Keyring, Provider
from pytest_ofiuco.store.network.proxies import Proxies
from pytest_ofiuco.store.network.source import Source, nearest
from pytest_ofiuco.store.settings import pip as pip_settings
from pytest_ofiuco.store.settings import poetry as poetry_settings
from pytest_ofiuco.store.settings import uv as uv_settings
from pytest_ofiuco.store.settings.pip import PipSettings
from pytest_ofiuco.store.settings.poetry import PoetrySettings
from pytest_ofiuco.store.settings.setting import Setting
from pytest_ofiuco.store.settings.uv import UvSettings

_DEFAULT_TIMEOUT = 15.0
_DEFAULT_RETRIES = 3
_PROVIDERS: tuple[Provider, ...] = ("auto", "disabled", "import", "subprocess")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """URLs may carry credentials, so this has a ``repr`` that shows none of them.

    ``lock_indexes``: those that the lock names, asked before all others. ``default_index``: ``None`` means the public
    one. ``indexes``: those to ask after it. ``explicit``: those to ask for what is locked from them only. ``sources``:
    what is known of single places. ``timeout`` in seconds. ``retries``: how often what fails for a moment is tried
    again. Without anything nobody's files are read: no netrc, no keyring, no proxy.
    """

    lock_indexes: tuple[str, ...] = field(default=(), repr=False)
    default_index: str | None = field(default=None, repr=False)
    indexes: tuple[str, ...] = field(default=(), repr=False)
    explicit: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    sources: tuple[Source, ...] = ()
    certificates: Certificates = field(default_factory=Certificates)
    trusted_hosts: tuple[str, ...] = ()
    proxies: Proxies = field(default_factory=Proxies)
    netrc_files: tuple[str, ...] = ()
    keyring: Keyring = field(default_factory=Keyring)
    has_poetry_keyring: bool = True
    timeout: float = _DEFAULT_TIMEOUT
    retries: int = _DEFAULT_RETRIES

    @classmethod
    def load(cls, environ: Mapping[str, str], project: Path) -> IndexSettings:
        """Read the variables and files of pip, uv and Poetry, as they hold in the folder ``project``.

        Raises:
            InputError: a file cannot be read as what it is, or a setting in it; no value is told.
        """
        pip, uv = pip_settings.load(environ), uv_settings.load(environ, project)
        poetry = poetry_settings.load(environ, project)
        defaults = [url for url in (uv.default_index, pip.location("index-url"), *_standing_in(poetry)) if url]
        extras = [*defaults[1:], *uv.indexes, *pip.locations("extra-index-url"), *_beside(poetry)]
        timeout, retries, no_index = (_first(uv, pip, name) for name in ("timeout", "retries", "no-index"))
        provider = _first(uv, pip, "keyring-provider")
        return cls(
            default_index=defaults[0] if defaults else None,
            indexes=tuple(dict.fromkeys(extras)),
            explicit=(*uv.explicit, *poetry.explicit),
            find_links=tuple(dict.fromkeys((*uv.find_links, *pip.locations("find-links")))),
            no_index=uv.no_index or (no_index is not None and no_index.flag()),
            sources=(*uv.sources, *poetry.sources),
            certificates=_certificates(environ, uv, pip),
            trusted_hosts=(*pip.values("trusted-host"), *uv.insecure_hosts),
            proxies=Proxies.load(environ, pip.location("proxy")),
            netrc_files=_netrc_files(environ),
            keyring=Keyring(provider=_provider(provider), path=environ.get("PATH")),
            has_poetry_keyring=poetry.has_keyring,
            timeout=timeout.seconds() if timeout else _DEFAULT_TIMEOUT,
            retries=retries.count() if retries else _DEFAULT_RETRIES,
        )

    def for_lock(self, lock: Lock, directory: Path, environ: Mapping[str, str]) -> IndexSettings:
        """With the places that the lock in ``directory`` names itself; ``${VARIABLE}`` in them is what it is here."""
        indexes = tuple(_located(each, directory, environ) for each in lock.indexes)
        links = tuple(_located(each, directory, environ) for each in lock.find_links)
        return replace(self, lock_indexes=indexes, find_links=tuple(dict.fromkeys((*links, *self.find_links))))

    def credentials(self, url: str) -> tuple[str, str | None] | None:
        """User name and password that are configured for the origin of ``url``, which names none."""
        source = self.source(url)
        if source is not None and (source.user is not None or source.password is not None):
            return source.user or "", source.password
        for known in nearest(self._known(), url):
            parts = urlsplit(known)
            if parts.username is not None:
                return unquote(parts.username), None if parts.password is None else unquote(parts.password)
        return None

    def source(self, url: str) -> Source | None:
        """What is known of the place that ``url`` is of; of several the nearest that has credentials."""
        by_url: dict[str, Source] = {}
        for source in self.sources:
            by_url.setdefault(source.url, source)
        near = [by_url[each] for each in nearest(by_url, url)]
        return next((each for each in near if each.password is not None), next(iter(near), None))

    def base(self, url: str) -> str | None:
        """The index that ``url`` is of."""
        return next(iter(nearest(self._known(), url)), None)

    def is_explicit(self, index: str | None) -> bool:
        """Whether what the lock has from ``index`` is asked for nowhere else."""
        return index is not None and _plain(index) in {_plain(each) for each in self.explicit}

    def certificates_for(self, url: str) -> Certificates:
        """What a connection to ``url`` trusts and shows."""
        source, certificates = self.source(url), self.certificates
        if source is not None and source.certificate is not None:
            certificates = replace(certificates, authorities=(source.certificate,))
        if source is not None and source.client_certificate is not None:
            certificates = replace(certificates, client=source.client_certificate)
        is_trusted = self.trusts(url) or (source is not None and source.is_trusted)
        return replace(certificates, is_checked=False) if is_trusted else certificates

    def _known(self) -> list[str]:
        everywhere = (*self.lock_indexes, self.default_index, *self.indexes, *self.explicit, *self.find_links)
        return [*filter(None, everywhere), *(source.url for source in self.sources)]

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
            "PIP_CERT": next((path for path in self.certificates.authorities if os.path.isfile(path)), None),
            "PIP_CLIENT_CERT": self.certificates.client,
            "PIP_TRUSTED_HOST": " ".join(self.trusted_hosts),
        }
        return {name: value for name, value in variables.items() if value}


def shown(url: str) -> str:
    """``url`` without user name, password, query and fragment: fit for a message, a log, a key."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return unquote(parts.path)
    return f"{parts.scheme}://{host_of(url)}{parts.path}"


def _plain(url: str) -> str:
    return shown(url).rstrip("/")


_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def _located(location: str, directory: Path, environ: Mapping[str, str]) -> str:
    """A URL as it is, a path from where the lock lies; a variable that is not set stays, as with pip."""
    text = _VARIABLE.sub(lambda found: environ.get(found[1], found[0]), location)
    is_url = "://" in text or text.startswith("file:")
    return text if is_url else str(directory.absolute() / os.path.expanduser(text))


def _standing_in(poetry: PoetrySettings) -> list[str]:
    """Poetry's sources in the place of the public index."""
    return [] if poetry.is_public_asked else [_with_user(url, poetry) for url in poetry.primary]


def _beside(poetry: PoetrySettings) -> list[str]:
    urls = (*(poetry.primary if poetry.is_public_asked else ()), *poetry.supplemental)
    return [_with_user(url, poetry) for url in urls]


def _with_user(url: str, poetry: PoetrySettings) -> str:
    """``url`` with its credentials in it, as pip needs them."""
    source = next(each for each in poetry.sources if each.url == url)
    parts = urlsplit(url)
    if parts.username is not None or source.password is None:
        return url
    user_info = f"{quote(source.user or '', safe='')}:{quote(source.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user_info}@{parts.netloc}"))


def _first(uv: UvSettings, pip: PipSettings, name: str) -> Setting | None:
    return uv.options.get(name) or pip.options.get(name)


def _provider(setting: Setting | None) -> Provider:
    word = setting.one_of(_PROVIDERS) if setting else "auto"
    return next(each for each in _PROVIDERS if each == word)


def _certificates(environ: Mapping[str, str], uv: UvSettings, pip: PipSettings) -> Certificates:
    """pip's setting; else what uv reads, both of it; else what requests reads."""
    system = uv.options.get("system-certs")
    ways = (
        (pip.value("cert"),),
        (environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")),
        (environ.get("REQUESTS_CA_BUNDLE"),),
        (environ.get("CURL_CA_BUNDLE"),),
    )
    chosen: tuple[str | None, ...] = next((way for way in ways if any(way)), ())
    client = pip.value("client-cert") or environ.get("SSL_CLIENT_CERT")
    return Certificates(
        authorities=tuple(os.path.expanduser(path) for path in chosen if path),
        is_system_only=system is not None and system.flag(),
        client=os.path.expanduser(client) if client else None,
    )


def _netrc_files(environ: Mapping[str, str]) -> tuple[str, ...]:
    """``NETRC``, or what is in the home folder."""
    chosen = environ.get("NETRC")
    if chosen:
        return (os.path.expanduser(chosen),)
    home = environ.get("HOME") or os.path.expanduser("~")
    return tuple(os.path.join(home, name) for name in (".netrc", "_netrc"))


def unique(urls: Iterable[str]) -> list[str]:
    """Without repetitions, each where it is first; a trailing slash makes no difference."""
    first: dict[str, str] = {}
    for url in urls:
        first.setdefault(url.rstrip("/"), url)
    return list(first.values())

"""Which proxy an address is asked through: pip's setting, the common variables, or the system's.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read as curl, pip and uv do: in lower or upper case; NO_PROXY lists
hosts, domains, ``*`` and networks (10.0.0.0/8). pip's own setting knows no exceptions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """Pairs of scheme (``all`` for any) and URL; they may carry credentials. ``passed_over``: what NO_PROXY says."""

    by_scheme: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    passed_over: str = ""

    @classmethod
    def load(cls, environ: Mapping[str, str], chosen: str | None) -> Proxies:
        """``chosen`` is for everything."""
        if chosen:
            return cls(by_scheme=(("all", _with_scheme(chosen)),))
        found = {scheme: _either(environ, f"{scheme}_proxy") for scheme in ("http", "https", "all")}
        if not any(found.values()) and sys.platform in ("darwin", "win32"):
            from urllib.request import getproxies  # asks the system

            found |= {scheme: url for scheme, url in getproxies().items() if scheme in ("http", "https")}
        proxies = tuple((scheme, _with_scheme(url)) for scheme, url in found.items() if url)
        return cls(by_scheme=proxies, passed_over=_either(environ, "no_proxy"))

    def for_url(self, url: str) -> str | None:
        """The proxy for ``url``, if there is one."""
        parts = urlsplit(url)
        known = dict(self.by_scheme)
        proxy = known.get(parts.scheme) or known.get("all")
        if proxy is None or self._passes_over(parts.hostname or "", parts.port):
            return None
        return proxy

    def _passes_over(self, host: str, port: int | None) -> bool:
        words = self.passed_over.replace(",", " ").split()
        return any(_is_meant(host.lower(), port, word.lower()) for word in words)


def _is_meant(host: str, port: int | None, word: str) -> bool:
    """Whether NO_PROXY's ``word`` means the host: a domain, with or without a dot in front, means all below it."""
    if word == "*":
        return True
    if "/" in word:
        return _is_within(host, word)
    name, _, only = word.partition(":") if word.count(":") == 1 else (word.strip("[]"), "", "")
    name = name.lstrip(".")
    return (not only or only == str(port)) and bool(name) and (host == name or host.endswith(f".{name}"))


def _is_within(host: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _either(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"

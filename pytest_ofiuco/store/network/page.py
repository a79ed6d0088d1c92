"""One page of an index, and the links on it to one file or to files of some hashes; ``pypi_simple`` does the parsing.

A popular package's HTML page has thousands of links and takes half a second to parse whole, so only the
anchors that mention the file, or one of the hashes, are given to the parser.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from pytest_ofiuco.errors import brief
from pytest_ofiuco.store.network.failure import Unavailable, host_of

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a file may be had. ``sha256``: what the index says of it; ``yanked``: why it was withdrawn."""

    url: str = field(repr=False)
    sha256: str | None = None
    yanked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file that some place has; ``hashes``: what it says of it, by algorithm; ``requires_python`` likewise."""

    filename: str
    url: str = field(repr=False)
    hashes: tuple[tuple[str, str], ...] = ()
    requires_python: str | None = None


class Page:
    """A page as it came: ``type`` is its content type, ``url`` where it was in the end."""

    def __init__(self, *, url: str, content: bytes, type: str) -> None:
        self._url, self._content, self._type = url, content, type
        self._packages: list[DistributionPackage] | None = None
        self._lock = threading.Lock()

    def links(self, filename: str) -> list[Link]:
        """The links to ``filename``.

        Raises:
            Unavailable: this is no page of the simple API, or of a version not known.
        """
        return [
            Link(url=package.url, sha256=package.digests.get("sha256"), yanked=_why_yanked(package))
            for package in self._packages_where(_names(filename))
            if filename in (package.filename.strip(), _last_part(package.url))
        ]

    def offers(self, digests: Set[tuple[str, str]]) -> list[Offer]:
        """The files that may have one of ``digests``; any file, where there are none.

        Raises:
            Unavailable: this is no page of the simple API, or of a version not known.
        """
        return [
            Offer(
                filename=_last_part(package.url),
                url=package.url,
                hashes=tuple(sorted((name, digest.lower()) for name, digest in package.digests.items())),
                requires_python=package.requires_python,
            )
            for package in self._packages_where(_may_have(digests))
        ]

    def _packages_where(self, may_be: Callable[[bytes], bool]) -> list[DistributionPackage]:
        kind, _, parameters = self._type.partition(";")
        kind = kind.strip().lower()
        if kind == _JSON:
            with self._lock:
                if self._packages is None:
                    self._packages = self._parsed_json()
                return self._packages
        if kind in _HTML:
            encoding = parameters.partition("charset=")[2].strip(" \"'") or None
            return self._parsed_html(self._narrowed(may_be), encoding)
        raise Unavailable(f"{host_of(self._url)}: answers with {brief(kind)}, which is not the simple API")

    def _narrowed(self, may_be: Callable[[bytes], bool]) -> bytes:
        """The page without the anchors that cannot be meant; all of it where names may be escaped."""
        if b"&#" in self._content:
            return self._content
        head, *anchors = self._content.split(b"<a ")
        return b"<a ".join([head, *filter(may_be, anchors)])

    def _parsed_html(self, content: bytes, encoding: str | None) -> list[DistributionPackage]:
        from pypi_simple import ProjectPage, UnsupportedRepoVersionError  # parses; needed to fetch only

        try:
            page = ProjectPage.from_html("", content, base_url=self._url, from_encoding=encoding)
        except (UnsupportedRepoVersionError, ValueError, LookupError) as error:
            raise self._unreadable(error) from None
        return page.packages

    def _parsed_json(self) -> list[DistributionPackage]:
        from pypi_simple import ProjectPage, UnsupportedRepoVersionError

        try:
            return ProjectPage.from_json_data(json.loads(self._content), base_url=self._url).packages
        except (UnsupportedRepoVersionError, ValueError, RecursionError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> Unavailable:
        host = host_of(self._url) or self._url
        return Unavailable(f"{host}: gives a page that cannot be read ({type(error).__name__})")


def _names(filename: str) -> Callable[[bytes], bool]:
    names = {filename.encode(), quote(filename).encode()}
    return lambda anchor: any(name in anchor for name in names)


def _may_have(digests: Set[tuple[str, str]]) -> Callable[[bytes], bool]:
    """Whether an anchor's URL ends in one of the hashes, or does not tell."""
    known = {digest.encode() for algorithm, digest in digests if algorithm == "sha256"}
    is_all = {algorithm for algorithm, _ in digests} == {"sha256"}

    def may_have(anchor: bytes) -> bool:
        _, is_told, rest = anchor.partition(b"#sha256=")
        return not (is_told and is_all) or rest[:64].lower() in known

    return may_have


def _why_yanked(package: DistributionPackage) -> str | None:
    return (package.yanked_reason or "no reason given") if package.is_yanked else None


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]

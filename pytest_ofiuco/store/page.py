"""One page of an index, and the links on it to one file; ``pypi_simple`` does the parsing.

A popular package's HTML page has thousands of links and takes half a second to parse whole, so only the
anchors that mention the file are given to the parser.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from pytest_ofiuco.store.remote import Unavailable
from pytest_ofiuco.store.settings import host_of

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
            for package in self._mentioning(filename)
            if filename in (package.filename.strip(), _last_part(package.url))
        ]

    def _mentioning(self, filename: str) -> list[DistributionPackage]:
        kind, _, parameters = self._type.partition(";")
        kind = kind.strip().lower()
        if kind == _JSON:
            with self._lock:
                if self._packages is None:
                    self._packages = self._parsed_json()
                return self._packages
        if kind in _HTML:
            encoding = parameters.partition("charset=")[2].strip(" \"'") or None
            return self._parsed_html(self._narrowed(filename), encoding)
        raise Unavailable(f"{host_of(self._url)}: answers with {kind}, which is not the simple API")

    def _narrowed(self, filename: str) -> bytes:
        """The page without the anchors that cannot be the file's; all of it where names may be escaped."""
        if b"&#" in self._content:
            return self._content
        head, *anchors = self._content.split(b"<a ")
        names = {filename.encode(), quote(filename).encode()}
        return b"<a ".join([head, *(each for each in anchors if any(name in each for name in names))])

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


def _why_yanked(package: DistributionPackage) -> str | None:
    return (package.yanked_reason or "no reason given") if package.is_yanked else None


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]

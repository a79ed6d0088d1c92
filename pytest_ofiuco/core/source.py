"""File names and hashes as locks and settings write them: from a URL, a path, a ``sha256:…``."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from pytest_ofiuco.core.artifact import Archive, Hashes, Wheel, hashes_of

SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar")
"""The ends of sources' names; best first, where one version has several."""


def filename_of(location: str) -> str:
    """The file name that a URL or a path ends in, percent-decoded, without query and fragment."""
    parts = urlsplit(location)
    path = parts.path if parts.scheme else location.partition("#")[0]
    return unquote(path.replace("\\", "/").rstrip("/").rpartition("/")[2])


def hash_of(text: str) -> Hashes:
    """``sha256:abc…`` → the pair; nothing where it is not of that form."""
    algorithm, separator, digest = text.partition(":")
    return ((algorithm.lower(), digest.lower()),) if separator and algorithm and digest else ()


def fragment_hash(url: str) -> Hashes:
    """The hash in a URL's ``#sha256=…`` fragment, if there is one."""
    algorithm, separator, digest = urlsplit(url).fragment.partition("=")
    return hashes_of({algorithm: digest}) if separator and algorithm.startswith(("sha", "md5")) else ()


def direct_file(
    filename: str,
    hashes: Hashes,
    *,
    url: str | None = None,
    path: str | None = None,
    subdirectory: str | None = None,
) -> Wheel | Archive:
    """A file named by URL or path: a wheel where it is one, an archive to build otherwise."""
    if filename.endswith(".whl"):
        return Wheel(filename=filename, hashes=hashes, url=url, path=path)
    return Archive(filename=filename, hashes=hashes, url=url, path=path, subdirectory=subdirectory)


def is_sdist(filename: str) -> bool:
    """Whether a name ends as source distributions do."""
    return filename.endswith(SDISTS)

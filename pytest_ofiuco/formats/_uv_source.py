"""The files and sources of uv.lock's entries."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit, urlunsplit

from packaging.utils import InvalidWheelFilename
from packaging.version import InvalidVersion

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Archive, Hashes, Sdist, Vcs, Wheel
from pytest_ofiuco.core.source import direct_file, filename_of, hash_of
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import shown

_USUAL_DASHES = 4
"""Of a wheel's name that has no build number."""


def wheel_of(table: Table, index: str | None, source: Table, kind: str, version: str | None) -> Wheel:
    """A file of ``wheels``; its path is relative to the index where that is a folder.

    One that is not of the entry's version is an error, as it is to uv: the lock has been damaged or tampered with.
    """
    url, path, filename = table.location("url"), table.location("path"), table.location("filename")
    if kind == "url":
        url = url or source.required_text("url")
    elif kind == "path":
        path = path or source.required_text("path")
    elif kind == "registry" and path is not None and index is not None:
        path = f"{index.rstrip('/')}/{path}"
    location = filename or url or path
    if location is None:
        raise table.wrong("url", "required, and missing")
    name = filename_of(location)
    _check_name(table, name, version)
    return Wheel(
        filename=name,
        hashes=_hashes(table),
        url=url,
        path=path,
        index=index,
    )


def _check_name(table: Table, filename: str, version: str | None) -> None:
    """Raise an error where a wheel's name is none, or is of another version; its local part may be left out."""
    if version is not None and f"-{version}-" in filename and filename.count("-") == _USUAL_DASHES:
        return  # as nearly all are: reading each name would cost more than the rest of the lock
    try:
        found = grammar.wheel_filename(filename)[1]
        is_of_it = version is None or grammar.version(version) in (found, grammar.version(found.public))
    except InvalidWheelFilename as error:
        raise table.wrong("", f"{shown(filename)} is not the name of a wheel") from error
    except InvalidVersion:
        is_of_it = False
    if not is_of_it:
        raise table.wrong("", f"{shown(filename)} is of another version than {shown(version)}")


def sdist_of(table: Table, index: str | None) -> Sdist | None:
    """The entry's ``sdist``, if it has one."""
    if "sdist" not in table:
        return None
    sdist = table.table("sdist")
    url, path = sdist.location("url"), sdist.location("path")
    if path is not None and index is not None:
        path = f"{index.rstrip('/')}/{path}"
    location = url or path
    if location is None:
        raise sdist.wrong("url", "required, and missing")
    return Sdist(filename=filename_of(location), hashes=_hashes(sdist), url=url, path=path, index=index)


def archive_of(table: Table, source: Table, kind: str, location: str) -> Archive:
    """An entry whose source is a URL or a path and that lists no wheel."""
    sdist = table.table("sdist")
    found = direct_file(
        filename_of(location),
        _hashes(sdist),
        url=location if kind == "url" else None,
        path=location if kind == "path" else None,
        subdirectory=source.text("subdirectory"),
    )
    if not isinstance(found, Archive):
        raise table.wrong("wheels", f"the wheel {found.filename} is named as source and not listed")
    return found


def _hashes(table: Table) -> Hashes:
    text = table.text("hash")
    return hash_of(text) if text else ()


def commit_of(location: str) -> Vcs:
    """``https://host/repo?rev=main&subdirectory=sub#commit``."""
    parts = urlsplit(location)
    query = parse_qs(parts.query)
    asked = next((query[key][0] for key in ("rev", "tag", "branch") if key in query), None)
    return Vcs(
        type="git",
        url=urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
        commit=parts.fragment,
        requested_revision=asked,
        subdirectory=query.get("subdirectory", [None])[0],
    )

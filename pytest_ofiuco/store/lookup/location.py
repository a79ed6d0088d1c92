"""Where the files of a resolution are, asked of the indexes: poetry.lock, for one, names files and no URLs.

A page that tells another sha256 than the locked one has another file: it is passed over, and named where there is no
other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from pytest_ofiuco.core.artifact import Sdist, Wheel, sha256_of
from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.errors import FetchError, HashMismatchError
from pytest_ofiuco.store.index import Failure, Indexes, remedy
from pytest_ofiuco.store.network.page import Link
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.project import LocalProject
from pytest_ofiuco.store.settings import IndexSettings, shown
from pytest_ofiuco.store.threads import Threads, result_of

_AT_A_TIME = 8

File = Wheel | Sdist


def located(
    project: LocalProject, resolutions: Sequence[Resolution], environ: Mapping[str, str], *, offline: bool
) -> list[Resolution]:
    """The resolutions with a URL or a path for each wheel and each source distribution.

    Raises:
        FetchError: no index has a file, or none may be asked.
        HashMismatchError: what an index has under its name is another file.
    """
    pins = [pin for resolution in resolutions for pin in resolution.packages]
    lost = {
        pin.artifact: pin.name
        for pin in pins
        if isinstance(pin.artifact, File) and pin.artifact.url is None and pin.artifact.path is None
    }
    urls = _urls(project, lost, environ, offline=offline) if lost else {}
    return [
        replace(
            resolution,
            packages=tuple(
                replace(pin, artifact=replace(pin.artifact, url=urls[pin.artifact]))
                if isinstance(pin.artifact, File) and pin.artifact in urls
                else pin
                for pin in resolution.packages
            ),
        )
        for resolution in resolutions
    ]


def _urls(
    project: LocalProject, lost: Mapping[File, str], environ: Mapping[str, str], *, offline: bool
) -> dict[File, str]:
    directory = project.lock_file.parent
    settings = IndexSettings.load(environ, project.directory).for_lock(project.lock, directory, environ)
    threads = Threads(_AT_A_TIME)
    with closing(Remote(settings)) as remote:
        indexes = Indexes(settings, remote, offline=offline)
        try:
            asked = {
                file: threads.submit(_url, indexes, file, name, _base(file, str(directory)), offline)
                for file, name in lost.items()
            }
            return {file: result_of(future) for file, future in asked.items()}
        finally:
            threads.close(0.0)


def _base(file: File, lock_directory: str) -> str | None:
    """The index of a file; a folder's path is relative to the lock."""
    if file.index is None or "://" in file.index:
        return file.index
    return os.path.join(lock_directory, file.index)


def _url(indexes: Indexes, file: File, package: str, base: str | None, offline: bool) -> str:
    sha256 = sha256_of(file.hashes)
    failures: list[Failure] = []
    other: Link | None = None
    for place in indexes.places(file.filename, package, base):
        if isinstance(place, Failure):
            failures.append(place)
        elif sha256 is not None and place.sha256 is not None and place.sha256.lower() != sha256:
            other = other or place
        else:
            return place.url.partition("#")[0]
    if other is not None and sha256 is not None and other.sha256 is not None:
        raise HashMismatchError(file.filename, shown(other.url), sha256, other.sha256)
    if offline:
        reason = "the lock tells no URL for it, and offline no index may be asked"
        raise FetchError(
            file.filename, reason, "leave --offline out, or lock with a tool that records URLs (uv, pylock)"
        )
    reasons = "; ".join(dict.fromkeys(failure.reason for failure in failures))
    raise FetchError(file.filename, reasons or "no index is configured", remedy(failures) or FetchError.hint)

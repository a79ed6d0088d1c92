"""What a lock pins: one of five kinds of artifact.

Kinds follow PEP 751 (https://peps.python.org/pep-0751/): a wheel and an sdist come from an index or a URL, an
archive is a direct URL or path, vcs is a commit, a directory is a source tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

Hashes = tuple[tuple[str, str], ...]
"""Pairs of algorithm and lower-case hex digest, sorted by algorithm."""

_SHA256_DIGITS = 64
_HEX_DIGITS = frozenset("0123456789abcdef")

_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")


def hashes_of(values: dict[str, str]) -> Hashes:
    """Sorted pairs from an ``{algorithm: digest}`` table."""
    return tuple(sorted((algorithm.lower(), digest.lower()) for algorithm, digest in values.items()))


def sha256_of(hashes: Hashes) -> str | None:
    """The sha256 hex digest among ``hashes``, if there is one."""
    return dict(hashes).get("sha256")


def is_sha256(digest: str) -> bool:
    """Whether it is 256 bits in hex."""
    return len(digest) == _SHA256_DIGITS and set(digest) <= _HEX_DIGITS


def without_user_info(text: str) -> str:
    """``text`` with no user name and password in any URL: fit for a log and for people."""
    return _USER_INFO.sub("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A built distribution; ``path`` is relative to the lock, ``index`` the simple-API base it came from."""

    filename: str
    hashes: Hashes = ()
    url: str | None = None
    path: str | None = None
    index: str | None = None
    kind: Literal["wheel"] = "wheel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdist:
    """A source distribution from an index, a URL or a path relative to the lock."""

    filename: str
    hashes: Hashes = ()
    url: str | None = None
    path: str | None = None
    index: str | None = None
    kind: Literal["sdist"] = "sdist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A direct reference to an archive: a wheel, an sdist or any source archive."""

    filename: str
    hashes: Hashes = ()
    url: str | None = None
    path: str | None = None
    subdirectory: str | None = None
    kind: Literal["archive"] = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vcs:
    """A commit of a repository."""

    type: str
    url: str | None = None
    path: str | None = None
    commit: str
    requested_revision: str | None = None
    subdirectory: str | None = None
    kind: Literal["vcs"] = "vcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A source tree; ``path`` is relative to the lock."""

    path: str
    editable: bool = False
    subdirectory: str | None = None
    kind: Literal["directory"] = "directory"


Artifact = Wheel | Sdist | Archive | Vcs | Directory


def unknown(artifact: NoReturn) -> NoReturn:
    """The last case of a ``match`` on an artifact: the type checker holds that it is never reached."""
    raise AssertionError(f"no kind of artifact: {artifact!r}")

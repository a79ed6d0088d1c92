"""direct_url.json: where a package came from that did not come from an index (PEP 610).

https://packaging.python.org/specifications/direct-url/. Credentials are left out, and queries, which may hold tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, unknown
from pytest_ofiuco.store.network.failure import host_of
from pytest_ofiuco.store.sources import tree_of


def direct_url(artifact: Artifact, lock_directory: Path) -> dict[str, Any] | None:
    """What the file says of ``artifact``; ``None`` for what an index offers."""
    match artifact:
        case Wheel() | Sdist():
            return None
        case Archive():
            data: dict[str, Any] = {
                "url": _location(artifact.url, artifact.path, lock_directory),
                "archive_info": {"hashes": dict(artifact.hashes)},
            }
        case Vcs():
            info = {"vcs": artifact.type, "commit_id": artifact.commit}
            if artifact.requested_revision:
                info["requested_revision"] = artifact.requested_revision
            data = {"url": _location(artifact.url, artifact.path, lock_directory), "vcs_info": info}
        case Directory():
            tree = tree_of(artifact, lock_directory)
            return {"url": tree.as_uri(), "dir_info": {"editable": True} if artifact.editable else {}}
        case _:
            unknown(artifact)
    if artifact.subdirectory:
        data["subdirectory"] = artifact.subdirectory
    return data


def _location(url: str | None, path: str | None, lock_directory: Path) -> str:
    if path is not None:
        return (lock_directory / path).absolute().as_uri()
    plain = (url or "").removeprefix("git+")
    return urlunsplit(urlsplit(plain)._replace(netloc=host_of(plain), query="", fragment=""))

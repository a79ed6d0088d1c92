"""The stable machine interface of ``ofiuco resolve --format json``: sorted keys, sorted packages, no host in it."""

from __future__ import annotations

import json
from typing import Any

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, unknown
from pytest_ofiuco.core.resolve import Resolution

VERSION = 1


def resolution_json(resolution: Resolution) -> str:
    """The JSON document, with a final newline."""
    return json.dumps(document(resolution), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def document(resolution: Resolution) -> dict[str, Any]:
    """The document as plain values; its shape is version 1 of the interface. A variant is named where there is one."""
    lock, target, variant = resolution.lock, resolution.target, resolution.variant
    return ({"variant": variant.name} if variant is not None else {}) | {
        "version": VERSION,
        "lock": {"format": lock.format, "path": lock.path, "sha256": lock.sha256},
        "target": {
            "python": target.python.text,
            "platform": str(target.platform),
            "environment": target.environment,
        },
        "packages": [
            {
                "name": pin.name,
                "version": pin.version,
                "dependencies": list(pin.dependencies),
                "artifact": artifact_json(pin.artifact),
            }
            for pin in resolution.packages
        ],
    }


def artifact_json(artifact: Artifact) -> dict[str, Any]:
    """An artifact by its kind; ``url`` and ``index`` are null where the lock names none."""
    match artifact:
        case Wheel() | Sdist():
            found = _file(artifact) | {"index": artifact.index}
            return found if artifact.path is None else found | {"path": artifact.path}
        case Archive():
            return _file(artifact) | {"path": artifact.path, "subdirectory": artifact.subdirectory}
        case Vcs():
            return _no_file(artifact) | {
                "url": artifact.url,
                "path": artifact.path,
                "type": artifact.type,
                "commit": artifact.commit,
                "requested_revision": artifact.requested_revision,
                "subdirectory": artifact.subdirectory,
            }
        case Directory():
            return _no_file(artifact) | {
                "path": artifact.path,
                "editable": artifact.editable,
                "subdirectory": artifact.subdirectory,
            }
        case _:
            unknown(artifact)


def _file(artifact: Wheel | Sdist | Archive) -> dict[str, Any]:
    return {
        "kind": artifact.kind,
        "filename": artifact.filename,
        "hashes": dict(artifact.hashes),
        "url": artifact.url,
        "index": None,
    }


def _no_file(artifact: Vcs | Directory) -> dict[str, Any]:
    return {"kind": artifact.kind, "filename": None, "hashes": {}, "url": None, "index": None}

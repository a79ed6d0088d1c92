"""What an image is, as JSON beside it: the same bytes for the same image, wherever it was made."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_ofiuco.bundle.collecting import Collected
from pytest_ofiuco.bundle.image.base import Base
from pytest_ofiuco.bundle.image.configuration import NewLayer
from pytest_ofiuco.bundle.manifest import about_lock, content_hash, left_out, packages
from pytest_ofiuco.bundle.request import ImageRequest


def manifest(
    request: ImageRequest,
    base: Base | None,
    layers: Sequence[NewLayer],
    found: Collected,
    prefix: str,
    documents: Mapping[str, Any],
    size: int,
) -> dict[str, Any]:
    """The manifest; ``documents`` has the digests and the configuration of the image, of ``size`` bytes in all."""
    everything = [entry for entries in found.entries.values() for entry in entries.values()]
    inside = {entry.path: replace(entry, path=entry.path[len(prefix) :]) for entry in everything}
    config = documents["config"]
    started = config["config"]
    return {
        "version": 1,
        "layout": os.path.basename(os.path.abspath(request.output)),
        "tag": request.tag,
        "digest": documents["digest"],
        "config_digest": documents["config_digest"],
        "content_sha256": content_hash(inside[path] for path in sorted(inside)),
        "files": len(inside),
        "size": {"packed": size, "unpacked": sum(entry.size for entry in inside.values())},
        "base": {"digest": base.digest, "layers": len(base.layers)} if base is not None else None,
        "layers": [
            {
                "of": layer.of,
                "digest": layer.digest,
                "diff_id": layer.diff_id,
                "files": layer.files,
                "size": {"packed": layer.size, "unpacked": layer.unpacked},
            }
            for layer in layers
        ],
        "handler": request.handler,
        "entrypoint": started.get("Entrypoint"),
        "cmd": started.get("Cmd"),
        "user": started.get("User", ""),
        "workdir": started["WorkingDir"],
        "prefix": prefix,
        "environment": dict(each.partition("=")[::2] for each in started["Env"]),
        "labels": started["Labels"],
        "python": request.target.python.text,
        "platform": {"name": request.platform, "tag": str(request.target.platform)},
        "os": config["os"],
        "architecture": config["architecture"],
        "variant": config.get("variant"),
        "strip": found.stripped_by,
        "lock": about_lock(request),
        "packages": packages(found.shipment, inside.values(), found.own),
        "left_out": left_out(found.shipment),
    }

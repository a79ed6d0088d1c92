"""What a zip is, as JSON for CDK, SAM and Terraform: the same bytes for the same zip, wherever it was made."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_ofiuco.bundle.archive import Written
from pytest_ofiuco.bundle.entries import Entry, hex_of
from pytest_ofiuco.bundle.limits import sizes
from pytest_ofiuco.bundle.request import Contents, Request
from pytest_ofiuco.bundle.shipment import Shipment
from pytest_ofiuco.core.target import Python

_ARCHITECTURES = {"aarch64": "arm64", "win_amd64": "x86_64", "win_arm64": "arm64"}
LAYER_PATH = "/opt/python"
"""Where AWS Lambda has the ``python`` folder of layers: https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html"""


def manifest(
    request: Request,
    shipment: Shipment,
    zips: Mapping[str, tuple[Written, Mapping[str, Entry]]],
    own: str,
    stripped_by: str | None,
) -> dict[str, Any]:
    """The manifest of ``zips``: by path, what was written and of what. The first is the asset, a second its layer."""
    (path, (written, entries)), *layers = zips.items()
    everything = [entry for _, found in zips.values() for entry in found.values()]
    platform = request.target.platform
    has_layer = bool(layers) or request.layout == "layer"
    return {
        "version": 1,
        "asset": os.path.basename(path),
        **_facts(written, entries),
        "handler": request.handler,
        "main": request.main,
        "layout": request.layout,
        "layers": [{"asset": os.path.basename(each), **_facts(*found)} for each, found in layers],
        "python": request.target.python.text,
        "runtime": _runtime(request.target.python),
        "platform": {"name": request.platform, "tag": str(platform)},
        "architectures": [_ARCHITECTURES.get(platform.architecture, platform.architecture)],
        "environment": {"PYTHONPATH": LAYER_PATH} if has_layer else {},
        "strip": stripped_by,
        "lock": about_lock(request),
        "packages": packages(shipment, everything, own),
        "left_out": left_out(shipment),
    }


def _runtime(python: Python) -> str | None:
    """AWS Lambda's name of a Python; it has CPython alone, with the GIL."""
    major, minor = python.minor
    return f"python{major}.{minor}" if python.implementation == "cpython" and not python.free_threaded else None


def rendered(document: Mapping[str, Any]) -> str:
    """A manifest as text."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _facts(written: Written, entries: Mapping[str, Entry]) -> dict[str, Any]:
    digest = bytes.fromhex(written.sha256)
    return {
        "sha256": written.sha256,
        "code_sha256": base64.b64encode(digest).decode(),
        "content_sha256": content_hash(entries.values()),
        "files": len(entries),
        "size": {"zipped": written.size, "unzipped": sum(entry.size for entry in entries.values())},
    }


def content_hash(entries: Iterable[Entry]) -> str:
    """The sha256 of names, modes and contents: the same whatever has compressed them."""
    lines = (f"{hex_of(each.hash)} {'755' if each.executable else '644'} {each.path}\n" for each in entries)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def about_lock(request: Contents) -> dict[str, str]:
    """Where the lock is, and what it was."""
    return {"path": request.project.lock.path, "sha256": request.project.lock.sha256}


def left_out(shipment: Shipment) -> dict[str, list[str]]:
    """What does not ship."""
    return {"provided": list(shipment.provided), "needed_by_these_only": list(shipment.unneeded)}


def packages(shipment: Shipment, entries: Iterable[Entry], own: str) -> list[dict[str, Any]]:
    """Packages by name, each with its version and its bytes."""
    by_package, versions = sizes(entries), shipment.resolution.versions()
    names = sorted({*by_package, *versions, own})
    return [{"name": name, "version": versions.get(name), "size": by_package.get(name, 0)} for name in names]

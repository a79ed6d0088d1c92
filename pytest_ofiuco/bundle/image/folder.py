"""Writing an OCI image layout: beside the folder that it is to be, and renamed.

    oci-layout            {"imageLayoutVersion": "1.0.0"}
    index.json            the image, and its tag
    blobs/sha256/DIGEST   layers, configuration, manifest

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_ofiuco.bundle.image.base import Blob, check
from pytest_ofiuco.errors import BundleError, UsageError

LAYOUT = {"imageLayoutVersion": "1.0.0"}
_CHUNK = 1 << 20
_NAMES = {"oci-layout", "index.json", "blobs"}


def rendered(document: Mapping[str, Any]) -> bytes:
    """A document as its digest is made of: the same bytes for the same content."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Folder:
    """A layout that is being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = root / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)

    def add(self, content: bytes) -> tuple[str, int]:
        """Write a blob; its digest and size."""
        digest = hashlib.sha256(content).hexdigest()
        (self.blobs / digest).write_bytes(content)
        return f"sha256:{digest}", len(content)

    def rename(self, file: Path, sha256: str) -> None:
        """Make a file of this folder a blob."""
        file.rename(self.blobs / sha256)

    def copy(self, blob: Blob) -> None:
        """Take a blob over.

        Raises:
            BundleError: it is not there, or not what its digest says.
        """
        algorithm, _, encoded = blob.digest.partition(":")
        target = self.root / "blobs" / algorithm / encoded
        target.parent.mkdir(exist_ok=True)
        found, size = hashlib.new(algorithm), 0
        try:
            source = blob.file.open("rb", buffering=0)
        except OSError as error:
            hint = "copy the base once more: all of its layers have to be there"
            raise BundleError(f"{blob.file}: cannot be read: {error.strerror}", hint) from error
        with source, target.open("wb", buffering=0) as file:
            while chunk := source.read(_CHUNK):
                found.update(chunk)
                size += len(chunk)
                file.write(chunk)
        check(blob, found.hexdigest(), size)

    def end(self, index: Mapping[str, Any]) -> None:
        """Write what names the blobs."""
        (self.root / "index.json").write_bytes(rendered(index))
        (self.root / "oci-layout").write_bytes(rendered(LAYOUT))


def check_place(output: str) -> None:
    """Whether a layout may be written there: where nothing is, or an empty folder, or a layout, which is replaced.

    Raises:
        UsageError: something else is there, or it is in no folder.
    """
    place = Path(os.path.realpath(output))
    if not place.parent.is_dir():
        raise UsageError(f"{output}: the folder {Path(output).parent} is not there", "make it")
    if place.is_dir():
        try:
            names = {each.name for each in place.iterdir()}
        except OSError as error:
            raise UsageError(f"{output}: cannot be read: {error.strerror}", "name another folder") from error
        if names and names != _NAMES:
            raise UsageError(f"{output}: a folder with other things in it", "name a new one, or an OCI layout alone")
    elif place.exists():
        raise UsageError(f"{output}: a file", "name a folder")


def replaced(output: str, fill: Callable[[Folder], None]) -> None:
    """Let ``fill`` fill a folder beside ``output``, and put it in its place: a reader sees no half of one.

    Raises:
        UsageError: it cannot be written.
    """
    place = Path(os.path.realpath(output))
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name[:50]}.") as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            new.mkdir()
            fill(Folder(new))
            if place.is_dir():
                place.rename(old)
            try:
                new.rename(place)
            except OSError:
                if old.is_dir():
                    old.rename(place)
                raise
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free the disk, or name a folder on another" if is_full else "name a folder in one that can be written"
        raise UsageError(f"{output}: cannot be written: {error.strerror or error}", hint) from error

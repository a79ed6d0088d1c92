"""OCI image layouts: bases made where a test wants them, and images read back."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ofiuco.bundle.image.making import make
from pytest_ofiuco.bundle.request import ImageRequest, Made
from pytest_ofiuco.bundle.shipment import selection
from pytest_ofiuco.core.matrix import HOST
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.progress import SilentProgress
from pytest_ofiuco.store.project import load
from tests.store.makers import THIS_PYTHON

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ARM64 = {"os": "linux", "architecture": "arm64"}
AMD64 = {"os": "linux", "architecture": "amd64"}
BASE_LAYER = gzip.compress(b"a layer of the base", mtime=0)


@dataclass
class Layout:
    """A layout that a test makes, blob by blob."""

    folder: Path

    def add(self, content: bytes | Mapping[str, Any], media_type: str = "") -> dict[str, Any]:
        """A blob; its descriptor."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        digest = hashlib.sha256(data).hexdigest()
        place = self.folder / "blobs" / "sha256"
        place.mkdir(parents=True, exist_ok=True)
        (place / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def image(
        self,
        platform: Mapping[str, str],
        config: Mapping[str, Any] | None = None,
        *,
        layer_type: str = LAYER,
        manifest_type: str = MANIFEST,
        **more: Any,
    ) -> dict[str, Any]:
        """An image of one layer; its descriptor, which says nothing of the platform."""
        layer = self.add(BASE_LAYER, layer_type)
        diff_id = f"sha256:{hashlib.sha256(gzip.decompress(BASE_LAYER)).hexdigest()}"
        document = {
            **platform,
            "config": config or {},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
            **more,
        }
        manifest = {"schemaVersion": 2, "config": self.add(document, CONFIG), "layers": [layer]}
        return self.add(manifest, manifest_type)

    def end(self, *descriptors: Mapping[str, Any], **tags: Mapping[str, Any]) -> str:
        """Write what names the images, by tag or without one."""
        named = [{**each, "annotations": {"org.opencontainers.image.ref.name": tag}} for tag, each in tags.items()]
        self.folder.mkdir(parents=True, exist_ok=True)
        index = {"schemaVersion": 2, "manifests": [*descriptors, *named]}
        (self.folder / "index.json").write_text(json.dumps(index))
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return str(self.folder)


def imaged(
    folder: Path,
    store: Store,
    *,
    platform: str = "aws_lambda",
    output: Path | None = None,
    environ: Mapping[str, str] | None = None,
    python: str = THIS_PYTHON,
    **options: Any,
) -> Made:
    """The image of a project, ``image`` beside its folder unless ``output`` says otherwise."""
    found = load(folder)
    version = Python.parse(python)
    definition = found.config.axis(platform, str(host_platform()) if platform == HOST else "").definition
    request = ImageRequest(
        project=found,
        target=Target(python=version, platform=definition.platform(version.minor)),
        platform=platform,
        output=str(output or folder.parent / "image"),
        selection=selection(found)[0],
        **options,
    )
    environ = {"PATH": os.environ["PATH"]} if environ is None else environ
    return make(request, store, environ=environ, progress=SilentProgress())


@dataclass
class Image:
    """An image read back, each blob against its digest."""

    folder: Path

    def blob(self, descriptor: Mapping[str, str | int]) -> bytes:
        """The bytes that a descriptor names."""
        algorithm, _, encoded = str(descriptor["digest"]).partition(":")
        content = (self.folder / "blobs" / algorithm / encoded).read_bytes()
        assert hashlib.new(algorithm, content).hexdigest() == encoded
        assert len(content) == descriptor["size"]
        return content

    @property
    def index(self) -> Any:
        return json.loads((self.folder / "index.json").read_bytes())

    @property
    def manifest(self) -> Any:
        (descriptor,) = self.index["manifests"]
        return json.loads(self.blob(descriptor))

    @property
    def config(self) -> Any:
        return json.loads(self.blob(self.manifest["config"]))

    def members(self, number: int) -> list[tarfile.TarInfo]:
        """The members of a layer, whose content is that of its diff_id."""
        content = gzip.decompress(self.blob(self.manifest["layers"][number]))
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == self.config["rootfs"]["diff_ids"][number]
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return archive.getmembers()

    def names(self, number: int) -> list[str]:
        """The files of a layer."""
        return [each.name for each in self.members(number) if each.isfile()]

    def text(self, number: int, path: str) -> str:
        """A file of a layer."""
        content = gzip.decompress(self.blob(self.manifest["layers"][number]))
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            file = archive.extractfile(path)
            assert file is not None
            return file.read().decode()


def image_of(folder: Path) -> Image:
    """The image in a layout that is whole: nothing but what is named, and everything that is."""
    image = Image(folder)
    manifest = image.manifest
    (listed,) = image.index["manifests"]
    for layer in manifest["layers"]:
        image.blob(layer)
    named = {each["digest"] for each in (listed, manifest["config"], *manifest["layers"])}
    assert {f"sha256:{each.name}" for each in (folder / "blobs" / "sha256").iterdir()} == named
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    return image

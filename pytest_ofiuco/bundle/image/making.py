"""A request → an OCI image layout, and a manifest that tells of it.

    base's layers         as they are
    dependencies          below the prefix: /var/task on AWS Lambda, else /app
    code                  below it too: what changes often comes last, and the rest is pulled once

Together they are what a flat zip holds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_ofiuco.bundle.archive import Written, seconds
from pytest_ofiuco.bundle.collecting import Collected, Collector, Part
from pytest_ofiuco.bundle.entries import Entry, merged
from pytest_ofiuco.bundle.image.base import REFERENCE, Base, read_base
from pytest_ofiuco.bundle.image.checks import check, check_size, notes, warnings
from pytest_ofiuco.bundle.image.configuration import NewLayer, about, configuration
from pytest_ofiuco.bundle.image.folder import Folder, check_place, rendered, replaced
from pytest_ofiuco.bundle.image.layer import LATEST, Layer
from pytest_ofiuco.bundle.image.manifest import manifest
from pytest_ofiuco.bundle.image.platform import ImagePlatform, image_platform
from pytest_ofiuco.bundle.limits import sizes
from pytest_ofiuco.bundle.packed import DEFLATED
from pytest_ofiuco.bundle.placing import Places
from pytest_ofiuco.bundle.request import ImageRequest, Made
from pytest_ofiuco.bundle.shipment import check_python
from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.limits import is_lambda
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.progress import Progress

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_BASE_DIGEST = "org.opencontainers.image.base.digest"
_SMALL = 512
"""Bytes of a deflated file below which a gzip member of its own is not worth its 18 bytes."""


def make(request: ImageRequest, store: Store, *, environ: Mapping[str, str], progress: Progress) -> Made:
    """Make the image.

    Raises:
        UsageError: an option cannot be taken, or the output not be written.
        BundleError: there can be no such image.
        OfiucoError: the target gets nothing from the lock, or a file cannot be had.
    """
    platform = image_platform(request.target.platform, request.platform)
    check(request)
    check_place(request.output)
    check_python(request.project, request.target, request.platform)
    moment = min(seconds(environ), LATEST)
    base = read_base(request.base, platform) if request.base is not None else None
    if base is not None and os.path.realpath(base.folder) == os.path.realpath(request.output):
        raise UsageError(f"{request.output}: is the base", "write the image to another folder")
    settings = request.project.config.settings.get(request.platform, PlatformSettings())
    prefix = request.prefix or ("/var/task" if is_lambda(request.platform) else "/app")
    places = Places(site=f"{prefix[1:]}/", bin=f"{prefix[1:]}/bin/", shebang=request.shebang)
    parts = [
        Part(name="dependencies", places=places, has_code=False),
        Part(name="code", places=places, has_wheels=False),
    ]
    with usage.making(store), store.usable():
        provided = () if request.with_provided else settings.provided
        found = Collector(request, provided, store, environ, progress).collected(parts)
        everything = merged(entry for entries in found.entries.values() for entry in entries.values())
        check_size(request, base, sizes(everything.values()))
        return _Maker(request, platform, base, prefix, store, progress, moment).made(found)


class _Maker:
    def __init__(
        self,
        request: ImageRequest,
        platform: ImagePlatform,
        base: Base | None,
        prefix: str,
        store: Store,
        progress: Progress,
        moment: int,
    ) -> None:
        self.request, self.platform, self.base, self.prefix = request, platform, base, prefix
        self.store, self.progress, self.moment = store, progress, moment
        self.layers: list[NewLayer] = []
        self.documents: dict[str, Any] = {}
        self.size = 0

    def made(self, found: Collected) -> Made:
        request = self.request
        what = f"writing {os.path.basename(request.output)}"
        self.progress.started(what)
        try:
            replaced(request.output, lambda folder: self._fill(folder, found))
        finally:
            self.progress.finished(what)
        digest = self.documents["digest"]
        return Made(
            files={request.output: Written(sha256=digest.partition(":")[2], size=self.size)},
            manifest=manifest(request, self.base, self.layers, found, self.prefix, self.documents, self.size),
            warnings=tuple(dict.fromkeys((*found.warnings, *warnings(request, self.base, found)))),
            notes=tuple(notes(self.base, self.documents["config"])),
        )

    def _fill(self, folder: Folder, found: Collected) -> None:
        base = self.base
        for layer in base.layers if base is not None else ():
            folder.copy(layer)
        self.layers += [self._layer(folder, name, entries, found) for name, entries in found.entries.items() if entries]
        config = self._configuration(found)
        layers = [
            *(_descriptor(each.media_type, each.digest, each.size) for each in (base.layers if base else ())),
            *(_descriptor(_LAYER, each.digest, each.size) for each in self.layers),
        ]
        described = _descriptor(_CONFIG, *folder.add(rendered(config)))
        annotations = about(self.request.project.pyproject) | ({_BASE_DIGEST: base.digest} if base else {})
        document = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": layers}
        digest, size = folder.add(rendered(document | ({"annotations": annotations} if annotations else {})))
        platform = {key: config[key] for key in ("architecture", "os", "variant") if key in config}
        named = {"annotations": {REFERENCE: self.request.tag}, "platform": platform}
        listed = _descriptor(_MANIFEST, digest, size) | named
        folder.end({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [listed]})
        self.documents = {"digest": digest, "config": config, "config_digest": described["digest"]}
        self.size = sum(each["size"] for each in (*layers, described)) + size

    def _configuration(self, found: Collected) -> dict[str, Any]:
        scripts = f"{self.prefix[1:]}/bin/"
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.moment))
        has_scripts = any(path.startswith(scripts) for entries in found.entries.values() for path in entries)
        return configuration(
            self.request, self.base, self.platform, self.layers, self.prefix, created, has_scripts=has_scripts
        )

    def _layer(self, folder: Folder, name: str, entries: Mapping[str, Entry], found: Collected) -> NewLayer:
        file = folder.root / "layer"
        with file.open("wb", 1 << 20) as output:
            layer = Layer(output, self.moment, self.request.compression)
            for path in self._folders(entries):
                layer.folder(path)
            for path, entry in entries.items():
                self._add(layer, path, entry, found)
            layer.end()
        stream = layer.stream
        folder.rename(file, stream.sha256)
        return NewLayer(
            of=name,
            digest=f"sha256:{stream.sha256}",
            diff_id=f"sha256:{stream.plain_sha256}",
            size=stream.size,
            files=len(entries),
            unpacked=sum(entry.size for entry in entries.values()),
        )

    def _folders(self, entries: Mapping[str, Entry]) -> Iterator[str]:
        """The folders of files, from the prefix on: what leads there is the base's, and may be a link."""
        prefix = self.prefix[1:]
        found = {prefix}
        for path in entries:
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        if self.base is None:
            parts = prefix.split("/")
            found |= {"/".join(parts[:count]) for count in range(1, len(parts))}
        yield from sorted(found)

    def _add(self, layer: Layer, path: str, entry: Entry, found: Collected) -> None:
        kept = found.kept.get(entry.wheel.sha256) if entry.wheel is not None and entry.content is None else None
        packed = kept.packed(entry) if kept is not None else None
        if kept is not None and packed is not None and packed.method == DEFLATED and packed.packed > _SMALL:
            layer.copy(path, kept, packed, executable=entry.executable)
            return
        layer.add(path, entry.size, self._chunks(entry), executable=entry.executable)

    def _chunks(self, entry: Entry) -> Iterator[bytes]:
        """An entry's bytes; that the store cannot be read is not the output's fault."""
        with self.store.usable():
            yield from entry.chunks()


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}

"""The image that another one is made on: read from an OCI image layout, and not believed before it is looked at.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md. Docker's media types, which tools may leave in a
layout, are as good as OCI's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ofiuco.bundle.image.platform import ImagePlatform
from pytest_ofiuco.bundle.placing import is_text
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import BundleError, InputError, UsageError, shown

REFERENCE = "org.opencontainers.image.ref.name"
_INDICES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
_LAYERS = {
    "application/vnd.docker.image.rootfs.diff.tar": _OCI_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": f"{_OCI_LAYER}+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": f"{_OCI_LAYER}+zstd",
}
_HEX = {"sha256": 64, "sha512": 128}
_LARGEST = 8 << 20
"""Bytes of a document. The spec asks registries for four megabytes."""
_DEEPEST = 4
_AGAIN = "copy the base once more, with `skopeo copy` for example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file of a layout, and what it has to be."""

    media_type: str
    digest: str
    size: int
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An image in the layout ``folder``, which messages call ``name``: ``config`` as it stands there, ``layers`` with
    OCI's media types."""

    name: str
    folder: Path
    digest: str
    platform: ImagePlatform
    config: Mapping[str, Any]
    layers: tuple[Blob, ...]
    diff_ids: tuple[str, ...]

    def variable(self, name: str) -> str | None:
        """An environment variable that containers of it have."""
        for each in self.settings().texts("Env"):
            key, _, value = each.partition("=")
            if key == name:
                return value
        return None

    def settings(self) -> Table:
        """What containers of it are started with."""
        return Table(self.config, file=self.name).table("config")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    manifest: Table
    digest: str
    platform: ImagePlatform
    config: Blob


def read_base(written: str, wanted: ImagePlatform) -> Base:
    """The image of ``FOLDER`` or ``FOLDER:TAG`` that is for a platform.

    Raises:
        UsageError: there is no such layout, or image in it.
        BundleError: none in it is for the platform, or a document is not what its digest says.
        InputError: a document is not what it should be.
    """
    try:
        return _read_base(written, wanted)
    except InputError as error:
        raise InputError(error.file, error.at, error.reason, _AGAIN) from error


def _read_base(written: str, wanted: ImagePlatform) -> Base:
    folder, tag = _parsed(written)
    layout = _Layout(folder, written)
    found = layout.candidates(tag)
    fitting = [each for each in found if wanted.takes(each.platform)]
    if not fitting:
        raise _not_for(wanted, written, [each.platform for each in found])
    best = max(fitting, key=lambda each: each.platform.variant)
    if tag is None and len({each.digest for each in fitting}) > 1:
        tags = ", ".join(layout.tags()) or "none has a tag"
        raise UsageError(f"base {written}: has several images for {wanted}", f"name one by its tag: {tags}")
    base = _base(layout, best, folder)
    if not wanted.takes(base.platform):  # where its index says something else
        raise _not_for(wanted, written, [base.platform])
    return base


def _not_for(wanted: ImagePlatform, written: str, found: Iterable[ImagePlatform]) -> BundleError:
    there = ", ".join(dict.fromkeys(map(str, found))) or "no image"
    how = f"copy the one for it, as with `skopeo copy --override-arch {wanted.architecture}`"
    return BundleError(f"base {written}: has {there}, and what is made is for {wanted}", how)


def _parsed(written: str) -> tuple[Path, str | None]:
    """The folder and the tag: the first part that is a folder, and what follows the colon after it."""
    if Path(written).is_dir():
        return Path(written), None
    at = written.find(":")
    while at >= 0:
        if at and Path(written[:at]).is_dir():
            return Path(written[:at]), written[at + 1 :]
        at = written.find(":", at + 1)
    if Path(written).is_file():
        raise UsageError(f"base {written}: a file", "name a folder: `skopeo copy oci-archive:FILE oci:FOLDER` makes it")
    hint = "make it with `skopeo copy docker://… oci:FOLDER:TAG`, for example"
    raise UsageError(f"base {written}: there is no such folder", hint)


class _Layout:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self.name = folder, name
        for each in ("oci-layout", "index.json"):
            if not (folder / each).is_file():
                hint = "make one with `skopeo copy docker://… oci:FOLDER:TAG`, for example"
                raise UsageError(f"base {name}: not an OCI layout: it has no {each}", hint)
        version = self._top(folder / "oci-layout").text("imageLayoutVersion")
        if version is None or not version.startswith("1."):
            raise UsageError(f"base {name}: an OCI layout of version {shown(version)}", "name one of version 1.0.0")
        self._index = self._top(folder / "index.json")

    def tags(self) -> list[str]:
        """What images are tagged."""
        found = (each.table("annotations").text(REFERENCE) for each in self._index.tables("manifests"))
        return sorted({each for each in found if each})

    def candidates(self, tag: str | None) -> list[_Candidate]:
        """The images of a tag, or all."""
        chosen = [
            each
            for each in self._index.tables("manifests")
            if tag is None or each.table("annotations").text(REFERENCE) == tag
        ]
        if not chosen and tag is not None:
            there = ", ".join(self.tags())
            hint = f"use one of: {there}" if there else "leave the tag out: no image there has one"
            raise UsageError(f"base {self.name}: no image there is tagged {shown(tag)}", hint)
        return [each for descriptor in chosen for each in self._below(descriptor, 0)]

    def _below(self, descriptor: Table, depth: int) -> Iterator[_Candidate]:
        kind = descriptor.text("mediaType") or _MANIFESTS[0]
        if kind in _INDICES and depth < _DEEPEST:
            for each in self.document(self.blob(descriptor)).tables("manifests"):
                yield from self._below(each, depth + 1)
        elif kind in _MANIFESTS:
            platform = _platform(descriptor.table("platform"))
            if platform.os == "unknown":  # what is told of other images, such as where they come from
                return
            blob = self.blob(descriptor)
            if not blob.file.exists() and depth:  # of an index of many platforms, tools copy the one that they want
                return
            manifest = self.document(blob)
            config = self.blob(manifest.table("config"))
            if not platform.architecture:
                platform = _platform(self.document(config))
            yield _Candidate(manifest=manifest, digest=blob.digest, platform=platform, config=config)

    def blob(self, descriptor: Table) -> Blob:
        """What a descriptor names."""
        digest = descriptor.required_text("digest")
        algorithm, _, encoded = digest.partition(":")
        if len(encoded) != _HEX.get(algorithm) or not set(encoded) <= set("0123456789abcdef"):
            raise descriptor.wrong("digest", f"{shown(digest)} is no digest by sha256 or sha512", _AGAIN)
        return Blob(
            media_type=descriptor.text("mediaType") or "",
            digest=digest,
            size=descriptor.integer("size") or 0,
            file=self._folder / "blobs" / algorithm / encoded,
        )

    def document(self, blob: Blob) -> Table:
        """What a blob says."""
        content = _read(blob.file, self.name)
        check(blob, hashlib.new(blob.digest.partition(":")[0], content).hexdigest(), len(content))
        return _parse(content, blob.file)

    def _top(self, file: Path) -> Table:
        return _parse(_read(file, self.name), file)


def _base(layout: _Layout, chosen: _Candidate, folder: Path) -> Base:
    config = layout.document(chosen.config)
    diff_ids = config.table("rootfs").texts("diff_ids")
    layers = tuple(layout.blob(each) for each in chosen.manifest.tables("layers"))
    if len(diff_ids) != len(layers):
        raise config.wrong("rootfs.diff_ids", f"there are {len(diff_ids)}, and {len(layers)} layers", _AGAIN)
    _check_settings(config)
    return Base(
        name=layout.name,
        folder=folder,
        digest=chosen.digest,
        platform=_platform(config),
        config=config.data,
        layers=tuple(_as_oci(each, chosen.manifest) for each in layers),
        diff_ids=diff_ids,
    )


def _check_settings(config: Table) -> None:
    """Whether what is taken over of a configuration is of its kind."""
    settings = config.table("config")
    for key in ("Env", "Entrypoint", "Cmd"):
        settings.texts(key)
    for key in ("User", "WorkingDir"):
        settings.text(key)
    labels = settings.table("Labels")
    for key in labels:
        labels.text(key)
    config.tables("history")


def _as_oci(layer: Blob, manifest: Table) -> Blob:
    kind = _LAYERS.get(layer.media_type, layer.media_type)
    if not kind.startswith(_OCI_LAYER):
        raise manifest.wrong("layers", f"{shown(layer.media_type)} is no kind of layer that is known", _AGAIN)
    return Blob(media_type=kind, digest=layer.digest, size=layer.size, file=layer.file)


def _platform(table: Table) -> ImagePlatform:
    return ImagePlatform(
        os=table.text("os") or "",
        architecture=table.text("architecture") or "",
        variant=table.text("variant") or "",
    )


def check(blob: Blob, found: str, size: int) -> None:
    """Whether content of that hash and size is what a blob has to be.

    Raises:
        BundleError: it is not.
    """
    if found != blob.digest.partition(":")[2]:
        raise BundleError(f"{blob.file}: its content has another digest, {found}", _AGAIN)
    if blob.size != size:
        raise BundleError(f"{blob.file}: has {size} bytes, and its descriptor says {blob.size}", _AGAIN)


def _read(file: Path, name: str) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise BundleError(f"base {name}: {file} cannot be read: {error.strerror}", _AGAIN) from error
    if len(content) > _LARGEST:
        raise BundleError(f"base {name}: {file} is larger than any document of an image", _AGAIN)
    return content


def _parse(content: bytes, file: Path) -> Table:
    try:
        document = json.loads(content)
        written = json.dumps(document, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise InputError(str(file), "", f"not JSON: {str(error).partition(chr(10))[0]}", _AGAIN) from error
    if not is_text(written):
        raise InputError(str(file), "", "has text that is none: half a surrogate pair", _AGAIN)
    if not isinstance(document, dict):
        raise InputError(str(file), "", "not a JSON object", _AGAIN)
    return Table(document, file=str(file))

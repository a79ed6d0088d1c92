"""A request → zips and their manifest.

    FILE.zip              flat, layer (below ``python/``) or pex-like (``__main__.py``, below ``site/``)
    FILE-layer.zip        where dependencies are split off: a layer, and FILE.zip is the code alone, flat

Wheels come from the store, and nothing of it goes meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from pytest_ofiuco.bundle import archive, handler, launching, limits
from pytest_ofiuco.bundle.archive import Archive, Written
from pytest_ofiuco.bundle.collecting import CODELESS, Collected, Collector, Part
from pytest_ofiuco.bundle.entries import Entry, merged
from pytest_ofiuco.bundle.manifest import content_hash, manifest
from pytest_ofiuco.bundle.packed import Kept, pack, pack_large
from pytest_ofiuco.bundle.placing import Places, check_shebang
from pytest_ofiuco.bundle.request import Made, Request
from pytest_ofiuco.bundle.shipment import check_python
from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.limits import largest
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.progress import Progress

_COMPILED = (".so", ".pyd", ".dylib", ".dll")


def make(request: Request, store: Store, *, environ: Mapping[str, str], progress: Progress) -> Made:
    """Make the zip.

    Raises:
        UsageError: an option cannot be taken, or the output not be written.
        BundleError: there can be no such zip.
        OfiucoError: the target gets nothing from the lock, or a file cannot be had.
    """
    _check(request)
    moment = archive.stamp(environ)
    settings = request.project.config.settings.get(request.platform, PlatformSettings())
    with usage.making(store), store.usable():
        parts = _parts(request)
        found = Collector(request, settings.provided, store, environ, progress).collected(parts)
        return _Maker(request, store, progress, moment).made(found, parts)


def _check(request: Request) -> None:
    if (request.layout == "pex-like") != (request.main is not None):
        hint = "give both, as in --layout pex-like --main app.cli:main"
        raise UsageError("a pex-like zip has something to start, and no other zip has", hint)
    if request.is_split and request.layout == "pex-like":
        raise UsageError("a pex-like zip is one file", "leave --split out")
    check_shebang(request.shebang)
    check_python(request.project, request.target, request.platform)


def _parts(request: Request) -> list[Part]:
    flat = Places(shebang=request.shebang)
    layer = Places(site="python/", shebang=request.shebang)
    if request.is_split:
        code, dependencies = request.outputs
        return [
            Part(name=code, places=flat, has_wheels=False),
            Part(name=dependencies, places=layer, has_code=False),
        ]
    places = {"flat": flat, "layer": layer, "pex-like": Places(site="site/", shebang=request.shebang)}
    return [Part(name=request.output, places=places[request.layout])]


class _Maker:
    def __init__(self, request: Request, store: Store, progress: Progress, moment: tuple[int, int]) -> None:
        self.request, self.store, self.progress, self.moment = request, store, progress, moment

    def made(self, collected: Collected, parts: Sequence[Part]) -> Made:
        request = self.request
        found = dict(collected.entries)
        if request.main is not None:
            found = {part.name: self._started(found[part.name], part, collected.own) for part in parts}
        by_package = limits.sizes(entry for entries in found.values() for entry in entries.values())
        settings = request.project.config.settings.get(request.platform, PlatformSettings())
        unzipped, zipped = largest(request.platform, settings.max_size)
        limits.check_unzipped(by_package, request.platform, unzipped)
        files = {output: self._written(output, entries, collected.kept) for output, entries in found.items()}
        more = [f"{path}: nothing is in it" for path, entries in found.items() if not entries]
        if found[request.output] and not collected.has_code and request.layout != "layer":
            more.append(f"{request.output}: {CODELESS}")
        more += limits.zipped_warnings({path: each.size for path, each in files.items()}, zipped)
        zips = {output: (files[output], found[output]) for output in found}
        document = manifest(request, collected.shipment, zips, collected.own, collected.stripped_by)
        return Made(files=files, manifest=document, warnings=tuple(dict.fromkeys((*collected.warnings, *more))))

    def _started(self, entries: Mapping[str, Entry], part: Part, own: str) -> Mapping[str, Entry]:
        """Files, and what starts ``main`` of them."""
        request = self.request
        assert request.main is not None
        handler.check_main(request.main, entries, (part.places.site,), own)
        content = content_hash(entries.values())
        is_pure = not any(path.endswith(_COMPILED) or ".so." in path for path in entries)
        start = launching.launcher(request.main, request.target, content, own, is_pure=is_pure)
        return merged([*entries.values(), start])

    def _written(self, output: str, entries: Mapping[str, Entry], kept: Mapping[str, Kept]) -> Written:
        what = f"writing {os.path.basename(output)}"
        self.progress.started(what)

        def write(file: BinaryIO) -> Written:
            target = Archive(file, self.moment)
            for path, entry in entries.items():
                self._add(target, path, entry, kept)
            return target.end()

        try:
            return archive.replaced(output, write)
        finally:
            self.progress.finished(what)

    def _add(self, target: Archive, path: str, entry: Entry, kept: Mapping[str, Kept]) -> None:
        wheel = kept.get(entry.wheel.sha256) if entry.wheel is not None and entry.content is None else None
        packed = wheel.packed(entry) if wheel is not None else None
        if wheel is not None and packed is not None:
            target.add(path, packed, wheel.chunks(packed), executable=entry.executable)
            return
        if entry.file is not None:
            with pack_large(entry, self.request.compression) as (packed, chunks):
                target.add(path, packed, chunks, executable=entry.executable)
            return
        with self.store.usable():
            content = entry.read()
        packed = pack(content, self.request.compression)
        target.add(path, packed, (packed.content or b"",), executable=entry.executable)

"""A request → zips and their manifest.

    FILE.zip              flat, layer (below ``python/``) or pex-like (``__main__.py``, below ``site/``)
    FILE-layer.zip        where dependencies are split off: a layer, and FILE.zip is the code alone, flat

Wheels come from the store, and nothing of it goes meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.bundle import archive, bytecode, handler, launching, limits, source
from pytest_ofiuco.bundle.archive import Archive, Written
from pytest_ofiuco.bundle.entries import Entry, check_cases, merged
from pytest_ofiuco.bundle.manifest import content_hash, manifest
from pytest_ofiuco.bundle.packed import Kept, pack
from pytest_ofiuco.bundle.patterns import Patterns
from pytest_ofiuco.bundle.placing import Places, placed, with_records
from pytest_ofiuco.bundle.request import Made, Request
from pytest_ofiuco.bundle.shipment import Shipment, check_python, shipment
from pytest_ofiuco.bundle.wheels import Wheels, is_wheel
from pytest_ofiuco.config import PlatformSettings
from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.needs import check_needs
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.project import LocalProject
from pytest_ofiuco.store.sources import name_of
from pytest_ofiuco.store.wheel import UnpackedWheel

_COMPILED = (".so", ".pyd", ".dylib", ".dll")
_CASELESS = ("macos", "windows")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A zip: of these wheels and of the project's own files, each where ``places`` says."""

    output: str
    places: Places
    wheels: Sequence[UnpackedWheel]
    has_code: bool

    def modules(self, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        """What is among the packages."""
        site, scripts = self.places.site, self.places.bin
        return {path: each for path, each in entries.items() if path.startswith(site) and not path.startswith(scripts)}


def make(request: Request, store: Store, *, environ: Mapping[str, str], progress: Progress) -> Made:
    """Make the zip.

    Raises:
        UsageError: an option cannot be taken, or the output not be written.
        BundleError: there can be no such zip.
        OfiucoError: the target gets nothing from the lock, or a file cannot be had.
    """
    _check(request)
    with usage.making(store), store.usable():
        return _Maker(request, store, environ, progress).made()


def _check(request: Request) -> None:
    if (request.layout == "pex-like") != (request.main is not None):
        hint = "give both, as in --layout pex-like --main app.cli:main"
        raise UsageError("a pex-like zip has something to start, and no other zip has", hint)
    if request.is_split and request.layout == "pex-like":
        raise UsageError("a pex-like zip is one file", "leave --split out")
    if "\n" in request.shebang or not request.shebang.strip():
        raise UsageError("shebang: not one line", "write it like /usr/bin/env python3")
    check_python(request.project, request.target, request.platform)


class _Maker:
    def __init__(self, request: Request, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        self.request, self.store, self.environ, self.progress = request, store, environ, progress
        self.project: LocalProject = request.project
        zip_settings = self.project.config.zip
        self.patterns = Patterns((*(zip_settings.exclude if zip_settings else ()), *request.exclude))
        self.include = zip_settings.include if zip_settings else ()
        self.own = self._called()
        self.moment = archive.stamp(environ)
        self.warnings: list[str] = []

    def made(self) -> Made:
        shipped = self._shipped()
        with self._wheels(shipped.resolution) as wheels:
            pins = shipped.resolution.packages
            wheels.check(pins)
            unpacked = wheels.of(pins)
            check_needs(shipped.resolution, unpacked)
            own = wheels.of_project() if self._is_package() else None
            parts = self._parts(unpacked)
            found = {part.output: self._entries(part, own) for part in parts}
            self._check_contents(parts, found)
            kept = {}
            for wheel, pin in zip(unpacked, pins, strict=True):
                if wheel.sha256 not in kept:
                    kept[wheel.sha256] = Kept(wheels.file(wheel, pin), wheel.sha256)
            files = {output: self._written(output, entries, kept) for output, entries in found.items()}
            self.warnings += wheels.warnings()
        zips = {output: (files[output], found[output]) for output in found}
        self.warnings += limits.zipped_warnings(
            {path: each.size for path, each in files.items()}, self.request.platform
        )
        self.warnings += [f'exclude "{each}": nothing in the zip matches it' for each in self.patterns.unmatched]
        document = manifest(self.request, shipped, zips, self.own)
        return Made(files=files, manifest=document, warnings=tuple(dict.fromkeys(self.warnings)))

    def _shipped(self) -> Shipment:
        request = self.request
        settings = self.project.config.settings.get(request.platform, PlatformSettings())
        shipped = shipment(
            self.project, request.target, request.selection, settings.provided, request.variant, self._for_metadata
        )
        self.warnings += [f"{self.project.lock.path}: {remark}" for remark in shipped.resolution.remarks]
        return shipped

    def _for_metadata(self, whole: Resolution) -> dict[NormalizedName, UnpackedWheel]:
        with self._wheels(whole) as wheels:
            pins = [pin for pin in whole.packages if wheels.runs_here or is_wheel(pin.artifact)]
            return {pin.name: wheel for pin, wheel in zip(pins, wheels.of(pins), strict=True)}

    def _wheels(self, resolution: Resolution) -> Wheels:
        return Wheels(
            self.store,
            self.project,
            resolution,
            offline=self.request.offline,
            progress=self.progress,
            environ=self.environ,
        )

    def _is_package(self) -> bool:
        return self.project.is_package and self.project.config.install_project != "no" and not self.include

    def _called(self) -> NormalizedName:
        """What the project calls itself; what is not built may have any name."""
        directory, pyproject = self.project.directory.resolve(), self.project.pyproject
        if self._is_package():
            return canonicalize_name(name_of(directory))
        said = pyproject.table("project").text("name") or pyproject.table("tool").table("poetry").text("name")
        return canonicalize_name(said or directory.name)

    def _parts(self, wheels: Sequence[UnpackedWheel]) -> list[_Part]:
        request = self.request
        flat = Places(shebang=request.shebang)
        layer = Places(site="python/", shebang=request.shebang)
        if request.is_split:
            stem, extension = os.path.splitext(request.output)
            code = _Part(output=request.output, places=flat, wheels=(), has_code=True)
            return [code, _Part(output=f"{stem}-layer{extension}", places=layer, wheels=wheels, has_code=False)]
        places = {"flat": flat, "layer": layer, "pex-like": Places(site="site/", shebang=request.shebang)}
        return [_Part(output=request.output, places=places[request.layout], wheels=wheels, has_code=True)]

    def _entries(self, part: _Part, own: UnpackedWheel | None) -> dict[str, Entry]:
        """The files of a zip by path, in their order."""
        site, request = part.places.site, self.request
        wheels = [*part.wheels, *([own] if own is not None and part.has_code else [])]
        everything = [entry for wheel in wheels for entry in placed(wheel, part.places)]
        if part.has_code and own is None:
            everything += source.entries(self.project.directory.resolve(), self.own, self.include, site)
        left = [entry for entry in everything if not self.patterns.match(entry.path, site)]
        found = merged(left)
        if request.bytecode != "none":
            with self.store.temporary() as scratch:
                more = bytecode.compiled(part.modules(found), request.target, self.store, self.environ, scratch)
            found = merged([*found.values(), *more])
        found = merged(with_records(found.values(), wheels, part.places))
        if request.main is not None:
            handler.check_main(request.main, found, (site,), self.own)
            content = content_hash(found.values())
            is_pure = not any(path.endswith(_COMPILED) or ".so." in path for path in found)
            start = launching.launcher(request.main, request.target, content, self.own, is_pure=is_pure)
            found = merged([*found.values(), start])
        return found

    def _check_contents(self, parts: Sequence[_Part], found: Mapping[str, Mapping[str, Entry]]) -> None:
        sites = tuple(part.places.site for part in parts)
        everything = {path: entry for entries in found.values() for path, entry in entries.items()}
        if self.request.handler is not None:
            handler.check(self.request.handler, everything, sites, self.own)
        system = self.request.target.platform.os
        for entries in found.values():
            if system in _CASELESS:
                check_cases(entries, str(self.request.target.platform))
        limits.check_unzipped(
            limits.sizes(entry for entries in found.values() for entry in entries.values()), self.request.platform
        )
        for path, entry in everything.items():
            if path.endswith(".pth") and path.rpartition("/")[0] + "/" in ("/", *sites):
                self.warnings.append(f"{entry.package}: {path} is in the zip, where Python reads no .pth file")

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
        with self.store.usable():
            content = entry.read()
        packed = pack(content, self.request.compression)
        target.add(path, packed, (packed.content or b"",), executable=entry.executable)

"""What is asked for → the files of each part of what is deployed, before anything of it is written.

A part is a zip, or a layer of an image. Wheels come from the store, and nothing of it goes meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName, canonicalize_name

from pytest_ofiuco.bundle import bytecode, handler, source, stripping
from pytest_ofiuco.bundle.entries import Entry, check_cases, check_windows, merged
from pytest_ofiuco.bundle.packed import Kept
from pytest_ofiuco.bundle.patterns import Patterns
from pytest_ofiuco.bundle.placing import Places, placed, with_records
from pytest_ofiuco.bundle.request import Contents
from pytest_ofiuco.bundle.shipment import Shipment, shipment
from pytest_ofiuco.bundle.wheels import Wheels
from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.foreign import is_wheel
from pytest_ofiuco.store.needs import check_needs
from pytest_ofiuco.store.progress import Progress
from pytest_ofiuco.store.sources import name_of
from pytest_ofiuco.store.wheel import UnpackedWheel

CODELESS = "nothing of the project's own code is in it: that is looked for in src, then at the top; see `include`"
_CASELESS = ("macos", "windows")
_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of the wheels, of the project's own files, or of both, each where ``places`` says."""

    name: str
    places: Places
    has_wheels: bool = True
    has_code: bool = True

    def modules(self, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        """What is among the packages."""
        site, scripts = self.places.site, self.places.bin
        return {path: each for path, each in entries.items() if path.startswith(site) and not path.startswith(scripts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """``entries`` of each part by path, in their order; ``kept`` are the wheels' files, by sha256; ``own`` the name
    of the project's package; ``has_code``: there are files of it; ``stripped_by`` the tool that was used; ``warnings``
    what there is to say."""

    shipment: Shipment
    entries: Mapping[str, Mapping[str, Entry]]
    kept: Mapping[str, Kept]
    own: NormalizedName
    has_code: bool
    stripped_by: str | None
    warnings: tuple[str, ...]


class Collector:
    """Collects once what one request asks for."""

    def __init__(
        self,
        request: Contents,
        provided: Iterable[str],
        store: Store,
        environ: Mapping[str, str],
        progress: Progress,
    ) -> None:
        """See what can be read of the request.

        Raises:
            UsageError: a pattern is none.
        """
        self.request, self.provided = request, tuple(provided)
        self.store, self.environ, self.progress = store, environ, progress
        self.project = request.project
        settings = self.project.config.zip
        self.patterns = Patterns((*(settings.exclude if settings else ()), *request.exclude))
        self.include = settings.include if settings else ()
        self.own = self._called()
        self.warnings: list[str] = []
        self.stripped_by: str | None = None

    def collected(self, parts: Sequence[Part]) -> Collected:
        """The files of each part.

        Raises:
            BundleError: they cannot be deployed so.
            OfiucoError: the target gets nothing from the lock, or a file cannot be had.
        """
        shipped = self._shipped()
        with self._wheels(shipped.resolution) as wheels:
            pins = shipped.resolution.packages
            wheels.check(pins)
            unpacked = wheels.of(pins)
            check_needs(shipped.resolution, unpacked)
            own = wheels.of_project() if self._is_package() else None
            found = {part.name: self._entries(part, unpacked, own) for part in parts}
            self._check_contents(parts, found)
            kept = {}
            for wheel, pin in zip(unpacked, pins, strict=True):
                if wheel.sha256 not in kept:
                    kept[wheel.sha256] = Kept(wheels.file(wheel, pin), wheel.sha256)
            self.warnings += wheels.warnings()
        what = self.request.what
        self.warnings += [f'exclude "{each}": nothing in the {what} matches it' for each in self.patterns.unmatched]
        return Collected(
            shipment=shipped,
            entries=found,
            kept=kept,
            own=self.own,
            has_code=any(self._is_code(*each) for part in parts for each in part.modules(found[part.name]).items()),
            stripped_by=self.stripped_by,
            warnings=tuple(self.warnings),
        )

    def _is_code(self, path: str, entry: Entry) -> bool:
        return entry.package == self.own and ".dist-info/" not in path

    def _shipped(self) -> Shipment:
        request = self.request
        shipped = shipment(
            self.project, request.target, request.selection, self.provided, request.variant, self._for_metadata
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

    def _entries(self, part: Part, unpacked: Sequence[UnpackedWheel], own: UnpackedWheel | None) -> dict[str, Entry]:
        """The files of a part by path, in their order."""
        site = part.places.site
        wheels = [
            *(unpacked if part.has_wheels else ()),
            *([own] if own is not None and part.has_code else []),
        ]
        everything = [entry for wheel in wheels for entry in placed(wheel, part.places)]
        if part.has_code and own is None:
            everything += source.entries(self.project.directory.resolve(), self.own, self.include, site)
        left = [entry for entry in everything if not self.patterns.match(entry.path, site)]
        found = self._stripped(merged(left))
        if self.request.bytecode != "none":
            with self.store.temporary() as scratch:
                more = bytecode.compiled(part.modules(found), self.request.target, self.store, self.environ, scratch)
            found = merged([*found.values(), *more])
        return merged(with_records(found.values(), wheels, part.places))

    def _stripped(self, found: dict[str, Entry]) -> dict[str, Entry]:
        request = self.request
        if request.strip is None:
            return found
        with self.store.temporary() as scratch:
            less = stripping.stripped(found, request.strip, request.target.platform, self.environ, scratch)
        self.stripped_by = less.by or self.stripped_by
        if less.kept:
            more = f" and {len(less.kept) - _NAMED} more" if len(less.kept) > _NAMED else ""
            kept = ", ".join(less.kept[:_NAMED]) + more
            self.warnings.append(f"strip: kept as they are, since it would change what is loaded of them: {kept}")
        return dict(less.entries)

    def _check_contents(self, parts: Sequence[Part], found: Mapping[str, Mapping[str, Entry]]) -> None:
        sites = tuple(part.places.site for part in parts)
        everything = {path: entry for entries in found.values() for path, entry in entries.items()}
        if self.request.handler is not None:
            handler.check(self.request.handler, everything, sites, self.own, self.request.what)
        system = self.request.target.platform.os
        for entries in found.values():
            if system in _CASELESS:
                check_cases(entries, str(self.request.target.platform))
            if system == "windows":
                check_windows(entries.values())
        for path, entry in everything.items():
            if path.endswith(".pth") and path.rpartition("/")[0] + "/" in ("/", *sites):
                where = f"in the {self.request.what}, where Python reads no .pth file"
                self.warnings.append(f"{entry.package}: {path} is {where}")

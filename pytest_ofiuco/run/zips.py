"""The zips of a session's cells, each made once, where a test asks for it: as ``ofiuco zip`` makes them."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.run.planner import Planner

if TYPE_CHECKING:
    from pytest_ofiuco.store.project import LocalProject  # most sessions make no zip, and need none of it

_ROOTS = ("awslambdaric",)
"""What AWS Lambda's runtime is made of: beside the zip, whatever else is provided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellZip:
    """A zip in ``file``, and what there is to say of it.

    ``provided``: the packages that the platform has; ``remedy``: how to add the runtime's client to the lock.
    """

    file: Path
    sha256: str
    manifest: Mapping[str, Any]
    provided: tuple[str, ...]
    remedy: str
    warnings: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Zips:
    """Thread-safe: who asks for a zip that is being made waits for it. They are kept in ``folder``."""

    planner: Planner
    folder: Path
    _project: LocalProject | None = None
    _made: dict[str, Future[CellZip]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def of(self, cell: Cell) -> CellZip:
        """The zip of a cell.

        Raises:
            OfiucoError: there can be none.
        """
        with self._lock:
            made, is_first = self._made.get(cell.name), cell.name not in self._made
            if made is None:
                made = self._made[cell.name] = Future()
        if is_first:
            try:
                made.set_result(self._make(cell))
            except BaseException as error:  # noqa: BLE001 - it is raised for all who wait
                made.set_exception(error)
        return made.result()

    def _make(self, cell: Cell) -> CellZip:
        from pytest_ofiuco.bundle.making import make
        from pytest_ofiuco.bundle.request import Request
        from pytest_ofiuco.bundle.shipment import selection
        from pytest_ofiuco.config import PlatformSettings
        from pytest_ofiuco.run.plan import how_to_add
        from pytest_ofiuco.store.progress import SilentProgress
        from pytest_ofiuco.store.variants import Variants

        project = self._read()
        wanted, remarks = selection(project)
        file = self.folder / f"{cell.name}.zip"
        request = Request(
            project=project,
            target=Target(python=cell.python, platform=cell.target.platform),
            platform=cell.platform,
            output=str(file),
            selection=wanted,
            variant=Variants(project).find(cell.variant) if cell.variant is not None else None,
            handler=project.config.zip.handler if project.config.zip else None,
            offline=self.planner.offline,
        )
        made = make(request, self.planner.store, environ=os.environ, progress=SilentProgress())
        settings = project.config.settings.get(cell.platform, PlatformSettings())
        return CellZip(
            file=file,
            sha256=made.files[str(file)].sha256,
            manifest=made.manifest,
            provided=(*_ROOTS, *settings.provided),
            remedy=how_to_add(_ROOTS[0], project.lock.format),
            warnings=(*remarks, *made.warnings),
        )

    def _read(self) -> LocalProject:
        with self._reading:
            if self._project is None:
                self._project = self.planner.load()
            return self._project

"""Cells that this machine does not run: why, and the one thing that makes each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.pythons.fetched import is_fetched

if TYPE_CHECKING:
    from pytest_ofiuco.store.pythons.foreign import Lacking


def why_not(cell: Cell, host: Platform, lacking: Lacking | None) -> str:
    """Why a cell is not run, and what makes it run; ``lacking`` is what was found of Pythons for its platform."""
    if lacking is None:
        return f"{cell.target.platform} is not run (`launcher = false`)"
    return ": ".join(obstacle(cell, host, lacking))


def obstacle(cell: Cell, host: Platform, lacking: Lacking) -> tuple[str, str]:
    """What keeps a cell from being run here, and the one thing to do about it."""
    tag = cell.target.platform
    does_not_run = f"{tag} does not run on {host}"
    if lacking.image is not None:
        return f"{tag} is to run in a container of {lacking.image}, and {lacking.reason}", str(lacking.remedy)
    if (tag.os, host.os) != ("linux", "linux"):
        return f"{does_not_run}, and nothing on it does", "`ssh` of the platform names a machine that runs it"
    if (tag.architecture, tag.libc) == (host.architecture, host.libc):
        remedy = "`interpreters` of the platform names a Python in a system with a newer one"
        return f"{does_not_run}, whose {host.libc} is older", remedy
    if lacking.path is not None:
        return f"{does_not_run}, and {lacking.path} {lacking.reason}", str(lacking.remedy)
    before = f"{lacking.remedy}, then " if lacking.remedy else ""
    none_here = f"{does_not_run}, and no Python {cell.python} for it is here"
    if not is_fetched(cell.python, tag):
        return f"{none_here}, nor does uv fetch one", f"{before}name one with `interpreters` of the platform"
    return none_here, f"{before}`ofiuco python install {cell.python} {cell.platform}` makes it run"


@dataclass(eq=False)
class NotRunHereError(OfiucoError):
    """A cell that this machine does not run, where ``--ofiuco-require-exec`` has each run."""

    exit_code = 1
    cell: str
    reason: str
    hint: str | None = "leave the cell out, or leave out --ofiuco-require-exec"

    def __str__(self) -> str:
        return f"{self.cell}: cannot be run: {self.reason}"

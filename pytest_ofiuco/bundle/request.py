"""What is asked of the maker of zips, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_ofiuco.bundle.archive import Written
from pytest_ofiuco.bundle.packed import Compression
from pytest_ofiuco.core.lock import Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.store.project import LocalProject

Layout = Literal["flat", "layer", "pex-like"]
Bytecode = Literal["none", "unchecked-hash"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A zip of ``project`` for ``target``, which is on the platform named ``platform``.

    ``is_split``: dependencies go into a layer of their own, beside ``output``. ``main``: what a pex-like zip starts.
    """

    project: LocalProject
    target: Target
    platform: str
    output: str
    selection: Selection
    variant: Variant | None = None
    layout: Layout = "flat"
    is_split: bool = False
    main: str | None = None
    handler: str | None = None
    exclude: tuple[str, ...] = ()
    shebang: str = "/usr/bin/env python3"
    bytecode: Bytecode = "none"
    compression: Compression = "deflated"
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """``files``: what was written, by path. ``manifest`` tells of it as JSON; ``warnings`` what there is to say."""

    files: Mapping[str, Written]
    manifest: Mapping[str, Any]
    warnings: tuple[str, ...] = field(default=())

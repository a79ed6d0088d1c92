"""What is asked of the makers of zips and images, and what they give."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pytest_ofiuco.bundle.archive import Written
from pytest_ofiuco.bundle.packed import Compression
from pytest_ofiuco.core.lock import Selection
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.store.project import LocalProject

Layout = Literal["flat", "layer", "pex-like"]
Bytecode = Literal["none", "unchecked-hash"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is to be deployed of ``project`` for ``target``, which is on the platform named ``platform``, and where to
    write it; ``what`` it is, in messages. ``strip``: a command for that, or "" for any that is found."""

    what: ClassVar[str] = "zip"

    project: LocalProject
    target: Target
    platform: str
    output: str
    selection: Selection
    variant: Variant | None = None
    handler: str | None = None
    exclude: tuple[str, ...] = ()
    shebang: str = "/usr/bin/env python3"
    bytecode: Bytecode = "none"
    compression: Compression = "deflated"
    strip: str | None = None
    offline: bool = False

    @property
    def outputs(self) -> tuple[str, ...]:
        """The places of all that is written."""
        return (self.output,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Contents):
    """A zip. ``is_split``: dependencies go into a layer of their own, beside ``output``. ``main``: what a pex-like zip
    starts."""

    layout: Layout = "flat"
    is_split: bool = False
    main: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The zip, and beside it that of its layer, if it has one."""
        stem, extension = os.path.splitext(self.output)
        return (self.output, f"{stem}-layer{extension}") if self.is_split else (self.output,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest(Contents):
    """An OCI image layout. ``base`` is another one, with ``:TAG`` where it has several images; ``None`` of other
    values is what the base has, or what suits the platform. ``prefix``: the folder that everything is in.
    ``with_provided``: what the platform provides is in the image, too."""

    what: ClassVar[str] = "image"

    base: str | None = None
    tag: str = "latest"
    prefix: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    user: str | None = None
    workdir: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    with_provided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """``files``: what was written, by path. ``manifest`` tells of it as JSON, ``warnings`` of what does not look right,
    and ``notes`` of what should be known."""

    files: Mapping[str, Written]
    manifest: Mapping[str, Any]
    warnings: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

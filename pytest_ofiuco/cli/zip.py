"""``ofiuco zip``: what is deployed: the project and what it needs, for one Python on one platform."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from pytest_ofiuco.cli.shipped import add_shipping_options, contents, left_out, made
from pytest_ofiuco.core.sizes import binary_size

if TYPE_CHECKING:
    from pytest_ofiuco.bundle.request import Made


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_shipping_options(parser)
    parser.add_argument("--output", required=True, metavar="FILE.zip", help="where to write the zip")
    parser.add_argument("--layout", choices=("flat", "layer", "pex-like"), default="flat", help="default: flat")
    parser.add_argument("--split", action="store_true", help="dependencies in a layer of their own, FILE-layer.zip")
    parser.add_argument("--main", metavar="MODULE[:NAME]", help="what a pex-like zip starts")


def run(options: Namespace) -> tuple[str, int]:
    """Make the zip; a line that says what it is."""
    from pytest_ofiuco.bundle.making import make
    from pytest_ofiuco.bundle.request import Request
    from pytest_ofiuco.store.cache import Store

    request = Request(**contents(options), layout=options.layout, is_split=options.split, main=options.main)
    store = Store.default(os.environ)
    found = made(
        options, request, "Making the zip", lambda progress: make(request, store, environ=os.environ, progress=progress)
    )
    return _told(found, request.platform), 0


def _told(found: Made, platform: str) -> str:
    document = found.manifest
    lines = []
    for path, about in zip(found.files, [document, *document["layers"]], strict=True):
        size, files = about["size"], about["files"]
        sizes = f"{binary_size(size['zipped'])}, {binary_size(size['unzipped'])} unzipped"
        lines.append(f"{path}: {files} file{'' if files == 1 else 's'}, {sizes}, sha256 {about['sha256']}")
    return "\n".join([*lines, *left_out(document, platform)]) + "\n"

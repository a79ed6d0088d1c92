"""``ofiuco zip``: what is deployed: the project and what it needs, for one Python on one platform."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from pytest_ofiuco.cli import output
from pytest_ofiuco.cli.options import add_lock_options, add_target_options
from pytest_ofiuco.cli.subject import project_of, target_of, variant_of, warn

if TYPE_CHECKING:
    from pytest_ofiuco.bundle.request import Made, Request


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    add_target_options(parser)
    parser.add_argument("--output", required=True, metavar="FILE.zip", help="where to write the zip")
    parser.add_argument("--manifest", metavar="FILE.json", help="where to write what is in it, for CDK, SAM, Terraform")
    parser.add_argument(
        "--group", action="append", metavar="G", help="a group that ships; repeatable (default: `groups`)"
    )
    parser.add_argument("--extra", action="append", default=[], metavar="E", help="an extra; repeatable")
    parser.add_argument("--variant", metavar="V", help="a variant of the project")
    parser.add_argument("--handler", metavar="MODULE.NAME", help="the handler, which must be in the zip")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="paths to leave out; repeatable"
    )
    parser.add_argument("--layout", choices=("flat", "layer", "pex-like"), default="flat", help="default: flat")
    parser.add_argument("--split", action="store_true", help="dependencies in a layer of their own, FILE-layer.zip")
    parser.add_argument("--main", metavar="MODULE[:NAME]", help="what a pex-like zip starts")
    parser.add_argument(
        "--shebang",
        default="/usr/bin/env python3",
        metavar="COMMAND",
        help="of scripts (default: /usr/bin/env python3)",
    )
    parser.add_argument("--bytecode", choices=("none", "unchecked-hash"), default="none", help="default: none")
    parser.add_argument(
        "--compression",
        choices=("deflated", "stored"),
        default="deflated",
        help="of the project's own files: stored ones are the same bytes with every zlib (default: deflated)",
    )


def run(options: Namespace) -> tuple[str, int]:
    """Make the zip; a line that says what it is."""
    from pytest_ofiuco.bundle.making import make
    from pytest_ofiuco.bundle.manifest import rendered
    from pytest_ofiuco.run.progress import PreparationProgress
    from pytest_ofiuco.store.cache import Store

    request = _request(options)
    terminal = sys.stderr if sys.stderr.isatty() else None
    with PreparationProgress(1, lambda _: None, terminal, "Making the zip") as progress:
        made = make(request, Store.default(os.environ), environ=os.environ, progress=progress)
    warn(made.warnings)
    if options.manifest is not None:
        output.write(options.manifest, rendered(made.manifest))
    return _told(made, request), 0


def _request(options: Namespace) -> Request:
    from pytest_ofiuco.bundle.request import Request
    from pytest_ofiuco.bundle.shipment import selection

    project = project_of(options)
    target = target_of(options, project)
    wanted, remarks = selection(project, options.group, options.extra)
    warn(remarks)
    return Request(
        project=project,
        target=target,
        platform=options.platform,
        output=options.output,
        selection=wanted,
        variant=variant_of(options, project),
        layout=options.layout,
        is_split=options.split,
        main=options.main,
        handler=options.handler,
        exclude=tuple(options.exclude),
        shebang=options.shebang,
        bytecode=options.bytecode,
        compression=options.compression,
        offline=options.offline,
    )


def _told(made: Made, request: Request) -> str:
    from pytest_ofiuco.store.progress import size_of

    document = made.manifest
    facts = [document, *document["layers"]]
    lines = []
    for path, about in zip(made.files, facts, strict=True):
        size, files = about["size"], about["files"]
        sizes = f"{size_of(size['zipped'])}, {size_of(size['unzipped'])} unzipped"
        lines.append(f"{path}: {files} file{'' if files == 1 else 's'}, {sizes}, sha256 {about['sha256']}")
    left_out = [*document["left_out"]["provided"], *document["left_out"]["needed_by_these_only"]]
    if left_out:
        lines.append(
            f"left out, since {request.platform} has them or nothing else needs them: {', '.join(sorted(left_out))}"
        )
    return "\n".join(lines) + "\n"

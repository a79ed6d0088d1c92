"""What ``ofiuco zip`` and ``ofiuco image`` have in common: what ships, and what is said of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_ofiuco.cli import output
from pytest_ofiuco.cli.options import add_lock_options, add_target_options
from pytest_ofiuco.cli.subject import project_of, target_of, variant_of, warn
from pytest_ofiuco.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_ofiuco.bundle.request import Contents, Made
    from pytest_ofiuco.store.progress import Progress


def add_shipping_options(parser: ArgumentParser) -> None:
    """The options that say what ships, and how."""
    add_lock_options(parser)
    add_target_options(parser)
    parser.add_argument("--manifest", metavar="FILE.json", help="where to write what is in it, as JSON")
    parser.add_argument(
        "--group", action="append", metavar="G", help="a group that ships; repeatable (default: `groups`)"
    )
    parser.add_argument("--extra", action="append", default=[], metavar="E", help="an extra; repeatable")
    parser.add_argument("--variant", metavar="V", help="a variant of the project")
    parser.add_argument("--handler", metavar="MODULE.NAME", help="the handler, which must be there")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="paths to leave out; repeatable"
    )
    parser.add_argument(
        "--shebang",
        default="/usr/bin/env python3",
        metavar="COMMAND",
        help="of scripts (default: /usr/bin/env python3)",
    )
    parser.add_argument("--bytecode", choices=("none", "unchecked-hash"), default="none", help="default: none")
    parser.add_argument(
        "--strip",
        nargs="?",
        const="",
        metavar="COMMAND",
        help="ELF files without symbols and debug information, by this command or a strip that is found",
    )
    parser.add_argument(
        "--compression",
        choices=("deflated", "stored"),
        default="deflated",
        help="of what is written anew: stored, it is the same bytes with every zlib (default: deflated)",
    )


def contents(options: Namespace) -> dict[str, Any]:
    """What a request is made of, whatever it is for."""
    from pytest_ofiuco.bundle.shipment import selection

    project = project_of(options)
    target = target_of(options, project)
    wanted, remarks = selection(project, options.group, options.extra)
    warn((*remarks, *project.misnamed(options.platform)))
    return {
        "project": project,
        "target": target,
        "platform": options.platform,
        "output": options.output,
        "selection": wanted,
        "variant": variant_of(options, project),
        "handler": options.handler or (project.config.zip.handler if project.config.zip else None),
        "exclude": tuple(options.exclude),
        "shebang": options.shebang,
        "bytecode": options.bytecode,
        "strip": options.strip,
        "compression": options.compression,
        "offline": options.offline,
    }


def made(options: Namespace, request: Contents, title: str, make: Callable[[Progress], Made]) -> Made:
    """What ``make`` makes of a request, while its progress is shown; the manifest is written, and warnings are told.

    Raises:
        OfiucoError: it cannot be made, or the manifest not be written, which is found out before.
    """
    from pytest_ofiuco.bundle.manifest import rendered
    from pytest_ofiuco.run.progress import PreparationProgress

    if options.manifest is not None:
        place = os.path.realpath(options.manifest)
        if any(place == whole or place.startswith(whole + os.sep) for whole in map(os.path.realpath, request.outputs)):
            raise UsageError(f"{options.manifest}: is, or is in, what is made", "write the manifest beside it")
        output.check(options.manifest)
    terminal = sys.stderr if sys.stderr.isatty() else None
    with _ends_cleanly(), PreparationProgress(1, lambda _: None, terminal, title) as progress:
        found = make(progress)
    warn(found.warnings)
    if options.manifest is not None:
        output.write(options.manifest, rendered(found.manifest))
    return found


@contextmanager
def _ends_cleanly() -> Iterator[None]:
    """Leave nothing half-written beside the output when the process is told to end, as at ctrl-C."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def left_out(document: Mapping[str, Any], platform: str) -> Iterable[str]:
    """A line that names what does not ship, if anything."""
    names = sorted([*document["left_out"]["provided"], *document["left_out"]["needed_by_these_only"]])
    if names:
        yield f"left out, since {platform} has them or nothing else needs them: {', '.join(names)}"

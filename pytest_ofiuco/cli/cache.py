"""``ofiuco cache dir|size|verify|prune``: what this machine keeps, and keeping it in order."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from pytest_ofiuco.errors import CacheError, UsageError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.progress import size_of
from pytest_ofiuco.store.upkeep.prune import Order, Pruned, prune
from pytest_ofiuco.store.upkeep.repair import Fixed, fix
from pytest_ofiuco.store.upkeep.size import measured
from pytest_ofiuco.store.upkeep.verify import Report, Verified, verify

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_OLDER_THAN = "--older-than"

_FREED = {False: ("removed", "freed"), True: ("would remove", "would free")}


def add_options(parser: ArgumentParser) -> None:
    """The options of the command: each part has its own."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART", prog="ofiuco cache")
    parts.add_parser("dir", help="print the folder", description="Print the folder.")
    for name, does in {
        "size": "say how much of what is in it",
        "verify": "say what in it is damaged",
        "prune": "remove what nobody needs",
    }.items():
        part = parts.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
        part.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
        if name == "verify":
            part.add_argument("--fix", action="store_true", help="remove what is damaged: the next run makes it again")
        if name == "prune":
            _add_prune_options(part)


def _add_prune_options(part: ArgumentParser) -> None:
    part.add_argument(
        _OLDER_THAN,
        metavar="AGE",
        help="what has not been used for so long, too: 45m, 12h, 30d, 2w (default: only what no run can reach)",
    )
    part.add_argument(
        "--keep-latest",
        action="store_true",
        help="keep the environment of each project and Python that was used last, however long ago; alone: only these",
    )
    part.add_argument("--dry-run", action="store_true", help="remove nothing, say what would go")


def run(options: Namespace) -> tuple[str, int]:
    """Run one part."""
    store = Store.default(os.environ)
    if options.part != "dir" and os.path.lexists(store.root) and not store.root.is_dir():
        raise CacheError(str(store.root), "not a folder", "choose another folder with the variable OFIUCO_CACHE_DIR")
    match options.part:
        case "dir":
            return f"{store.root}\n", 0
        case "size":
            return _size(store, options), 0
        case "prune":
            return _prune(store, options), 0
        case _:
            return _verify(store, options)


def _size(store: Store, options: Namespace) -> str:
    filled = measured(store)
    total = sum(each.bytes for each in filled)
    if options.format == "json":
        rows = [
            {
                "name": each.bucket.path.name,
                "what": each.bucket.what,
                "entries": each.entries,
                "files": each.files,
                "bytes": each.bytes,
            }
            for each in filled
        ]
        return _json({"root": str(store.root), "buckets": rows, "bytes": total})
    lines = [str(store.root)]
    shown = [each for each in filled if each.entries]
    width = max((len(each.bucket.path.name) for each in shown), default=0)
    for each in shown:
        name = each.bucket.path.name.ljust(width)
        lines.append(f"  {name} {size_of(each.bytes):>9} {each.entries:>7}  {each.bucket.what}")
    lines.append(f"  {'total'.ljust(width)} {size_of(total):>9}" if shown else "  empty")
    return "\n".join(lines) + "\n"


def _prune(store: Store, options: Namespace) -> str:
    age = None if options.older_than is None else seconds_of(options.older_than)
    order = Order(
        older_than=0.0 if age is None and options.keep_latest else age,
        keep_latest=options.keep_latest,
        dry_run=options.dry_run,
    )
    pruned = prune(store, order, time.time())
    return _pruned_json(store, order, pruned) if options.format == "json" else _pruned_text(order, pruned)


def seconds_of(text: str) -> float:
    """An age: a number and ``m``, ``h``, ``d`` or ``w``.

    Raises:
        UsageError: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{_OLDER_THAN} {text}: not an age", "give a number and its unit: 45m, 12h, 30d, 2w")
    return float(int(found[1]) * _UNITS[found[2]])


def _pruned_json(store: Store, order: Order, pruned: Pruned) -> str:
    removed = [{"path": each.path, "reason": each.reason, "bytes": each.bytes} for each in pruned.removed]
    return _json(
        {
            "root": str(store.root),
            "dry_run": order.dry_run,
            "removed": sorted(removed, key=lambda each: str(each["path"])),
            "freed": pruned.freed,
            "in_use": sorted(pruned.in_use),
            "is_busy": pruned.is_busy,
            "other_layouts": list(pruned.others),
        }
    )


def _pruned_text(order: Order, pruned: Pruned) -> str:
    removes, frees = _FREED[order.dry_run]
    lines = []
    if order.dry_run:
        lines += [f"{each.path}: {each.reason}" for each in sorted(pruned.removed, key=lambda each: each.path)]
    counts = Counter(each.path.partition("/")[0] for each in pruned.removed)
    what = ", ".join(f"{count} of {bucket}" for bucket, count in sorted(counts.items()))
    lines.append(f"{removes} {what}" if what else f"{removes} nothing")
    if what:
        lines.append(f"{frees} {size_of(pruned.freed)}")
    if pruned.in_use:
        lines.append(f"left: {_counted(len(pruned.in_use), 'environment', 'environments')} that running sessions use")
    if pruned.is_busy:
        lines.append("left: everything but environments, since sessions are making some; run this again later")
    if pruned.others:
        lines.append(f"left alone: {', '.join(pruned.others)} (another layout, of another version of pytest-ofiuco)")
    return "\n".join(lines) + "\n"


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _verify(store: Store, options: Namespace) -> tuple[str, int]:
    with _counting("Verifying") as report:
        verified = verify(store, report)
    fixed = fix(store, verified) if options.fix and verified.damages else Fixed(removed=(), in_use=())
    code = int(bool(verified.damages))
    if options.format == "json":
        document = {
            "root": str(store.root),
            "verified": verified.entries,
            "damages": [asdict(each) for each in verified.damages],
            "removed": list(fixed.removed),
            "in_use": list(fixed.in_use),
        }
        return _json(document), code
    lines = [f"{each.path}: {each.problem}" for each in verified.damages]
    lines.append(f"verified {_counted(verified.entries, 'entry', 'entries')}: {_found(verified)}")
    if fixed.removed:
        lines.append(f"removed {', '.join(fixed.removed)}: the next run makes them again")
    if fixed.in_use:
        lines.append(f"left: {', '.join(fixed.in_use)}, since sessions are running; run this again later")
    if verified.damages and not options.fix:
        lines.append("hint: `ofiuco cache verify --fix` removes what is damaged, and the next run makes it again")
    return "\n".join(lines) + "\n", code


def _found(verified: Verified) -> str:
    if not verified.damages:
        return "all is as it was made"
    entries = {damage.entry for damage in verified.damages}
    return f"{len(entries)} damaged"


@contextmanager
def _counting(what: str) -> Iterator[Report]:
    """A bar on a terminal, nothing elsewhere; standard error, since the answer goes to standard output."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps({"version": 1, **document}, sort_keys=True, indent=2) + "\n"

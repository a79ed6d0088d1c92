"""``ofiuco forkserver``: the processes that ``pytest --ofiuco-forkserver`` has left for the next session."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser, Namespace

from pytest_ofiuco.run.forkserver import running
from pytest_ofiuco.store.cache import Store


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--stop", action="store_true", help="end them; those with workers end after these")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> tuple[str, int]:
    """List them, or end them."""
    found = running(Store.default(os.environ).forkservers, stop=options.stop)
    if options.format == "json":
        return json.dumps(found, indent=2) + "\n", 0
    if not found:
        return "no fork server runs\n", 0
    does = "ends" if options.stop else "runs"
    lines = [
        f"{each['pid']:>7}  {does}  {_ago(time.time() - each['since']):>8}  {each['forked']:>4} forked"
        f"  {each['running']} running  {each['python']}"
        for each in found
    ]
    return "\n".join(lines) + "\n", 0


def _ago(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes} min" if minutes else f"{rest} s"

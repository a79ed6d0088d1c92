"""``ofiuco`` on the command line. What a command does not need is not imported."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pytest_ofiuco import __version__
from pytest_ofiuco.errors import OfiucoError, UsageError, shown


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when all is well, 1 when the answer is no, 2 for wrong usage or unreadable input.
    """
    try:
        options = _parser().parse_args(arguments)
        _print(_resolve(options))
    except OfiucoError as error:
        print(error.render(), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _print(output: str) -> None:
    """Print to standard output, as UTF-8 whatever the locale.

    A path may hold bytes that are no text; JSON and people read them as ``\\udcff``. Who reads may stop reading: that
    is no error.

    Raises:
        UsageError: it cannot be written.
    """
    if sys.stdout is None:
        raise UsageError("standard output: closed", "leave it open, or send it to a file")
    try:
        sys.stdout.buffer.write(output.encode(errors="backslashreplace"))
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would be tried once more, and complained of, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"standard output: {error.strerror}", "make room there, or send it elsewhere") from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ofiuco", description="One lock file, every platform you ship to.")
    parser.add_argument("--version", action="version", version=f"ofiuco {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    resolve = commands.add_parser(
        "resolve",
        help="print exactly which files a Python on a platform gets from the lock",
        description="Print exactly which files a Python on a platform gets from the lock.",
    )
    resolve.add_argument("--project", default=".", metavar="DIR", help="the project's folder (default: here)")
    resolve.add_argument("--lock", metavar="FILE", help="the lock (default: the project's)")
    resolve.add_argument("--python", required=True, metavar="X.Y", help="3.12, 3.12.4, 3.13t, pypy3.10")
    resolve.add_argument(
        "--platform",
        required=True,
        metavar="TAG_OR_NAME",
        help="a platform tag such as manylinux_2_28_aarch64, or a name: host, aws_lambda, macos_arm64, …",
    )
    resolve.add_argument("--group", action="append", metavar="G", help="a group; repeatable (default: the lock's)")
    resolve.add_argument("--extra", action="append", default=[], metavar="E", help="an extra; repeatable")
    resolve.add_argument("--all-groups", action="store_true", help="every group of the lock")
    resolve.add_argument("--all-extras", action="store_true", help="every extra of the lock")
    resolve.add_argument("--variant", metavar="V", help="a variant of the project")
    resolve.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    return parser


def _resolve(options: argparse.Namespace) -> str:
    from pytest_ofiuco.config import HOST
    from pytest_ofiuco.core.resolve import resolve
    from pytest_ofiuco.core.target import Python, Target
    from pytest_ofiuco.export.json import resolution_json
    from pytest_ofiuco.export.table import resolution_table
    from pytest_ofiuco.store.project import load

    python = Python.parse(options.python)
    if options.variant is not None:
        raise UsageError(f"variant {shown(options.variant)}: the project defines no variants", "leave --variant out")
    host_tag = ""
    if options.platform == HOST:
        from pytest_ofiuco.store.interpreters import host_platform

        host_tag = str(host_platform())
    project = load(Path(options.project), options.lock)
    definition = project.config.axis(options.platform, host_tag).definition
    target = Target(python=python, platform=definition.platform(python.minor))
    selection = project.lock.selection(
        groups=options.group,
        extras=options.extra,
        all_groups=options.all_groups,
        all_extras=options.all_extras,
    )
    for warning in project.lock.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    resolution = resolve(project.lock, target, selection)
    return resolution_json(resolution) if options.format == "json" else resolution_table(resolution)

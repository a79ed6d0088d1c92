"""Options that several commands have; imports nothing, so that a command may be quick."""

from __future__ import annotations

from argparse import ArgumentParser


def add_lock_options(parser: ArgumentParser) -> None:
    """``--project``, ``--lock``, ``--locked`` and ``--offline``."""
    parser.add_argument("--project", default=".", metavar="DIR", help="the project's folder (default: here)")
    parser.add_argument("--lock", metavar="FILE", help="the lock (default: the project's)")
    parser.add_argument(
        "--locked", action="store_true", help="a lock that is out of date with pyproject.toml is an error"
    )
    parser.add_argument("--offline", action="store_true", help="ask no index")


def add_target_options(parser: ArgumentParser, *, required: bool = True) -> None:
    """``--python`` and ``--platform``."""
    parser.add_argument("--python", required=required, metavar="X.Y", help="3.12, 3.12.4, 3.13t, pypy3.10")
    parser.add_argument(
        "--platform",
        required=required,
        metavar="TAG_OR_NAME",
        help="a platform tag such as manylinux_2_28_aarch64, or a name: host, aws_lambda, macos_arm64, …",
    )


def add_selection_options(parser: ArgumentParser) -> None:
    """``--group``, ``--extra``, ``--all-groups``, ``--all-extras``, ``--variant``."""
    parser.add_argument("--group", action="append", metavar="G", help="a group; repeatable (default: the lock's)")
    parser.add_argument("--extra", action="append", default=[], metavar="E", help="an extra; repeatable")
    parser.add_argument("--all-groups", action="store_true", help="every group of the lock")
    parser.add_argument("--all-extras", action="store_true", help="every extra of the lock")
    parser.add_argument("--variant", metavar="V", help="a variant of the project")

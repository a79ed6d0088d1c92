"""What a command is about: the options that name a project and its lock, a target, a selection."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.config import HOST
from pytest_ofiuco.core.lock import Lock, Selection
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.store.project import LocalProject, load

if TYPE_CHECKING:
    from pytest_ofiuco.core.variant import Variant


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


def project_of(options: Namespace) -> LocalProject:
    """The project that the options name; what there is to say of its lock goes to standard error.

    Raises:
        OfiucoError: it cannot be read, or its lock is out of date and may not be.
    """
    project = load(Path(options.project), options.lock, locked=options.locked, offline=options.offline)
    warn(project.lock.remarks)
    return project


def target_of(options: Namespace, project: LocalProject) -> Target:
    """The target that the options name; the host is asked what it is where it is named.

    Raises:
        UsageError: there is no such Python or platform.
    """
    python = Python.parse(options.python)
    host_tag = ""
    if options.platform == HOST:
        from pytest_ofiuco.store.interpreters import host_platform

        host_tag = str(host_platform())
    definition = project.config.axis(options.platform, host_tag).definition
    return Target(python=python, platform=definition.platform(python.minor))


def selection_of(options: Namespace, lock: Lock) -> Selection:
    """What of the lock the options select.

    Raises:
        UnknownNameError, ConflictError: there is no such group or extra, or two that conflict.
    """
    return lock.selection(
        groups=options.group,
        extras=options.extra,
        all_groups=options.all_groups,
        all_extras=options.all_extras,
    )


def variant_of(options: Namespace, project: LocalProject) -> Variant | None:
    """The variant that the options name, if they name one; what there is to say of its locks goes to standard error.

    Raises:
        OfiucoError: there is none of that name, or a lock that it names cannot be read.
    """
    if options.variant is None:
        return None
    from pytest_ofiuco.store.variants import Variants

    variants = Variants(project)
    variant = variants.find(options.variant)
    warn(variants.remarks)
    return variant


def warn(remarks: Iterable[str]) -> None:
    """Say something that is not the answer: on standard error."""
    for remark in remarks:
        print(f"warning: {remark}", file=sys.stderr)

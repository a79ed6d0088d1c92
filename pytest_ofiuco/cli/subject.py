"""What a command is about: the project, the target and the selection that its options name."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco.core.lock import Lock, Selection
from pytest_ofiuco.core.matrix import HOST
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.store.project import LocalProject, load

if TYPE_CHECKING:
    from pytest_ofiuco.core.variant import Variant


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

"""``ofiuco export``: what a target gets, or every cell of the matrix, as other tools read it."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.cli import output
from pytest_ofiuco.cli.cells import matrix_of, resolved_matrix, resolved_target
from pytest_ofiuco.cli.options import add_lock_options, add_selection_options, add_target_options
from pytest_ofiuco.cli.subject import project_of, warn
from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.errors import UsageError, shown
from pytest_ofiuco.export.matrix import ResolvedCell, github_matrix, resolved_json
from pytest_ofiuco.store.project import LocalProject

_FORMATS = ("pylock", "requirements", "github", "json")


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    add_target_options(parser, required=False)
    add_selection_options(parser)
    parser.add_argument("--with-test-groups", action="store_true", help="what the tests need, too (of the matrix)")
    parser.add_argument("--format", choices=_FORMATS, required=True, help="what to write")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: standard output)")


def run(options: Namespace) -> tuple[str, int]:
    """Export; the answer as text, where it goes into no file."""
    if (options.python is None) != (options.platform is None):
        raise UsageError("--python and --platform name one target together", "give both, or none for the whole matrix")
    if options.python is not None and options.with_test_groups:
        raise UsageError("--with-test-groups goes with the matrix", "name the groups of one target with --group")
    text = _text(options, project_of(options))
    if options.output is None:
        return text, 0
    output.write(options.output, text)
    return "", 0


def _text(options: Namespace, project: LocalProject) -> str:
    if options.python is not None:
        target = resolved_target(options, project)
        if options.format == "json":
            from pytest_ofiuco.export.json import resolution_json

            return resolution_json(target.resolution)
        return github_matrix([target.cell]) if options.format == "github" else _for_tools(options, project, [target])
    cells = _wanted(options, project)
    if options.format == "github":
        return github_matrix(cells)
    resolved = resolved_matrix(options, project, cells)
    if options.format == "json":
        return resolved_json(project.lock, resolved)
    return _for_tools(options, project, resolved)


def _wanted(options: Namespace, project: LocalProject) -> list[Cell]:
    """The cells of the matrix that go into the export.

    Nothing that other tools know tells cells of one target and several variants apart: without ``--variant`` they get
    those of the lock as it is.
    """
    pythons = project.config.python
    if pythons is None:
        hint = f"set `python` in [tool.ofiuco] of {project.config.file}, or give --python and --platform"
        raise UsageError("which Pythons make the matrix is not configured", hint)
    cells = matrix_of(project, pythons)
    if options.variant is None and options.format in ("json", "github"):
        return list(cells)
    found = [cell for cell in cells if cell.variant == options.variant]
    if not found:
        names = sorted({cell.variant for cell in cells if cell.variant is not None})
        hint = f"choose from: {', '.join(names)}" if names else "leave --variant out"
        if options.variant is None:
            raise UsageError("no cell is of the lock as it is", f"name a variant with --variant: {', '.join(names)}")
        raise UsageError(f"no cell is of the variant {shown(options.variant)}", hint)
    return found


def _for_tools(options: Namespace, project: LocalProject, cells: Sequence[ResolvedCell]) -> str:
    try:
        return (_requirements if options.format == "requirements" else _pylock)(options, project, cells)
    except ModuleNotFoundError as error:
        hint = "run it where pytest-ofiuco is installed with all that it depends on"
        raise UsageError(f"--format {options.format} needs {error.name}, which is not installed", hint) from error


def _pylock(options: Namespace, project: LocalProject, cells: Sequence[ResolvedCell]) -> str:
    from pytest_ofiuco.export.pylock import pylock_toml
    from pytest_ofiuco.store.lookup.location import located

    found = located(project, [each.resolution for each in cells], os.environ, offline=options.offline)
    cells = [replace(each, resolution=resolution) for each, resolution in zip(cells, found, strict=True)]
    return pylock_toml(project.lock, _moved(options, project, cells))


def _requirements(options: Namespace, project: LocalProject, cells: Sequence[ResolvedCell]) -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    from pytest_ofiuco.export.requirements import requirements_txt, unhashable

    cells = _moved(options, project, cells)
    text = requirements_txt(project.lock, cells, command=_command(options), public_index=PYPI_SIMPLE_ENDPOINT)
    without_hash = unhashable(cells)
    if without_hash and "--hash=" in text:
        names = ", ".join(without_hash)
        warn([f"pip takes no hashes beside commits and folders, which have none: {names}"])
    return text


def _command(options: Namespace) -> str:
    """What makes the same again in the project's folder."""
    words = ["ofiuco", "export", "--format", options.format]
    for name in ("lock", "python", "platform", "variant"):
        value = getattr(options, name)
        words += [] if value is None else [f"--{name}", value]
    for name in ("group", "extra"):
        for value in getattr(options, name) or ():
            words += [f"--{name}", value]
    for name in ("all_groups", "all_extras", "with_test_groups"):
        words += [f"--{name.replace('_', '-')}"] if getattr(options, name) else []
    return shlex.join(words)


def _moved(options: Namespace, project: LocalProject, cells: Sequence[ResolvedCell]) -> list[ResolvedCell]:
    """The cells, relative paths in them seen from the folder of the output, where it is a file."""
    if options.output is None:
        return list(cells)
    folder = Path(options.output).absolute().parent
    moved = []
    for each in cells:
        packages = tuple(
            replace(pin, artifact=_seen_from(folder, project.lock_file.parent.absolute(), pin.artifact))
            for pin in each.resolution.packages
        )
        moved.append(replace(each, resolution=replace(each.resolution, packages=packages)))
    return moved


def _seen_from(folder: Path, lock_folder: Path, artifact: Artifact) -> Artifact:
    path = artifact.path
    if path is None or folder == lock_folder or os.path.isabs(path):
        return artifact
    try:
        return replace(artifact, path=Path(os.path.relpath(lock_folder / path, folder)).as_posix())
    except ValueError:  # Windows: on another drive
        return replace(artifact, path=(lock_folder / path).as_posix())

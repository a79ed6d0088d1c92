"""``ofiuco check``: everything that is wrong with the lock, over the whole matrix; or with an environment or a zip."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.cli.options import add_lock_options, add_selection_options, add_target_options
from pytest_ofiuco.cli.subject import selection_of, warn
from pytest_ofiuco.core.check import Report, Subject, check
from pytest_ofiuco.core.finding import Finding, in_order
from pytest_ofiuco.core.lock import Selection
from pytest_ofiuco.core.matrix import Cell, expand
from pytest_ofiuco.core.platforms import runs_on
from pytest_ofiuco.core.pythons import as_meant, pythons_of
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.export.findings import findings_json, findings_text
from pytest_ofiuco.run.plan import select
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.project import LocalProject, load
from pytest_ofiuco.store.variants import Variants


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_lock_options(parser)
    add_target_options(parser, required=False)
    add_selection_options(parser)
    inspected = parser.add_mutually_exclusive_group()
    inspected.add_argument("--environment", metavar="CELL_OR_FOLDER", help="look into this environment, not the lock")
    inspected.add_argument("--zip", metavar="FILE", help="look into this zip, not the lock")
    parser.add_argument(
        "--layer", action="append", default=[], metavar="FILE", help="a layer that the zip is deployed with; repeatable"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 where there are warnings, too")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> tuple[str, int]:
    """Check; the findings as text, and 1 where there are errors."""
    if options.layer and options.zip is None:
        raise UsageError("--layer: there is no zip that it is of", "add --zip FILE")
    if options.environment is not None or options.zip is not None:
        from pytest_ofiuco.cli import inspection  # most checks are of locks alone

        return inspection.run(options)
    project = load(Path(options.project), options.lock, offline=options.offline)
    warn((*project.lock.warnings, *project.misnamed()))
    allowed = project.config.allow_unhashed
    report = check(project.lock, _subjects(options, project), locked=options.locked, unhashed=allowed)
    findings = report.findings if options.offline else in_order((*report.findings, *_asked(project, report)))
    failed = any(options.strict or finding.severity == "error" for finding in findings)
    if options.format == "json":
        return findings_json(report, findings, is_index_asked=not options.offline), int(failed)
    return findings_text(report, findings, notes=_notes(options, project, findings)), int(failed)


def _notes(options: Namespace, project: LocalProject, findings: Sequence[Finding]) -> list[str]:
    """What to bear in mind when reading the findings."""
    notes = []
    if options.python is None and project.config.python is None and any(each.code == "unfit" for each in findings):
        notes.append("these are all Pythons that the lock admits: name yours with `python` in [tool.ofiuco]")
    if options.offline:
        notes.append("the index was not asked about the files (--offline)")
    return notes


def _subjects(options: Namespace, project: LocalProject) -> list[Subject]:
    """The cells to check.

    ``X.Y`` is the lowest ``X.Y.Z`` that the lock admits: no interpreter is asked for.
    """
    host = host_platform()
    selection, variants = _selection(options, project), Variants(project)
    return [
        Subject(
            name=cell.name,
            target=Target(python=as_meant(project.lock, cell.python), platform=cell.target.platform),
            selection=selection,
            variant=variants.find(cell.variant) if cell.variant is not None else None,
            is_foreign=not runs_on(cell.target.platform, host),
        )
        for cell in cells_of(options, project, str(host))
    ]


def cells_of(options: Namespace, project: LocalProject, host_tag: str) -> tuple[Cell, ...]:
    """The matrix, or what of it the options name.

    Raises:
        UsageError: there is no such Python, platform or variant, or no cell at all.
    """
    config = project.config
    if options.python is not None:
        pythons: tuple[Python, ...] = (Python.parse(options.python),)
    else:
        pythons = config.python if config.python is not None else pythons_of(project.lock)
    names = config.platforms if options.platform is None else (options.platform,)
    axes = [config.axis(name, host_tag) for name in names]
    exclude = config.exclude
    if options.python is not None and options.platform is not None:
        axes, exclude = [replace(axis, pythons=()) for axis in axes], ()
    cells = expand(pythons, axes, exclude, [each.name for each in config.variants])
    if options.variant is not None:
        Variants(project).find(options.variant)
        cells = tuple(cell for cell in cells if cell.variant == options.variant)
    if not cells:
        raise UsageError(
            "no cell is left of the matrix", "see `exclude` in [tool.ofiuco], or name --python and --platform"
        )
    return cells


def _selection(options: Namespace, project: LocalProject) -> Selection:
    """What the options select; what an environment of the matrix holds, where they say nothing."""
    if options.group is not None or options.extra or options.all_groups or options.all_extras:
        return selection_of(options, project.lock)
    selection, warnings = select(project)
    warn(warnings)
    return selection


def _asked(project: LocalProject, report: Report) -> tuple[Finding, ...]:
    """What the index says."""
    from pytest_ofiuco.store.lookup.yanked import ask
    from pytest_ofiuco.store.settings import IndexSettings

    directory = project.lock_file.parent
    settings = IndexSettings.load(os.environ, project.directory).for_lock(project.lock, directory, os.environ)
    return ask(project.lock, directory, report.taken, settings)

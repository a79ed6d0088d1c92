"""``ofiuco check --environment`` and ``--zip``: what of the files themselves does not suit the target."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from pytest_ofiuco import config
from pytest_ofiuco.cli.check import cells_of
from pytest_ofiuco.core.matrix import HOST
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import NoLockError, UsageError
from pytest_ofiuco.export.findings import entries_of, lines_of
from pytest_ofiuco.inspect.inspection import Inspection
from pytest_ofiuco.inspect.layers import with_layers
from pytest_ofiuco.inspect.tree import tree_of, zip_of
from pytest_ofiuco.run.inspection.subject import Subject, look_into, of_cell
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.project import PYPROJECT, LocalProject, load, read_pyproject
from pytest_ofiuco.store.witness import Witness

_VERSION = 1


def run(options: Namespace) -> tuple[str, int]:
    """Look into it; the findings as text, and 1 where there are errors."""
    found = look_into(_subject(options))
    findings = found.inspection.findings
    failed = any(options.strict or finding.severity == "error" for finding in findings)
    if options.format == "json":
        return _json(found.inspection, found.own), int(failed)
    return lines_of(findings, found.summary), int(failed)


def _subject(options: Namespace) -> Subject:
    directory = Path(options.project)
    try:
        project = load(directory, options.lock, locked=options.locked, offline=options.offline)
    except NoLockError:
        project = None
    settings = config.read(read_pyproject(directory, PYPROJECT, Witness())) if project is None else project.config
    if options.zip is not None:
        if options.platform is None or options.python is None:
            raise UsageError("--zip: what it is for is not said", "add --platform NAME and --python X.Y")
        tree = with_layers(zip_of(Path(options.zip)), [zip_of(Path(each)) for each in options.layer])
    elif project is not None and not Path(options.environment).is_dir():
        return _cell(options, project)
    else:
        tree = tree_of(Path(options.environment))
    platform = options.platform or HOST
    python = Python.parse(options.python or _python_of(Path(options.environment)))
    definition = settings.axis(platform, str(host_platform()) if platform == HOST else "").definition
    target = Target(python=python, platform=definition.platform(python.minor))
    folder = Path(options.environment) if options.zip is None else None
    return Subject(tree=tree, folder=folder, target=target, platform=platform, settings=settings, project=project)


def _python_of(folder: Path) -> str:
    """The Python that a virtual environment is of, as its pyvenv.cfg says.

    Raises:
        UsageError: it has none that says so.
    """
    file = folder / "pyvenv.cfg"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ()
    values = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    version = values.get("version_info") or values.get("version") or ""
    numbers = version.split(".")[:2]
    if len(numbers) != 2:
        raise UsageError(f"{folder}: does not say which Python it is for", "add --python X.Y")
    return ".".join(numbers)


def _cell(options: Namespace, project: LocalProject) -> Subject:
    """The environment of a cell, made where it is not there yet.

    Raises:
        UsageError: there is no such cell, or it has no environment on this machine.
    """
    cells = {cell.name: cell for cell in cells_of(options, project, str(host_platform()))}
    cell = cells.get(options.environment)
    if cell is None:
        known = ", ".join(cells)
        raise UsageError(f"{options.environment}: neither a folder nor a cell of the matrix", f"use one of: {known}")
    return of_cell(cell, _environment_of(options, cell.name), project)


def _environment_of(options: Namespace, cell: str) -> Path:
    from pytest_ofiuco.cli import sync

    asked = Namespace(
        project=options.project,
        lock=options.lock,
        locked=options.locked,
        offline=options.offline,
        cell=[cell],
        python=[],
        platform=[],
        variant=[],
        refresh=False,
        format="json",
    )
    (made,) = json.loads(sync.run(asked)[0])["cells"]
    path = made["environment"]
    if path is None or not Path(path).is_dir():
        reason = (made["reason"] or path).splitlines()[0].removeprefix("error: ")
        raise UsageError(
            f"{cell}: there is no environment of it here: {reason}",
            "see `ofiuco sync`, or look into its zip with --zip",
        )
    return Path(path)


def _json(found: Inspection, own: int) -> str:
    document = {
        "version": _VERSION,
        "inspected": found.tree,
        "target": {"python": str(found.target.python), "platform": str(found.target.platform)},
        "files": found.files,
        "binaries": found.binaries,
        "own_modules": own,
        "size": found.size,
        "size_zipped": found.zipped,
        "packages": [{"name": name, "size": size} for name, size in found.sizes],
        "findings": entries_of(found.findings),
    }
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"

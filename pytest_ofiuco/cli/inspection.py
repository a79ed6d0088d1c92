"""``ofiuco check --environment`` and ``--zip``: what of the files themselves does not suit the target."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_ofiuco import config
from pytest_ofiuco.cli.check import cells_of
from pytest_ofiuco.cli.shipping import Shipping
from pytest_ofiuco.config import HOST, Config
from pytest_ofiuco.core.limits import largest
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import NoLockError, UsageError
from pytest_ofiuco.export.findings import counted, counts_of, entries_of, lines_of
from pytest_ofiuco.inspect.imports import complaints
from pytest_ofiuco.inspect.inspection import Inspection, inspect
from pytest_ofiuco.inspect.sizes import Limits, megabytes
from pytest_ofiuco.inspect.tree import Tree, tree_of, zip_of
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.project import PYPROJECT, LocalProject, load, read_pyproject
from pytest_ofiuco.store.witness import Witness

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is looked into, and what for; ``folder`` of an environment; ``project`` where there is one with a lock."""

    tree: Tree
    folder: Path | None
    target: Target
    platform: str
    settings: Config
    project: LocalProject | None
    is_cell: bool = False


def run(options: Namespace) -> tuple[str, int]:
    """Look into it; the findings as text, and 1 where there are errors."""
    subject = _subject(options)
    shipping = Shipping(
        project=subject.project, target=subject.target, platform=subject.platform, is_cell=subject.is_cell
    )
    modules = shipping.modules(subject.tree, subject.folder)
    shipment = shipping.shipment()
    found = inspect(
        subject.tree,
        subject.target,
        limits=_limits(subject),
        not_shipped=() if subject.tree.is_zip else {*shipment.left_out, *shipment.provided},
        more=complaints(modules, subject.target, shipment),
    )
    own = sum(module.is_own for module in modules.values())
    failed = any(options.strict or finding.severity == "error" for finding in found.findings)
    if options.format == "json":
        return _json(found, own), int(failed)
    return lines_of(found.findings, _summary(found, own)), int(failed)


def _subject(options: Namespace) -> _Subject:
    directory = Path(options.project)
    try:
        project = load(directory, options.lock, locked=options.locked, offline=options.offline)
    except NoLockError:
        project = None
    settings = config.read(read_pyproject(directory, PYPROJECT, Witness())) if project is None else project.config
    if options.zip is not None:
        if options.platform is None or options.python is None:
            raise UsageError("--zip: what it is for is not said", "add --platform NAME and --python X.Y")
        tree = zip_of(Path(options.zip))
    elif project is not None and not Path(options.environment).is_dir():
        return _cell(options, project)
    else:
        tree = tree_of(Path(options.environment))
    platform = options.platform or HOST
    python = Python.parse(options.python or _python_of(Path(options.environment)))
    definition = settings.axis(platform, str(host_platform()) if platform == HOST else "").definition
    target = Target(python=python, platform=definition.platform(python.minor))
    folder = Path(options.environment) if options.zip is None else None
    return _Subject(tree=tree, folder=folder, target=target, platform=platform, settings=settings, project=project)


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


def _cell(options: Namespace, project: LocalProject) -> _Subject:
    """The environment of a cell, made where it is not there yet.

    Raises:
        UsageError: there is no such cell, or it has no environment on this machine.
    """
    cells = {cell.name: cell for cell in cells_of(options, project, str(host_platform()))}
    cell = cells.get(options.environment)
    if cell is None:
        known = ", ".join(cells)
        raise UsageError(f"{options.environment}: neither a folder nor a cell of the matrix", f"use one of: {known}")
    folder = _environment_of(options, cell.name)
    return _Subject(
        tree=replace(tree_of(folder), name=cell.name),
        folder=folder,
        target=cell.target,
        platform=cell.platform,
        settings=project.config,
        project=project,
        is_cell=True,
    )


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


def _limits(subject: _Subject) -> Limits:
    unpacked, zipped = largest(subject.platform)
    settings = subject.settings.settings.get(subject.platform)
    if settings is not None and settings.max_size is not None:
        unpacked = settings.max_size << 20
    return Limits(unpacked=unpacked, zipped=zipped)


def _summary(found: Inspection, own: int) -> str:
    what = f"{counted(found.files, 'file')}, {found.binaries} of machine code, {megabytes(found.size)}"
    counts = counts_of(found.findings)
    note = "" if own else "; no imports were followed: none of its modules is known to be the project's own"
    return f"{found.tree}: {counts or 'fine'} for {found.target} ({what}){note}"


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

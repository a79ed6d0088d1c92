"""What the inspection of an environment has come to, kept for the sessions that find everything as it was.

An environment's files never change, and what the project ships is in its lock and its settings; its own modules are
read where they lie. All of these are witnessed, and so is what decides where they lie.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ofiuco import __version__
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.cache import Store, digest, touch
from pytest_ofiuco.store.request import Environment
from pytest_ofiuco.store.witness import Witness, still_holds

if TYPE_CHECKING:
    from pytest_ofiuco.store.project import LocalProject

_LAYOUT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an environment suits its cell, what was found, and a line of all; ``seconds`` is how long that took."""

    is_fine: bool
    text: str
    summary: str = ""
    seconds: float = 0.0


class Verdicts:
    """The verdicts that a store keeps of a project; ``load`` reads it anew, with a witness of its own.

    ``refresh``: none that is kept counts.
    """

    def __init__(
        self, store: Store, directory: Path, lock: str | None, load: Callable[[], LocalProject], *, refresh: bool
    ) -> None:
        self._store, self._load, self._refresh = store, load, refresh
        self._project = [os.path.abspath(directory), lock]

    def of(self, cell: Cell, environment: Environment) -> Verdict:
        """The verdict on a cell's environment, looked into where that has not been done.

        Raises:
            OfiucoError: the project cannot be read.
        """
        question = [self._project, cell.name, str(cell.target), environment.key]
        key = digest({"layout": _LAYOUT, "version": __version__, "question": question})
        file = self._store.inspections / f"{key}.json"
        known = None if self._refresh else _known(file)
        if known is not None:
            touch(file)
            return known
        began = time.monotonic()
        project = self._load()
        verdict = _looked(cell, environment.path, project)
        if project.witness.is_lasting:
            document = {"verdict": asdict(verdict), "seen": project.witness.document()}
            with suppress(CacheError):
                self._store.keep(file, json.dumps(document, separators=(",", ":")).encode())
        return replace(verdict, seconds=time.monotonic() - began)


def _known(file: Path) -> Verdict | None:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    match document:
        case {
            "verdict": {"is_fine": bool(is_fine), "text": str(text), "summary": str(summary)},
            "seen": dict(seen),
        } if still_holds(seen):
            return Verdict(is_fine=is_fine, text=text, summary=summary)
    return None


def _looked(cell: Cell, folder: Path, project: LocalProject) -> Verdict:
    from pytest_ofiuco.export.findings import lines_of  # what is known already needs none of it
    from pytest_ofiuco.run.inspection.subject import look_into, of_cell

    subject = of_cell(cell, folder, project)
    shipping = subject.shipping
    _watch(shipping.folders(subject.tree, folder), shipping.files(subject.tree, folder), project.witness)
    found = look_into(subject)
    findings = [replace(finding, file="") for finding in found.inspection.findings]  # the item is named after the cell
    is_fine = not any(finding.severity == "error" for finding in findings)
    return Verdict(is_fine=is_fine, text=lines_of(findings), summary=found.summary)


def _watch(tops: Iterable[Path], files: Iterable[Path], witness: Witness) -> None:
    """Have a witness see the project's own modules, in folders and beside them, and which there are."""
    from pytest_ofiuco.inspect.modules import folders_in, sources_in

    folders: dict[str, None] = {}
    sources = list(files)
    for top in tops:
        folders |= dict.fromkeys(map(os.path.abspath, folders_in(top)))
        sources += [top / path for path in sources_in(top)]
    for path in sources:
        folders[os.path.abspath(path.parent)] = None
        if path.suffix == ".py":
            with suppress(OSError):
                witness.content(path)
    for each in folders:
        for pattern in ("*.py", "[!_]*"):  # what an interpreter leaves there is none of it
            witness.names_in(each, pattern)

"""What a worker asks of the controller is answered here, in threads: other cells' events go on meanwhile.

zip      the cell's zip: where it is, or why there is none
piece    a part of it, for a worker that cannot reach that file
modules  the worker's own modules that only tests of a zip need, for one that cannot reach their files
"""

from __future__ import annotations

import base64
import threading
import traceback
from typing import Any

import pytest

from pytest_ofiuco import worker as worker_code
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.messages import Asked
from pytest_ofiuco.run.planner import Planner
from pytest_ofiuco.run.spawning import Spawner
from pytest_ofiuco.run.workers import Worker
from pytest_ofiuco.run.zips import Zips

_PIECE = 1 << 20
"""The bytes of a piece."""


class Answering:
    """Answers questions; what there is to say to the user goes to ``notes``."""

    def __init__(self, zips: Zips, notes: list[str]) -> None:
        self._zips, self._notes = zips, notes

    def answer(self, cell: Cell, worker: Worker, asked: Asked) -> None:
        """Answer, without waiting for it. The time of the test that asks stands still until then."""
        worker.pause()
        threading.Thread(target=self._answer, args=(cell, worker, asked), daemon=True).start()

    def _answer(self, cell: Cell, worker: Worker, asked: Asked) -> None:
        try:
            answer = self._about(cell, asked)
        except OfiucoError as error:
            answer = {"error": error.render()}
        except Exception:  # noqa: BLE001 - a thread's boundary: whatever it is, the test that asks fails of it
            answer = {"error": f"error: {traceback.format_exc().strip()}\nhint: report it, with these lines"}
        worker.send(kind="answer", number=asked.number, **answer)
        worker.heard()

    def _about(self, cell: Cell, asked: Asked) -> dict[str, Any]:
        match asked.what:
            case "zip":
                return self._zip(cell)
            case "piece":
                with self._zips.of(cell).file.open("rb") as file:
                    file.seek(int(asked.about["offset"]))
                    return {"content": base64.b64encode(file.read(_PIECE)).decode()}
            case "modules":
                return {"texts": worker_code.lambda_texts()}
        raise ValueError(f"unknown question {asked.what!r}")

    def _zip(self, cell: Cell) -> dict[str, Any]:
        made = self._zips.of(cell)
        for warning in made.warnings:
            said = f"the zip of {cell.name}: {warning}"
            if said not in self._notes:
                self._notes.append(said)
        return {
            "path": str(made.file),
            "sha256": made.sha256,
            "manifest": dict(made.manifest),
            "provided": list(made.provided),
            "remedy": made.remedy,
        }


_ANSWERING = pytest.StashKey[Answering]()


def of_session(config: pytest.Config, planner: Planner, spawner: Spawner, notes: list[str]) -> Answering:
    """The one of a session."""
    known = config.stash.get(_ANSWERING, None)
    if known is None:
        known = config.stash[_ANSWERING] = Answering(Zips(planner, spawner.scratch()), notes)
    return known

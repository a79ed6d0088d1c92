"""What a matrix session says of coverage that is not there, or cannot be reported."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_ofiuco.run.cellrun import CellRun
from pytest_ofiuco.run.cells import PlannedCell
from pytest_ofiuco.run.coverage import Coverage, new_folder, with_remedy
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.spawning import Spawner
from pytest_ofiuco.store.request import Environment, Machine
from tests.run.fakes import make_cell

ASKED = {"options": {"no_cov": False}, "description": "platform x", "installed": ["/x"], "path": [*sys.path]}


def left(folder: Path, cell: str, number: int, *, saved: bool, asked: Any = ASKED) -> Path:
    """What a worker leaves."""
    own = folder / cell / str(number)
    own.mkdir(parents=True)
    (own / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    if saved:
        (own / "saved").touch()
        (own / "data").touch()
    return own


@pytest.fixture
def coverage(tmp_path: Path) -> Coverage:
    runs = {}
    for label in ("py39", "py310"):
        cell = make_cell(label)
        run = runs[cell.name] = CellRun(planned=PlannedCell(cell=cell), tally=Tally(cell.name))
        run.environment = Environment(path=tmp_path, python=Path(sys.executable), key="", was_cached=True)
        run.ran = 1
    config = SimpleNamespace(
        invocation_params=SimpleNamespace(dir=tmp_path), pluginmanager=SimpleNamespace(get_plugin=lambda _: None)
    )
    spawner = Spawner(bytecode=tmp_path, hear=lambda *_: None, coverage=tmp_path / "coverage")
    return Coverage(
        cast(pytest.Config, config),
        spawner=spawner,
        project=tmp_path,
        runs=runs,
        end_workers=lambda: None,
        notes=[],
    )


def test_what_is_missing_is_said(coverage: Coverage) -> None:
    left(coverage.folder, "py39-host", 10, saved=True)
    left(coverage.folder, "py39-host", 9, saved=False)
    left(coverage.folder, "py39-host", 11, saved=False)
    (coverage.folder / "py310-host" / "12").mkdir(parents=True)
    measured = coverage.measured()
    assert [(each.run.cell.name, each.is_whole, len(each.files)) for each in measured] == [
        ("py39-host", False, 0),
        ("py39-host", True, 1),
        ("py39-host", False, 0),
    ]
    coverage.remark(measured)
    assert coverage.notes == [
        "coverage of py39-host is incomplete: 2 workers ended before their data was saved",
        "coverage of py310-host is missing: pytest-cov did not measure there",
    ]


def test_cells_of_other_machines_are_said_to_be_missing(coverage: Coverage) -> None:
    for run in coverage.runs.values():
        assert run.environment is not None
        run.environment = replace(run.environment, host=cast(Machine, object()))
    session = SimpleNamespace(testsfailed=0)
    wrapped = coverage.pytest_runtestloop(cast(pytest.Session, session))
    next(wrapped)
    with pytest.raises(StopIteration):
        wrapped.send(True)
    assert coverage.notes == [
        "coverage of py39-host is missing: what another machine measures stays there",
        "coverage of py310-host is missing: what another machine measures stays there",
    ]


def test_the_newest_python_reports_and_a_failure_is_said(coverage: Coverage, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, cell in enumerate(("py39-host", "py310-host")):
        left(coverage.folder, cell, number, saved=True)
    asked_of = []
    ask = Coverage.ask

    def spy(self: Coverage, reporter: Any, request: Any) -> dict[str, Any]:
        asked_of.append((reporter.run.cell.name, [each["cell"] for each in request["data"]]))
        return ask(self, reporter, {**request, "path": []})

    monkeypatch.setattr(Coverage, "ask", spy)
    session = SimpleNamespace(testsfailed=0)
    coverage.report(cast(pytest.Session, session), coverage.measured())
    assert asked_of == [("py310-host", ["py310-host", "py39-host"])]
    assert session.testsfailed == 1
    assert coverage.notes == ["coverage could not be reported: ModuleNotFoundError: No module named 'pytest_cov'"]


@pytest.mark.parametrize(
    ("lock_format", "command"),
    [
        pytest.param("uv", "`uv add --dev pytest-cov`", id="uv"),
        pytest.param("poetry", "`poetry add --group dev pytest-cov`", id="poetry"),
        pytest.param("new", "`add pytest-cov to the project's development dependencies`", id="another"),
    ],
)
def test_the_remedy_for_a_cell_without_pytest_cov(lock_format: str, command: str) -> None:
    said = with_remedy(("usage\nunrecognized arguments: --cov\n",), lock_format)
    hint = (
        f"hint: --cov needs pytest-cov in the cell: {command}, or select its group with `test-groups` in [tool.ofiuco]"
    )
    assert said == (f"usage\nunrecognized arguments: --cov\n{hint}",)


def test_a_folder_for_each_session() -> None:
    one, other = new_folder(), new_folder()
    assert one != other
    for folder in (one, other):
        folder.rmdir()

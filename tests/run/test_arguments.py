"""The command line of a session, sorted out for its workers."""

from __future__ import annotations

import pytest

from pytest_ofiuco.run.arguments import OPTIONS, Arguments
from pytest_ofiuco.run.tolerance import known_options

CELLS = ("py310-host", "py313-host")


def read(*given: str) -> Arguments:
    return Arguments.read(given, CELLS)


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        pytest.param(["-v", "tests", "-k", "area"], ["-v", "tests", "-k", "area"], id="pytest's own pass"),
        pytest.param(["--ofiuco-matrix", "-x"], ["-x"], id="flag"),
        pytest.param(["--ofiuco-jobs", "2", "tests"], ["tests"], id="value apart"),
        pytest.param(["--ofiuco-jobs=2", "tests"], ["tests"], id="value joined"),
        pytest.param(["--ofiuco-cell", "py310-host", "--ofiuco-python=3.12"], [], id="narrowing"),
        pytest.param(["-n", "4", "--dist", "load", "--maxprocesses=3", "-q"], ["-q"], id="pytest-xdist"),
        pytest.param(["-n4", "-q"], ["-q"], id="pytest-xdist, joined"),
        pytest.param(["-nauto", "-q"], ["-q"], id="pytest-xdist, joined word"),
        pytest.param(["-no-such"], ["-no-such"], id="not pytest-xdist's"),
        pytest.param(["--deselect", "a.py::test[py310-host]", "b.py"], ["b.py"], id="deselected"),
        pytest.param(["--deselect=a.py::test[py310-host]", "b.py"], ["b.py"], id="deselected, joined"),
    ],
)
def test_what_is_the_controllers_stays_there(given: list[str], passed: list[str]) -> None:
    arguments = read(*given)
    assert list(arguments.passed) == passed
    assert arguments.by_cell == ()


def test_every_option_of_the_plugin_stays_there(pytester: pytest.Pytester) -> None:
    options = {name: nargs != 0 for name, nargs in known_options(pytester.parseconfig()) if name.startswith("--ofiuco")}
    assert dict(OPTIONS) == options


def test_node_ids_with_a_cell_go_to_that_cell() -> None:
    arguments = read("-v", "a.py::test_x[py310-host]", "a.py::test_p[1][py313-host]", "b.py::test_q[2]")
    assert arguments.for_cell("py310-host") == ["-v", "b.py::test_q[2]", "a.py::test_x"]
    assert arguments.for_cell("py313-host") == ["-v", "b.py::test_q[2]", "a.py::test_p[1]"]


def test_a_name_in_brackets_that_is_no_cell_is_a_parameter() -> None:
    assert read("a.py::test_x[py399-host]").passed == ("a.py::test_x[py399-host]",)


def test_cells_that_no_node_id_names_are_not_meant() -> None:
    arguments = read("a.py::test_x[py310-host]")
    assert arguments.wants("py310-host", has_positional=False)
    assert not arguments.wants("py313-host", has_positional=False)
    assert arguments.wants("py313-host", has_positional=True)


def test_with_no_cell_named_all_are_meant() -> None:
    assert all(read("a.py").wants(cell, has_positional=False) for cell in CELLS)


@pytest.mark.parametrize(
    "spared",
    [["-o", "filterwarnings="], ["--override-ini", "filterwarnings="], ["-ofilterwarnings="]],
)
def test_filters_that_the_controller_is_spared_hold_in_cells(spared: list[str]) -> None:
    given = ["-o", "addopts=", *spared, "-o", "filterwarnings=error", "tests"]
    assert Arguments.read(given, []).for_cell("py312-host") == [
        "-o",
        "addopts=",
        "-o",
        "filterwarnings=error",
        "tests",
    ]

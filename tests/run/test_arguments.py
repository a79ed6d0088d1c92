"""The command line of a session, sorted out for its workers."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.arguments import OPTIONS, Arguments, Distribution, means
from pytest_ofiuco.run.asked import jobs
from pytest_ofiuco.run.events import Jobs
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
        pytest.param(["-d", "--testrunuid=a", "--maxschedchunk", "2", "-q"], ["-q"], id="pytest-xdist, tuned"),
        pytest.param(["-p", "pytest_ofiuco.plugin", "-ppytest_ofiuco.plugin", "-p", "own"], ["-p", "own"], id="itself"),
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


@pytest.mark.parametrize(
    ("argument", "strangers"),
    [
        pytest.param("a.py::test_x[py312-host]", [("a.py::test_x", "py312-host")], id="a cell's"),
        pytest.param("a.py::T::test_x[1][pypy311-a.b-v_2]", [("a.py::T::test_x[1]", "pypy311-a.b-v_2")], id="PyPy's"),
        pytest.param("a.py::test_x[py313t-host]", [("a.py::test_x", "py313t-host")], id="free-threaded"),
        pytest.param("a.py::test_x[py310-host]", [], id="a cell"),
        pytest.param("a.py::test_x[python-3]", [], id="a parameter"),
        pytest.param("a.py::test_x[py312]", [], id="a Python"),
        pytest.param("a.py[py312-host]", [], id="a file"),
    ],
)
def test_what_reads_like_the_name_of_a_cell_and_is_none(argument: str, strangers: list[tuple[str, str]]) -> None:
    assert read("-v", argument).strangers() == strangers


@pytest.mark.parametrize(
    ("named", "nodeid", "is_meant"),
    [
        pytest.param("a.py::test_x", "tests/a.py::test_x", True, id="from a folder below"),
        pytest.param("tests/a.py::test_x", "tests/a.py::test_x[1]", True, id="parametrized"),
        pytest.param("tests/a.py::T", "tests/a.py::T::test_x", True, id="in a class"),
        pytest.param("tests/a.py::test_x[1]", "tests/a.py::test_x[1]", True, id="with its parameter"),
        pytest.param("tests/a.py::test_x[1]", "tests/a.py::test_x[2]", False, id="another parameter"),
        pytest.param("tests/a.py::test_x", "tests/a.py::test_xy", False, id="a longer name"),
        pytest.param("tests/a.py::test_x", "tests/b.py::test_x", False, id="another file"),
    ],
)
def test_what_a_name_means(named: str, nodeid: str, is_meant: bool) -> None:
    assert means(named, nodeid) is is_meant


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


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("-n 4", Jobs(count=4, is_given=True), id="-n"),
        pytest.param("-n0", Jobs(count=1, is_given=True), id="-n 0"),
        pytest.param("-n auto", Jobs(count=7, is_given=True), id="-n auto"),
        pytest.param("--numprocesses=logical --maxprocesses 3", Jobs(count=3, is_given=True), id="--maxprocesses"),
        pytest.param("-n 4 -n2", Jobs(count=2, is_given=True), id="the later one"),
        pytest.param("-n2 --max-worker-restart 0", Jobs(count=2, is_given=True, restarts=0), id="--max-worker-restart"),
    ],
)
def test_options_of_xdist_are_jobs(given: str, expected: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "7")
    assert jobs(None, Distribution.read(given.split())) == expected


@pytest.mark.parametrize("option", ["-n", "--dist", "--maxprocesses"])
def test_an_option_of_xdist_without_its_value_is_wrong(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} of pytest-xdist needs a value"):
        Distribution.read(["tests", option])


def test_of_modes_and_runs_of_xdist() -> None:
    found = Distribution.read(["-d", "--testrunuid", "abc"])
    assert (found.mode, found.testrun) == ("load", "abc")

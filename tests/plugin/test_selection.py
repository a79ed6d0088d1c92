"""What pytest's users select and order with works on cells, too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

NO_TESTS, FAILED, WRONG = pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.USAGE_ERROR

TESTS = {
    "tests/test_area.py": """
        import sys
        import pytest

        def test_square(): pass

        @pytest.mark.parametrize("side", [1, 2])
        @pytest.mark.slow
        def test_sides(side): pass

        class TestRound:
            def test_circle(self): pass
    """,
    "tests/test_versions.py": """
        import sys

        def test_new(): assert sys.version_info >= (3, 11)
        def test_any(): pass
        def test_never(): assert False
    """,
}


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.configure(pytest='markers = ["slow: takes its time"]\nstrict_markers = true')
    project.write(TESTS)
    return project


def ran(result: pytest.RunResult) -> list[str]:
    """The tests that ``-v`` names, without their file, in order."""
    found = []
    for line in result.outlines:
        match = re.match(r"\S+?\.py::(\S+) (PASSED|FAILED)", line)
        if match:
            found.append(match[1])
    return found


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            ["tests/test_area.py::test_square"],
            ["test_square[py310-host]", "test_square[py313-host]"],
            id="a test in every cell",
        ),
        pytest.param(["tests/test_area.py::test_square[py313-host]"], ["test_square[py313-host]"], id="in one cell"),
        pytest.param(
            ["tests/test_area.py::test_sides[2]"],
            ["test_sides[2][py310-host]", "test_sides[2][py313-host]"],
            id="parametrized, in every cell",
        ),
        pytest.param(
            ["tests/test_area.py::test_sides[2][py310-host]", "tests/test_area.py::TestRound::test_circle[py313-host]"],
            ["test_sides[2][py310-host]", "TestRound::test_circle[py313-host]"],
            id="parametrized and in a class, each in one cell",
        ),
        pytest.param(
            ["tests/test_area.py::test_square[py313-host]", "tests/test_versions.py::test_any"],
            ["test_any[py310-host]", "test_square[py313-host]", "test_any[py313-host]"],
            id="one in a cell, one in all",
        ),
        pytest.param(["-k", "py310 and square"], ["test_square[py310-host]"], id="-k, cell and name"),
        pytest.param(
            ["-k", "circle"], ["TestRound::test_circle[py310-host]", "TestRound::test_circle[py313-host]"], id="-k"
        ),
        pytest.param(
            ["-m", "slow", "-k", "py313 and 1"], ["test_sides[1][py313-host]", "test_sides[2][py313-host]"], id="-m"
        ),
        pytest.param(
            ["--ofiuco-cell", "py313-host", "tests/test_versions.py", "-k", "any"], ["test_any[py313-host]"], id="cell"
        ),
        pytest.param(["--ofiuco-python", ">=3.11", "-k", "any"], ["test_any[py313-host]"], id="Python"),
        pytest.param(
            [
                "tests/test_area.py",
                *("--deselect", "tests/test_area.py::test_sides"),
                *("--deselect", "tests/test_area.py::test_square[py310-host]"),
            ],
            ["test_square[py313-host]", "TestRound::test_circle[py310-host]", "TestRound::test_circle[py313-host]"],
            id="--deselect, with and without a cell",
        ),
    ],
)
def test_selected(project: Project, arguments: Sequence[str], expected: Sequence[str]) -> None:
    result = project.matrix("-v", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments)
    assert result.ret == pytest.ExitCode.OK
    assert sorted(ran(result)) == sorted(expected)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["-k", "no_such_test"], NO_TESTS, "*deselected*", id="-k selects nothing"),
        pytest.param(["no_such_file.py"], WRONG, "ERROR: file or directory not found: no_such_file.py", id="no file"),
        pytest.param(["tests/test_area.py::test_nothing"], WRONG, "ERROR: not found: *test_nothing*", id="no test"),
        pytest.param(
            ["tests/test_area.py::test_square[py399-host]"],
            WRONG,
            "ERROR: no cell is called py399-host: there are py310-host, py313-host",
            id="no such cell",
        ),
        pytest.param(["-k", "("], WRONG, "ERROR: Wrong expression passed to '-k'*", id="-k is no expression"),
        pytest.param(["--no-such-option"], WRONG, "*unrecognized arguments: --no-such-option*", id="no option"),
    ],
)
def test_nothing_selected(project: Project, arguments: Sequence[str], code: int, message: str) -> None:
    result = project.matrix("-p", "no:cacheprovider", *arguments)
    assert result.ret == code
    said = result.stderr if code == WRONG else result.stdout
    said.fnmatch_lines([message])
    result.stderr.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*the worker of*")


@pytest.mark.parametrize(("option", "failures"), [("-x", 1), ("--maxfail=2", 2)])
def test_it_stops_after_failures(project: Project, option: str, failures: int) -> None:
    result = project.matrix(option, "-p", "no:cacheprovider")
    assert result.ret == FAILED
    assert result.parseoutcomes()["failed"] == failures
    result.stdout.fnmatch_lines([f"*stopping after {failures} failures*"])


def test_collect_only_shows_cells(project: Project) -> None:
    tree = project.matrix("--collect-only", "tests/test_area.py", "-p", "no:cacheprovider")
    assert tree.ret == pytest.ExitCode.OK
    tree.stdout.fnmatch_lines(
        [
            "collected 8 items",
            "<Dir project*>",
            "  <Dir tests>",
            "    <Module test_area.py>",
            "      <Function test_square[[]py310-host[]]>",
            "      <Function test_square[[]py313-host[]]>",
            "      <Function test_sides[[]1[]][[]py310-host[]]>",
            "      <Class TestRound>",
            "        <Function test_circle[[]py310-host[]]>",
            "        <Function test_circle[[]py313-host[]]>",
            "*8 tests collected*",
        ]
    )
    tree.stdout.no_fnmatch_line("*ofiuco matrix*")
    listed = project.matrix("--collect-only", "-q", "tests/test_area.py::TestRound", "-p", "no:cacheprovider")
    assert listed.outlines[:2] == [
        "tests/test_area.py::TestRound::test_circle[py310-host]",
        "tests/test_area.py::TestRound::test_circle[py313-host]",
    ]


def test_last_failed_and_failed_first(project: Project) -> None:
    first = project.matrix("-v")
    first.assert_outcomes(passed=11, failed=3)
    last = project.matrix("-v", "--lf")
    assert sorted(ran(last)) == ["test_never[py310-host]", "test_never[py313-host]", "test_new[py310-host]"]
    last.stdout.fnmatch_lines(["run-last-failure: rerun previous 3 failures"])
    ahead = project.matrix("-v", "--ff", "--ofiuco-jobs", "1")
    assert len(ran(ahead)) == 14
    assert ran(ahead)[:2] == ["test_new[py310-host]", "test_never[py310-host]"]


def test_deselecting_a_failure_in_one_cell_leaves_the_others(project: Project) -> None:
    result = project.matrix(
        "-v", "-p", "no:cacheprovider", "--deselect=tests/test_versions.py::test_new[py310-host]", "-k", "new"
    )
    assert ran(result) == ["test_new[py313-host]"]

"""What a session says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write(
        {
            "tests/test_a.py": """
                import logging, sys, time, warnings

                def helper(number):
                    assert number == 2, "no two"

                def test_failed(record_property):
                    print("on stdout")
                    print("on stderr", file=sys.stderr)
                    logging.getLogger("area").warning("logged")
                    record_property("side", 4)
                    helper(1)

                def test_warns():
                    warnings.warn("old area", DeprecationWarning)

                def test_takes_its_time():
                    time.sleep(0.1)
            """
        }
    )
    return project


def test_a_failure_reads_as_usual(project: Project) -> None:
    result = project.matrix("-p", "no:cacheprovider", "--durations=1", "--junitxml=report.xml", "-rA")
    result.assert_outcomes(passed=4, failed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*test session starts*",
            "ofiuco: uv.lock (uv *, 9 packages) → 2 cells",
            "  py310-host  py313-host",
            "rootdir: *",
            "collected 6 items",
            "*= FAILURES =*",
            "_* test_failed in all 2 cells _*",
            "fails in: py310-host, py313-host",
            "    def test_failed(record_property):",
            ">       helper(1)",
            "tests/test_a.py:*: ",
            "    def helper(number):",
            '>       assert number == 2, "no two"',
            "E       AssertionError: no two",
            "E       assert 1 == 2",
            "tests/test_a.py:*: AssertionError",
            "*Captured stdout call*",
            "on stdout",
            "*Captured stderr call*",
            "on stderr",
            "*Captured log call*",
            "WARNING  area:test_a.py:* logged",
            "*warnings summary*",
            "tests/test_a.py::test_warns[[]py3*-host[]]",
            "*DeprecationWarning: old area",
            "*ofiuco matrix*",
            "*passed*failed*skipped*time",
            "py310-host                2      1       0 *s",
            "py313-host                2      1       0 *s",
            "*slowest 1 durations*",
            "0.1*s call     tests/test_a.py::test_takes_its_time[[]py3*-host[]]",
            "*short test summary info*",
            "PASSED tests/test_a.py::test_warns[[]py3*-host[]]",
            "FAILED tests/test_a.py::test_failed[[]py3*-host[]] - AssertionError: no two",
        ]
    )
    suites = ElementTree.parse(project.folder / "report.xml").getroot()
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("3", "1", "0")
    ] * 2
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert len(cases) == 6
    failed = cases["test_failed[py310-host]"]
    assert failed.get("classname") == "tests.test_a"
    assert failed.find("failure") is not None
    of_suite, of_test = (
        [(each.get("name"), each.get("value")) for each in found.iter("property")] for found in (suites[0], failed)
    )
    assert [name for name, _ in of_suite] == ["cell", "python", "platform", "execution", "side"]
    told = dict(of_suite)
    assert (told["cell"], told["python"], told["platform"], told["side"]) == ("py310-host", "3.10", "host", "4")
    assert (told["execution"] or "").startswith("CPython 3.10.")
    assert of_test == [("side", "4")]


def test_the_second_run_finds_everything(project: Project) -> None:
    project.matrix("-p", "no:cacheprovider", "-q")
    result = project.matrix("-p", "no:cacheprovider", "-k", "warns", "--ofiuco-offline")
    result.stdout.fnmatch_lines(["Preparing environments: 2/2 (2 cached, 0 built)"])
    assert result.ret == pytest.ExitCode.OK


def test_verbosity(project: Project) -> None:
    loud = project.matrix("-v", "-p", "no:cacheprovider", "-k", "warns")
    loud.stdout.fnmatch_lines(["tests/test_a.py::test_warns[[]py310-host[]] PASSED *%]"])
    loud.stdout.fnmatch_lines(["tests/test_a.py::test_warns[[]py313-host[]] PASSED *%]"])
    quiet = project.matrix("-q", "-p", "no:cacheprovider", "-k", "warns", "-W", "ignore")
    assert quiet.outlines[0].startswith("..")
    quiet.stdout.no_fnmatch_line("ofiuco: *")
    quiet.stdout.no_fnmatch_line("*Preparing*")
    quiet.stdout.fnmatch_lines(["py310-host *1 *0 *0 *", "2 passed, 4 deselected*"])
    silent = project.matrix("-qq", "-p", "no:cacheprovider", "-k", "warns", "-W", "ignore")
    assert [line for line in silent.outlines if line] == [line for line in silent.outlines if line.startswith("..")]


def test_uncaptured_output_comes_through(project: Project) -> None:
    result = project.matrix("-s", "-p", "no:cacheprovider", "-k", "failed and py310")
    assert "on stdout" in result.stdout.str() + result.stderr.str()
    result.stdout.no_fnmatch_line("*Captured stdout call*")
    result.assert_outcomes(failed=1, deselected=5)


def test_tracebacks_have_their_styles(project: Project) -> None:
    line = project.matrix("--tb=line", "-p", "no:cacheprovider", "-k", "failed and py313")
    line.stdout.fnmatch_lines(["*test_a.py:*: AssertionError: no two"])
    none = project.matrix("--tb=no", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-k", "failed and py313")
    none.stdout.no_fnmatch_line("*helper*")
    none.stdout.no_fnmatch_line("*ofiuco: *")


def test_without_the_matrix_the_plugin_costs_one_small_import(project: Project) -> None:
    project.write(
        {
            "test_alone.py": """
                import sys

                def test_modules():
                    ours = {name for name in sys.modules if name.partition(".")[0] == "pytest_ofiuco"}
                    assert ours == {"pytest_ofiuco", "pytest_ofiuco.plugin"}
                    assert "execnet" not in sys.modules
                    assert "rich" not in sys.modules

                def test_cell(ofiuco_cell):
                    assert False
            """
        }
    )
    result = project.plain("test_alone.py", "-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED *runs in a cell only: pytest --ofiuco-matrix"])
    result.stdout.no_fnmatch_line("*ofiuco: *")

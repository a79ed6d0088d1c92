"""How failures are told at a session's end: once for all cells, to people and to GitHub Actions."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

TESTS = """
    import json, sys

    import pytest

    def helper(number):
        assert number == 2, "no two"

    def test_everywhere(tmp_path):
        print("seen in", sys.version_info[1])
        assert tmp_path is object()

    def test_library():
        json.loads("x")

    def test_one():
        if sys.version_info < (3, 11):
            helper(1)

    def test_each_its_own():
        assert sys.version_info[1] == 0

    @pytest.fixture
    def late():
        yield
        raise RuntimeError("late")

    def test_late(late):
        pass

    def test_passes():
        pass
"""

ALL = ("--continue-on-collection-errors", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write({"tests/test_a.py": TESTS, "tests/test_b.py": "import nowhere\n"})
    return project


def titles(result: pytest.RunResult) -> list[str]:
    return [line.strip("_ ") for line in result.outlines if line.startswith("__")]


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner") / "summary.md"


@pytest.fixture(scope="module")
def told(project: Project, summary: Path) -> pytest.RunResult:
    """A session as a step of a workflow."""
    return project.matrix(
        *ALL,
        "--junitxml=report.xml",
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(project.folder),
        GITHUB_STEP_SUMMARY=str(summary),
    )


def test_a_failure_of_all_cells_is_one_and_that_of_a_single_cell_stands_out(told: pytest.RunResult) -> None:
    told.assert_outcomes(failed=7, passed=5, errors=4)
    assert titles(told) == [
        "ERROR collecting tests/test_b.py in all 2 cells",
        "ERROR at teardown of test_late in all 2 cells",
        "test_everywhere in all 2 cells",
        "test_library in all 2 cells",
        "test_one[py310-host]",
        "test_each_its_own[py310-host]",
        "test_each_its_own[py313-host]",
    ]
    told.stdout.fnmatch_lines(
        [
            "*ERROR collecting tests/test_b.py in all 2 cells*",
            "fails in: py310-host, py313-host",
            "ImportError while importing test module *",
            "E   ModuleNotFoundError: No module named 'nowhere'",
            "*test_everywhere in all 2 cells*",
            "fails in: py310-host, py313-host",
            "captured output is of py310-host, it differs in: py313-host",
            ">       assert tmp_path is object()",
            "*Captured stdout call*",
            "seen in 10",
            "*test_one[[]py310-host[]]*",
            "fails in: py310-host",
            "passes in: py313-host",
            "what differs: Python 3.10.* (3.13.* where it passes)",
            "              exceptiongroup * (none where it passes)",
            "*def test_one():",
        ],
        consecutive=False,
    )
    assert "seen in 13" not in told.outlines


def test_the_short_summary_and_other_reports_have_every_cell(told: pytest.RunResult, project: Project) -> None:
    lines = [line for line in told.outlines if line.startswith(("FAILED ", "ERROR "))]
    assert len(lines) == 11
    assert "FAILED tests/test_a.py::test_one[py310-host] - AssertionError: no two" in lines
    for cell in ("py310-host", "py313-host"):
        assert any(line.startswith(f"FAILED tests/test_a.py::test_library[{cell}] - ") for line in lines)
    suites = ElementTree.parse(project.folder / "report.xml").getroot()
    assert [(suite.get("failures"), suite.get("errors")) for suite in suites] == [("4", "2"), ("3", "2")]


def test_github_is_told_each_failure_once(told: pytest.RunResult) -> None:
    lines = [line for line in told.outlines if line.startswith("::")]
    assert [line.partition("::error ")[2].partition("::")[0] for line in lines] == [
        "file=tests/test_b.py,line=1,title=tests/test_b.py in all 2 cells",
        "file=tests/test_a.py,line=26,title=test_late in all 2 cells",
        "file=tests/test_a.py,line=11,title=test_everywhere in all 2 cells",
        "file=tests/test_a.py,line=14,title=test_library in all 2 cells",
        "file=tests/test_a.py,line=7,title=test_one in py310-host",
        "file=tests/test_a.py,line=21,title=test_each_its_own in py310-host",
        "file=tests/test_a.py,line=21,title=test_each_its_own in py313-host",
    ]
    assert "::AssertionError: no two%0Aassert 1 == 2%0A%0Afails in: py310-host%0Apasses in: py313-host%0A" in lines[4]


def test_the_job_has_a_summary(told: pytest.RunResult, summary: Path) -> None:
    assert told.ret == pytest.ExitCode.TESTS_FAILED
    text = summary.read_text(encoding="utf-8")
    assert "## ofiuco matrix\n\nuv.lock (uv 1.5)\n\n| cell | passed | failed | skipped | error | time |  |\n" in text
    assert "| py310-host | 2 | **4** | 0 | **2** | " in text
    assert "\n### 7 failures\n" in text
    assert text.count("<details>") == text.count("</details>") == 8
    assert "<b>tests/test&#95;a.py&#58;&#58;test&#95;one</b> in <b>py310-host</b>: AssertionError&#58; no two" in text
    assert "| exceptiongroup | " in text


def test_each_cells_own_with_vv(project: Project) -> None:
    result = project.matrix(*ALL, "-vv", "-k", "library or one")
    assert sorted(titles(result)) == [
        "ERROR collecting tests/test_b.py[py310-host]",
        "ERROR collecting tests/test_b.py[py313-host]",
        "test_library[py310-host]",
        "test_library[py313-host]",
        "test_one[py310-host]",
    ]
    result.stdout.no_fnmatch_line("fails in*")


def test_what_one_cell_has_reads_as_plain_pytest(project: Project) -> None:
    result = project.matrix(
        "tests/test_a.py", "-p", "no:cacheprovider", "--ofiuco-cell=py310-host", "-k", "one or library"
    )
    assert titles(result) == ["test_library[py310-host]", "test_one[py310-host]"]
    result.stdout.no_fnmatch_line("fails in*")


def test_a_line_each(project: Project) -> None:
    result = project.matrix("tests/test_a.py", "-p", "no:cacheprovider", "--tb=line", "-k", "library or one")
    result.stdout.fnmatch_lines(
        [
            "*/json/decoder.py:*: json.decoder.JSONDecodeError: Expecting value* [[]all 2 cells[]]",
            "*/tests/test_a.py:7: AssertionError: no two [[]1 of 2 cells: py310-host[]]",
        ]
    )


def test_where_nothing_fails_nothing_is_imported_for_it(project: Project, tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "pytest", "--ofiuco-matrix", "tests/test_a.py", "-k", "passes"]
    quiet = project.run([*command, "-p", "no:cacheprovider"], {})
    assert quiet.ret == pytest.ExitCode.OK
    assert not [line for line in quiet.errlines if "pytest_ofiuco.run.told" in line or "run.differences" in line]
    blocked = str(tmp_path / "nowhere" / "summary.md")
    on_github = project.matrix(*command[6:], GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=blocked)
    assert on_github.ret == pytest.ExitCode.OK
    assert f"ofiuco: the job summary cannot be written to {blocked}: No such file or directory" in on_github.outlines
    assert not [line for line in on_github.outlines if line.startswith("::")]

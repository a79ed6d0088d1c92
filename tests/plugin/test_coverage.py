"""Coverage of a matrix, by real pytest-covs of three Pythons; beside what pytest-cov says of one environment."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

_COVERED = Path(__file__).parents[1] / "data" / "projects" / "covered"

SETTINGS = """
[tool.ofiuco]
python = ["3.8", "3.10", "3.13"]
install-project = "{install}"

[tool.coverage.run]
patch = ["subprocess"]

[tool.coverage.report]
exclude_also = ["def left_out"]
precision = 1

[tool.coverage.html]
show_contexts = true
"""

CODE = """
import sys


def area(width, height):
    if width < 0:
        raise ValueError(width)
    return width * height


def age():
    if sys.version_info >= (3, 11):
        return "new"
    else:
        return "old"


def left_out():
    return 1
"""

TESTS = """
import os
import subprocess
import sys
from pathlib import Path

import pytest

from covered import age, area


@pytest.mark.parametrize("number", range(6))
def test_area(number):
    assert area(2, number) == 2 * number


def test_age():
    assert age() in ("new", "old")


def test_subprocess():
    subprocess.run([sys.executable, "-m", "covered.alone"], check=True)


def test_where():
    Path(os.environ.get("OFIUCO_CELL", "plain") + ".txt").write_text(sys.executable)
"""

DIES = """
import os

import pytest

from covered import area


def test_refuses():
    with pytest.raises(ValueError):
        area(-1, 1)


def test_dies():
    assert area(1, 1) == 1
    if os.environ["OFIUCO_CELL"] == "py310-host":
        os._exit(3)
"""

TABLE = """\
Name                      Stmts   Miss Branch BrPart  Cover   Missing
---------------------------------------------------------------------
src/covered/__init__.py       9      1      4      1  84.6%   6
src/covered/alone.py          1      0      0      0 100.0%
---------------------------------------------------------------------
TOTAL                        10      1      4      1  85.7%
"""

WHOLE = """\
Name                      Stmts   Miss Branch BrPart   Cover   Missing
----------------------------------------------------------------------
src/covered/__init__.py       9      0      4      0  100.0%
src/covered/alone.py          1      0      0      0  100.0%
----------------------------------------------------------------------
TOTAL                        10      0      4      0  100.0%
"""


def write(folder: Path, install: str) -> None:
    shutil.copytree(_COVERED, folder, dirs_exist_ok=True)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(install=install))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Project:
    """A project of the src layout, in three cells that have pytest-cov."""
    project = Project(tmp_path_factory.mktemp("covered"), cache)
    write(project.folder, "editable")
    project.write(
        {"src/covered/__init__.py": CODE.lstrip(), "src/covered/alone.py": "print(1)\n", "tests/test_covered.py": TESTS}
    )
    return project


def told(result: pytest.RunResult) -> list[str]:
    """What is said between the heading of the coverage and what comes next."""
    begin = next(number for number, line in enumerate(result.outlines) if " tests coverage " in line)
    rest = result.outlines[begin + 1 :]
    ends = ("=", "──", "ofiuco: ")
    return rest[: next(number for number, line in enumerate(rest) if line.startswith(ends) or " passed" in line)]


def left(project: Project) -> list[str]:
    return sorted(path.name for path in project.folder.glob(".coverage*"))


def contexts(file: Path, of: str = "%") -> set[str]:
    """Those in which lines, or arcs, of files were seen whose path is like ``of``."""
    query = "SELECT DISTINCT context FROM {} JOIN context ON context_id = context.id JOIN file ON file_id = file.id"
    with closing(sqlite3.connect(file)) as database:
        seen = [database.execute(f"{query.format(table)} WHERE path LIKE ?", (of,)) for table in ("line_bits", "arc")]
        return {context for rows in seen for (context,) in rows}


def test_one_report_of_all_cells(project: Project) -> None:
    result = project.matrix(
        *("--ofiuco-jobs", "5", "--cov=covered", "--cov-branch", "--cov-context=test", "--cov-fail-under=90"),
        *("--cov-report=term-missing", "--cov-report=html", "--cov-report=xml:out.xml", "--cov-report=json:out.json"),
        *("--cov-report=lcov:out.lcov", "--cov-report=annotate:annotated"),
    )
    assert result.ret == 1
    result.assert_outcomes(passed=27)
    assert "ERROR: Coverage failure: total of 85.7 is less than fail-under=90.0" in result.outlines
    said = [line.strip() for line in told(result) if line.strip()]
    assert said[0].strip("_ ") == "coverage"
    assert [line.partition(",")[0] for line in said[1:4]] == [
        "py310-host: platform linux",
        "py313-host: platform linux",
        "py38-host: platform linux",
    ]
    assert said[4:10] == TABLE.splitlines()
    assert said[10:] == [
        "Coverage annotated source written to dir annotated",
        "Coverage HTML written to dir htmlcov",
        "Coverage XML written to file out.xml",
        "Coverage JSON written to file out.json",
        "Coverage LCOV written to file out.lcov",
        "FAIL Required test coverage of 90% not reached. Total coverage: 85.71%",
    ]
    assert left(project) == [".coverage"]
    each = {f"{cell}|tests/test_covered.py::test_age|run" for cell in ("py38-host", "py310-host", "py313-host")}
    assert contexts(project.folder / ".coverage") >= each | {"py38-host", "py310-host", "py313-host"}
    by_subprocess = contexts(project.folder / ".coverage", of="%alone.py")
    assert {context.partition("|")[0] for context in by_subprocess} == {"py38-host", "py310-host", "py313-host"}
    page = next((project.folder / "htmlcov").glob("*init*.html")).read_text(encoding="utf-8")
    assert "py38-host|tests/test_covered.py::test_age|run" in page
    assert json.loads((project.folder / "out.json").read_text())["totals"]["num_statements"] == 10
    assert (project.folder / "out.xml").is_file()
    assert (project.folder / "out.lcov").is_file()
    assert any((project.folder / "annotated").iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--cov=covered", "--cov-report=term-missing:skip-covered", "--cov-branch"), id="table"),
        pytest.param(("--cov", "--cov-report=term"), id="everything"),
        pytest.param(("--cov=src", "--cov-fail-under=70", "--cov-precision=2"), id="limit"),
        pytest.param(("--cov=covered", "--no-cov", "--cov-report=term"), id="no-cov"),
        pytest.param(("--cov=covered", "--collect-only", "--cov-report=html:html", "--cov-report=term"), id="collect"),
    ],
)
def test_one_cell_is_told_as_pytest_cov_does(project: Project, arguments: tuple[str, ...]) -> None:
    ours = project.matrix("--ofiuco-cell", "py313-host", *arguments)
    if not (project.folder / "py313-host.txt").exists():
        project.matrix("--ofiuco-cell", "py313-host")
    python = (project.folder / "py313-host.txt").read_text()
    plain = project.run([python, "-m", "pytest", *arguments], {})
    assert told(ours) == told(plain)
    assert ours.ret == plain.ret == 0
    assert left(project) == [".coverage"]


def test_wheels_are_one_file_and_what_is_lost_is_said(project: Project, tmp_path: Path, cache: Path) -> None:
    shutil.copytree(project.folder / "src", tmp_path / "src")
    write(tmp_path, "wheel")
    wheels = Project(tmp_path, cache)
    wheels.write({"tests/test_covered.py": TESTS, "tests/test_a.py": DIES, ".coverage": "not ours"})
    result = wheels.matrix("--cov=covered", "--cov-branch", "--cov-report=term-missing", COVERAGE_FILE="of_mine")
    assert result.ret == 1
    result.assert_outcomes(passed=32, failed=1)
    said = [line.strip() for line in told(result) if line.strip()]
    assert said[4:] == WHOLE.splitlines()
    assert "ofiuco: coverage of py310-host is incomplete: a worker ended before its data was saved" in result.outlines
    assert contexts(tmp_path / "of_mine") == {"py38-host", "py310-host", "py313-host"}
    assert (tmp_path / ".coverage").read_text() == "not ours"
    assert not list(tmp_path.glob("of_mine.*"))

    result = wheels.matrix(
        *("--cov=covered", "--cov-branch", "--cov-append", "--cov-report=", "--ofiuco-cell", "py313-host", "-k", "age"),
        COVERAGE_FILE="of_mine",
    )
    assert result.ret == 0
    assert not any("coverage" in line for line in result.outlines)
    assert "py38-host" in contexts(tmp_path / "of_mine")


def test_a_session_that_is_cut_short_reports_nothing_and_leaves_nothing(project: Project) -> None:
    (project.folder / ".coverage").unlink(missing_ok=True)
    project.write({"tests/test_cut.py": "def test_cut():\n    assert False\n"})
    result = project.matrix("--cov=covered", "-x", "--ofiuco-cell", "py313-host", "tests/test_cut.py")
    (project.folder / "tests/test_cut.py").unlink()
    assert result.ret == 1
    assert not any("coverage" in line for line in result.outlines)
    assert left(project) == []


def test_shards_add_up_to_the_whole(project: Project) -> None:
    """Each of two machines measures its part with several workers; one after the other here, so that data is added."""
    cells = ("--ofiuco-cell=py310-host", "--ofiuco-cell=py313-host", "--ofiuco-jobs=4", "-k", "test_a")
    options = (*cells, "--cov=covered", "--cov-branch", "--cov-append")
    (project.folder / ".coverage").unlink(missing_ok=True)
    parts = [project.matrix(*options, f"--ofiuco-shard={each}/2", "--cov-report=term") for each in (1, 2)]
    assert [each.ret for each in parts] == [0, 0]
    total = [next(line for line in told(each) if line.startswith("TOTAL")) for each in parts]
    (project.folder / ".coverage").unlink()
    whole = project.matrix(*options, "--cov-fail-under=99")
    assert whole.ret == 1
    assert total[0] != total[1] == next(line for line in told(whole) if line.startswith("TOTAL"))
    assert contexts(project.folder / ".coverage") == {"py310-host", "py313-host"}
    (project.folder / ".coverage").unlink()


def test_what_is_never_imported_is_said(project: Project) -> None:
    result = project.matrix("--cov=nowhere", "--ofiuco-cell", "py313-host", "-q")
    assert result.ret == 0
    assert "WARNING: Failed to generate report: No data to report." in result.outlines
    assert "Module nowhere was never imported" in result.stderr.str()


def test_cells_without_pytest_cov(new_project: NewProject) -> None:
    small = new_project()
    small.write({"tests/test_a.py": "def test_a(): pass\n"})
    result = small.matrix("--cov=small", "--ofiuco-cell", "py313-host", "-q")
    assert result.ret == 4
    assert result.errlines[-2] == (
        "hint: --cov needs pytest-cov in the cell: `uv add --dev pytest-cov`,"
        " or select its group with `test-groups` in [tool.ofiuco]"
    )

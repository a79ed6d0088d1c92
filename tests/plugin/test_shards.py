"""A matrix over several machines: every test in every cell exactly once."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

TESTS = """
    import time

    import pytest

    @pytest.mark.parametrize("side", range(4))
    def test_area(side): time.sleep(0.05 if side == 3 else 0)

    def test_slow(): time.sleep(0.2)
"""


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write({"tests/test_area.py": TESTS, "tests/test_more.py": TESTS})
    return project


def ran(result: pytest.RunResult) -> list[str]:
    return [match[1] for line in result.outlines if (match := re.match(r"(\S+\.py::\S+) PASSED", line))]


def divisions(results: list[pytest.RunResult]) -> set[str]:
    return {line.rpartition("; ")[2] for each in results for line in each.outlines if "; division " in line}


def test_shards_run_everything_once_and_record_it(project: Project) -> None:
    record = "--ofiuco-record-durations"
    by_count = [project.matrix("-v", f"--ofiuco-shard={each}/3", f"{record}=times/{each}.json") for each in (1, 2, 3)]
    everything = Counter(test for each in by_count for test in ran(each))
    assert len(everything) == 20
    assert set(everything.values()) == {1}
    assert [each.ret for each in by_count] == [0, 0, 0]
    assert [sorted({test.rpartition("[")[2] for test in ran(each)}) for each in by_count] == [
        ["py310-host]"],
        ["py310-host]", "py313-host]"],
        ["py313-host]"],
    ]
    assert len(divisions(by_count)) == 1
    by_count[0].stdout.fnmatch_lines(["  shard 1/3 of 2 cells, 66% of py310-host; division ????????"])

    project.write({"tests/test_new.py": "def test_new(): pass\n"})
    several = ("-v", "--ofiuco-durations=times", "--ofiuco-jobs=3")
    grown = [project.matrix(f"--ofiuco-shard={each}/3", *several) for each in (1, 2, 3)]
    everything = Counter(test for each in grown for test in ran(each))
    assert len(everything) == 22
    assert set(everything.values()) == {1}
    (project.folder / "tests/test_new.py").unlink()

    options = ("-v", "--ofiuco-durations=times", "-k", "not test_more or slow")
    selected = [project.matrix(f"--ofiuco-shard={each}/2", *options) for each in (1, 2)]
    by_cell = [dict(Counter(test.rpartition("[")[2] for test in ran(each))) for each in selected]
    assert sorted(by_cell, key=repr) == [{"py310-host]": 6}, {"py313-host]": 6}]
    for each in selected:
        each.stdout.fnmatch_lines(["  shard ?/2 of 2 cells; division ????????", "Preparing environments: 1/1 *"])
    assert divisions(selected) != divisions(by_count)


def test_a_shard_with_nothing_to_do_has_not_failed(project: Project) -> None:
    result = project.matrix("--ofiuco-shard=5/5", "-k", "test_slow", "--ofiuco-cell=py313-host", "tests/test_area.py")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["  shard 5/5 of 1 cell, 20% of py313-host; *", "collected 5 items / 5 deselected / 0 selected"]
    )
    result = project.matrix("--ofiuco-shard=3/3", f"--ofiuco-durations={heavy(project)}")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["  shard 3/3 of 2 cells, 33% of py310-host; *"])


def heavy(project: Project) -> Path:
    """Durations of which one cell has nearly all."""
    file = project.folder / "heavy.json"
    seconds = {
        "py310-host": {"tests/test_area.py::test_slow": 900.0},
        "py313-host": {"tests/test_area.py::test_slow": 0.1},
    }
    file.write_text(json.dumps({"version": 1, "seconds": seconds}), encoding="utf-8")
    return file


def test_a_file_of_durations_is_kept_up_to_date(project: Project) -> None:
    file = project.folder / "times.json"
    seconds = {
        "py310-host": {"tests/test_area.py::test_gone": 1.0, "tests/test_area.py::test_slow": 9.0},
        "py399-host": {"tests/test_area.py::test_slow": 1.0},
    }
    file.write_text(json.dumps({"version": 1, "seconds": seconds}), encoding="utf-8")
    one = ("--ofiuco-record-durations=times.json", "--ofiuco-cell=py310-host", "-k", "test_slow")
    project.matrix(*one, "tests/test_area.py")
    kept = json.loads(file.read_text(encoding="utf-8"))["seconds"]
    assert kept["py399-host"] == seconds["py399-host"]
    assert 0.2 <= kept["py310-host"].pop("tests/test_area.py::test_slow") < 9
    assert kept["py310-host"] == {"tests/test_area.py::test_gone": 1.0}
    project.matrix(*one)
    kept = json.loads(file.read_text(encoding="utf-8"))["seconds"]
    assert list(kept) == ["py310-host", "py399-host"]
    assert sorted(kept["py310-host"]) == ["tests/test_area.py::test_slow", "tests/test_more.py::test_slow"]


@pytest.mark.parametrize(
    ("argument", "error", "hint"),
    [
        pytest.param("--ofiuco-shard=6/5", "--ofiuco-shard 6/5: there is no such shard", "give one from 1/5 to 5/5"),
        pytest.param(
            "--ofiuco-durations=absent.json",
            "--ofiuco-durations absent.json: no such file",
            "record it: pytest --ofiuco-matrix --ofiuco-record-durations absent.json",
        ),
        pytest.param(
            "--ofiuco-record-durations=tests/test_area.py",
            "tests/test_area.py: not a file of recorded durations: it is no JSON: "
            "Expecting value: line 2 column 1 (char 1)",
            "restore it from version control, or name a file that --ofiuco-record-durations has written",
        ),
    ],
)
def test_wrong_usage(project: Project, argument: str, error: str, hint: str) -> None:
    shard = () if argument.startswith(("--ofiuco-shard", "--ofiuco-record")) else ("--ofiuco-shard=1/2",)
    result = project.matrix(*shard, argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [f"ERROR: {error}", f"hint: {hint}"]

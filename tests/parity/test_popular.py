"""Plugins that many projects have: in the cells alone, and where the session is started, too."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.parity.conftest import SAME, NewTrio, Trio, controller_with

pytestmark = pytest.mark.e2e

INSTALLED = (
    "pytest-benchmark",
    "pytest-html",
    "pytest-order",
    "pytest-reportlog",
    "pytest-rerunfailures",
    "pytest-sugar",
    "teamcity-messages",
)
FILES = {
    "test_a.py": """
        import os
        import pytest

        def test_passed(): pass
        def test_failed(): assert 1 == 2
        @pytest.mark.order(1)
        def test_first(): pass
        def test_mocked(mocker):
            mocker.patch("os.getcwd", return_value="nowhere")
            assert os.getcwd() == "nowhere"
        @pytest.mark.flaky(reruns=1)
        def test_flaky(): assert False
        @pytest.mark.timeout(20)
        def test_timely(): pass
        @pytest.mark.skip(reason="not now")
        def test_skipped(): pass
    """
}
BENCHMARKED = {"test_b.py": "def test_measured(benchmark): assert benchmark(lambda: 3) == 3"}
QUIET = ("-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def both_sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What starts the session has the plugins, too."""
    return controller_with(tmp_path_factory.mktemp("controller"), "pytest>=9", *INSTALLED)


@pytest.fixture(params=["in cells", "on both sides"])
def trio(request: pytest.FixtureRequest, new_trio: NewTrio) -> Trio:
    trio = new_trio("popular")
    if request.param == "on both sides":
        trio.controller = request.getfixturevalue("both_sides")
    trio.write(FILES)
    return trio


def test_popular_plugins(trio: Trio) -> None:
    """mock, order, rerunfailures, timeout: the same order and outcomes as with plain pytest, where each is."""
    both = trio.both("-v", "--timeout=60", "--order-scope=module", *QUIET)
    both.assert_same_outcomes(least=8)
    assert both.plain[SAME].outcomes[0] == ("test_a.py::test_first", "PASSED")
    assert " 2 rerun" in both.matrix.lines[-1]


def test_benchmarks(new_trio: NewTrio) -> None:
    """Each cell measures, and shows its own table; with several workers at once nothing is measured."""
    trio = new_trio("popular")
    trio.write(BENCHMARKED)
    alone = trio.both("-v", "--benchmark-only", "--benchmark-autosave", *QUIET)
    assert alone.plain[SAME].code == 0
    matrix = trio.matrix("-v", "--benchmark-only", "--benchmark-autosave", "--ofiuco-jobs=1", *QUIET)
    assert matrix.code == 0
    assert sum(line.startswith("test_measured ") for line in matrix.lines) == 2
    saved = {each.name for each in (trio.at("matrix") / ".benchmarks").iterdir()}
    assert len(saved) == 2


def test_reports_that_plugins_write(new_trio: NewTrio, both_sides: Path) -> None:
    """pytest-html and pytest-reportlog where the session is started; elsewhere they are asked for in vain."""
    trio = new_trio("popular")
    trio.write(FILES)
    for option, plugin in (("--html", "pytest-html"), ("--report-log", "pytest-reportlog")):
        refused = trio.matrix(f"{option}=report")
        assert refused.code == 4
        assert refused.err.splitlines() == [
            f"ERROR: {option}: no report would be written, since {plugin} is not installed where pytest was started",
            f"hint: install {plugin} beside pytest-ofiuco, or leave {option} out",
            "",
        ]
    trio.controller = both_sides
    matrix = trio.matrix("-v", "--html=out.html", "--self-contained-html", "--report-log=out.jsonl", *QUIET)
    assert matrix.code == 1
    page = (trio.at("matrix") / "out.html").read_text(encoding="utf-8")
    assert re.findall(r"(\d+) (Failed|Passed|Skipped)", page)[:3] == [
        ("4", "Failed"),
        ("8", "Passed"),
        ("2", "Skipped"),
    ]
    lines = (trio.at("matrix") / "out.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [each for each in map(json.loads, lines) if each["$report_type"] == "TestReport"]
    assert {each["nodeid"] for each in logged} == {test for test, _ in matrix.outcomes}
    calls = Counter(each["outcome"] for each in logged if each["when"] == "call")
    assert calls == {"passed": 8, "failed": 4, "rerun": 2}


def test_sugar(new_trio: NewTrio, both_sides: Path) -> None:
    """The progress of pytest-sugar, and a table that counts as usual."""
    trio = new_trio("popular")
    trio.controller = both_sides
    trio.write(FILES)
    matrix = trio.matrix("--force-sugar", *QUIET)
    assert matrix.line(SAME).split()[1:4] == ["4", "2", "1"]
    assert [line.strip() for line in matrix.lines[-30:] if re.match(r" +\d+ (passed|failed|skipped|rerun)", line)] == [
        "8 passed",
        "4 failed",
        "2 skipped",
        "2 rerun",
    ]


def test_teamcity(new_trio: NewTrio, both_sides: Path) -> None:
    """What PyCharm and TeamCity read: each test is told once for each cell, also where the cells have the plugin."""
    trio = new_trio("popular")
    trio.controller = both_sides
    trio.write(FILES)
    both = trio.both(*QUIET, TEAMCITY_VERSION="2025.1")
    told = r"##teamcity\[(test\w+) "
    expected: Counter[str] = Counter()
    for plain in both.plain.values():
        expected.update(re.findall(told, plain.out))
    assert Counter(re.findall(told, both.matrix.out)) == {**expected, "testCount": 1}
    names = re.findall(r"testStarted .*? name='(.*?)'", both.matrix.out)
    assert {name[-len(f"({cell})") :] for name in names for cell in trio.kind.cells if cell in name} == {
        f"({cell})" for cell in trio.kind.cells
    }

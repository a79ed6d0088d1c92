"""What a session remembers for the next one."""

from __future__ import annotations

import re

import pytest

from tests.parity.conftest import NewTrio, Trio

pytestmark = pytest.mark.e2e

BROKEN = {
    "test_a.py": """
        import sys

        def test_one(): pass
        def test_two(): assert False
        def test_new(): assert sys.version_info >= (3, 10)
        def test_three(): assert False
        def test_four(): pass
    """,
    "test_b.py": "def test_five(): pass\ndef test_six(): assert False",
}
MENDED = {"test_a.py": BROKEN["test_a.py"].replace("test_two(): assert False", "test_two(): pass")}


@pytest.fixture
def trio(new_trio: NewTrio) -> Trio:
    trio = new_trio()
    trio.write(BROKEN)
    return trio


def test_last_failed_and_failed_first(trio: Trio) -> None:
    trio.both("-v").assert_same_outcomes(least=7)
    trio.write(MENDED)
    last = trio.both("-v", "--lf")
    last.assert_same_outcomes(least=3)
    assert last.matrix.line("run-last-failure: ") == "run-last-failure: rerun previous 7 failures"
    first = trio.both("-v", "--ff")
    for cell, plain in first.plain.items():
        assert first.in_cell(cell)[:2] == plain.outcomes[:2]
        assert sorted(first.in_cell(cell)) == sorted(plain.outcomes)
    only = trio.both("-v", "--lf", "test_b.py")
    only.assert_same_outcomes(least=1)
    trio.write({name: text.replace("assert", "not") for name, text in BROKEN.items()})
    trio.both("-v", "--lf").assert_same_outcomes(least=2)
    trio.both("-v", "--lf", "--lfnf=none").assert_same_outcomes(least=0)


def test_what_the_cache_shows(trio: Trio) -> None:
    trio.both("-q", "--no-header")
    shown = trio.both("--cache-show", "cache/*failed")
    for cell, plain in shown.plain.items():
        failed = set(re.findall(r"'(\S+::\S+)'", plain.out))
        assert len(failed) >= 3
        assert {
            each.replace(f"[{cell}]", "") for each in re.findall(r"'(\S+)'", shown.matrix.out) if cell in each
        } == failed
    trio.both("-v", "--lf", "--cache-clear").assert_same_outcomes(least=7)
    unknown = trio.both("--lf", "-p", "no:cacheprovider")
    assert unknown.matrix.code == unknown.plain["py313-host"].code


def test_stepwise(trio: Trio) -> None:
    cell = "py313-host"
    for _ in range(2):
        stopped = trio.one(cell, "-v", "--sw")
        stopped.assert_same_outcomes(least=1)
        assert stopped.matrix.line("!!!") == stopped.plain[cell].line("!!!") != ""
    assert stopped.matrix.line("stepwise: ")[:40] == stopped.plain[cell].line("stepwise: ")[:40] != ""
    trio.one(cell, "-v", "--sw", "--sw-skip").assert_same_outcomes(least=2)
    trio.write(MENDED)
    trio.one(cell, "-v", "--sw").assert_same_outcomes(least=1)
    several = trio.matrix("-v", "--sw", "--cache-clear")
    assert several.code == 2
    assert [outcome for _, outcome in several.outcomes].count("FAILED") == 1


def test_new_first(trio: Trio) -> None:
    trio.both("-q")
    trio.write({"test_c.py": "def test_seven(): pass", "test_d.py": "def test_eight(): pass"})
    both = trio.both("-v", "--nf")
    for cell, plain in both.plain.items():
        assert {test for test, _ in both.in_cell(cell)[:2]} == {test for test, _ in plain.outcomes[:2]}
        assert sorted(both.in_cell(cell)) == sorted(plain.outcomes)


def test_the_cache_fixture(trio: Trio) -> None:
    """Values that tests keep are kept: each cell finds its own."""
    trio.write(
        {
            "test_a.py": """
                import sys

                def test_kept(request):
                    version = list(sys.version_info[:2])
                    found = request.config.cache.get("own/version", None)
                    request.config.cache.set("own/version", version)
                    assert found == version

                def test_folder(request):
                    folder = request.config.cache.mkdir("own")
                    assert folder.is_dir()
            """,
            "test_b.py": "",
        }
    )
    trio.both("-v").assert_same_outcomes(least=2)
    trio.both("-v").assert_same_outcomes(least=2)
    shown = trio.both("--cache-show", "own/*")
    for cell, plain in shown.plain.items():
        values = plain.lines[plain.lines.index("own/version contains:") :]
        assert shown.matrix.code == plain.code == 0
        assert "\n".join(line for line in values if not line.startswith("=")).strip() in shown.matrix.out, cell
    assert [line for line in shown.matrix.lines if line.startswith("cachedir: ")] == [
        f"cachedir: HERE/.pytest_cache{folder}" for folder in ("", "/ofiuco/py313-host", "/ofiuco/py38-host")
    ]
    trio.both("--cache-clear", "-q")
    assert trio.matrix("--cache-show", "own/*").out.count("own/version contains:") == 2
    trio.matrix("--cache-clear", "-q", "-k", "folder")
    assert trio.matrix("--cache-show", "own/*").out.count("own/version contains:") == 0

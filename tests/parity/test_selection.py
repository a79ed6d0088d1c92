"""Which tests run, and in which order: what is named, selected, deselected and ignored."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.parity.conftest import NewTrio, Trio

pytestmark = pytest.mark.e2e

FILES = {
    "tests/test_a.py": """
        import sys
        import pytest

        def test_one(): pass
        @pytest.mark.slow
        def test_two(): assert False
        @pytest.mark.parametrize("side", [1, 2, "a b", "c[d]", "e::f", "é", "x" * 200])
        def test_sides(side): pass
        @pytest.mark.parametrize("cell", range(sys.version_info[1] - 6))
        def test_here(cell): pass
        @pytest.mark.level(2)
        class TestKind:
            def test_three(self): pass
            class TestInner:
                def test_four(self): pass
    """,
    "tests/deep/test_b.py": """
        def test_one(): pass
        def test_five(): pass
    """,
    "tests/deep/other_c.py": "def test_other(): pass",
    "tests/deep/skipme/test_d.py": "def test_d(): pass",
    "pack/__init__.py": "",
    "pack/test_inside.py": "from . import __name__ as name\ndef test_inside(): assert name == 'pack'",
    "other.ini": "[pytest]\npython_files = other_*.py\nmarkers = slow\n",
}
SETTINGS = 'testpaths = ["tests"]\nmarkers = ["slow: takes its time", "level(n): how deep"]'


@pytest.fixture(scope="module")
def trio(new_trio: NewTrio) -> Trio:
    trio = new_trio()
    trio.settings(SETTINGS)
    trio.write(FILES)
    return trio


@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        pytest.param([], 15, id="nothing"),
        pytest.param(["tests/deep", "tests/test_a.py::test_one"], 4, id="paths"),
        pytest.param(
            ["tests/test_a.py::test_sides[c[d]]", "tests/test_a.py::TestKind::TestInner", "tests/test_a.py::test_two"],
            3,
            id="node ids",
        ),
        pytest.param(["tests/test_a.py::test_here[1]", "tests/test_a.py::test_sides[a b]"], 2, id="parameters"),
        pytest.param(["-k", "one or (kind and not four) or here"], 4, id="-k"),
        pytest.param(["-m", "slow or level"], 3, id="-m"),
        pytest.param(["--deselect", "tests/test_a.py::test_sides", "--deselect=tests/deep"], 5, id="--deselect"),
        pytest.param(["--ignore=tests/deep/skipme", "--ignore", "tests/test_a.py"], 2, id="--ignore"),
        pytest.param(["--ignore-glob=*/test_[ab].py"], 1, id="--ignore-glob"),
        pytest.param(["-c", "other.ini", "tests"], 1, id="-c"),
        pytest.param(["-o", "python_files=other_*.py", "-o", "testpaths=tests/deep"], 1, id="-o"),
        pytest.param(["--rootdir=tests", "tests/deep"], 3, id="--rootdir"),
        pytest.param(["--pyargs", "pack.test_inside"], 1, id="--pyargs"),
        pytest.param(["--import-mode=importlib", "tests/deep", "pack"], 4, id="--import-mode"),
        pytest.param(["--keep-duplicates", "tests/deep/test_b.py", "tests/deep/test_b.py"], 4, id="--keep-duplicates"),
        pytest.param(["tests/deep", "tests/deep/test_b.py::test_five", "tests/deep"], 1, id="named twice"),
    ],
)
def test_selected(trio: Trio, arguments: Sequence[str], least: int) -> None:
    trio.both("-v", "-p", "no:cacheprovider", *arguments).assert_same_outcomes(least=least)


def test_a_cell_in_the_node_id_chooses_that_cell(trio: Trio) -> None:
    matrix = trio.matrix("-v", "tests/test_a.py::test_sides[c[d]][py313-host]", "tests/test_a.py::test_one[py38-host]")
    assert matrix.code == 0
    assert sorted(matrix.outcomes) == [
        ("tests/test_a.py::test_one[py38-host]", "PASSED"),
        ("tests/test_a.py::test_sides[c[d]][py313-host]", "PASSED"),
    ]
    shown = [test for test, _ in trio.matrix("-v", "tests/test_a.py").outcomes]
    again = trio.matrix("-v", *shown)
    assert sorted(test for test, _ in again.outcomes) == sorted(shown)


def test_from_a_subfolder(trio: Trio) -> None:
    both = trio.both("-v", "test_b.py", "../test_a.py::test_one", inside="tests/deep")
    both.assert_same_outcomes(least=3)


def test_options_from_the_environment(trio: Trio) -> None:
    both = trio.both("-v", PYTEST_ADDOPTS="-k one -o addopts=--deselect=tests/deep/test_b.py")
    both.assert_same_outcomes(least=1)


def test_options_from_the_settings(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.settings("addopts = \"-v -k 'one or two' --deselect tests/deep/test_b.py\"\n" + SETTINGS)
    trio.write(FILES)
    trio.both("tests").assert_same_outcomes(least=2)
    trio.both("-k", "five", "--deselect", "tests/test_a.py").assert_same_outcomes(least=0)
    without = trio.matrix(variables={"PYTEST_ADDOPTS": "--ofiuco-cell=py313-host"})
    assert {test[-12:] for test, _ in without.outcomes} == {"[py313-host]"}


@pytest.mark.parametrize(
    ("argument", "failures"), [pytest.param("-x", 1, id="-x"), pytest.param("--maxfail=2", 2, id="--maxfail")]
)
def test_it_stops(new_trio: NewTrio, argument: str, failures: int) -> None:
    """In one cell at the same test; over all cells after the same number of failures."""
    trio = new_trio()
    trio.write({"test_a.py": "\n".join(f"def test_{each}(): assert {each} % 2" for each in range(12))})
    both = trio.one("py313-host", "-v", argument)
    both.assert_same_outcomes()
    ended = both.plain["py313-host"].line("!!!")
    assert both.matrix.line("!!!") == ended
    matrix = trio.matrix("-v", argument)
    assert matrix.line("!!!") == ended
    assert [outcome for _, outcome in matrix.outcomes].count("FAILED") == failures
    assert matrix.code == 1


def test_conftest_files_below_a_limit(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.write(
        {
            "conftest.py": "raise SystemError('above the limit')",
            "tests/conftest.py": "import pytest\n@pytest.fixture\ndef near(): return 1",
            "tests/test_a.py": "def test_near(near): pass",
            "tests/deep/test_b.py": "def test_near(near): pass",
        }
    )
    trio.both("-v", "--confcutdir=tests", "tests").assert_same_outcomes(least=2)
    trio.both("-v", "--noconftest", "tests").assert_same_outcomes(least=2)


def test_a_conftest_that_cannot_be_imported(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.write({"conftest.py": "raise SystemError('no such limit')", "test_a.py": "def test_one(): pass"})
    both = trio.both()
    for plain in (both.plain["py38-host"], both.plain["py313-host"], both.matrix):
        assert plain.code == pytest.ExitCode.USAGE_ERROR
        said = plain.err.splitlines()
        assert any(line.endswith("ImportError while loading conftest 'HERE/conftest.py'.") for line in said)
        assert any(line.endswith("E   SystemError: no such limit") for line in said)
        assert "_pytest" not in plain.err
    trio.write({"conftest.py": "import sys\nif sys.version_info < (3, 10): raise SystemError('no such limit')"})
    some = trio.matrix("-v")
    assert some.code == 1
    assert some.outcomes == [("test_a.py::test_one[py313-host]", "PASSED")]
    assert some.reported("ERROR") == [
        "ERROR ofiuco[py38-host] - ImportError while loading conftest 'HERE/conftest.py'."
    ]


def test_collected_and_not_run(trio: Trio) -> None:
    """The tree, the list and the counts."""
    both = trio.both("--collect-only", "-q")
    for cell, plain in both.plain.items():
        listed = [line for line in plain.lines if "::" in line]
        assert [line.replace(f"[{cell}]", "") for line in both.matrix.lines if f"[{cell}]" in line] == listed
    counted = trio.both("--collect-only", "-qq")
    for plain in counted.plain.values():
        files = [line for line in plain.lines if line]
        assert [line.rpartition(":")[0] for line in counted.matrix.lines if line] == [
            line.rpartition(":")[0] for line in files
        ]
    trees = trio.both("--collect-only", "-v", "-k", "not here")
    for cell, plain in trees.plain.items():
        tree = [line.rstrip() for line in plain.lines if line.lstrip().startswith("<")]
        other = next(name for name in trees.plain if name != cell)
        mine = [
            line.rstrip() for line in trees.matrix.lines if line.lstrip().startswith("<") and f"[{other}]" not in line
        ]
        assert [line.replace(f"[{cell}]", "") for line in mine] == tree

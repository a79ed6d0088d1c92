"""Old and new: pytest 7 in the cells under the newest controller, and the oldest controller over the newest cells."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.parity.conftest import Both, NewTrio, Trio, controller_with

pytestmark = pytest.mark.e2e

OLDEST = "pytest==8.1.1"
"""The oldest pytest that is supported where a session is started."""

FILES = {
    "conftest.py": """
        import pytest

        def pytest_addoption(parser): parser.addoption("--unit", default="m")
        @pytest.fixture(scope="session")
        def unit(request): return request.config.getoption("--unit")
        @pytest.fixture
        def late(): yield; raise ValueError("late")
    """,
    "pack/__init__.py": "",
    "pack/test_deep.py": "class TestDeep:\n    def test_deep(self): pass",
    "test_a.py": '''
        import sys, unittest, warnings
        import pytest

        def double(x):
            """
            >>> double(2)
            4
            >>> double(3)
            7
            """
            return 2 * x

        def test_unit(unit): assert unit == "km"
        def test_failed():
            print("said")
            assert {"a": 1} == {"a": 2}
        def test_chain():
            try: {}["x"]
            except KeyError as error: raise ValueError("chain") from error
        @pytest.mark.xfail(reason="known")
        def test_expected(): assert False
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        @pytest.mark.skipif(sys.version_info < (3, 10), reason="too old")
        def test_new(): pass
        def test_late(late): pass
        def test_missing(no_such): pass
        @pytest.mark.parametrize("value", ["a[b]", "é", "x::y", 1.5])
        def test_values(value): pass
        def test_warns(): warnings.warn("old", DeprecationWarning)
        def test_exit(): sys.exit(1)
        class TestUnit(unittest.TestCase):
            def test_unit(self): self.assertEqual(1, 2)
            @unittest.expectedFailure
            def test_expected(self): self.fail()
        def test_tmp(tmp_path, capsys, monkeypatch, caplog, recwarn): assert tmp_path.name == "test_tmp0"
    ''',
    "test_broken.py": "import no_such_module",
}
ARGUMENTS = ("-v", "-rA", "--doctest-modules", "--unit=km", "--continue-on-collection-errors")


@pytest.fixture(scope="module", params=["pytest 7", "oldest controller"])
def trio(request: pytest.FixtureRequest, new_trio: NewTrio, tmp_path_factory: pytest.TempPathFactory) -> Trio:
    if request.param == "pytest 7":
        trio = new_trio("old")
    else:
        trio = new_trio()
        trio.controller = controller_with(tmp_path_factory.mktemp("controller"), OLDEST)
    trio.write(FILES)
    return trio


@pytest.fixture(scope="module")
def both(trio: Trio) -> Both:
    return trio.both(*ARGUMENTS)


def test_outcomes_across_versions(both: Both) -> None:
    both.assert_same_outcomes(least=17)


def test_failures_across_versions(both: Both) -> None:
    both.assert_same_blocks("FAILURES")
    both.assert_same_blocks("ERRORS")
    assert both.matrix.out.count("DeprecationWarning: old") == 1


def test_selection_across_versions(trio: Trio, both: Both) -> None:
    """What failed is run again, by keyword, and by node id: the cells as before, the cache of the controller."""
    assert both.matrix.code == 1
    trio.both("-v", "--lf", "-k", "not values", "--unit=km", "--continue-on-collection-errors").assert_same_outcomes(
        least=6
    )
    matrix = trio.matrix("test_a.py::test_values[a[b]]", "pack", "--collect-only", "-q")
    listed = sorted(line for line in matrix.lines if "::" in line)
    cells = sorted(trio.kind.cells)
    assert listed == sorted(
        f"{test}[{cell}]"
        for test in ("test_a.py::test_values[a[b]]", "pack/test_deep.py::TestDeep::test_deep")
        for cell in cells
    )


SUBTESTS = {
    "test_fixture.py": """
        import pytest

        def test_parts(subtests):
            for number in range(4):
                with subtests.test(msg="part", number=number, text="text"):
                    assert number % 2
            with subtests.test(): pytest.skip("not this one")
            with subtests.test(): pytest.xfail("known")
    """,
    "test_unittest.py": """
        import unittest

        class TestParts(unittest.TestCase):
            def test_parts(self):
                for number in range(3):
                    with self.subTest(kind=int, number=number):
                        self.assertNotEqual(number, 1)
                with self.subTest(): self.skipTest("not this one")
            def test_after(self): pass
    """,
}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="nothing known of subtests"),
        pytest.param(("pytest-subtests==0.14.2",), id="the plugin for subtests"),
    ],
)
def test_subtests_across_versions(new_trio: NewTrio, tmp_path: Path, more: tuple[str, ...]) -> None:
    """pytest's own in one cell, the plugin's in the other, and where the session is started: neither, or the plugin."""
    trio = new_trio()
    trio.controller = controller_with(tmp_path / "controller", OLDEST, *more)
    trio.write(SUBTESTS)
    both = trio.both("-v", "-p", "no:cacheprovider")
    for cell, plain in both.plain.items():
        parts = [each for each in plain.outcomes if each[0].startswith("test_fixture") and each[1] != "XFAIL"]
        told = [each for each in both.in_cell(cell) if each[0].startswith("test_fixture") and each[1] != "XFAIL"]
        if not more:
            assert told == parts
        assert [each for each in told if each[1].startswith("SUBFAIL")] == [
            each for each in parts if each[1].startswith("SUBFAIL")
        ]
    both.assert_same_blocks("FAILURES")
    assert counted(both.matrix.lines[-1]) == sum((counted(each.lines[-1]) for each in both.plain.values()), Counter())


def counted(line: str) -> Counter[str]:
    """The last line's numbers; a subtest that is expected to fail is a kind of its own only for the plugin."""
    found: Counter[str] = Counter()
    for number, kind in re.findall(r"(\d+) ((?:subtests )?[a-z]+)", line):
        found[kind.replace("subtests x", "x")] += int(number)
    return found

"""What becomes of a test: one session with all of them, each row looks at its own file."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.parity.conftest import SAME, Both, NewTrio

pytestmark = pytest.mark.e2e

MARKS = """
    import sys
    import pytest

    OLD = sys.version_info < (3, 10)

    @pytest.mark.skip(reason="not now")
    def test_skip(): pass
    @pytest.mark.skipif(OLD, reason="needs a newer Python")
    def test_skipif(): pass
    @pytest.mark.skipif("sys.version_info >= (3, 10)", reason="needs an older Python")
    def test_skipif_text(): pass
    def test_skip_called(): pytest.skip("inside")
    @pytest.mark.xfail(OLD, reason="is expected there", strict=True)
    def test_xfail_if(): assert not OLD
    @pytest.mark.xfail
    def test_xpass(): pass
    @pytest.mark.xfail(strict=True)
    def test_strict(): pass
    @pytest.mark.xfail(raises=ValueError)
    def test_raises(): raise ValueError
    @pytest.mark.xfail(raises=ValueError)
    def test_raises_other(): raise KeyError
    @pytest.mark.xfail(run=False)
    def test_not_run(): sys.exit(1)
    def test_xfail_called(): pytest.xfail("called")
"""
FAILURES = """
    import sys
    import pytest

    def helper(number):
        __tracebackhide__ = True
        assert number == 2, "no two"

    def test_assert(): assert [1, 2, 3] == [1, 2, 4]
    def test_message(): helper(1)
    def test_text(): assert "a\\nb\\nc" == "a\\nB\\nc"
    def test_fail(): pytest.fail("word", pytrace=False)
    def test_raises(): pytest.raises(ValueError, int, "1")
    def test_chain():
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("é") from error
    def test_recursion():
        def again(): again()
        again()
    def test_exit(): sys.exit(3)
    def test_output(capsys):
        print("said")
        print("wrong", file=sys.stderr)
        assert False
    class Odd(Exception):
        def __str__(self): raise RuntimeError("no text")
    def test_odd(): raise Odd
"""
PARAMETERS = """
    import sys
    import pytest

    ODD = ["a b", "[x]", "x::y", "é", "", "\\n", "/", "]", "[", "x" * 50, b"\\xff", None, 1.5, object()]
    @pytest.mark.parametrize("value", ODD)
    def test_ids(value): pass
    @pytest.mark.parametrize("one", [1, 2])
    @pytest.mark.parametrize("two", [pytest.param(3, id="three"), pytest.param(4, marks=pytest.mark.skip)])
    def test_both(one, two): pass
    @pytest.mark.parametrize("value", range(sys.version_info[1] - 6))
    def test_by_cell(value): pass
    @pytest.mark.parametrize("value", [])
    def test_empty(value): pass
    @pytest.mark.parametrize("made", [1, 2], indirect=True, ids=lambda value: f"<{value}>")
    def test_indirect(made): assert made in (2, 4)
    @pytest.fixture
    def made(request): return request.param * 2
    @pytest.fixture(params=["x", "y"])
    def letter(request): return request.param
    def test_letters(letter): pass
    @pytest.mark.parametrize("cell", ["py38-host", "py313-host"])
    class TestEach:
        def test_named_as_cells(self, cell): pass
"""
UNITTEST = """
    import sys, unittest

    class TestUnit(unittest.TestCase):
        @classmethod
        def setUpClass(cls): cls.made = [1]
        @classmethod
        def tearDownClass(cls): del cls.made
        def setUp(self): self.made.append(2)
        def test_set_up(self): self.assertIn(2, self.made)
        def test_fails(self): self.assertEqual(1, 2, "not one")
        @unittest.skip("not now")
        def test_skip(self): pass
        @unittest.skipIf(sys.version_info < (3, 10), "needs a newer Python")
        def test_skip_if(self): pass
        @unittest.expectedFailure
        def test_expected(self): self.fail()
        @unittest.expectedFailure
        def test_unexpected(self): pass
        def test_cleanup(self): self.addCleanup(self.fail, "later")
        def test_skip_called(self): self.skipTest("inside")

    class TestBroken(unittest.TestCase):
        @classmethod
        def setUpClass(cls): raise ValueError("no class")
        def test_never(self): pass

    class TestAsync(unittest.IsolatedAsyncioTestCase):
        async def test_async(self): pass
"""
PARTS = """
    import unittest

    class TestParts(unittest.TestCase):
        def test_parts(self):
            for number in range(3):
                with self.subTest(number=number):
                    self.assertNotEqual(number, 1)
"""
SUBTESTS = """
    def test_subtests(subtests):
        for number in range(4):
            with subtests.test(msg="part", number=number):
                assert number % 2
"""
FILES = {
    "test_marks.py": MARKS,
    "test_failures.py": FAILURES,
    "test_parameters.py": PARAMETERS,
    "test_unittest.py": UNITTEST,
    "test_subtests.py": SUBTESTS,
    "test_parts.py": PARTS,
    "test_importorskip.py": """
        import sys
        import pytest

        tomllib = pytest.importorskip("tomllib")
        def test_here_only(): assert tomllib
    """,
    "test_module_skip.py": "import pytest\npytest.skip('not this one', allow_module_level=True)",
    "test_docs.py": '''
        def double(x):
            """Doubles.

            >>> double(2)
            4
            >>> double(3)
            7
            >>> import sys
            >>> sys.version_info >= (3, 10)
            True
            """
            return 2 * x

        def shown():
            """
            >>> unit + "s"
            'kms'
            >>> 1 / 0  # doctest: +SKIP
            """
    ''',
    "guide.rst": "A text::\n\n    >>> 1 + 1\n    3\n    >>> unit\n    'km'\n",
    "conftest.py": """
        import pytest

        @pytest.fixture(autouse=True)
        def _units(doctest_namespace): doctest_namespace["unit"] = "km"
    """,
    "test_classes.py": """
        import pytest

        class TestOuter:
            @classmethod
            def setup_class(cls): cls.order = ["class"]
            def test_first(self): assert self.order == ["class"]
            class TestInner:
                def test_second(self): pass
            @staticmethod
            def test_static(): pass
        class TestInit:
            def __init__(self): pass
            def test_not_collected(self): pass
        def setup_module(module): module.ready = True
        def test_ready(): assert ready
        def test_returns(): return 1
        async def test_async(): pass
        class TestLate:
            def teardown_method(self): raise ValueError("late")
            def test_then(self): pass
    """,
    "test_broken_collection.py": "import no_such_module\ndef test_never(): pass",
    "test_broken_syntax.py": "def test_never(:",
}


@pytest.fixture(scope="module")
def both(new_trio: NewTrio) -> Both:
    trio = new_trio()
    trio.write(FILES)
    return trio.both(
        "-v",
        "-rA",
        "--doctest-modules",
        "--doctest-glob=*.rst",
        "--continue-on-collection-errors",
        "-p",
        "no:cacheprovider",
    )


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        pytest.param(
            "test_marks.py", {"PASSED": 2, "SKIPPED": 3, "XFAIL": 3, "XPASS": 1, "FAILED": 2}, id="skip and xfail"
        ),
        pytest.param("test_failures.py", {"FAILED": 10}, id="failures"),
        pytest.param("test_parameters.py", {"PASSED": 29, "SKIPPED": 3}, id="parameters"),
        pytest.param(
            "test_unittest.py", {"PASSED": 3, "FAILED": 3, "SKIPPED": 2, "XFAIL": 1, "ERROR": 1}, id="unittest"
        ),
        pytest.param("test_subtests.py", {"SUBPASSED": 2, "SUBFAILED": 2, "FAILED": 1}, id="subtests"),
        pytest.param("test_importorskip.py", {"PASSED": 1}, id="importorskip"),
        pytest.param("test_docs.py", {"FAILED": 1, "PASSED": 1}, id="doctests"),
        pytest.param("guide.rst", {"FAILED": 1}, id="doctest files"),
        pytest.param("test_classes.py", {"PASSED": 6, "FAILED": 1, "ERROR": 1}, id="classes"),
    ],
)
def test_outcome(both: Both, file: str, counts: dict[str, int]) -> None:
    """Outcomes, and their order."""
    for cell, plain in both.plain.items():
        expected = [each for each in plain.outcomes if each[0].startswith(file)]
        assert [each for each in both.in_cell(cell) if each[0].startswith(file)] == expected
    assert Counter(outcome.partition("[")[0].partition("(")[0] for _, outcome in expected) == counts


def test_unittest_subtests(both: Both) -> None:
    """pytest itself writes these words while it captures, so plain pytest does not show them; the summary does."""
    shown = [line for line in both.matrix.reported("SUBFAILED") if "test_parts" in line]
    assert [line.replace(f"[{SAME}]", "") for line in shown if SAME in line] == [
        line for line in both.plain[SAME].reported("SUBFAILED") if "test_parts" in line
    ]
    assert len(shown) == 2


def test_failures_read_alike(both: Both) -> None:
    both.assert_same_blocks("FAILURES")


def test_errors_read_alike(both: Both) -> None:
    both.assert_same_blocks("ERRORS")
    assert both.matrix.code == both.plain[SAME].code == 1


@pytest.mark.parametrize("word", ["PASSED", "FAILED", "SKIPPED", "XFAIL", "XPASS", "ERROR"])
def test_the_short_summary(both: Both, word: str) -> None:
    """With ``-rA`` every test has its line, with its reason, in the words of the pytest that was started."""
    shown = both.matrix.reported(word)
    lines = both.plain[SAME].reported(word)
    if word == "SKIPPED":  # counted where it is skipped, not test by test
        assert {line.partition("] ")[2] for line in lines} <= {line.partition("] ")[2] for line in shown}
    else:
        mine = [line.replace(f"[{SAME}]", "") for line in shown if re.search(rf"\[{SAME}\]( |$)", line)]
        lines = [line.replace(f"[{SAME}]", "") for line in lines]
        assert sorted(mine) == sorted(lines)
    assert len(shown) > len(lines) > 0

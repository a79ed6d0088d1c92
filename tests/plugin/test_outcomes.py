"""The outcome of a test in a cell is the one that the cell's own pytest gives it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

TESTS = {
    "tests/conftest.py": """
        import pathlib, sys
        import pytest

        def pytest_configure():
            name = "python{}.{}".format(*sys.version_info)
            pathlib.Path(__file__).with_name(name).write_text(sys.executable)

        @pytest.fixture
        def broken():
            raise RuntimeError("in setup")

        @pytest.fixture
        def broken_later():
            yield
            raise RuntimeError("in teardown")
    """,
    "tests/test_kinds.py": """
        import sys, unittest
        import pytest

        def test_passed(): pass
        def test_failed(): assert 1 == 2
        def test_skipped(): pytest.skip("not now")
        @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs a newer Python")
        def test_skipped_here(): pass
        @pytest.mark.xfail
        def test_expected(): assert False
        @pytest.mark.xfail(strict=False)
        def test_unexpected(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        def test_error(broken): pass
        def test_error_later(broken_later): pass
        def test_failed_and_error_later(broken_later): assert False
        def test_differs(): assert sys.version_info >= (3, 11)

        @pytest.mark.parametrize("value", [1, 2, pytest.param(3, marks=pytest.mark.xfail), "a[b]", "x::y"])
        def test_values(value): assert value != 3

        @pytest.mark.parametrize("value", range(sys.version_info[1] - 8))
        def test_values_differ(value): pass

        class TestClass:
            def test_method(self): pass
            @pytest.mark.parametrize("value", [1])
            def test_parametrized(self, value): pass

        class OldStyle(unittest.TestCase):
            def test_unit(self): self.assertEqual(1, 1)
            def test_unit_failed(self): self.assertEqual(1, 2)
            @unittest.skip("not now")
            def test_unit_skipped(self): pass
            def test_parts(self):
                for number in range(3):
                    with self.subTest(number=number): self.assertNotEqual(number, 1)
            @unittest.expectedFailure
            def test_unit_expected(self): self.assertEqual(1, 2)
    """,
    "tests/test_module_skipped.py": "import pytest\npytest.skip('not this one', allow_module_level=True)",
    "documented.py": 'def double(x):\n    """\n    >>> double(2)\n    4\n    """\n    return 2 * x\n',
    "README.rst": "A text::\n\n    >>> 1 + 1\n    3\n",
}
OPTIONS = ("--doctest-modules", "--doctest-glob=*.rst", "-o", "junit_family=xunit1")


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write(TESTS)
    return project


def read(file: Path) -> dict[tuple[str, str], str]:
    """What a JUnit file says of each test; a test with two entries has both."""
    found: dict[tuple[str, str], str] = {}
    for case in ElementTree.parse(file).iter("testcase"):
        key = (case.get("classname", ""), case.get("name", ""))
        outcome = "+".join(child.tag for child in case if child.tag not in ("properties", "system-out")) or "passed"
        found[key] = " ".join(filter(None, (found.get(key), outcome)))
    return found


def test_outcomes_are_those_of_pytest_in_each_interpreter(project: Project) -> None:
    result = project.matrix(*OPTIONS, "--junitxml=matrix.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    matrix = read(project.folder / "matrix.xml")
    for cell, version in (("py310-host", "3.10"), ("py313-host", "3.13")):
        python = (project.folder / "tests" / f"python{version}").read_text()
        assert str(project.cache) in python
        project.run([python, "-m", "pytest", *OPTIONS, "--junitxml=plain.xml", "-p", "no:cacheprovider"], {})
        plain = read(project.folder / "plain.xml")
        collected = {key: outcome for key, outcome in plain.items() if key[0]}
        suffix = f"[{cell}]"
        there = {
            (kind, name.removesuffix(suffix)): outcome
            for (kind, name), outcome in matrix.items()
            if name.endswith(suffix)
        }
        assert {key: there.get(key) for key in collected} == collected
        assert len(collected) > 24
        result.stdout.fnmatch_lines([f"{cell} *"])


def test_the_table_counts_as_pytest_does(project: Project) -> None:
    result = project.matrix(*OPTIONS, "--ofiuco-cell", "py313-host", "-q", "-p", "no:cacheprovider")
    counts = result.parseoutcomes()
    header = next(line for line in result.outlines if line.split()[:2] == ["passed", "failed"])
    row = next(line for line in result.outlines if line.startswith("py313-host"))
    shown = dict(zip([*header.split()], [*row.split()[1:]], strict=True))
    assert {
        "passed": shown["passed"],
        "failed": shown["failed"],
        "skipped": shown["skipped"],
        "xfailed": shown["xfailed"],
        "xpassed": shown["xpassed"],
        "errors": shown["error"],
    } == {key: str(counts[key]) for key in ("passed", "failed", "skipped", "xfailed", "xpassed", "errors")}


def test_all_pythons_from_the_oldest_on(project: Project) -> None:
    project.configure(python=["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
    result = project.matrix("tests/test_kinds.py", "-k", "test_passed or test_failed or (test_unit and not skipped)")
    result.assert_outcomes(
        passed=2 * 6, failed=3 * 6, errors=6, xfailed=6, deselected=result.parseoutcomes()["deselected"]
    )
    result.stdout.re_match_lines([rf"py3{minor}-host +2 +3 +0 +1 +1 .*" for minor in range(8, 14)])
    project.configure()

"""JUnit reports of sessions in which much goes wrong, against what the families' schemas allow."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

CELLS = {"py310-host": "3.10", "py313-host": "3.13"}
FILES = {
    "test_a.py": """
        import os, sys, unittest
        import pytest

        def test_passed(): print("said \\x1b[31m <&> \\x07")
        def test_ends_its_worker(): os._exit(3)
        def test_skipped(): pytest.skip("<now>")
        @pytest.fixture
        def late(): yield; raise ValueError("late")
        def test_twice(late): assert False
        class TestParts(unittest.TestCase):
            def test_parts(self):
                for number in range(3):
                    with self.subTest(number=number): self.assertNotEqual(number, 1)
    """,
    "test_broken.py": "import no_such_module",
    "one/conftest.py": "import sys\nif sys.version_info >= (3, 12): raise RuntimeError('not here')",
    "one/test_b.py": "def test_b(): pass",
}
ATTRIBUTES = {
    "testsuites": {"name"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "testcase": {"name", "classname", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
    "system-out": set(),
    "system-err": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"failure", "error", "skipped", "system-out", "system-err"},
    "properties": {"property"},
}
"""Of xunit2, as Jenkins checks it: what each element has in it."""


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write(FILES)
    return project


def report(project: Project, *arguments: str) -> Element:
    result = project.matrix("--junitxml=report.xml", "--continue-on-collection-errors", *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    return ElementTree.parse(project.folder / "report.xml").getroot()


def properties(element: Element) -> dict[str | None, str | None]:
    return {each.get("name"): each.get("value") for each in element.findall("properties/property")}


def run_by(python: str) -> str:
    """What a report says has run a cell of this machine."""
    store = Store(Path(tempfile.gettempdir()) / "nothing")
    found = Interpreters(store, os.environ).find(Python.parse(python))
    platform = found.platform
    library = f"{platform.libc} {platform.version[0]}.{platform.version[1]}" if platform.version else str(platform)
    return f"CPython {found.python.release}, {library}"


def case_of(element: Element, test: str, cell: str) -> Element:
    return next(case for case in element.iter("testcase") if case.get("name") == f"{test}[{cell}]")


@pytest.mark.skipif(sys.platform == "win32", reason="exit codes are told otherwise")
def test_the_usual_report_keeps_to_its_schema(project: Project) -> None:
    root = report(project)
    for element in root.iter():
        assert set(element.keys()) <= ATTRIBUTES[element.tag], element.tag
        assert {each.tag for each in element} <= CHILDREN.get(element.tag, set()), element.tag
    assert [properties(suite) for suite in root] == [
        {"cell": cell, "python": python, "platform": "host", "execution": run_by(python)}
        for cell, python in CELLS.items()
    ]
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root] == [
        ("11", "3", "2"),  # what passes of a subtest counts, too
        ("11", "3", "3"),
    ]
    for suite, cell in zip(root, CELLS, strict=True):
        assert all((case.get("name") or "").endswith(f"[{cell}]") for case in suite.iter("testcase"))
        crashed = case_of(suite, "test_ends_its_worker", cell).find("failure")
        assert crashed is not None
        assert crashed.get("message") == (
            f"the worker of {cell} exited with 3 while running test_a.py::test_ends_its_worker[{cell}]"
        )
        assert case_of(suite, "test_broken", cell).get("classname") == ""


def test_a_report_of_the_old_family_has_properties_with_each_test(project: Project) -> None:
    (suite,) = report(project, "-o", "junit_family=xunit1")
    assert properties(suite) == {}
    for case in suite.iter("testcase"):
        cell = properties(case).get("cell") or ""
        assert (case.get("name") or "").endswith(f"[{cell}]")
        assert properties(case) == {
            "cell": cell,
            "python": CELLS[cell],
            "platform": "host",
            "execution": run_by(CELLS[cell]),
        }
    assert case_of(suite, "test_ends_its_worker", "py310-host").get("file") == "test_a.py"
    assert case_of(suite, "test_broken", "py310-host").get("file") == "test_broken.py"


def test_a_report_that_goes_into_a_pipe_is_left_as_it_is(project: Project) -> None:
    project.write({"test_a.py": "def test(): pass"})
    result = project.matrix("-p", "no:cacheprovider", "--junitxml=/dev/stdout", "test_a.py")
    assert result.ret == pytest.ExitCode.OK
    assert result.stdout.str().count("<testcase ") == 2

"""``--ofiuco-html`` in whole sessions: the page is there when they end, however they end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.plugin.conftest import NewProject, Project
from tests.run.page.samples import data_of

pytestmark = pytest.mark.e2e

TESTS = {
    "tests/test_kinds.py": """
        import os, signal, sys
        import pytest

        def test_passed(): print("said")
        def test_differs(): assert sys.version_info >= (3, 11)
        @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs a newer Python")
        def test_skipped(): pass
        @pytest.mark.xfail(reason="known")
        def test_expected(): assert False
        @pytest.mark.python(">=3.13")
        def test_chosen(): os.write(1, b"raw \\xff\\xfe")
        def test_parts(subtests):
            with subtests.test("one", number=1): assert 1 == 2
        @pytest.fixture
        def broken(): raise RuntimeError("gone")
        def test_error(broken): pass
    """,
    "tests/test_broken.py": """
        import sys
        if sys.version_info < (3, 11): import nowhere_to_be_found
        def test_last(): pass
    """,
}
TIMES = re.compile(
    r"<time datetime.*?</time>|<dd>[\d.]+ m?s</dd>|\"number\">[\d.]+ m?s|,\[[\d.,]+\],(?=\{)|0x[0-9a-f]+"
)


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Project:
    project = new_project()
    project.write(TESTS)
    return project


def page_of(project: Project) -> str:
    return (project.folder / "reports" / "page.html").read_text(encoding="utf-8")


def test_a_page_of_a_session(project: Project) -> None:
    arguments = ("--ofiuco-html", "reports/page.html", "--continue-on-collection-errors")
    result = project.matrix(*arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ofiuco: wrote reports/page.html"])
    first = page_of(project)
    data = data_of(first)
    assert {name.rpartition("/")[2]: letters for name, letters, _, _ in data["tests"]} == {
        "test_broken.py": "E-",
        "test_broken.py::test_last": "-.",
        "test_kinds.py::test_passed": "..",
        "test_kinds.py::test_differs": "F.",
        "test_kinds.py::test_skipped": "s.",
        "test_kinds.py::test_expected": "xx",
        "test_kinds.py::test_chosen": "-.",
        "test_kinds.py::test_parts": "FF",
        "test_kinds.py::test_error": "EE",
    }
    more = {name.rpartition("::")[2]: found for name, _, _, found in data["tests"]}
    assert more["test_differs"]["0"][0].startswith("AssertionError: assert sys.version_info(major=3, minor=10")
    assert data["texts"][more["test_passed"]["0"][2][0][1]] == "said\n"
    assert "raw" in data["texts"][more["test_chosen"]["1"][2][0][1]]
    assert [part[0] for part in more["test_parts"]["0"][1]] == ["subtest [one] (number=1)", "call"]
    assert [(each["name"], each["python"][:4]) for each in data["cells"]] == [
        ("py310-host", "3.10"),
        ("py313-host", "3.13"),
    ]
    assert "exceptiongroup" in data["cells"][0]["packages"]
    assert "exceptiongroup" not in data["cells"][1]["packages"]
    project.matrix(*arguments)
    assert TIMES.sub("", page_of(project)) == TIMES.sub("", first)


def test_a_page_of_a_session_that_is_stopped(project: Project) -> None:
    result = project.matrix("--ofiuco-html=reports/page.html", "-x", "tests/test_kinds.py", "--ofiuco-cell=py310-host")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    page = page_of(project)
    assert '<p class="ending">stopping after 1 failures</p>' in page
    assert [letters for _, letters, _, _ in data_of(page)["tests"]] == [".", "F", "n", "n", "n", "n"]


def test_a_page_that_cannot_be_written_is_said_before_anything_runs(project: Project, tmp_path: Path) -> None:
    result = project.matrix("--ofiuco-html", str(tmp_path))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        f"ERROR: --ofiuco-html {tmp_path}: is a folder, not a file",
        "hint: give the path of a file in a folder that you may write to",
    ]
    assert result.outlines == []

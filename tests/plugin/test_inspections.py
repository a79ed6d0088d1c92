"""Sessions whose environments are looked into: ``ofiuco::inspect[CELL]``, an item like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ofiuco.store.interpreters import host_platform
from tests.plugin.conftest import Project

pytestmark = pytest.mark.e2e

LEAK = "import pytest\n\nANSWER = 42\n"
FINE = "ANSWER = 42\n"


def configure(project: Project, *, near: str = "", far: str = "manylinux_2_31_riscv64", more: str = "") -> None:
    """The cells py313-host, py313-near, which runs here too, and py313-far, which does not."""
    project.configure(
        python=["3.13"],
        ofiuco='platforms = ["host", "near", "far"]',
        more=(
            f'[tool.ofiuco.platform.near]\ntag = "{near or host_platform()}"\n'
            f'[tool.ofiuco.platform.far]\ntag = "{far}"\n{more}'
        ),
    )
    project.write({"src/leaky.py": FINE, "test_a.py": "import pytest\n\ndef test(): pass\n"})


def outcomes(lines: Sequence[str]) -> list[str]:
    """The inspections that are reported, with their outcomes."""
    return sorted(" ".join(line.split()[:2]) for line in lines if line.startswith("ofiuco::inspect["))


def test_the_environments_of_named_platforms_are_inspected(project: Project) -> None:
    configure(project)
    first = project.matrix("-v", "-rA")
    assert first.ret == pytest.ExitCode.OK
    assert outcomes(first.outlines) == ["ofiuco::inspect[py313-far] PASSED", "ofiuco::inspect[py313-near] PASSED"]
    first.assert_outcomes(passed=4, skipped=1)
    first.stdout.re_match_lines_random(
        [
            r"prepared py313-far in .*",
            r"py313-far: fine for Python 3\.13 on manylinux_2_31_riscv64 \(\d+ files, 0 of machine code, .*\)",
            r"py313-near +2 +0 +0 .*",
            r"py313-far +1 +0 +0 .* skipped: manylinux_2_31_riscv64 does not run on .*",
        ]
    )
    for number, (file, text, outcome) in enumerate(
        [
            ("test_a.py", "def test(): assert True\n", "PASSED"),
            ("src/leaky.py", LEAK, "FAILED"),
            ("src/leaky.py", FINE, "PASSED"),
            ("src/also.py", LEAK, "FAILED"),
        ]
    ):
        project.write({file: text})
        again = project.matrix("-v")
        assert outcomes(again.outlines) == [f"ofiuco::inspect[py313-{each}] {outcome}" for each in ("far", "near")]
        if not number:
            again.stdout.fnmatch_lines(["Preparing environments: 3/3 (3 cached, 0 built)"])
    again.stdout.fnmatch_lines(
        [
            "*_ inspect in all 2 cells _*",
            "fails in: py313-near, py313-far",
            "*error: src/also.py: line 1 imports pytest, which comes with pytest * (group dev): that does not ship",
            "*hint: make it a dependency of the project, or import it in tests only",
        ]
    )


def test_items_are_chosen_as_others_are(project: Project) -> None:
    configure(project)
    project.write({"src/leaky.py": LEAK, "tests/test_b.py": "def test(): pass\n"})

    def chosen(*arguments: str) -> list[str]:
        listed = project.matrix("--collect-only", "-q", *arguments).outlines
        return [line.removeprefix("ofiuco::inspect[py313-")[:-1] for line in listed if line.startswith("ofiuco::")]

    assert chosen() == chosen(".") == chosen("tests") == ["near", "far"]
    assert chosen("test_a.py") == chosen("test_a.py::test") == chosen("-k", "test_a") == []
    assert chosen("--ofiuco-inspect=all") == ["host", "near", "far"]
    assert chosen("--ofiuco-inspect=none") == chosen("--ofiuco-platform=host") == []
    assert chosen("-k", "inspect and not far") == chosen("--deselect", "ofiuco::inspect[py313-far]") == ["near"]

    named = project.matrix("ofiuco::inspect[py313-host]", "ofiuco::inspect[py313-far]", "-v")
    assert named.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes(named.outlines) == ["ofiuco::inspect[py313-far] FAILED", "ofiuco::inspect[py313-host] FAILED"]
    named.assert_outcomes(failed=2, skipped=1)
    again = project.matrix("--lf", "-v")
    again.assert_outcomes(failed=1, skipped=1, deselected=5)  # the host's is no item where it is not named
    every = project.matrix("ofiuco::inspect", "test_a.py", "-x")
    assert every.parseoutcomes()["failed"] == 1
    wrong = project.matrix("--ofiuco-inspect=some")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    assert wrong.errlines[:2] == [
        "ERROR: --ofiuco-inspect=some: no such choice",
        "hint: use one of: platforms, all, none",
    ]


def test_reports_have_it(project: Project, tmp_path: Path) -> None:
    configure(project)
    project.write({"src/leaky.py": LEAK})
    page = tmp_path / "page.html"
    result = project.matrix("--junitxml", str(tmp_path / "junit.xml"), f"--ofiuco-html={page}", "--durations=0", "-vv")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    junit = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    assert '<testcase classname="ofiuco" name="inspect[py313-far]"' in junit
    assert 'name="pytest[py313-far]" errors="0" failures="1" skipped="1" tests="2"' in junit
    assert "imports pytest" in page.read_text(encoding="utf-8")
    result.stdout.re_match_lines([r"\d\.\d\ds call +ofiuco::inspect\[py313-.*"])


def test_what_cannot_be_prepared_is_an_error(project: Project) -> None:
    configure(project)
    project.matrix("-q")
    offline = project.matrix("--ofiuco-offline", "-q", OFIUCO_CACHE_DIR=str(project.folder / "empty"))
    offline.assert_outcomes(errors=3)
    offline.stdout.fnmatch_lines(["*py313-far*could not prepare*"])


def test_a_cell_that_is_only_inspected_says_why_where_it_is_to_run(project: Project) -> None:
    configure(project)
    shell = project.run(project.command("--ofiuco-shell", "py313-far"), {})
    assert shell.ret == pytest.ExitCode.USAGE_ERROR
    assert shell.errlines[0].startswith("ERROR: py313-far does not run on this machine: manylinux_2_31_riscv64 ")

"""Variants in whole sessions: cells of their own, with other versions in them."""

from __future__ import annotations

from pathlib import Path

import iniconfig
import pytest

from tests.plugin.conftest import Project
from tests.store.makers import wheel

pytestmark = pytest.mark.e2e

TESTS = """
from importlib.metadata import version
import pytest

EXPECTED = {None: "2.3.1", "iniconfig2.1.0": "2.1.0", "packed": "9.0"}

def test_version(ofiuco_cell):
    assert version("iniconfig") == dict(ofiuco_cell.resolution)["iniconfig"] == EXPECTED[ofiuco_cell.variant]

@pytest.mark.variant("packed")
def test_packed(ofiuco_cell):
    assert ofiuco_cell.variant == "packed"

@pytest.mark.ofiuco_variant("", "packed")
def test_not_old(ofiuco_cell):
    assert ofiuco_cell.variant in (None, "packed")
"""
TWO = """
[tool.ofiuco.variants]
iniconfig = ["2.1.0"]
[tool.ofiuco.variants.packed]
replace = {{ IniConfig = {{ path = "lib/iniconfig-9.0-py3-none-any.whl", hash = "sha256:{sha256}" }} }}
"""


@pytest.fixture
def packed(project: Project) -> Project:
    """Two variants of iniconfig: an older version of the lock, and a wheel in the project's folder."""
    folder = Path(iniconfig.__file__).parent
    files = {f"iniconfig/{path.name}": path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    file = wheel("iniconfig", files, version="9.0").write(project.folder / "lib")
    project.configure(python=["3.13"], ofiuco=TWO.format(sha256=file.sha256))
    project.write({"test_variants.py": TESTS})
    return project


def test_variants_are_cells(packed: Project) -> None:
    result = packed.matrix("-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "*→ 3 cells",
            "  py313-host  py313-host-iniconfig2.1.0  py313-host-packed",
            "test_variants.py::test_version[[]py313-host[]] PASSED*",
        ]
    )
    result.stdout.fnmatch_lines_random(
        [
            "test_variants.py::test_version[[]py313-host-iniconfig2.1.0[]] PASSED*",
            "test_variants.py::test_packed[[]py313-host-packed[]] PASSED*",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        pytest.param(["--ofiuco-variant", "packed"], 3, id="one"),
        pytest.param(["--ofiuco-variant", "packed", "--ofiuco-variant", "iniconfig2.1.0"], 4, id="two"),
        pytest.param(["--ofiuco-variant", ""], 2, id="the lock as it is"),
        pytest.param(["--ofiuco-cell", "py313-host-packed"], 3, id="a cell"),
        pytest.param(["-k", "iniconfig2.1.0"], 1, id="a word"),
        pytest.param(["test_variants.py::test_version[py313-host-iniconfig2.1.0]"], 1, id="a node id"),
    ],
)
def test_variants_are_chosen(packed: Project, arguments: list[str], passed: int) -> None:
    deselected = 5 if "-k" in arguments else 0
    packed.matrix("-p", "no:cacheprovider", *arguments).assert_outcomes(passed=passed, deselected=deselected)


def test_a_variant_that_no_cell_is_of(packed: Project) -> None:
    result = packed.matrix("--ofiuco-variant", "iniconfig2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines == [
        "ERROR: no cell is left of the matrix",
        "hint: choose from: py313-host, py313-host-iniconfig2.1.0, py313-host-packed",
        "",
    ]


def test_left_out(packed: Project) -> None:
    text = (packed.folder / "pyproject.toml").read_text(encoding="utf-8")
    left_out = 'exclude = [{ variant = false }, { variant = "packed", python = "3.13" }]'
    (packed.folder / "pyproject.toml").write_text(
        text.replace("[tool.ofiuco]\n", f"[tool.ofiuco]\n{left_out}\n"), encoding="utf-8"
    )
    result = packed.matrix("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*→ 1 cell*"])


def test_a_variant_that_does_not_suit_is_an_error_of_its_cells(project: Project) -> None:
    file = wheel("pluggy", {"pluggy.py": ""}, version="0.1").write(project.folder / "lib")
    variants = f"""
[tool.ofiuco.variants.old]
replace = {{ pluggy = "lib/{file.filename}#sha256={file.sha256}" }}
[tool.ofiuco.variants.bare]
replace = {{ exceptiongroup = false }}
"""
    project.configure(ofiuco=variants)
    project.write({"test_a.py": "def test_a(): pass"})
    result = project.matrix("-p", "no:cacheprovider", "--ofiuco-variant", "", "--ofiuco-variant", "old")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "error: pyproject.toml: variant old: pytest * depends on pluggy <2,>=1.*,"
            " and pluggy 0.1 is in this resolution",
            "hint: let variant old replace pytest by a version that suits",
        ]
    )
    result = project.matrix("-p", "no:cacheprovider", "--ofiuco-variant", "bare", "--ofiuco-python", "3.13")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "error: pyproject.toml: tool.ofiuco.variants.bare.replace.exceptiongroup: variant bare replaces"
            " exceptiongroup: uv.lock has it, and Python 3.13.* does not get it",
            "hint: leave this cell out with `exclude` in [[]tool.ofiuco[]]",
        ]
    )

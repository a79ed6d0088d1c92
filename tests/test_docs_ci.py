"""The workflows in the docs use what there is: keys of the matrix, options, commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.export.matrix import github_matrix

DOCS = Path(__file__).parents[1] / "docs"
PYTHON = Python.parse("3.12")
CELL = Cell(
    name="py312-host",
    python=PYTHON,
    platform="host",
    target=Target(python=PYTHON, platform=Platform.parse("manylinux_2_36_x86_64")),
)


@pytest.mark.parametrize("document", ["ci.md", "export.md"])
def test_the_keys_of_a_job_are_those_of_the_matrix(document: str) -> None:
    (job,) = json.loads(github_matrix([CELL]))["include"]
    text = (DOCS / document).read_text(encoding="utf-8").replace("${{ matrix.shard }}", "2")
    used = set(re.findall(r"\$\{\{ matrix\.([\w-]+) }}", text))
    assert {"name", "os", "python-version"} <= used <= job.keys()


def test_the_options_are_there(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "ci.md").read_text(encoding="utf-8")
    known = pytester.runpytest("--help").stdout.str()
    options = set(re.findall(r"--ofiuco-[\w-]+", text))
    assert options == {
        "--ofiuco-matrix",
        "--ofiuco-cell",
        "--ofiuco-shard",
        "--ofiuco-durations",
        "--ofiuco-record-durations",
    }
    assert all(option in known for option in options)
    for command in ("cache prune", "matrix"):
        with pytest.raises(SystemExit, match=r"^0$"):
            main([*command.split(), "--help"])
        options = set(re.findall(rf"ofiuco {command}((?: --[\w-]+(?: github)?)+)", text))
        assert options
        shown = capsys.readouterr().out
        assert all(option.split()[0] in shown for option in options)

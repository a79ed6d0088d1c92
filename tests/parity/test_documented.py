"""Each row of the table in the docs is a test, and each test has a row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "parity.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\|(.*)\|$", PAGE, re.MULTILINE)
NAMED = [name for row in ROWS for name in re.findall(r"`(\w+::test_.*?)`", row.rpartition(" | ")[2])]


def functions() -> set[str]:
    """The parity tests, as the table names them without their parameters."""
    found = set()
    for file in HERE.glob("test_*.py"):
        if file != Path(__file__):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    found.add(f"{file.stem.removeprefix('test_')}::{node.name}")
    return found


def test_each_test_has_a_row() -> None:
    assert functions() == {name.partition("[")[0] for name in NAMED}


def test_each_row_has_a_test() -> None:
    for row in ROWS:
        if set(row) <= {"-", "|"} or row.startswith(" behaviour "):
            continue
        assert re.search(r"`\w+::test_", row.rpartition(" | ")[2]), row
        assert row.count(" | ") == 3, row
    assert len(NAMED) == len(set(NAMED))


@pytest.mark.parametrize("name", [name for name in NAMED if "[" in name])
def test_each_named_case_exists(name: str) -> None:
    """A row that names one case names one that is there; where one is named, so are its siblings."""
    module, _, test = name.partition("::")
    function, _, case = test.partition("[")
    text = (HERE / f"test_{module}.py").read_text(encoding="utf-8")
    assert f'id="{case[:-1]}"' in text or f'"{case[:-1]}"' in text, name
    (before,) = re.findall(rf"((?:^@pytest.*\n(?:^[ \]\)].*\n)*)+)def {function}\(", text, re.MULTILINE)
    cases = set(re.findall(r'id="(.*?)"', before))
    assert cases <= {each.partition("[")[2][:-1] for each in NAMED if each.startswith(f"{module}::{function}[")}

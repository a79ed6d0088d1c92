"""The header, the matrix table, sizes."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_ofiuco.run.cells import LockFacts
from pytest_ofiuco.run.report import Tally, header, table
from pytest_ofiuco.store.progress import size_of
from tests.locks import lock, package


def test_the_header_names_the_lock_and_the_cells() -> None:
    found = header(
        LockFacts.of(lock(package("a"), package("b"), package("root", is_virtual=True))), ["py310-host", "py313-host"]
    )
    assert found == ["ofiuco: uv.lock (uv 1.3, 2 packages) → 2 cells", "  py310-host  py313-host"]


def test_a_package_in_two_versions_is_one_package() -> None:
    assert (
        "(uv 1.3, 1 package) → 1 cell"
        in header(LockFacts.of(lock(package("a", "1"), package("a", "2"))), ["py310-host"])[0]
    )


def test_the_table_has_a_line_a_cell_in_columns() -> None:
    lines = table(
        [
            Tally("py310-host", Counter(passed=41, skipped=1), 2.06),
            Tally("py312-aws_lambda", Counter(passed=40, failed=1), 12.0),
        ]
    )
    assert lines == [
        "                     passed failed skipped   time",
        "py310-host               41      0       1   2.1s",
        "py312-aws_lambda         40      1       0  12.0s",
    ]


def test_rare_outcomes_have_a_column_where_there_are_some() -> None:
    lines = table([Tally("py310-host", Counter(passed=1)), Tally("py313-host", Counter(xfailed=2, error=3))])
    assert lines[0].split() == ["passed", "failed", "skipped", "xfailed", "error", "time"]
    assert lines[2].split() == ["py313-host", "0", "0", "0", "2", "3", "0.0s"]


def test_a_cell_without_outcomes_says_why() -> None:
    lines = table([Tally("py310-host", Counter(passed=1)), Tally("py313-host", remark="error: could not collect")])
    assert lines[2].split(maxsplit=1) == ["py313-host", "error: could not collect"]


def test_long_names_widen_the_table() -> None:
    lines = table([Tally("py310-a_platform_with_a_long_name", Counter(passed=1)), Tally("py313-host")])
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_100_000, "12.1 MB"),
        (3_210_000_000, "3.2 GB"),
        (4e12, "4000.0 GB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size_of(count) == text

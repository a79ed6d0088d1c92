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


def test_large_numbers_and_long_times_keep_the_columns() -> None:
    lines = table(
        [Tally("py310-host", Counter(passed=12_345_678), 4321.5), Tally("py313-host", Counter(passed=1), 1.0)]
    )
    assert lines == [
        "                       passed failed skipped    time",
        "py310-host           12345678      0       0 4321.5s",
        "py313-host                  1      0       0    1.0s",
    ]


def test_what_failed_is_marked_where_there_is_markup() -> None:
    def markup(text: str, **kinds: bool) -> str:
        assert kinds == {"red": True, "bold": True}
        return f"<{text}>"

    tallies = [
        Tally("py310-host", Counter(passed=1, failed=2, error=3)),
        Tally("py312-host", Counter(passed=1)),
        Tally("py313-host", remark="error: could not collect"),
        Tally("py314-host", remark="skipped: no interpreter"),
    ]
    assert table(tallies, markup)[1:] == [
        "<py310-host          >      1 <     2>       0 <     3>   0.0s",
        "py312-host                1      0       0      0   0.0s",
        "<py313-host          > error: could not collect",
        "py314-host           skipped: no interpreter",
    ]


def test_forty_cells_are_listed_in_lines_of_the_terminals_width() -> None:
    names = [f"py3{minor}-aws_lambda" for minor in range(10, 50)]
    lines = header(LockFacts(path="uv.lock", format="uv", version="1.3", packages=1), names, 60)[1:]
    assert len(lines) == 14
    assert lines[0] == "  py310-aws_lambda  py311-aws_lambda  py312-aws_lambda"
    assert all(len(line) <= 60 and line.startswith("  py") for line in lines)
    assert " ".join(lines).split() == names


def test_a_name_that_is_wider_than_the_terminal_is_not_broken() -> None:
    names = ["a" * 50, "b", "c"]
    lines = header(LockFacts(path="uv.lock", format="uv", version="1.3", packages=1), names, 20)[1:]
    assert lines == [f"  {'a' * 50}", "  b  c"]


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

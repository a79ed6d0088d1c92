"""What a session shows: verbosity, tracebacks, summaries, captured output, durations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.parity.conftest import SAME, NewTrio, Ran, Trio

pytestmark = pytest.mark.e2e

FILES = {
    "test_a.py": """
        import logging, sys, time, warnings
        import pytest

        def helper(number):
            local = {"number": number}
            assert number == 2, "no two"

        def test_failed():
            print("on stdout")
            print("on stderr", file=sys.stderr)
            logging.getLogger("area").warning("logged")
            helper(1)
        def test_long(): assert list(range(40)) == list(range(41))
        def test_passed(): print("also on stdout")
        def test_warns(): warnings.warn("old area", DeprecationWarning)
        @pytest.mark.skip(reason="not now")
        def test_skipped(): pass
        @pytest.mark.xfail(reason="known")
        def test_expected(): assert False
        @pytest.fixture
        def broken(): raise RuntimeError("in setup")
        def test_error(broken): pass
    """,
    "test_slow.py": """
        import time
        import pytest

        @pytest.fixture
        def slow(): time.sleep(0.02); yield; time.sleep(0.03)
        def test_slow(slow): time.sleep(0.05)
    """,
}


@pytest.fixture(scope="module")
def trio(new_trio: NewTrio) -> Trio:
    trio = new_trio()
    trio.write(FILES)
    return trio


def without_cell(ran: Ran, cell: str, title: str) -> list[str]:
    return [re.sub(rf"\[{cell}\]", "", line) for line in ran.section(title)]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--tb=auto"], id="--tb=auto"),
        pytest.param(["--tb=long", "--showlocals"], id="--tb=long --showlocals"),
        pytest.param(["--tb=short", "-ra"], id="--tb=short -ra"),
        pytest.param(["--tb=native", "--show-capture=log"], id="--tb=native --show-capture"),
        pytest.param(["--tb=short", "-vv", "-rP"], id="-vv -rP"),
        pytest.param(["--full-trace", "--color=yes"], id="--full-trace --color"),
    ],
)
def test_tracebacks(trio: Trio, arguments: Sequence[str]) -> None:
    """Every failure in every cell reads as there, with what was captured."""
    both = trio.both("-p", "no:cacheprovider", "test_a.py", *arguments)
    for title in ("FAILURES", "ERRORS", "PASSES"):
        both.assert_same_blocks(title)
    assert both.matrix.code == 1
    assert "no two" in both.matrix.out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--tb=line"], id="--tb=line"),
        pytest.param(["--tb=no", "-rfEsxX"], id="--tb=no -r letters"),
        pytest.param(["--tb=no", "-rN"], id="-rN"),
        pytest.param(["-q", "--tb=no"], id="-q"),
        pytest.param(["-qq", "--tb=no"], id="-qq"),
        pytest.param(["--no-header", "--no-summary"], id="--no-header --no-summary"),
        pytest.param(["--tb=no", "--disable-warnings"], id="--disable-warnings"),
        pytest.param(["--tb=no", "-o", "console_output_style=count"], id="console_output_style"),
    ],
)
def test_sections(trio: Trio, arguments: Sequence[str]) -> None:
    """One cell alone: every section below the tests is line for line plain pytest's, but for the matrix's own table."""
    both = trio.one(SAME, "-p", "no:cacheprovider", "test_a.py", *arguments)
    plain, matrix = both.plain[SAME], both.matrix
    assert told(matrix) == told(plain)
    assert matrix.code == plain.code == 1


def told(ran: Ran) -> list[str]:
    """The lines that both should have: nothing of the header, of the matrix's table, of time."""
    found, is_table = [], False
    for line in ran.out.replace(f"[{SAME}]", "").splitlines():
        is_table = (is_table and not line.startswith("=")) or line.startswith("─")
        text = re.sub(r" in \d+\.\d+s.*| +(?=\[)", "", line).strip("=_ ")
        if (
            text
            and not is_table
            and not re.match(
                r"platform |plugins: |rootdir: |hypothesis |ofiuco: |Preparing |py313-host|configfile", text
            )
        ):
            found.append(re.sub(r"^test_a\.py ", "", text))
    return found


def test_durations(trio: Trio) -> None:
    both = trio.both("-p", "no:cacheprovider", "test_slow.py", "--durations=0", "--durations-min=0.01")
    for cell, plain in both.plain.items():
        rows = {tuple(line.split()[1:]) for line in plain.section("slowest durations") if "::" in line}
        assert len(rows) == 3
        mine = [line for line in both.matrix.section("slowest durations") if f"[{cell}]" in line]
        assert {tuple(line.replace(f"[{cell}]", "").split()[1:]) for line in mine} == rows


@pytest.mark.parametrize("how", ["fd", "sys", "no", "tee-sys"])
def test_capture(trio: Trio, how: str) -> None:
    """Captured output is in the report; uncaptured output comes through at once."""
    both = trio.one(SAME, "-p", "no:cacheprovider", "test_a.py", "-k", "failed or passed", f"--capture={how}", "-rP")
    for title in ("FAILURES", "PASSES"):
        both.assert_same_blocks(title)
    plain, matrix = both.plain[SAME], both.matrix
    for text in ("also on stdout", "on stderr"):
        assert (matrix.out + matrix.err).count(text) == (plain.out + plain.err).count(text)


@pytest.mark.parametrize("option", ["--setup-show", "--setup-only", "--setup-plan"])
def test_set_up_is_shown(trio: Trio, option: str) -> None:
    both = trio.one(SAME, "-p", "no:cacheprovider", "test_slow.py", option)
    plain, matrix = both.plain[SAME], both.matrix
    lines = [
        line.strip() for line in plain.lines if "slow" in line and line.strip() != "test_slow.py"
    ]  # the file's name
    assert [line.strip().replace(f"[{SAME}]", "") for line in matrix.lines if "slow" in line] == lines
    assert matrix.code == plain.code == 0


@pytest.mark.parametrize("option", ["--version", "--help", "--markers", "--fixtures", "--fixtures-per-test"])
def test_what_only_shows(trio: Trio, option: str) -> None:
    """Answered by the pytest that was started, with its plugins; no cell is prepared."""
    both = trio.one(SAME, option, "test_slow.py")
    assert both.matrix.code == both.plain[SAME].code == 0
    if option != "--help":  # laid out in columns
        assert {each for each in both.plain[SAME].out.split() if not re.fullmatch(r"[\d.]+s", each)} - set(
            both.matrix.out.split()
        ) <= {"3.13.0,"}
    assert both.matrix.err == both.plain[SAME].err

"""The job's summary."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import pytest

from pytest_ofiuco.run.cells import LockFacts
from pytest_ofiuco.run.differences import CellFacts
from pytest_ofiuco.run.report import Tally
from pytest_ofiuco.run.told.grouping import Group
from pytest_ofiuco.run.told.markdown import LIMIT, escaped, preformatted, summary
from tests.run.told.reports import CELLS, facts, groups, report

ONE, TWO, THREE = CELLS
LOCK = LockFacts(path="uv.lock", format="uv", version="1.3", packages=9)
TALLIES = [Tally(ONE, Counter(passed=1, failed=1), 2.06), Tally(TWO, Counter(passed=2), 1.0)]


def made(found: list[Group], limit: int = LIMIT, cells: dict[str, CellFacts] | None = None) -> str:
    return summary(LOCK, TALLIES, found, facts() if cells is None else cells, limit)


def test_a_whole_summary() -> None:
    sections = [("Captured stdout call", "<hello>\n")]
    failed = report(ONE, sections=sections)
    cells = {
        ONE: CellFacts(name=ONE, python="3.10.13", platform="host", versions={"a": "1", "b": "1"}),
        TWO: CellFacts(
            name=TWO, python="3.12.1", platform="host", variant="a2", versions={"a": "2", "b": "1", "c": None}
        ),
    }
    found = groups({"failed": [failed], "passed": [report(TWO, outcome="passed")]}, cells=CELLS[:2])
    assert (
        made(found, cells=cells)
        == """\
## ofiuco matrix

uv.lock (uv 1.3)

| cell | passed | failed | skipped | time |  |
| --- | --: | --: | --: | --: | --- |
| py310-host | 1 | **1** | 0 | 2.1s |  |
| py312-host | 2 | 0 | 0 | 1.0s |  |

### 1 failure

<details><summary><b>test&#95;a.py&#58;&#58;test&#95;area</b> in <b>py310-host</b>: AssertionError&#58; no two</summary>

- fails in: py310-host
- passes in: py312-host
- what differs:
  - Python 3.10.13 (3.12.1 where it passes)

<pre>def test_area():
&gt;       assert 0
E       AssertionError: no two

test_a.py:3: AssertionError</pre>

Captured stdout call in py310-host

<pre>&lt;hello&gt;</pre>

</details>

<details><summary>Environments</summary>

| cell | Python | platform | variant | packages |
| --- | --- | --- | --- | --- |
| py310-host | 3.10.13 | host |  | 2 |
| py312-host | 3.12.1 | host | a2 | 3 |

Packages that differ between cells:

| package | versions |
| --- | --- |
| a | 1: py310-host<br>2: py312-host |
| c | none: py310-host<br>without a version: py312-host |

</details>
"""
    )


def test_without_failures_there_is_the_matrix() -> None:
    text = summary(
        LOCK, [Tally(ONE, Counter(passed=1)), Tally(TWO, remark="error: could not resolve")], [], facts(), LIMIT
    )
    assert "| py312-host |  |  |  |  | error&#58; could not resolve |" in text
    assert "###" not in text
    assert "Packages that differ" not in text


@pytest.mark.parametrize("text", ["`a` | *b* _c_ <d> [e](f) ~g~ $h$ #1 @i :j: \\k", "&amp; & \"'", "plain"])
def test_text_stands_for_itself(text: str) -> None:
    assert unescape(escaped(text)) == text
    assert not re.search(r"[`|*_<>\[\]~$@:\\]", escaped(text))
    assert not re.search(r"#(?!\d+;)|&(?!#)", escaped(text))


def test_lines_and_colours_and_bells_are_taken_out() -> None:
    assert escaped("a\nb\x1b[31mc\x1b[0m\x07\r") == "a bc"
    assert preformatted("</pre>\n\x1b[31m`c`\x00") == "<pre>&lt;/pre&gt;\n`c`</pre>"


@pytest.mark.parametrize("limit", [0, 10, 100, 400, 1_000, 1_500, 3_000, 20_000, LIMIT])
def test_it_never_grows_over_its_limit(limit: int) -> None:
    failed = [report(cell, f"test_a.py::test_{n}", said=f"ä{n}") for n in range(30) for cell in CELLS]
    text = made(groups({"failed": failed}), limit)
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")
    is_whole = text.count("fails in") == 30 and "Environments" in text
    assert is_whole == (limit >= 20_000)
    assert ("The rest is left out: GitHub takes 1 MiB of a step" in text) == (not is_whole and limit >= 100)


def test_long_tracebacks_are_cut() -> None:
    text = made(groups({"failed": [report(cell, text="x" * 500_000) for cell in CELLS]}))
    assert len(text) < 40_000
    assert "x\n… cut off</pre>" in text


def test_what_is_not_utf8_is_no_obstacle() -> None:
    assert made(groups({"failed": [report(ONE, said="\udcff")]})).encode(errors="replace")

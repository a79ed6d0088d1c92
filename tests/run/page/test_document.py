"""Results → a page: complete, closed to the outside, the same bytes for the same results."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from pytest_ofiuco.run.page.cells_table import duration
from pytest_ofiuco.run.page.document import LETTERS
from pytest_ofiuco.run.page.results import OUTCOMES, CellFacts, Result, SessionFacts, TestRow, outweighing
from tests.run.page.samples import (
    CELLS,
    HOSTILE,
    ROWS,
    RUNNING,
    SESSION,
    TRACEBACK,
    data_of,
    everywhere,
    failed,
    page,
    passed,
)


class Elements(HTMLParser):
    """All elements of a page: their tags and attributes, and the text of those that hold code."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.code: dict[str, list[str]] = {"style": [], "script": [], "json": []}
        self.inside: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.found.append((tag, attributes))
        if tag in ("style", "script"):
            self.inside = "json" if attributes.get("type") == "application/json" else tag
            self.code[self.inside].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.code[self.inside][-1] += data


def test_same_results_same_bytes() -> None:
    assert page() == page()


def test_nothing_comes_from_elsewhere() -> None:
    elements = Elements(page())
    references = [
        value
        for _, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "srcset")
    ]
    assert [each for each in references if not str(each).startswith("data:image/svg+xml,")] == []
    assert not re.search(r"url\(|@import", elements.code["style"][0])
    assert not re.search(
        r"\bfetch\b|XMLHttpRequest|WebSocket|\bimport\b|innerHTML|\beval\b", elements.code["script"][0]
    )
    assert [name for _, attributes in elements.found for name in attributes if name.startswith(("on", "style"))] == []


def test_the_policy_admits_the_style_and_the_script_alone() -> None:
    elements = Elements(page())
    (policy,) = [each["content"] for _, each in elements.found if each.get("http-equiv") == "Content-Security-Policy"]
    (style,), (script,) = elements.code["style"], elements.code["script"]
    style_hash, script_hash = (b64encode(sha256(each.encode()).digest()).decode() for each in (style, script))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_hostile_text_stays_text() -> None:
    name = f"tests/test_a.py::test[{HOSTILE}]"
    cells = (replace(CELLS[0], name=HOSTILE, problems=(("error", HOSTILE),)),)
    rows = (TestRow(nodeid=name, results={HOSTILE: failed(HOSTILE, message=HOSTILE)}),)
    text = page(
        rows, cells=cells, session=replace(SESSION, title=HOSTILE, lock=HOSTILE, ending=HOSTILE, made_by=HOSTILE)
    )
    elements, harmless = Elements(text), Elements(page())
    assert [tag for tag, _ in elements.found if tag in ("script", "img")] == ["script", "script"]
    assert elements.code["script"] == harmless.code["script"]
    assert "<!--" not in text
    assert "\u2028" not in elements.code["json"][0]
    data = data_of(text)
    assert data["tests"][0][0] == name
    assert data["texts"] == [HOSTILE]


def test_the_data_holds_everything_once() -> None:
    data = data_of(page())
    assert data["texts"].count(TRACEBACK) == 1
    assert [test[0] for test in data["tests"]] == [row.nodeid for row in ROWS]
    assert [test[1] for test in data["tests"]] == [
        "FF-F",
        "..-.",
        "F.-.",
        ".E--",
        "ss-s",
        "xx-x",
        "XX-X",
        "..-.",
        "nn-n",
    ]
    assert data["tests"][0][2] == [250, 250, 0, 250]
    message, parts, output = data["tests"][0][3]["0"]
    assert message == "AssertionError: assert 5 == 4"
    assert [(label, letter, data["texts"][text]) for label, letter, text in parts] == [("call", "F", TRACEBACK)]
    assert [title for title, _ in output] == ["Captured stdout call"]
    assert data["tests"][8][3] == {}
    assert data["cells"][0]["packages"] == dict(CELLS[0].packages)
    assert data["cells"][2]["problems"] == [["skipped", "aws_lambda does not run on this machine"]]
    assert data["warnings"] == [["DeprecationWarning", "utcnow() is deprecated", "lookup.py:12", 4, ["py312-host"]]]
    assert data["outcomes"] == {letter: outcome for outcome, letter in LETTERS.items()}


def test_totals_are_there_without_the_script() -> None:
    body = page().partition("<body>")[2].partition("<script")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    shown = [re.findall(r">([^<>]+)</t[hd]>|>([^<>]+)</span></th>", row) for row in rows]
    texts = [["".join(pair) for pair in row] for row in shown]
    assert texts[0] == [
        *("Cell", "Python", "Platform", "Variant", "Outcomes"),
        *("Passed", "Failed", "Error", "Skipped", "Xfailed", "Xpassed", "Not run", "Time in tests"),
    ]
    assert texts[1] == ["py310-host", "3.10.13", "host", "–", "3", "2", "0", "1", "1", "1", "1", "536 ms"]
    assert texts[4][:6] == ["py312-host-django4.2.4", "3.12.4", "host", "django4.2.4", "3", "1"]
    assert "<strong>py312-aws_lambda was skipped</strong><pre>aws_lambda does not run on this machine</pre>" in body


def verdict(text: str) -> tuple[str, str]:
    ((state, said),) = re.findall(r'<p class="verdict (\w+)">(.*?)</p>', text)
    return state, said


@pytest.mark.parametrize(
    ("rows", "cells", "session", "expected"),
    [
        pytest.param([everywhere("a::b", passed())], CELLS, SESSION, ("good", "all passed"), id="good"),
        pytest.param(
            ROWS, CELLS, SESSION, ("bad", "3 tests failed, 1 test not run in every cell"), id="failures and errors"
        ),
        pytest.param(
            [everywhere("a::b", passed())],
            [*CELLS, replace(CELLS[0], name="py39-host", problems=(("error", "no such file"),))],
            SESSION,
            ("bad", "1 cell with errors"),
            id="a cell is lost",
        ),
        pytest.param([], CELLS, SESSION, ("bad", "no tests ran"), id="nothing"),
        pytest.param(
            [everywhere("a::b", passed())],
            CELLS,
            replace(SESSION, ending="interrupted"),
            ("bad", "all passed"),
            id="ended early",
        ),
    ],
)
def test_verdict(rows: list[TestRow], cells: list[CellFacts], session: SessionFacts, expected: tuple[str, str]) -> None:
    text = page(rows, cells=cells, session=session)
    assert verdict(text) == expected
    assert f"<title>{expected[1]} · geo-lookup</title>" in text
    assert ('<p class="ending">interrupted</p>' in text) == (session.ending != "")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9949, "995 ms"),
        (0.996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (74.2, "1 min 14 s"),
        (7260.0, "2 h 1 min"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("outcomes", "differs"),
    [
        pytest.param(["passed", "passed", "passed"], False, id="equal"),
        pytest.param(["passed", "failed", "passed"], True, id="one fails"),
        pytest.param(["skipped", "passed", "passed"], True, id="one is skipped"),
        pytest.param(["passed", "not run", "passed"], False, id="not run says nothing"),
    ],
)
def test_differs(outcomes: list[str], differs: bool) -> None:
    results = {name: Result(outcome=outcome) for name, outcome in zip(RUNNING, outcomes, strict=True)}
    assert TestRow(nodeid="a::b", results=results).differs == differs


def test_outweighing() -> None:
    assert outweighing(["passed", "error", "passed"]) == "error"
    assert outweighing(["failed", "error"]) == "failed"
    assert outweighing(["rerun"]) == outweighing([]) == "not run"
    assert len(set(LETTERS.values())) == len(OUTCOMES) + 1

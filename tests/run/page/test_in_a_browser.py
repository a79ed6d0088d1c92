"""The page in a real browser: what a reader sees, clicks and types.

After each test the console is empty, and no address was asked for.
"""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.run.page.conftest import Browser, OpenPage
from tests.run.page.samples import HOSTILE, ROWS, TRACEBACK, page

pytestmark = pytest.mark.e2e

ALL = [row.nodeid.partition("::")[2] for row in ROWS]
AREA, PERIMETER, UNION, DATABASE = ALL[:4]
SHORT = "py310 host", "py312 host", "py312 aws_lambda", "py312 host django4.2.4"


def shown(browser: Browser) -> list[str]:
    """The names of the tests in the grid."""
    return browser.texts(".grid .label")


def grid(browser: Browser) -> list[list[str]]:
    """The grid as it reads: a row of glyphs a test."""
    script = """
        return [...document.querySelectorAll(".grid tbody tr:not(.file)")]
            .map((row) => [...row.querySelectorAll("td")].map((each) => each.querySelector("button")?.innerText ?? ""))
    """
    found: list[list[str]] = browser.run(script)
    return found


def test_the_grid(open_page: OpenPage) -> None:
    browser = open_page(page())
    assert browser.driver.title == "3 tests failed, 1 test not run in every cell · geo-lookup"
    assert browser.texts(".grid .heading") == list(SHORT)
    assert browser.texts(".grid .file") == [
        "tests/test_geometry.py 3 tests, 2 failing",
        "tests/test_kinds.py 5 tests, 1 failing",
        "tests/test_last.py 1 test",
    ]
    assert shown(browser) == ALL
    assert grid(browser) == [
        ["✕", "✕", "", "✕"],
        ["✓", "✓", "", "✓"],
        ["✕", "✓", "", "✓"],
        ["✓", "!", "", ""],
        ["s", "s", "", "s"],
        ["x", "x", "", "x"],
        ["X", "X", "", "X"],
        ["✓↻", "✓↻", "", "✓↻"],
        ["○", "○", "", "○"],
    ]
    assert browser.texts(".grid tr:has(.differs) .label") == [UNION, DATABASE]
    assert browser.texts("#status") == ["9 tests in 4 cells"]


@pytest.mark.parametrize(
    ("chips", "expected", "columns"),
    [
        pytest.param(["failed"], [AREA, UNION], SHORT, id="an outcome"),
        pytest.param(["failed", "error"], [AREA, UNION, DATABASE], SHORT, id="two outcomes"),
        pytest.param(["failed", "failed"], ALL, SHORT, id="and back"),
        pytest.param(["≠ differs"], [UNION, DATABASE], SHORT, id="what differs"),
        pytest.param(["≠ differs", "py310-host"], [UNION, DATABASE], SHORT[:1], id="what differs in a cell"),
        pytest.param(
            ["py310-host", "py312-host-django4.2.4", "≠ differs"], [UNION], (SHORT[0], SHORT[3]), id="between two cells"
        ),
        pytest.param(["py312-host"], ALL, SHORT[1:2], id="a cell"),
        pytest.param(["py310-host", "py312-host-django4.2.4"], ALL, (SHORT[0], SHORT[3]), id="two cells"),
        pytest.param(["py312-host-django4.2.4"], [each for each in ALL if each != DATABASE], SHORT[3:], id="not in it"),
        pytest.param(["py312-host", "failed"], [AREA], SHORT[1:2], id="an outcome in a cell"),
        pytest.param(["py312-aws_lambda"], [], SHORT[2:3], id="a cell with no tests"),
    ],
)
def test_filters(open_page: OpenPage, chips: list[str], expected: list[str], columns: tuple[str, ...]) -> None:
    browser = open_page(page())
    for chip in chips:
        found = browser.driver.find_elements("css selector", ".toolbar .chip")
        next(each for each in found if chip in each.text.splitlines()).click()
    assert shown(browser) == expected
    assert browser.texts(".grid .heading") == list(columns)
    tests = f"{len(expected)} of 9 tests" if expected != ALL else "9 tests"
    assert browser.texts("#status") == [f"{tests} in {len(columns)} cell{'' if len(columns) == 1 else 's'}"]
    if not expected:
        assert browser.texts(".empty") == ["No test is like this."]


def test_find_by_text(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click("#search")
    browser.type("TestLOOKUP")
    assert shown(browser) == [UNION]
    browser.type(Keys.BACKSPACE * 10 + "assert geometry")
    assert shown(browser) == [AREA, UNION]
    browser.click("#clear")
    assert shown(browser) == ALL
    assert browser.driver.switch_to.active_element.get_attribute("id") == "search"
    assert browser.texts("#clear") == []


def test_order_and_durations(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click("#times")
    assert grid(browser)[0] == ["✕\n250 ms", "✕\n250 ms", "", "✕\n250 ms"]
    browser.click("#times")
    assert grid(browser)[0][0] == "✕"
    order = Select(browser.driver.find_element("id", "order"))
    order.select_by_visible_text("failing first")
    assert shown(browser)[:4] == [ROWS[index].nodeid for index in (0, 2, 3, 1)]
    order.select_by_visible_text("slowest first")
    assert shown(browser)[:2] == [ROWS[0].nodeid, ROWS[2].nodeid]
    assert grid(browser)[-1] == ["○", "○", "", "○"]


def test_a_failure_opens(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click(".grid .mark", f"{AREA}, py312-host: failed")
    assert browser.texts("#dialog-title") == [f"tests/test_geometry.py {AREA}"]
    assert browser.texts("dialog .chip[aria-pressed=true]") == ["✕ py312-host"]
    assert browser.texts("dialog p.summary")[0] == "failed in py312-host, 250 ms"
    assert browser.run("return document.querySelector('dialog .panel pre').textContent") == TRACEBACK
    assert browser.texts("dialog pre .wrong") == ["E AssertionError: assert 5 == 4 E + where 5 = area(<Square 2>)"]
    assert browser.texts("dialog .note") == ["Word for word the same in py310-host, py312-host-django4.2.4."]
    output = "return document.querySelector('dialog .output pre').textContent"
    assert browser.run(output) == f"green orange plain\n{HOSTILE}"
    assert browser.texts("dialog .output .bold.colour-2") == ["green"]
    orange = "return getComputedStyle(document.querySelector('dialog .output span:not([class*=colour])')).color"
    assert browser.run(orange) == "rgb(255, 135, 0)"
    assert browser.driver.title.endswith("geo-lookup")
    assert browser.texts("dialog .again") == [
        "To run it again: pytest --ofiuco-matrix 'tests/test_geometry.py::test_area[1-metres][py312-host]'"
    ]


def test_a_failure_of_one_cell_says_what_differs_there(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click(".grid .mark", f"{UNION}, py310-host: failed")
    browser.click("dialog summary", "What differs from py312-host, where it passes")
    assert browser.texts("dialog .differing tbody tr") == [
        "numpy 2.2.6 2.3.1",
        "tomli 2.5.0 not there",
        "Python 3.10.13 3.12.4",
    ]
    browser.click("dialog .chip", "py312-host: passed")
    assert browser.texts("dialog p.summary") == ["passed in py312-host, 12 ms"]
    assert browser.focus() == "py312-host: passed"
    assert browser.texts("dialog .note") == ["It printed nothing."]
    browser.click("dialog .step", "Previous")
    assert browser.texts("#dialog-title") == [f"tests/test_geometry.py {PERIMETER}"]
    assert browser.texts("dialog .output pre") == ["round"]
    assert browser.focus() == "Previous"


@pytest.mark.parametrize(
    ("test", "parts"),
    [
        pytest.param("test_gpu", ["setup skipped", "a.py:3: needs a GPU"], id="skipped"),
        pytest.param("test_flaky", ["call rerun", " ".join(TRACEBACK.split())], id="run again"),
        pytest.param("test_last", [], id="not run"),
    ],
)
def test_other_outcomes(open_page: OpenPage, test: str, parts: list[str]) -> None:
    browser = open_page(page())
    browser.click(".grid .mark", f"{test}, py310-host")
    assert browser.texts("dialog .panel :is(h3, pre)") == parts
    expected = {"test_last": "not run in py310-host: the session ended before its turn"}
    assert browser.texts("dialog p.summary")[0].startswith(expected.get(test, ""))


def test_two_cells(open_page: OpenPage) -> None:
    browser = open_page(page())
    selected = "return [...document.querySelectorAll('#compare select option:checked')].map((each) => each.text)"
    assert browser.run(selected) == ["py310-host", "py312-host"]
    assert browser.texts("#difference .summary") == ["2 of 4 packages differ."]
    assert browser.texts("#difference thead tr") == [
        "Package py310-host py312-host",
        "Environment py310-host py312-host",
    ]
    Select(browser.driver.find_elements("css selector", "#compare select")[1]).select_by_visible_text(
        "py312-host-django4.2.4"
    )
    assert browser.texts("#difference tbody tr") == [
        "django 5.0.1 4.2.4",
        "numpy 2.2.6 not there",
        "tomli 2.5.0 not there",
        "Python 3.10.13 3.12.4",
        "Variant the lock as it is django4.2.4",
    ]
    browser.click("#compare input")
    assert "pytest 9.2.0 9.2.0" in browser.texts("#difference tr.equal")


def test_a_cell(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click(".cells button", "py312-aws_lambda: what it consists of")
    assert browser.texts("#dialog-title") == ["Cell py312-aws_lambda"]
    rows = browser.texts("dialog tbody tr")
    assert {"Python 3.12", "Platform aws_lambda", "Platform tag manylinux_2_34_aarch64"} <= set(rows)
    assert {"platform_machine aarch64", "Lock poetry.lock (poetry 2.1, 29 packages)", "django 5.0.1"} <= set(rows)
    assert browser.texts("dialog pre") == ["aws_lambda does not run on this machine"]
    browser.click("dialog .close")
    browser.click(".grid .heading", "py310-host")
    assert browser.texts("#dialog-title") == ["Cell py310-host"]


def test_warnings(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click("summary", "DeprecationWarning")
    assert browser.texts("section[aria-labelledby=warnings-title] details") == [
        "DeprecationWarning utcnow() is deprecated × 4 utcnow() is deprecated lookup.py:12 · py312-host"
    ]

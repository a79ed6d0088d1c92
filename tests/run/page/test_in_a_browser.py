"""The page in a real browser: what a reader sees, clicks and types.

After each test the console is empty, and no address was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from pytest_ofiuco.run.page.results import TestRow
from tests.run.page.conftest import Browser, OpenPage
from tests.run.page.samples import HOSTILE, ROWS, TRACEBACK, cell, many, page

pytestmark = pytest.mark.e2e

ALL = [row.nodeid.partition("::")[2] for row in ROWS]
AREA, PERIMETER, UNION, DATABASE = ALL[:4]
SIX = [f"py3{minor}-host" for minor in range(8, 14)]
TWELVE = [f"{name}{more}" for name in SIX for more in ("", "-a_variant_with_a_long_name_1.0.0")]
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


def test_keyboard(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.type("/")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "search"
    browser.type("geometry")
    browser.run("document.getElementById('clear').focus()")
    browser.type(Keys.TAB)
    assert browser.focus().startswith(AREA)
    browser.type(Keys.ARROW_RIGHT * 3)
    assert browser.focus() == f"{AREA}, py312-host-django4.2.4: failed, 250 ms"
    browser.type(Keys.ARROW_DOWN + Keys.ARROW_LEFT + Keys.ARROW_DOWN + Keys.ARROW_LEFT)
    assert browser.focus() == f"{UNION}, py310-host: failed, 250 ms"
    browser.type(Keys.ENTER)
    assert browser.texts("#dialog-title") == [f"tests/test_geometry.py {UNION}"]
    assert "test_union" in browser.focus()
    browser.type(Keys.ESCAPE)
    browser.until("!document.querySelector('dialog').open")
    assert browser.focus() == f"{UNION}, py310-host: failed, 250 ms"
    browser.type(Keys.END)
    assert browser.focus().startswith(f"{UNION}, py312-host-django4.2.4")
    browser.type(Keys.HOME)
    assert browser.focus().startswith(UNION)
    assert browser.run("return document.querySelectorAll('.grid [tabindex=\"0\"]').length") == 1


def test_everything_that_can_be_pressed_has_a_name(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.click(".grid .mark", "failed")
    browser.command("Accessibility.enable")
    nodes = browser.command("Accessibility.getFullAXTree")["nodes"]
    roles = (
        "button",
        "checkbox",
        "combobox",
        "searchbox",
        "grid",
        "table",
        "region",
        "dialog",
        "DisclosureTriangle",
    )
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] in roles
    ]
    assert [role for role, name in named if not name and role != "table"] == []
    assert {"button", "dialog", "region"} <= {role for role, _ in named}
    assert browser.run("return document.documentElement.lang") == "en"


def test_a_link_to_a_result(open_page: OpenPage) -> None:
    fragment = f"#{quote(f'{ROWS[0].nodeid}[py312-host]', safe='')}"
    browser = open_page(page(), fragment)
    assert browser.texts("#dialog-title") == [f"tests/test_geometry.py {AREA}"]
    browser.type(Keys.ESCAPE)
    browser.until("location.hash === ''")
    browser.click(".grid .mark", f"{UNION}, py310-host")
    assert browser.run("return decodeURIComponent(location.hash)") == f"#{ROWS[2].nodeid}[py310-host]"
    browser.driver.back()
    browser.until("!document.querySelector('dialog').open")


@pytest.mark.parametrize("fragment", ["#%", "#nothing", "#tests/test_last.py::test_last[py312-aws_lambda]"])
def test_a_link_to_nothing(open_page: OpenPage, fragment: str) -> None:
    browser = open_page(page(), fragment)
    assert browser.texts("dialog") == []
    assert len(shown(browser)) == 9


def test_on_a_phone_the_page_fits_and_the_grid_scrolls_in_itself(open_page: OpenPage) -> None:
    browser = open_page(page())
    browser.size(375, 700, phone=True)
    widths = "return [document.documentElement.scrollWidth, window.innerWidth, document.body.scrollWidth]"
    assert browser.run(widths) == [375, 375, 375]
    inner, outer = browser.run(
        "const grid = document.getElementById('grid'); return [grid.scrollWidth, grid.clientWidth]"
    )
    assert inner > outer
    browser.run("document.getElementById('grid').scrollTo(1000, 0)")
    left = "return document.querySelector('.grid .name').getBoundingClientRect().left"
    assert browser.run(left) < 30
    browser.click("#times")
    browser.click(".grid .mark", f"{AREA}, py312-host: failed")
    assert browser.run(widths) == [375, 375, 375]
    assert browser.run("return document.querySelector('dialog').getBoundingClientRect().width") == 375
    script = "return [...document.querySelectorAll('dialog button, .toolbar .chip, .mark')].map((e) => e.offsetHeight)"
    assert min(browser.run(script)) >= 38


CONTRAST = """
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const linear = (each) => each / 255 <= .04045 ? each / 255 / 12.92 : ((each / 255 + .055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const found = channels(getComputedStyle(each).backgroundColor);
            if (found.length < 4 || found[3] === 1) return found;
        }
        return [255, 255, 255];
    };
    const low = [];
    for (const element of document.querySelectorAll("body *")) {
        const words = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
        if (!words || !element.checkVisibility() || element.closest("script, .none, :disabled, pre [style]")) continue;
        const colours = [channels(getComputedStyle(element).color), ground(element)];
        const pair = colours.map(luminance).sort((a, b) => b - a);
        const ratio = (pair[0] + .05) / (pair[1] + .05);
        if (ratio < 4.5) low.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    }
    return [...new Set(low)];
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_can_be_read(open_page: OpenPage, dark: bool) -> None:
    browser = open_page(page())
    browser.dark(dark)
    red, green, blue = browser.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(red, green, blue) < 40) if dark else (min(red, green, blue) > 230)
    browser.click("#times")
    assert browser.run(CONTRAST) == []
    browser.click(".grid .mark", f"{AREA}, py310-host: failed")
    assert browser.run(CONTRAST) == []


@pytest.mark.parametrize(
    ("rows", "names", "status", "empty"),
    [
        pytest.param(many(3, SIX[:1]), SIX[:1], "3 tests in 1 cell", [], id="one cell"),
        pytest.param([], ["py310-host", "py312-host"], "0 tests in 2 cells", ["No tests were run."], id="no tests"),
        pytest.param(many(3, TWELVE), TWELVE, "3 tests in 12 cells", [], id="twelve cells"),
    ],
)
def test_other_sizes(
    open_page: OpenPage, rows: Sequence[TestRow], names: list[str], status: str, empty: list[str]
) -> None:
    browser = open_page(page(rows, cells=[cell(name, "3.13.0") for name in names], warnings=()))
    assert browser.texts("#status") == [status]
    assert browser.texts(".empty") == empty
    assert len(browser.texts("#compare")) == (len(names) > 1)
    browser.size(375, 700, phone=True)
    assert browser.run("return document.documentElement.scrollWidth") == 375


def test_a_thousand_tests_in_six_cells(open_page: OpenPage) -> None:
    cells = [cell(name, "3.13.0") for name in SIX]
    browser = open_page(page(many(1000, SIX), cells=cells))
    timing = "return Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)"
    print(f"1,000 tests: ready after {browser.run(timing)} ms")
    assert browser.texts("#status") == ["1,000 tests in 6 cells"]
    assert len(shown(browser)) < 1000
    assert browser.texts("#more") == ["Show 400 more of 600 tests"]
    browser.run("document.getElementById('more').click()")
    assert browser.texts("#more") == ["Show 200 more of 200 tests"]
    browser.run("document.getElementById('more').scrollIntoView()")
    browser.until("document.querySelectorAll('.grid .label').length === 1000")
    assert browser.texts("#more") == []
    browser.click("#search")
    browser.type("number_999")
    assert shown(browser) == ["test_number_999"]


def test_without_scripts_the_totals_remain(open_page: OpenPage) -> None:
    browser = open_page("")
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser = open_page(page())
        tree = browser.command("Accessibility.getFullAXTree")["nodes"]
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)
    said = {node.get("name", {}).get("value", "") for node in tree if not node.get("ignored")}
    assert {"py310-host", "3.10.13", "3 tests failed, 1 test not run in every cell"} <= said
    assert "Tests, tracebacks and packages need JavaScript, which is switched off here." in said

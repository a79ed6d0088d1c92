"""The page for everyone: by keyboard, by screen reader, on a phone, in the dark, with much on it, without its script.

After each test the console is empty, and no address was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pytest
from selenium.webdriver.common.keys import Keys

from pytest_ofiuco.run.page.results import TestRow
from tests.run.page.conftest import OpenPage
from tests.run.page.samples import ROWS, cell, many, page

pytestmark = pytest.mark.e2e

AREA, UNION = (ROWS[index].nodeid.partition("::")[2] for index in (0, 2))
SIX = [f"py3{minor}-host" for minor in range(8, 14)]
TWELVE = [f"{name}{more}" for name in SIX for more in ("", "-a_variant_with_a_long_name_1.0.0")]
LABELS = ".grid .label"


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
    assert len(browser.texts(LABELS)) == 9


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
    assert len(browser.texts(LABELS)) < 1000
    assert browser.texts("#more") == ["Show 400 more of 600 tests"]
    browser.run("document.getElementById('more').click()")
    assert browser.texts("#more") == ["Show 200 more of 200 tests"]
    browser.run("document.getElementById('more').scrollIntoView()")
    browser.until("document.querySelectorAll('.grid .label').length === 1000")
    assert browser.texts("#more") == []
    browser.click("#search")
    browser.type("number_999")
    assert browser.texts(LABELS) == ["test_number_999"]


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

"""A real browser without a window: Debian's chromium-headless-shell and chromium-driver, or any Chromium."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class Browser:
    """A browser with one page open."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file anew."""
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(f"{path.as_uri()}{fragment}")

    def run(self, script: str, *arguments: Any) -> Any:
        """What a JavaScript function body returns."""
        return self.driver.execute_script(script, *arguments)

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def texts(self, selector: str) -> list[str]:
        """The texts of what is visible."""
        script = """
            const shown = [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility());
            return shown.map((each) => each.innerText.trim().replace(/\\s+/g, " "))
        """
        found: list[str] = self.run(script, selector)
        return found

    def click(self, selector: str, text: str = "") -> None:
        """Click, as a mouse does, on the first that is so called."""
        for each in self.driver.find_elements("css selector", selector):
            if text in (each.get_attribute("aria-label") or each.text):
                self.run("arguments[0].scrollIntoView({block: 'center'})", each)
                each.click()
                return
        raise AssertionError(f"nothing at {selector} is called {text!r}")

    def type(self, keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focus(self) -> str:
        """What has the focus, in its own words."""
        found: str = self.run(
            "const e = document.activeElement; return e.getAttribute('aria-label') || e.innerText || e.id"
        )
        return found

    def until(self, condition: str) -> None:
        """Wait for what a browser does when it comes to it; ``condition`` is a JavaScript expression."""
        WebDriverWait(self.driver, 10, 0.02).until(lambda _: self.run(f"return {condition}"))

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """The size of the window."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    def dark(self, wanted: bool) -> None:
        """What the user prefers."""
        value = "dark" if wanted else "light"
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def complaints(self) -> list[str]:
        """What the console has said since the last time."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last time."""
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in entries]
        return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]


@pytest.fixture(scope="session")
def driver() -> Iterator[Chrome]:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    service = shutil.which("chromedriver")
    if found is None or service is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no Chromium: apt-get install chromium-headless-shell chromium-driver")
        pytest.skip("no Chromium with its driver: apt-get install chromium-headless-shell chromium-driver")
    options = ChromeOptions()
    options.binary_location = found
    for argument in ("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(service))
    yield driver
    driver.quit()


OpenPage = Callable[..., Browser]


@pytest.fixture
def open_page(driver: Chrome, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens a page of this text, on a large light screen; afterwards there is nothing that it complained of."""
    browser = Browser(driver)

    def open_(text: str, fragment: str = "") -> Browser:
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        browser.size(1280, 900)
        browser.dark(False)
        browser.open(path, fragment)
        return browser

    yield open_
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith(("file:///", "data:image/svg+xml,"))] == []

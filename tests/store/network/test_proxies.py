"""Proxies: which one an address is asked through, and real ones on loopback."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.network.proxies import Proxies
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.fetching import failure, fetched
from tests.store.makers import wheel
from tests.store.network.test_certificates import AUTHORITY, server_context
from tests.store.proxying import Proxy, proxying
from tests.store.serving import Index, closed_port, serving, talking

DEMO = wheel("demo", {"demo.py": "x = 1\n"})
NAME = DEMO.filename


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with proxying() as server:
        yield server


def load(folder: Path, **variables: str) -> IndexSettings:
    environ = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "HOME": str(folder), "PIP_NO_INDEX": "1"}
    return IndexSettings.load(environ | variables, folder)


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({"HTTP_PROXY": "http://p"}, "http://a/", "http://p"),
        ({"http_proxy": "http://q", "HTTP_PROXY": "http://p"}, "http://a/", "http://q"),
        ({"HTTP_PROXY": "http://p"}, "https://a/", None),
        ({"HTTPS_PROXY": "p:3128"}, "https://a/", "http://p:3128"),
        ({"ALL_PROXY": "socks5h://p"}, "https://a/", "socks5h://p"),
        ({"ALL_PROXY": "http://q", "HTTPS_PROXY": "http://p"}, "https://a/", "http://p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "*"}, "https://a/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "b, a.c"}, "https://a.c/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "c"}, "https://a.C/", None),
        ({"ALL_PROXY": "http://p", "no_proxy": ".c"}, "https://a.c/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "c"}, "https://ac/", "http://p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "a:80"}, "http://a:80/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "a:80"}, "http://a:81/", "http://p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, "http://10.1.2.3/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, "http://11.1.2.3/", "http://p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "10.0.0.0/x"}, "http://a/", "http://p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "[::1]"}, "http://[::1]:8/", None),
    ],
)
def test_the_proxy_for_an_address(variables: dict[str, str], url: str, expected: str | None) -> None:
    proxies = Proxies.load(variables, None)
    assert proxies.for_url(url) == expected


def test_pips_proxy_is_for_everything(tmp_path: Path) -> None:
    settings = load(tmp_path, PIP_PROXY="me:secret@p:1", HTTPS_PROXY="http://q", NO_PROXY="*")
    assert settings.proxies.for_url("https://a/") == "http://me:secret@p:1"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "PIP_PROXY"])
def test_http_through_a_proxy(store: Store, index: Index, proxy: Proxy, tmp_path: Path, variable: str) -> None:
    index.add("demo", DEMO)
    fetched(store, load(tmp_path, **{variable: proxy.url}), DEMO.wheel(url=index.url(DEMO)))
    assert proxy.asked == [f"GET {index.url(DEMO)}"]


def test_https_through_a_proxy_with_a_password(store: Store, proxy: Proxy, tmp_path: Path) -> None:
    proxy.authorization = "Basic " + base64.b64encode(b"me:p@ss").decode()
    url = proxy.url.replace("http://", "http://me:p%40ss@")
    with serving(context=server_context()) as index:
        index.add("demo", DEMO)
        settings = load(tmp_path, HTTPS_PROXY=url, SSL_CERT_FILE=AUTHORITY)
        fetched(store, settings, DEMO.wheel(url=index.url(DEMO)))
        assert proxy.asked == [f"CONNECT {index.host}"]
        assert [headers["Proxy-Authorization"] for _, headers in index.seen] == [None]


def test_no_proxy(store: Store, index: Index, tmp_path: Path) -> None:
    index.add("demo", DEMO)
    settings = load(tmp_path, HTTP_PROXY=f"http://127.0.0.1:{closed_port()}", NO_PROXY="127.0.0.0/8")
    assert fetched(store, settings, DEMO.wheel(url=index.url(DEMO))).is_file()


def test_a_proxy_that_wants_a_password(store: Store, index: Index, proxy: Proxy, tmp_path: Path) -> None:
    proxy.authorization = "Basic x"
    url = proxy.url.replace("http://", "http://me:secret@")
    assert failure(store, load(tmp_path, HTTP_PROXY=url), DEMO.wheel(url=index.url(DEMO))) == (
        f"error: {NAME}: cannot be fetched: {index.host}: HTTP status 407 (Proxy Authentication Required)\n"
        "hint: give user name and password in the URL of the proxy (HTTPS_PROXY, PIP_PROXY)"
    )
    said = failure(store, load(tmp_path, HTTPS_PROXY=url), DEMO.wheel(url="https://files.invalid/x"))
    assert said.startswith(
        f"error: {NAME}: cannot be fetched: files.invalid: cannot be reached through the proxy:"
        " HTTP status 407 (Proxy Authentication Required)\nhint: check the network, the proxy"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(store: Store, tmp_path: Path, scheme: str) -> None:
    settings = load(tmp_path, ALL_PROXY=f"http://me:secret@127.0.0.1:{closed_port()}")
    said = failure(store, settings, DEMO.wheel(url=f"{scheme}://files.invalid/x"))
    assert said.startswith(
        f"error: {NAME}: cannot be fetched: files.invalid: cannot be reached through the proxy: Connection refused"
        " (tried 4 times)\n"
    )
    assert "secret" not in said


def test_a_proxy_that_hangs_up_is_asked_again(store: Store, tmp_path: Path) -> None:
    with talking(b"", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(DEMO.content), DEMO.content)) as proxy:
        settings = load(tmp_path, HTTP_PROXY=proxy)
        assert fetched(store, settings, DEMO.wheel(url="http://files.invalid/x")).is_file()


def test_a_socks_proxy_needs_a_package(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.store.network.connections.find_spec", lambda name: None)
    settings = load(tmp_path, ALL_PROXY="socks5://127.0.0.1:1")
    assert failure(store, settings, DEMO.wheel(url="http://files.invalid/x")) == (
        f"error: {NAME}: cannot be fetched: files.invalid: cannot be reached: a SOCKS proxy is set, and PySocks is not"
        " installed\nhint: install PySocks beside pytest-ofiuco"
    )

"""Secrets of every channel: in no message, log, file, repr or traceback, well or not, and nobody else is told them."""

from __future__ import annotations

import base64
import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Wheel
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.fetching import fetching
from tests.store.makers import plan, preparer, wheel
from tests.store.proxying import Proxy, proxying
from tests.store.serving import Index, closed_port, serving

SECRET = "s3cr3t"
ENCODED = base64.b64encode(f"me:{SECRET}".encode()).decode()
DEMO = wheel("demo", {"demo.py": "x = 1\n"})
OTHER = wheel("other", {"other.py": "x = 1\n"})

CHANNELS = (
    "url",
    "netrc",
    "uv variables",
    "uv.toml",
    "pip.conf",
    "pip variable",
    "poetry variables",
    "auth.toml",
    "keyring",
)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with proxying() as server:
        yield server


class Machine:
    """Where a secret is put into one channel, for one index."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder, self.index = folder, index
        self.environ = {"HOME": str(folder), "PIP_CONFIG_FILE": str(folder / "pip.conf"), "PATH": str(folder / "bin")}
        self.environ |= {"POETRY_CONFIG_DIR": str(folder), "UV_CONFIG_FILE": str(folder / "uv.toml")}
        self.write("pip.conf", "[global]\ntimeout = 5\nretries = 1\n")
        self.write("uv.toml", "")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def with_user(self, url: str) -> str:
        return url.replace("://", f"://me:{SECRET}@")

    def settings(self, channel: str) -> IndexSettings:
        url = self.with_user(self.index.simple)
        source = f'[[tool.poetry.source]]\nname = "corp"\nurl = "{self.index.simple}"\n'
        match channel:
            case "url":
                self.environ["UV_INDEX"] = url
            case "netrc":
                self.write(".netrc", f"machine 127.0.0.1 login me password {SECRET}\n")
                self.environ["PIP_INDEX_URL"] = self.index.simple
            case "uv variables":
                self.environ |= {"UV_DEFAULT_INDEX": f"corp={self.index.simple}"}
                self.environ |= {"UV_INDEX_CORP_USERNAME": "me", "UV_INDEX_CORP_PASSWORD": SECRET}
            case "uv.toml":
                self.write("uv.toml", f'index-url = "{url}"\n')
            case "pip.conf":
                self.write("pip.conf", f"[global]\nindex-url = {url}\nretries = 1\n")
            case "pip variable":
                self.environ["PIP_INDEX_URL"] = url
            case "poetry variables":
                self.write("pyproject.toml", source)
                self.environ |= {"POETRY_HTTP_BASIC_CORP_USERNAME": "me", "POETRY_HTTP_BASIC_CORP_PASSWORD": SECRET}
            case "auth.toml":
                self.write("pyproject.toml", source)
                self.write("auth.toml", f'[http-basic.corp]\nusername = "me"\npassword = "{SECRET}"\n')
            case "keyring":
                (self.folder / "bin").mkdir()
                self.write("bin/keyring", f"#!/bin/sh\necho me; echo {SECRET}\n")
                (self.folder / "bin" / "keyring").chmod(0o755)
                self.environ |= {"PIP_INDEX_URL": self.index.simple, "PIP_KEYRING_PROVIDER": "subprocess"}
        return IndexSettings.load(self.environ, self.folder)


@pytest.fixture
def machine(tmp_path: Path, index: Index) -> Machine:
    index.authorization = f"Basic {ENCODED}"
    index.add("demo", DEMO)
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine", index)


def told(error: BaseException) -> str:
    """Everything that anyone may get to see of an error, with what it came from."""
    chain: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop()
        if each is not None and each not in chain:
            chain.append(each)
            pending += [each.__cause__, each.__context__]
    parts = [f"{each!r} {each} {vars(each)}" for each in chain if isinstance(each, OfiucoError)]
    rendered = error.render() if isinstance(error, OfiucoError) else ""
    return "\n".join([rendered, *parts, *traceback.format_exception(error)])


def is_clean(text: str) -> bool:
    return SECRET not in text and ENCODED not in text


def check_folder(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert is_clean(str(path.relative_to(folder)))
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert SECRET.encode() not in content, path
            assert ENCODED.encode() not in content, path


def attempted(store: Store, settings: IndexSettings, artifact: Wheel) -> str:
    """What there is to see of an attempt to fetch."""
    with fetching(store, settings) as fetcher, pytest.raises(OfiucoError) as caught:
        fetcher.fetch(artifact, "demo", store.root.parent)
    return told(caught.value)


def prepared(store: Store, settings: IndexSettings, interpreter: Interpreter, artifacts: dict[str, Artifact]) -> str:
    """What there is to see of an attempt to install."""
    with preparer(store, settings) as own:
        try:
            own.prepare(plan(interpreter, store.root.parent, artifacts))
        except OfiucoError as error:
            return told(error)
        finally:
            assert is_clean(" ".join(own.warnings()))
    return ""


@pytest.mark.skipif(sys.platform == "win32", reason="a script that plays keyring")
@pytest.mark.parametrize("channel", CHANNELS)
def test_no_secret_is_seen(
    store: Store, interpreter: Interpreter, machine: Machine, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = machine.settings(channel)
    assert is_clean(repr(settings))
    query = f"?token={SECRET}"
    found: dict[str, Artifact] = {
        "demo": DEMO.wheel(),
        "other": Archive(
            filename=OTHER.filename, url=machine.index.url(OTHER) + query, hashes=(("sha256", OTHER.sha256),)
        ),
    }
    machine.index.add("other", OTHER)
    assert prepared(store, settings, interpreter, found) == ""
    check_folder(store.root)
    for status in (401, 403, 404, 500):
        machine.index.statuses = [status] * 9
        lost = wheel("lost", {}, version=str(status))
        machine.index.add("lost", lost)
        said = attempted(store, settings, lost.wheel(url=machine.index.url(lost) + query))
        assert f"HTTP status {status}" in said
        assert is_clean(said)
    dead = machine.with_user(f"http://127.0.0.1:{closed_port()}/x.whl")
    said = attempted(store, settings, wheel("dead", {}).wheel(url=dead + query))
    assert "Connection refused" in said
    assert is_clean(said)
    machine.index.statuses = []
    machine.index.cut = True
    cut = wheel("cut", {"cut.py": "x" * 999})
    machine.index.add("cut", cut)
    said = attempted(store, settings, cut.wheel(url=machine.index.url(cut) + query))
    assert "the connection was closed" in said
    assert is_clean(said)
    machine.index.cut = False
    evil = wheel("evil", {"evil.py": "x"})
    machine.index.add("evil", evil)
    machine.index.changed[evil.filename] = b"evil"
    said = attempted(store, settings, evil.wheel(url=machine.index.url(evil) + query))
    assert "hash differs" in said
    assert is_clean(said)
    check_folder(store.root)
    assert is_clean(caplog.text)
    assert "?…" in caplog.text


@pytest.mark.parametrize("is_alive", [True, False])
def test_a_redirect_with_a_secret(
    store: Store,
    interpreter: Interpreter,
    machine: Machine,
    is_alive: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = machine.settings("url")
    with serving() as other:
        if is_alive:
            other.add("other", OTHER)
        machine.index.redirects["/other.whl"] = f"{machine.with_user(other.url(OTHER))}?signature={SECRET}"
        said = prepared(store, settings, interpreter, {"other": OTHER.wheel(url=f"{machine.index.base}/other.whl")})
    assert (said == "") is is_alive
    assert is_clean(said)
    assert is_clean(caplog.text)
    check_folder(store.root)


def test_nobody_else_is_told(store: Store, interpreter: Interpreter, machine: Machine) -> None:
    machine.write(".netrc", f"machine localhost login me password {SECRET}\n")
    settings = machine.settings("poetry variables")
    with serving() as other:
        other.add("other", OTHER)
        machine.index.redirects["/other.whl"] = other.url(OTHER)
        wanted: dict[str, Artifact] = {
            "demo": DEMO.wheel(index=machine.index.simple),
            "other": OTHER.wheel(url=f"{machine.index.base}/other.whl"),
        }
        assert prepared(store, settings, interpreter, wanted) == ""
        assert other.asked == [f"/files/{OTHER.filename}"]
        assert all(is_clean(str(headers)) for _, headers in other.seen)


def test_a_proxy_with_a_secret(
    store: Store, interpreter: Interpreter, machine: Machine, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    machine.environ["ALL_PROXY"] = machine.with_user(proxy.url)
    settings = machine.settings("netrc")
    proxy.authorization = f"Basic {ENCODED}"
    assert prepared(store, settings, interpreter, {"demo": DEMO.wheel()}) == ""
    proxy.authorization = "Basic other"
    for scheme in ("http", "https"):
        said = attempted(store, settings, OTHER.wheel(url=f"{scheme}://files.invalid/x"))
        assert "407" in said
        assert is_clean(said)
    assert is_clean(repr(settings) + caplog.text)
    check_folder(store.root)


@pytest.mark.parametrize("name", ["pip.conf", "uv.toml", "auth.toml", "config.toml", "poetry.toml"])
def test_a_file_that_cannot_be_read_is_not_repeated(machine: Machine, name: str) -> None:
    machine.write(name, f'"{SECRET}\n{SECRET} = [{SECRET}]\n')
    with pytest.raises(OfiucoError, match=name) as caught:
        machine.settings("nothing")
    assert is_clean(told(caught.value))


def test_a_netrc_that_cannot_be_read_is_not_repeated(store: Store, interpreter: Interpreter, machine: Machine) -> None:
    machine.write(".netrc", f"machine 127.0.0.1 login me {SECRET} x\n")
    settings = machine.settings("nothing")
    said = prepared(store, settings, interpreter, {"demo": DEMO.wheel(url=machine.index.url(DEMO))})
    assert "which is no netrc file" in said
    assert is_clean(said)

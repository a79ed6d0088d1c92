"""User names and passwords: where they are found, whom they are told, and what is said where they lack."""

from __future__ import annotations

import base64
import sys
import threading
from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.network.keyring_access import Keyring
from pytest_ofiuco.store.network.keys import Keys
from pytest_ofiuco.store.network.source import Source
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.fetching import failure, fetched, fetching
from tests.store.makers import NOWHERE, wheel
from tests.store.serving import Index, serving

DEMO = wheel("demo", {"demo.py": "x = 1\n"})
NAME = DEMO.filename

KEYRING = """
import pathlib

class Credential:
    username, password = {user!r}, {password!r}

def get_credential(service, user):
    with open({log!r}, "a") as log:
        log.write(f"{{service}} {{user}}\\n")
    return Credential if {service!r} in (service, None) else None
"""


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def forget_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported in this test is forgotten after it, and what was imported before, in it."""
    monkeypatch.setitem(sys.modules, "keyring", sys)
    monkeypatch.delitem(sys.modules, "keyring")


class Rings:
    """Makes a module ``keyring`` that can be imported; ``asked`` is what it was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.log = folder, folder / "log"
        monkeypatch.syspath_prepend(str(folder))
        forget_keyring(monkeypatch)

    def hold(self, user: str | None, password: str, service: str | None = None) -> Keyring:
        text = KEYRING.format(user=user, password=password, service=service, log=str(self.log))
        (self.folder / "keyring.py").write_text(text)
        return Keyring(provider="import")

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rings:
    folder = tmp_path / "rings"
    folder.mkdir()
    return Rings(folder, monkeypatch)


@pytest.fixture
def locked(index: Index) -> Index:
    """An index that wants to know who asks."""
    index.add("demo", DEMO)
    index.authorization = basic("me", "p@ss:wörd")
    return index


def netrc(folder: Path, text: str) -> IndexSettings:
    (folder / "netrc").write_text(text)
    return IndexSettings(no_index=True, netrc_files=(str(folder / "nothing"), str(folder / "netrc")))


@pytest.mark.parametrize("machine", ["machine 127.0.0.1", "default"])
def test_netrc(store: Store, locked: Index, tmp_path: Path, machine: str) -> None:
    locked.authorization = basic("me", "p@ss:w0rd")  # the netrc of Python 3.10 knows letters of ASCII only
    settings = netrc(tmp_path, f"machine elsewhere.invalid login a password b\n{machine} login me password p@ss:w0rd\n")
    assert fetched(store, settings, DEMO.wheel(url=locked.url(DEMO))).is_file()
    assert len(locked.asked) == 1


def test_a_netrc_that_is_none(store: Store, locked: Index, tmp_path: Path) -> None:
    settings = netrc(tmp_path, "machine 127.0.0.1 login me\npass secret\n")
    assert failure(store, settings, DEMO.wheel(url=locked.url(DEMO))) == (
        f"error: {NAME}: cannot be fetched: {locked.host}: HTTP status 401 (Unauthorized)\n"
        f"hint: correct {tmp_path / 'netrc'}, line 2, which is no netrc file"
    )


CORP = Source(tool="poetry", name="corp", url="https://corp.invalid/simple/", user="me", password="s3cret")
TEAM = Source(tool="uv", name="team", url="https://corp.invalid/team/simple", user="team", password="s3cret")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://corp.invalid/files/x.whl", ("me", "s3cret"), id="another path"),
        pytest.param("https://CORP.invalid:443/x.whl", ("me", "s3cret"), id="the same port"),
        pytest.param("https://corp.invalid/team/simple/x/x.whl", ("team", "s3cret"), id="the nearest source"),
        pytest.param("https://corp.invalid/team2/x.whl", ("me", "s3cret"), id="whole segments"),
        pytest.param("http://corp.invalid/simple/x.whl", None, id="another scheme"),
        pytest.param("https://corp.invalid:8443/simple/x.whl", None, id="another port"),
        pytest.param("http://corp.invalid:443/simple/x.whl", None, id="another scheme on the same port"),
        pytest.param("https://corp.invalid.evil.invalid/simple/x.whl", None, id="another host"),
        pytest.param("https://sub.corp.invalid/simple/x.whl", None, id="a host below"),
    ],
)
def test_credentials_are_for_one_origin(url: str, expected: tuple[str, str] | None) -> None:
    assert IndexSettings(sources=(CORP, TEAM)).credentials(url) == expected


@pytest.mark.parametrize("url", ["https://corp.invalid/x.whl", "https://me:x@corp.invalid/simple/"])
def test_a_wrong_password_of_a_named_index(url: str) -> None:
    """It is in the index's URL or in its variables: both are its settings."""
    keys = Keys(IndexSettings(sources=(CORP,)))
    assert keys.remedy(url, keys.known(url)) == (
        "corp.invalid does not accept the user name and password from the settings of corp: correct them there"
    )


def test_the_order(tmp_path: Path, rings: Rings) -> None:
    settings = IndexSettings(
        sources=(CORP,),
        netrc_files=netrc(tmp_path, "default login netrc password x").netrc_files,
        keyring=rings.hold("ring", "x"),
    )
    keys = Keys(settings)
    expected = {
        "https://url:x@corp.invalid/": ("url", "the URL"),
        "https://corp.invalid/": ("me", "the settings"),
        "https://other.invalid/": ("netrc", "netrc"),
    }
    for url, (user, place) in expected.items():
        key = keys.known(url)
        assert key is not None
        assert (key.user, key.place) == (user, place)
    assert rings.asked == []
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(keys.known("https://corp.invalid/"))


def test_the_keyring_once_a_host(store: Store, locked: Index, rings: Rings) -> None:
    files = [wheel(f"demo{number}", {}) for number in range(16)]
    for number, file in enumerate(files):
        locked.add(f"demo{number}", file)
    settings = IndexSettings(default_index=locked.simple, keyring=rings.hold("me", "p@ss:wörd", locked.host))
    with fetching(store, settings) as fetcher:
        threads = [
            threading.Thread(target=fetcher.fetch, args=(file.wheel(), f"demo{number}", store.root))
            for number, file in enumerate(files)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(list(store.files.rglob("*.whl"))) == 16
    assert rings.asked == [f"{locked.simple} None", f"{locked.host} None"]


def test_the_keyring_is_told_the_user_in_the_url(store: Store, locked: Index, rings: Rings) -> None:
    settings = IndexSettings(no_index=True, keyring=rings.hold("me", "p@ss:wörd"))
    url = locked.url(DEMO).replace("http://", "http://me@")
    assert fetched(store, settings, DEMO.wheel(url=url)).is_file()
    assert rings.asked == [f"{locked.host} me"]
    assert [headers["Authorization"] for _, headers in locked.seen] == [basic("me", ""), locked.authorization]


def test_a_password_that_is_wrong(store: Store, locked: Index, rings: Rings) -> None:
    said = failure(store, IndexSettings(no_index=True, keyring=rings.hold("me", "x")), DEMO.wheel(url=locked.url(DEMO)))
    assert said.splitlines()[1] == (
        f"hint: {locked.host} does not accept the user name and password from the keyring: correct them there"
    )
    url = locked.url(DEMO).replace("http://", "http://me:secret@")
    said = failure(store, IndexSettings(no_index=True, keyring=rings.hold("me", "x")), DEMO.wheel(url=url))
    assert "password from the URL: correct them there" in said
    assert len(rings.asked) == 1


@pytest.mark.parametrize(
    ("tool", "variables"),
    [
        ("uv", "UV_INDEX_MY_CORP_USERNAME and UV_INDEX_MY_CORP_PASSWORD"),
        ("poetry", "POETRY_HTTP_BASIC_MY_CORP_USERNAME and POETRY_HTTP_BASIC_MY_CORP_PASSWORD"),
    ],
)
def test_a_source_with_a_name_has_variables(store: Store, locked: Index, tool: str, variables: str) -> None:
    source = Source(tool="uv" if tool == "uv" else "poetry", name="my-corp", url=locked.simple)
    said = failure(store, IndexSettings(no_index=True, sources=(source,)), DEMO.wheel(url=locked.url(DEMO)))
    assert said.endswith(f"\nhint: give user name and password for my-corp with {variables}")


@pytest.mark.parametrize(
    ("user", "known", "expected"),
    [
        pytest.param("me", "me", "poetry-repository-corp me", id="with a user"),
        pytest.param("__poetry_source_empty_username__", None, None, id="without"),
    ],
)
def test_poetrys_own_entries(rings: Rings, user: str, known: str | None, expected: str | None) -> None:
    source = Source(tool="poetry", name="corp", url="https://corp.invalid/simple", user=known)
    settings = IndexSettings(sources=(source,), keyring=rings.hold(user, "pass", "poetry-repository-corp"))
    key = Keys(settings).ask("https://corp.invalid/x", None)
    assert key is not None
    assert (key.user, key.password) == (known or "", "pass")
    assert rings.asked == [expected or "poetry-repository-corp __poetry_source_empty_username__"]


def test_poetry_may_leave_the_keyring_alone(rings: Rings) -> None:
    source = Source(tool="poetry", name="corp", url="https://corp.invalid/simple")
    keyring = rings.hold("me", "pass", "poetry-repository-corp")
    settings = IndexSettings(sources=(source,), keyring=keyring, has_poetry_keyring=False)
    assert Keys(settings).ask("https://corp.invalid/x", None) is None
    assert rings.asked == ["https://corp.invalid/simple None", "corp.invalid None"]


def test_uvs_never_and_always(store: Store, locked: Index, rings: Rings, tmp_path: Path) -> None:
    never = Source(tool="uv", name="x", url=locked.simple, authenticate="never")
    known = netrc(tmp_path, "default login me password p@ss").netrc_files
    settings = IndexSettings(no_index=True, sources=(never,), keyring=rings.hold("me", "p@ss:wörd"), netrc_files=known)
    assert "401" in failure(store, settings, DEMO.wheel(url=locked.url(DEMO)))
    assert rings.asked == []
    always = Source(tool="uv", name="x", url=locked.simple, authenticate="always")
    settings = IndexSettings(no_index=True, sources=(always,), keyring=rings.hold("me", "p@ss:wörd"))
    locked.asked.clear()
    assert fetched(store, settings, DEMO.wheel(url=locked.url(DEMO))).is_file()
    assert len(locked.asked) == 1


def test_a_redirect_to_another_host_carries_nothing(store: Store, locked: Index) -> None:
    with serving() as other:
        other.add("demo", DEMO)
        locked.redirects["/x.whl"] = other.url(DEMO)
        url = f"{locked.base}/x.whl".replace("http://", "http://me:secret@")
        assert fetched(store, NOWHERE, DEMO.wheel(url=url)).is_file()
        assert locked.seen[0][1]["Authorization"] == basic("me", "secret")
        assert [headers["Authorization"] for _, headers in other.seen] == [None]
        assert not any("secret" in value for _, headers in other.seen for value in headers.values())


def test_a_redirect_on_the_same_host_carries_them(store: Store, locked: Index) -> None:
    locked.redirects["/x.whl"] = locked.url(DEMO)
    url = f"{locked.base}/x.whl".replace("http://", "http://me:p%40ss%3Aw%C3%B6rd@")
    assert fetched(store, NOWHERE, DEMO.wheel(url=url)).is_file()


def test_an_explicit_index_is_asked_for_its_own_only(store: Store, index: Index) -> None:
    other = wheel("other", {})
    with serving() as explicit:
        explicit.add("demo", DEMO)
        explicit.add("other", other)
        settings = IndexSettings(default_index=index.simple, explicit=(f"{explicit.simple}/",))
        assert "no such project" in failure(store, settings, other.wheel())
        assert explicit.asked == []
        assert fetched(store, settings, DEMO.wheel(index=explicit.simple)).is_file()
        index.asked.clear()
        missing = wheel("demo", {}, version="9")
        again = Store(store.root.parent / "again")
        assert "has no such file" in failure(again, settings, missing.wheel(index=explicit.simple))
        assert index.asked == []

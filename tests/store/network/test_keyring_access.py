"""The keyring: the package and the command, and what becomes of those that are broken, slow or not there."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.store.network import keyring_access
from pytest_ofiuco.store.network.keyring_access import Keyring, Provider
from tests.store.network.test_keys import forget_keyring

needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="a script that plays keyring")

KNOWS = """
case "$*" in
  "get https://a/simple me") echo pass;;
  "--mode creds get a") echo me; echo pass;;
  *) echo secret >&2; exit 1;;
esac
"""


@pytest.fixture(autouse=True)
def _nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_keyring(monkeypatch)


def command(folder: Path, text: str, provider: Provider = "subprocess") -> Keyring:
    folder.mkdir()
    (folder / "keyring").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "keyring").chmod(0o755)
    return Keyring(provider=provider, path=str(folder))


@needs_sh
@pytest.mark.parametrize(
    ("services", "user", "expected"),
    [
        (["https://a/simple", "a"], "me", ("me", "pass")),
        (["https://a/simple", "a"], None, ("me", "pass")),
        (["https://a/simple", "a"], "you", None),
        ([], "me", None),
    ],
)
def test_the_command(tmp_path: Path, services: list[str], user: str | None, expected: tuple[str, str] | None) -> None:
    assert command(tmp_path / "bin", KNOWS).ask(services, user) == expected


@needs_sh
@pytest.mark.parametrize("text", ["exit 1", "true", "printf '\\377'", "echo one"], ids=["no", "empty", "bytes", "half"])
def test_a_command_that_says_nothing_useful(tmp_path: Path, text: str) -> None:
    assert command(tmp_path / "bin", text).ask(["a"], None) is None


@needs_sh
def test_a_command_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_access, "SECONDS", 0.2)
    began = time.monotonic()
    assert command(tmp_path / "bin", "exec sleep 30").ask(["a"], "me") is None
    assert time.monotonic() - began < 5


@needs_sh
@pytest.mark.parametrize(
    ("provider", "expected"),
    [("disabled", None), ("import", "module"), ("subprocess", "command"), ("auto", "module")],
)
def test_the_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider, expected: str | None
) -> None:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "keyring.py").write_text(
        "class C:\n    username, password = 'me', 'module'\n\ndef get_credential(service, user):\n    return C\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    answer = command(tmp_path / "bin", "echo command", provider).ask(["a"], "me")
    assert (answer and answer[1]) == expected


@needs_sh
def test_the_command_where_there_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_access, "find_spec", lambda name: None)
    assert command(tmp_path / "bin", "echo pass", "auto").ask(["a"], "me") == ("me", "pass")
    assert Keyring(provider="auto", path=str(tmp_path)).ask(["a"], "me") is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def get_credential(service, user):\n    raise RuntimeError('secret')", id="raises"),
        pytest.param("raise ImportError('secret')", id="cannot be imported"),
        pytest.param("def get_credential(service, user):\n    return None", id="knows nothing"),
        pytest.param("import time\ndef get_credential(service, user):\n    time.sleep(1)", id="hangs"),
    ],
)
def test_a_package_that_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(keyring_access, "SECONDS", 0.2)
    (tmp_path / "keyring.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Keyring(provider="import").ask(["a"], "me") is None

"""Offline: no socket is opened, whatever is asked for, and everything that lacks is named at once."""

from __future__ import annotations

import importlib
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from pytest_ofiuco.core.artifact import Artifact
from pytest_ofiuco.errors import OfflineError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.makers import plan, preparer, sdist, source_files, wheel
from tests.store.serving import Index

A, B, C = wheel("a", {"a.py": ""}), wheel("b", {"b.py": ""}), wheel("c", {"c.py": ""})
SOURCE = sdist("d", source_files("d"), kind="tar.gz")


class SocketOpened(BaseException):
    """Nothing that the store does may catch it."""


@pytest.fixture
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise SocketOpened

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


def settings(index: str) -> IndexSettings:
    return IndexSettings(
        lock_indexes=(index,), default_index=index, indexes=(f"{index}/x",), find_links=(f"{index}/links",)
    )


@pytest.mark.usefixtures("_no_sockets")
def test_nobody_is_asked_and_all_is_named(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    index = "http://127.0.0.1:9"
    artifacts: dict[str, Artifact] = {
        "a": A.wheel(),
        "b": B.wheel(url=f"{index}/{B.filename}"),
        "c": C.wheel(index=index),
        "d": SOURCE.sdist(),
    }
    with (
        preparer(store, settings(index), offline=True) as offline,
        pytest.raises(OfflineError) as caught,
    ):
        offline.prepare(plan(interpreter, tmp_path, artifacts))
    assert caught.value.render() == (
        f"error: offline, and the cache lacks {A.filename}, {B.filename}, {C.filename}, {SOURCE.filename}\n"
        "hint: run once with the network: without --offline or --ofiuco-offline"
    )


def test_the_guard_is_one(
    store: Store, interpreter: Interpreter, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    importlib.import_module("urllib3")  # tries whether there is IPv6
    request.getfixturevalue("_no_sockets")
    with preparer(store, settings("http://127.0.0.1:9"), offline=False) as online, pytest.raises(SocketOpened):
        online.prepare(plan(interpreter, tmp_path, {"a": A.wheel()}))


def test_what_is_there_suffices(
    store: Store, interpreter: Interpreter, tmp_path: Path, index: Index, request: pytest.FixtureRequest
) -> None:
    index.add("a", A)
    with preparer(store, IndexSettings(default_index=index.simple)) as online:
        online.prepare(plan(interpreter, tmp_path, {"a": A.wheel()}))
    request.getfixturevalue("_no_sockets")
    vendored, linked = B.write(tmp_path / "vendor"), C.write(tmp_path / "links")
    known = IndexSettings(default_index=index.simple, find_links=(str(tmp_path / "links"),))
    artifacts = {
        "a": A.wheel(),
        "b": vendored.wheel(path=f"vendor/{B.filename}"),
        "c": linked.wheel(url=index.url(C)),
    }
    with preparer(store, known, offline=True) as offline:
        assert not offline.prepare(plan(interpreter, tmp_path, artifacts)).was_cached
        assert offline.prepare(plan(interpreter, tmp_path, artifacts)).was_cached

"""Connections that come about, and those that do not: an sshd of our own on loopback."""

from __future__ import annotations

import io
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_ofiuco.errors import HostError
from pytest_ofiuco.run.hosts import carried
from pytest_ofiuco.run.hosts import connection as connection_module
from pytest_ofiuco.run.hosts.connection import Connection, parse
from tests.run.hosts.machines import Machine, needs_sshd

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ssh to POSIX machines, from one")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.start()
    yield machine
    machine.stop()


def _refused(machine: Machine, words: str = "far") -> str:
    python = os.path.join(sys.base_prefix, "bin", "python3")  # outside the environment that the tests run in
    connection = Connection(parse(words, str(machine.config), [python], machine.folder))
    with pytest.raises(HostError) as caught:
        connection.open()
    connection.close()
    return caught.value.render().replace(str(machine.folder), "FOLDER")


@needs_sshd
def test_a_key_that_is_refused(machine: Machine) -> None:
    machine.write_client(key="stranger")
    lines = _refused(machine).splitlines()
    assert lines[0].startswith("error: far: no connection: ")
    assert lines[0].endswith("Permission denied (publickey).")
    assert lines[1:] == [
        "hint: nobody is asked for a password here: have a key for it, in the agent or in ~/.ssh/config"
    ]


@needs_sshd
def test_a_machine_whose_key_is_not_known(machine: Machine) -> None:
    machine.write_client(known="nothing")
    assert _refused(machine) == (
        "error: far: no connection: Host key verification failed.\n"
        "hint: connect once by hand and compare its key: `ssh -F FOLDER/ssh_config far`"
    )


@needs_sshd
def test_a_machine_without_python(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.write_client()
    monkeypatch.setattr(carried, "oldest_python", lambda: (9, 1))
    assert _refused(machine) == (
        "error: far: no Python 9.1 or later was found there\n"
        "hint: install one there, or name it with `interpreters` of its platform in [tool.ofiuco]"
    )


@needs_sshd
def test_a_machine_whose_cache_cannot_be_written(machine: Machine) -> None:
    machine.write_client()
    machine.store.parent.mkdir(parents=True, exist_ok=True)
    machine.store.write_text("in the way")
    try:
        lines = _refused(machine).splitlines()
    finally:
        machine.store.unlink()
    assert lines[0].startswith("error: far: FOLDER/home/.cache/pytest-ofiuco")
    assert lines[1:] == ["hint: free the disk there, or choose another with OFIUCO_CACHE_DIR"]


@needs_sshd
def test_a_machine_on_which_we_cannot_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.write_client()
    monkeypatch.setattr(carried, "digest", lambda: "without-our-code")
    monkeypatch.setattr(carried, "archive", lambda: _zip("readme.txt"))
    assert _refused(machine) == (
        "error: far: pytest-ofiuco cannot run there: ModuleNotFoundError: No module named 'pytest_ofiuco'\n"
        "hint: name another Python there with `interpreters` of its platform"
    )


def _zip(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "")
    return content.getvalue()


def test_a_machine_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    connection = Connection(parse("-p 1 me@127.0.0.1", "config", [], tmp_path))
    with pytest.raises(HostError) as caught:
        connection.open()
    assert caught.value.render().replace(str(tmp_path), "FOLDER") == (
        "error: me@127.0.0.1: no connection: ssh: connect to host 127.0.0.1 port 1: Connection refused\n"
        "hint: see whether `ssh -F FOLDER/config -p 1 me@127.0.0.1` gets there, and correct `ssh` of its platform in"
        " [tool.ofiuco]"
    )


def test_no_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError) as caught:
        Connection(parse("far", None, [], tmp_path)).open()
    assert caught.value.render() == (
        "error: far: ssh cannot be started: No such file or directory\nhint: install the OpenSSH client"
    )


@needs_sshd
def test_what_is_asked_for_and_goes_wrong(machine: Machine) -> None:
    machine.write_client()
    connection = Connection(parse("far", str(machine.config), [sys.executable], machine.folder))
    connection.open()
    try:
        channel = connection.channel()
        channel.send(["dance", None])
        kind, (text, _) = channel.receive()
        assert (kind, text.splitlines()[-1]) == ("failed", "ValueError: unknown request 'dance'")
        channel.send(["find", ["3.7", []]])
        assert channel.receive()[0] == "missing"
    finally:
        connection.close()
    with pytest.raises(HostError, match="the connection was lost"):
        connection.channel()


@needs_sshd
@pytest.mark.parametrize("beats", [0.2, 60.0])
def test_a_machine_that_hears_nothing_ends_everything(
    beats: float, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write_client()
    monkeypatch.setattr(connection_module, "_BEAT_SECONDS", beats)
    monkeypatch.setattr(carried, "digest", lambda: "impatient")
    whole = carried.archive()
    monkeypatch.setattr(carried, "archive", lambda: _impatient(whole))
    connection = Connection(parse("far", str(machine.config), [sys.executable], machine.folder))
    connection.open()
    try:
        time.sleep(2)
        assert bool(machine.processes()) == (beats < 1)
    finally:
        connection.close()


def _impatient(archive: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as read, zipfile.ZipFile(content, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name).replace(b"SILENCE_SECONDS = 300.0", b"SILENCE_SECONDS = 1.0"))
    return content.getvalue()


def test_what_is_carried_is_pure_python() -> None:
    with zipfile.ZipFile(io.BytesIO(carried.archive())) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.endswith((".so", ".pyd", ".pyc"))]
    assert {"pytest_ofiuco/run/hosts/agent.py", "packaging/__init__.py", "virtualenv/__init__.py"} <= set(names)
    assert len(names) == len(set(names))


def test_the_oldest_python_is_one_that_everything_admits(monkeypatch: pytest.MonkeyPatch) -> None:
    def oldest(required: str) -> tuple[int, int]:
        carried.oldest_python.cache_clear()
        monkeypatch.setattr(carried, "distribution", lambda _: SimpleNamespace(metadata={"Requires-Python": required}))
        monkeypatch.setattr(carried, "_versions", lambda: {"tomli": "2", "typing-extensions": "4", "filelock": "4"})
        return carried.oldest_python()

    try:
        assert [oldest(">=3.9"), oldest(f">=3.{sys.version_info[1]}"), oldest(">=3.99")] == [
            (3, 10),
            sys.version_info[:2],
            sys.version_info[:2],
        ]
    finally:
        carried.oldest_python.cache_clear()

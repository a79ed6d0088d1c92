"""Fork servers that end with the session."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.run import sessionforks
from pytest_ofiuco.run.forkserver import ForkedProcess, running
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.sessionforks import SessionForks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="fork is POSIX's")


@pytest.fixture
def forks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionForks]:
    folder = tmp_path / "f"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr("pytest_ofiuco.run.sessionforks.tempfile.mkdtemp", lambda prefix: str(folder))
    guard = Guard()
    made = SessionForks(guard)
    yield made
    made.close()
    guard.close()


@pytest.fixture
def fork(forks: SessionForks) -> Iterator[Callable[..., ForkedProcess | None]]:
    """Has a worker forked whose controller is gone already."""
    ends: list[int] = []

    def forked(*command: str) -> ForkedProcess | None:
        hears, says = os.pipe()
        answers_from, answers_to = os.pipe()
        ends.extend((answers_from, hears, answers_to))
        os.close(says)
        return forks.fork(command or (sys.executable,), dict(os.environ), (hears, answers_to), None)

    yield forked
    for end in ends:
        os.close(end)


def test_one_server_forks_all_and_ends_with_the_session(
    forks: SessionForks, fork: Callable[..., ForkedProcess | None], tmp_path: Path
) -> None:
    found: list[ForkedProcess | None] = []
    threads = [threading.Thread(target=lambda: found.append(fork())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    processes = [each for each in found if each is not None]
    assert len({each.pid for each in processes}) == 3
    assert [each.wait() for each in processes] == [0, 0, 0]
    (server,) = running(tmp_path / "f")
    assert server["forked"] == 3
    forks.close()
    assert not (tmp_path / "f").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server["pid"], 0)


@pytest.mark.parametrize("text", ["exit 3", "exec sleep 60", None], ids=["ends", "is silent", "is not there"])
def test_where_no_server_starts_nothing_is_forked(
    fork: Callable[..., ForkedProcess | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """The worker is started as ever, and nobody waits for a server again."""
    monkeypatch.setattr(sessionforks, "_START_SECONDS", 0.2)
    command = tmp_path / "environment" / "bin" / "python"
    command.parent.mkdir(parents=True)
    (tmp_path / "environment" / "pyvenv.cfg").touch()
    if text is not None:
        command.write_text(f"#!/bin/sh\necho >> {tmp_path}/starts\n{text}\n", encoding="utf-8")
        command.chmod(0o755)
    assert [fork(str(command)) for _ in range(2)] == [None, None]
    if text is not None:
        assert (tmp_path / "starts").read_text(encoding="utf-8") == "\n"


def test_a_folder_whose_path_is_too_long_has_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("f" * 100)
    folder.mkdir(mode=0o700)
    monkeypatch.setattr("pytest_ofiuco.run.sessionforks.tempfile.mkdtemp", lambda prefix: str(folder))
    guard = Guard()
    forks = SessionForks(guard)
    assert forks.fork((sys.executable,), {}, (0, 1), None) is None
    forks.close()
    guard.close()
    assert not folder.exists()

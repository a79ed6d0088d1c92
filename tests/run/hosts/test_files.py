"""Which files are carried over, and what becomes of them there."""

from __future__ import annotations

import json
import os
import subprocess
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.run.hosts import folder
from pytest_ofiuco.run.hosts.connection import Address
from pytest_ofiuco.run.hosts.files import State, states
from pytest_ofiuco.run.hosts.host import Host
from pytest_ofiuco.store.cache import Store


def _made(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_without_version_control(tmp_path: Path) -> None:
    _made(tmp_path, "a.py", "tests/__pycache__/a.pyc", "tests/old.pyc", "build/x", "src/build/x", ".git/HEAD")
    _made(tmp_path, "env/pyvenv.cfg", "env/bin/x", "cache/CACHEDIR.TAG", "node_modules/x", ".tox/x", "a/cdk.out/x")
    (tmp_path / ".git" / "HEAD").unlink()
    (tmp_path / ".git").rmdir()
    (tmp_path / "link").symlink_to("src")
    (tmp_path / "tool").write_text("")
    (tmp_path / "tool").chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    found = states(tmp_path)
    assert {path: state[0] for path, state in found.items()} == {
        "a.py": "file",
        "link": "link",
        "src/build/x": "file",
        "tool": "x",
    }
    assert found["link"] == ["link", 0, 0, "src"]


def test_with_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    _made(tmp_path, "kept.py", "removed.py", "new.py", "ignored/data.bin", "build/kept.py", "inner/a.py")
    (tmp_path / ".gitignore").write_text("ignored\n")
    subprocess.run(["git", "init", "-q", str(tmp_path / "inner")], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "kept.py", "removed.py"], check=True)
    (tmp_path / "removed.py").unlink()
    assert list(states(tmp_path)) == [".gitignore", "build/kept.py", "inner/a.py", "kept.py", "new.py"]
    assert list(states(tmp_path / "build")) == ["kept.py"]


class Wire:
    """A channel whose other end is a host's side of the conversation, answered at once."""

    def __init__(self, root: Path) -> None:
        self.host, self.root = Host(Address(words=("far",)), root), root
        self.waiting: deque[Any] = deque()
        self.sent: list[str] = []
        self.there = ""

    def send(self, message: Any) -> None:
        kind, value = message
        if kind == "there":
            self.there = value[0]
            changes = list(self.host._changes(states(self.root), json.loads(value[1])))
            self.sent += [path if isinstance(path, str) else path[0] for _, paths in changes for path in paths]
            self.waiting.extend([*changes, ["end", None]])

    def receive(self) -> Any:
        return self.waiting.popleft()


def _carried(root: Path, store: Store) -> tuple[Path, list[str]]:
    wire = Wire(root)
    folder.receive(store, wire, "key", root.name)
    return Path(wire.there), wire.sent


def test_only_what_changes_is_carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.hosts.host._PIECE", 1000)
    near, store = tmp_path / "near", Store(tmp_path / "store")
    _made(near, "a.py", "b.py", "deep/er/c.py", "turns")
    (near / "large").write_bytes(bytes(range(256)) * 10)
    (near / "empty").write_text("")
    (near / "link").symlink_to("a.py")
    far, sent = _carried(near, store)
    assert set(sent) == {"a.py", "b.py", "deep/er/c.py", "turns", "large", "empty", "link"}
    assert sent.count("large") == 3
    assert _contents(far) == _contents(near)

    assert _carried(near, store) == (far, [])

    (near / "a.py").write_text("changed")
    (near / "deep" / "er" / "c.py").unlink()
    (near / "deep" / "er").rmdir()
    (near / "turns").unlink()
    _made(near, "turns/into/folders")
    (far / "b.py").write_text("a test has written here")
    (far / "left.txt").write_text("a test has left this")
    _, sent = _carried(near, store)
    assert sorted(sent) == ["a.py", "b.py", "deep/er/c.py", "turns", "turns/into/folders"]
    assert _contents(far) == {**_contents(near), "left.txt": b"a test has left this"}
    assert not (far / "deep").exists()


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_damaged_list_is_made_anew(tmp_path: Path) -> None:
    near, store = tmp_path / "near", Store(tmp_path / "store")
    _made(near, "a.py")
    far, _ = _carried(near, store)
    (far.parent / "files.json").write_text("{")
    assert _carried(near, store) == (far, ["a.py"])


def test_states_tell_changes_apart(tmp_path: Path) -> None:
    _made(tmp_path, "a")
    first: dict[str, State] = states(tmp_path)
    (tmp_path / "a").chmod(0o755)
    assert states(tmp_path) != first

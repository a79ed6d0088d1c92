"""On the other machine: the project's folder, and what in it has come from us.

    <store>/remote-v1/projects/<key>/
    ├── <name>/…                   the project
    └── files.json                 what was carried there: mode, size and mtime by path

A file counts as there if it is as it was carried: one that a test has changed comes again.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_ofiuco.run.hosts.files import ABSENT, State, state_of
from pytest_ofiuco.store.cache import Store

_KEPT = "files.json"


def receive(store: Store, channel: Any, key: str, name: str) -> None:
    """Say what is there, take what is new, and delete what is gone; one session at a time."""
    home = store.root / "remote-v1" / "projects" / key
    root = home / name
    with store.lock(f"project-{key}"), store.usable():
        root.mkdir(parents=True, exist_ok=True)
        known = _known(home, root)
        channel.send(["there", [os.path.realpath(root), json.dumps(known)]])
        while True:
            kind, value = channel.receive()
            if kind == "end":
                break
            if kind == "delete":
                for path in value:
                    _delete(root, path)
                    known.pop(path, None)
            else:
                for path, state, offset, content in value:
                    _write(root, path, state, offset, content)
                    known[path] = state
            channel.send(["taken", None])
        store.keep(home / _KEPT, json.dumps(known).encode())


def _known(home: Path, root: Path) -> dict[str, State]:
    try:
        kept = json.loads((home / _KEPT).read_bytes())
    except (OSError, ValueError):
        kept = {}
    found: dict[str, State] = {}
    for path, state in kept.items():
        now = state_of(root / path)
        found[path] = state if now == state else ABSENT
    return found


def _write(root: Path, path: str, state: State, offset: int, content: bytes) -> None:
    """Write a piece of a file; the first one takes the place of whatever is there."""
    kind, _, modified, points_to = state
    target = root / path
    if not offset:
        _make_room(root, target)
    if kind == "link":
        target.symlink_to(str(points_to))
        return
    with open(target, "ab" if offset else "wb") as file:
        file.write(content)
    target.chmod(0o755 if kind == "x" else 0o644)
    os.utime(target, ns=(int(str(modified)), int(str(modified))))


def _make_room(root: Path, target: Path) -> None:
    for folder in reversed(list(target.relative_to(root).parents)[:-1]):
        above = root / folder
        if above.is_symlink() or above.is_file():
            above.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)


def _delete(root: Path, path: str) -> None:
    target = root / path
    with suppress(OSError):
        target.unlink()
    for folder in list(target.relative_to(root).parents)[:-1]:
        with suppress(OSError):
            shutil.rmtree(root / folder / "__pycache__", ignore_errors=True)
            (root / folder).rmdir()

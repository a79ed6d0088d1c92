"""Which files make up a project, and in which state each is: what tells whether it has to be carried again.

In a git repository those that git knows or would add; elsewhere all but what tools and environments leave behind.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

State = list[object]
"""``[kind, size, mtime in ns, target]``; kinds are ``file``, ``x`` (executable), ``link`` and, where none is, empty."""

ABSENT: State = ["", 0, 0, ""]

_LEFT = frozenset(
    (
        ".git",
        ".hg",
        ".svn",
        ".venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        "__pycache__",
        "cdk.out",
        "node_modules",
        ".DS_Store",
    )
)
_LEFT_AT_TOP = frozenset(("build", "dist"))
_LEFT_SUFFIXES = (".pyc", ".pyo")
_MARKS_OF_OTHERS = ("pyvenv.cfg", "CACHEDIR.TAG")


def states(root: Path) -> dict[str, State]:
    """The project's files by path below ``root``, sorted."""
    paths = _known_to_git(root) if any((each / ".git").exists() for each in (root, *root.parents)) else None
    found = {path: state_of(root / path) for path in (_walked(root) if paths is None else paths)}
    return {path: state for path, state in sorted(found.items()) if state != ABSENT}


def state_of(path: Path) -> State:
    """The state of a file; nothing but files and links has one."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return ["link", 0, 0, os.readlink(path)]
    except OSError:
        return ABSENT
    if not stat.S_ISREG(found.st_mode):
        return ABSENT
    return ["x" if found.st_mode & stat.S_IXUSR else "file", found.st_size, found.st_mtime_ns, ""]


def _known_to_git(root: Path) -> list[str] | None:
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return None
    if done.returncode:
        return None
    listed = [os.fsdecode(path) for path in done.stdout.split(b"\0") if path]
    found: list[str] = []
    for path in dict.fromkeys(listed):
        if os.path.isdir(root / path) and not os.path.islink(root / path):  # a repository in the repository
            found.extend(f"{path.rstrip('/')}/{inner}" for inner in _walked(root / path))
        elif not _is_left(os.path.basename(path)):
            found.append(path)
    return found


def _walked(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        relative = os.path.relpath(folder, root)
        prefix = "" if relative == "." else f"{relative}/"
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        names[:] = [name for name in names if name not in links and not _is_folder_left(folder, name, prefix)]
        for name in (*files, *links):
            if not _is_left(name):
                yield prefix + name


def _is_folder_left(folder: str, name: str, prefix: str) -> bool:
    if name in _LEFT or (not prefix and name in _LEFT_AT_TOP):
        return True
    return any(os.path.exists(os.path.join(folder, name, mark)) for mark in _MARKS_OF_OTHERS)


def _is_left(name: str) -> bool:
    return name in _LEFT or name.endswith(_LEFT_SUFFIXES)

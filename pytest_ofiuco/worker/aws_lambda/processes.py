"""Processes as the kernel of Linux tells of them: what they have started, the memory they take, what emulates them."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def descendants(process: int) -> list[int]:
    """What a process has started, and what these have."""
    children: dict[int, list[int]] = {}
    for each in _all():
        fields = _fields(each)
        if fields:
            children.setdefault(int(fields[1]), []).append(each)
    found, queue = [], [process]
    while queue:
        for child in children.get(queue.pop(), ()):
            found.append(child)
            queue.append(child)
    return found


def started_with(entry: str) -> list[int]:
    """The processes that were started with this entry among their variables: also those that have left their family."""
    return [each for each in _all() if os.fsencode(entry) in _variables(each)]


def memory(process: int) -> float:
    """The resident memory of a process, in MB; 0.0 where it is gone."""
    fields = _fields(process)
    return int(fields[21]) * _PAGE / (1 << 20) if fields else 0.0


def is_emulated(process: int) -> bool:
    """Whether a program of another machine's is run by qemu."""
    try:
        return os.path.basename(os.readlink(f"/proc/{process}/exe")).startswith("qemu-")
    except OSError:
        return False


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []


def _variables(process: int) -> list[bytes]:
    try:
        with open(f"/proc/{process}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:  # gone, or another user's
        return []


def _fields(process: int) -> list[str]:
    """Of /proc/PID/stat, those that follow the program's name: state, parent, …; empty where it is gone."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []

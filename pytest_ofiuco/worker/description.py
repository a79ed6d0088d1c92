"""Tests in plain values: what a proxy of one needs to be selected, shown and reported."""

from __future__ import annotations

from typing import Any, Dict

from .channel import safe_repr

Message = Dict[str, Any]


def describe(item: Any) -> Message:
    """An item in plain values."""
    chain = [
        {"type": type(node).__name__, "name": node.name, "path": str(getattr(node, "path", None) or node.fspath)}
        for node in item.listchain()[1:-1]
    ]
    markers = [
        {"name": mark.name, "args": [], "kwargs": {}}
        if mark.name == "parametrize"  # as large as all of its items, and of no use to the controller
        else {"name": mark.name, "args": plain(list(mark.args)), "kwargs": plain(dict(mark.kwargs))}
        for mark in item.iter_markers()
    ]
    callspec = getattr(item, "callspec", None)
    function = getattr(item, "function", None)
    names = set(item.listextrakeywords()) | set(getattr(function, "__dict__", ()))
    return {
        "nodeid": str(item.nodeid),
        "name": item.name,
        "type": type(item).__name__,
        "path": str(getattr(item, "path", None) or item.fspath),
        "location": list(item.location),
        "chain": chain,
        "markers": markers,
        "names": sorted(name for name in names if isinstance(name, str)),
        "originalname": getattr(item, "originalname", None),
        "parameters": callspec.id if callspec is not None else None,
        "doc": getattr(function, "__doc__", None) or "",
    }


def plain(value: Any, depth: int = 4) -> Any:
    """JSON values as they are, to a depth; anything else as its repr."""
    if depth and isinstance(value, dict):
        return {key if isinstance(key, str) else safe_repr(key): plain(each, depth - 1) for key, each in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each, depth - 1) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return safe_repr(value)

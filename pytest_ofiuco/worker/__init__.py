"""What runs inside a cell: the standard library and that cell's pytest, nothing of ours beside it."""

from __future__ import annotations

from importlib.resources import files

PROTOCOL = 1


def source() -> str:
    """The text of the worker, which a gateway sends to the cell's interpreter."""
    return files(__name__).joinpath("remote.py").read_text(encoding="utf-8")

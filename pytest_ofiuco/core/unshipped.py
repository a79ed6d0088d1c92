"""What lies among a project's modules and is no part of what ships: its tests, and what tools read."""

from __future__ import annotations

TESTS = frozenset({"test", "tests"})
"""Folders of tests, among modules or beside them."""
_OF_TOOLS = frozenset({"conftest.py", "noxfile.py", "setup.py", "tasks.py"})


def is_unshipped(name: str) -> bool:
    """Whether a file at the top, by its name, is of tests or of a tool."""
    return name in _OF_TOOLS or (name.startswith("test_") and name.endswith(".py")) or name.endswith("_test.py")

"""What at the top of a project is not shipped."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.unshipped import is_unshipped


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app.py", False),
        ("latest.py", False),
        ("testing.py", False),
        ("test_app.py", True),
        ("app_test.py", True),
        ("conftest.py", True),
        ("setup.py", True),
        ("noxfile.py", True),
    ],
)
def test_names(name: str, expected: bool) -> None:
    assert is_unshipped(name) is expected

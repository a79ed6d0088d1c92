"""How much platforms take."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.limits import largest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("aws_lambda", (250 << 20, 50 << 20), id="AWS Lambda"),
        pytest.param("aws_lambda_x86_64", (250 << 20, 50 << 20), id="AWS Lambda on x86_64"),
        pytest.param("linux_aarch64", (None, None), id="no limit"),
        pytest.param("aws_lambda_own", (None, None), id="a name of the user's"),
    ],
)
def test_the_largest_that_a_platform_takes(name: str, expected: tuple[int | None, int | None]) -> None:
    assert largest(name) == expected

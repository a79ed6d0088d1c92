"""How much platforms take."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.limits import largest


@pytest.mark.parametrize(
    ("name", "max_size", "expected"),
    [
        pytest.param("aws_lambda", None, (250 << 20, 50 << 20), id="AWS Lambda"),
        pytest.param("aws_lambda_x86_64", None, (250 << 20, 50 << 20), id="AWS Lambda on x86_64"),
        pytest.param("linux_aarch64", None, (None, None), id="no limit"),
        pytest.param("aws_lambda_own", None, (None, None), id="a name of the user's"),
        pytest.param("aws_lambda", 1, (1 << 20, 50 << 20), id="what its table says"),
        pytest.param("linux_aarch64", 2, (2 << 20, None), id="what the table of another says"),
    ],
)
def test_the_largest_that_a_platform_takes(
    name: str, max_size: int | None, expected: tuple[int | None, int | None]
) -> None:
    assert largest(name, max_size) == expected

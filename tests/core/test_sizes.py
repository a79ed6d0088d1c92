"""Sizes, as people read them."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.sizes import binary_size, by_size, largest_of


@pytest.mark.parametrize(
    ("count", "text"),
    [
        pytest.param(0, "0 B", id="nothing"),
        pytest.param(1023, "1023 B", id="bytes"),
        pytest.param(1536, "1.5 KiB", id="KiB"),
        pytest.param(250 << 20, "250.0 MiB", id="what a zip may have"),
        pytest.param(10 << 30, "10.0 GiB", id="what an image may have"),
        pytest.param(4096 << 30, "4096.0 GiB", id="the largest unit"),
    ],
)
def test_binary_size(count: int, text: str) -> None:
    assert binary_size(count) == text


def test_the_largest_come_first() -> None:
    sizes = {f"n{number:02}": 1024 * (number % 11) for number in range(12)}
    assert by_size(sizes)[:3] == (("n10", 10240), ("n09", 9216), ("n08", 8192))
    assert by_size(sizes)[-2:] == (("n00", 0), ("n11", 0))
    assert largest_of(sizes).split(", ") == [f"n{number:02} {number}.0 KiB" for number in range(10, 0, -1)]

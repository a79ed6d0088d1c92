"""Batches, from the standard library where it has them."""

import itertools
import sys

import pytest

from geo_lookup.batches import batched


@pytest.mark.parametrize(
    ("size", "batches"),
    [
        (1, ["a", "b", "c", "d", "e"]),
        (2, ["ab", "cd", "e"]),
        (5, ["abcde"]),
        (9, ["abcde"]),
    ],
)
def test_batches(size: int, batches: list[str]) -> None:
    assert ["".join(batch) for batch in batched("abcde", size)] == batches


def test_of_nothing() -> None:
    assert list(batched([], 3)) == []


def test_size_is_positive() -> None:
    with pytest.raises(ValueError, match="at least one"):
        list(batched("abc", 0))


@pytest.mark.python(">=3.12")
def test_the_standard_library_is_used() -> None:
    if sys.version_info < (3, 12):
        pytest.skip("itertools.batched came with Python 3.12")
    assert batched is itertools.batched


@pytest.mark.python("<3.12")
def test_ours_is_used() -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("Python 3.12 brought itertools.batched")
    assert batched.__module__ == "geo_lookup.batches"

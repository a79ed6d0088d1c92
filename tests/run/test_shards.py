"""Division over shards: everything exactly once, nearly even, and the same whatever the order."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.shards import TOLERANCE, Piece, Shard, divide, part_of

_CELLS = st.dictionaries(st.text("ab", min_size=1, max_size=5), st.integers(1, 10**9), max_size=12)
_COUNTS = st.integers(1, 9)
_TESTS = st.dictionaries(
    st.builds("{}.py::{}test_{}".format, st.sampled_from("abc"), st.sampled_from(["", "Test::"]), st.integers(0, 99)),
    st.integers(1, 10**7),
    max_size=60,
)


def pieces_of(weights: dict[str, int], count: int) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = {cell: [] for cell in weights}
    for piece in chain.from_iterable(divide(weights, count)):
        found[piece.cell].append(piece)
    return {cell: sorted(pieces, key=lambda each: each.begin) for cell, pieces in found.items()}


@given(_CELLS, _COUNTS)
def test_pieces_make_up_each_cell(weights: dict[str, int], count: int) -> None:
    for cell, pieces in pieces_of(weights, count).items():
        assert [0, *(each.end for each in pieces)] == [*(each.begin for each in pieces), weights[cell] * count]
        assert all(each.begin < each.end for each in pieces)


@given(_CELLS, _COUNTS)
def test_no_shard_has_much_more_than_its_share(weights: dict[str, int], count: int) -> None:
    share = sum(weights.values())
    shards = divide(weights, count)
    assert all(sum(each.end - each.begin for each in shard) <= share + share // TOLERANCE for shard in shards)
    assert len(shards) == count


@given(_CELLS, _COUNTS)
def test_few_cells_are_split(weights: dict[str, int], count: int) -> None:
    shards = divide(weights, count)
    assert sum(map(len, shards)) <= len(weights) + count - 1
    assert all(len({each.cell for each in shard}) == len(shard) for shard in shards)


@given(_CELLS, _COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_cells_is_irrelevant(weights: dict[str, int], count: int, random: Random) -> None:
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    assert divide(dict(shuffled), count) == divide(weights, count)


@given(_TESTS, st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_split_cells_tests_are_in_one_piece_each(weights: dict[str, int], sizes: list[int], random: Random) -> None:
    whole, begin, pieces = sum(sizes), 0, []
    for size in sizes:
        pieces.append(Piece(cell="a", begin=begin, end=begin + size, whole=whole))
        begin += size
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    parts = [part_of(piece, pieces, dict(shuffled)) for piece in pieces]
    assert Counter(chain.from_iterable(parts)) == Counter(list(weights))
    assert parts == [part_of(piece, pieces, weights) for piece in pieces]
    total, largest = sum(weights.values()), max(weights.values(), default=0)
    for size, part in zip(sizes, parts, strict=True):
        off = abs(sum(weights[test] for test in part) - total * size / whole)
        assert off <= max(largest, 2 * total * min(sizes) / whole / TOLERANCE) + 1


def split(shards: list[list[Piece]]) -> list[list[tuple[str, int]]]:
    """Cells and percents."""
    return [[(each.cell, 100 * (each.end - each.begin) // each.whole) for each in shard] for shard in shards]


@pytest.mark.parametrize(
    ("weights", "count", "expected"),
    [
        pytest.param({"a": 1, "b": 1}, 2, [[("a", 100)], [("b", 100)]], id="a cell each"),
        pytest.param({"a": 1, "b": 1, "c": 1, "d": 1}, 2, [[("a", 100), ("c", 100)], [("b", 100), ("d", 100)]], id="2"),
        pytest.param({"a": 1, "b": 1, "c": 1}, 2, [[("a", 100), ("c", 50)], [("b", 100), ("c", 50)]], id="left over"),
        pytest.param({"a": 21, "b": 20}, 2, [[("a", 100)], [("b", 100)]], id="nearly even"),
        pytest.param({"a": 9, "b": 1}, 2, [[("a", 55)], [("b", 100), ("a", 44)]], id="a large one"),
        pytest.param({"a": 1}, 4, [[("a", 25)]] * 4, id="one cell"),
        pytest.param({}, 2, [[], []], id="none"),
    ],
)
def test_division(weights: dict[str, int], count: int, expected: list[list[tuple[str, int]]]) -> None:
    assert sorted(map(sorted, split(divide(weights, count)))) == sorted(map(sorted, expected))


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        pytest.param({"a::1": 5, "a::2": 5, "b::1": 5, "b::2": 5}, ["a::1", "a::2"], id="files"),
        pytest.param({"a::1": 4, "a::2": 5, "b::1": 1, "b::2": 10}, ["a::1", "a::2"], id="a file nearly even"),
        pytest.param({"a::T::1": 5, "a::T::2": 4, "a::U::1": 1, "a::U::2": 10}, ["a::T::1", "a::T::2"], id="classes"),
        pytest.param({"a::1": 1, "a::2": 9, "b::1": 30}, ["a::1", "a::2"], id="the largest test"),
        pytest.param({"a::1": 1, "a::2": 9, "b::1": 10, "b::2": 20}, ["a::1", "a::2", "b::1"], id="within a file"),
        pytest.param({}, [], id="none"),
    ],
)
def test_what_the_first_half_of_a_cell_is(tests: dict[str, int], expected: list[str]) -> None:
    halves = [Piece(cell="a", begin=0, end=7, whole=14), Piece(cell="a", begin=7, end=14, whole=14)]
    assert part_of(halves[0], halves, tests) == expected


@given(st.integers(1, 99), st.integers(0, 99))
def test_a_shard_reads_as_it_is_written(number: int, more: int) -> None:
    shard = Shard(number=number, count=number + more)
    assert Shard.parse(str(shard)) == shard


@pytest.mark.parametrize(
    ("given_text", "message", "hint"),
    [
        pytest.param("6/5", "there is no such shard", "give one from 1/5 to 5/5", id="beyond"),
        pytest.param("0/5", "there is no such shard", "give one from 1/5 to 5/5", id="zero"),
        pytest.param("1/0", "there is no such shard", "give how many shards there are: 1/1 or more", id="none"),
        pytest.param("x", "not a shard", "give its number and how many there are: 2/5", id="word"),
        pytest.param("2", "not a shard", "give its number and how many there are: 2/5", id="number"),
        pytest.param("2/", "not a shard", "give its number and how many there are: 2/5", id="half"),
        pytest.param("-1/5", "not a shard", "give its number and how many there are: 2/5", id="negative"),
        pytest.param("²/5", "not a shard", "give its number and how many there are: 2/5", id="superscript"),
        pytest.param("1/" + "9" * 5000, "not a shard", "give its number and how many there are: 2/5", id="long"),
        pytest.param("1/10001", "too many shards", "give 10000 at most", id="many"),
    ],
)
def test_what_is_no_shard(given_text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Shard.parse(given_text)
    assert str(caught.value) == f"--ofiuco-shard {given_text}: {message}"
    assert caught.value.hint == hint

"""Selections of a lock."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.lock import Selection
from pytest_ofiuco.errors import ConflictError, UnknownNameError
from tests.locks import edge, lock, package

LOCK = lock(
    package("a"),
    groups={"dev": (edge("a"),), "docs-auto": ()},
    extras={"cpu": (edge("a"),), "gpu": ()},
    default_groups=("main", "dev"),
    conflicts=(frozenset({("extra", "cpu"), ("extra", "gpu")}), frozenset({("extra", "gpu"), ("group", "dev")})),
)


def test_what_the_tool_installs_by_default() -> None:
    assert LOCK.selection() == Selection(groups=("dev", "main"), extras=())


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(["main"], [], Selection(groups=("main",)), id="main alone"),
        pytest.param(["dev"], [], Selection(groups=("dev",)), id="a group alone"),
        pytest.param([], ["cpu"], Selection(groups=(), extras=("cpu",)), id="an extra alone"),
        pytest.param(["main", "main"], ["cpu", "cpu"], Selection(extras=("cpu",)), id="once"),
        pytest.param(["Docs_Auto"], ["CPU"], Selection(groups=("docs-auto",), extras=("cpu",)), id="as names compare"),
    ],
)
def test_exactly_what_is_asked(groups: list[str], extras: list[str], expected: Selection) -> None:
    assert LOCK.selection(groups=groups, extras=extras) == expected


def test_all() -> None:
    assert LOCK.selection(all_groups=True) == Selection(groups=("dev", "docs-auto", "main"))
    free = lock(package("a"), extras={"b": (), "a": ()})
    assert free.selection(all_extras=True) == Selection(extras=("a", "b"))


@pytest.mark.parametrize(
    ("groups", "extras", "message", "hint"),
    [
        pytest.param(
            ["test"], [], "uv.lock: the lock has no group 'test'", "choose from: dev, docs-auto, main", id="group"
        ),
        pytest.param(["main"], ["tpu"], "uv.lock: the lock has no extra 'tpu'", "choose from: cpu, gpu", id="extra"),
    ],
)
def test_unknown(groups: list[str], extras: list[str], message: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        LOCK.selection(groups=groups, extras=extras)
    assert (str(caught.value), caught.value.hint, caught.value.exit_code) == (message, hint, 2)


def test_unknown_where_there_are_none() -> None:
    with pytest.raises(UnknownNameError) as caught:
        lock(package("a")).selection(extras=["cpu"])
    assert caught.value.hint == "this lock lists no extras: leave it out, or lock again with it"


@pytest.mark.parametrize(
    ("groups", "extras", "message"),
    [
        pytest.param(["main"], ["cpu", "gpu"], "extra cpu and extra gpu", id="15: two extras"),
        pytest.param(["dev"], ["gpu"], "extra gpu and group dev", id="15: an extra and a group"),
    ],
)
def test_conflict(groups: list[str], extras: list[str], message: str) -> None:
    with pytest.raises(ConflictError) as caught:
        LOCK.selection(groups=groups, extras=extras)
    assert str(caught.value) == f"uv.lock: {message} conflict and cannot be selected together"
    assert caught.value.hint == "select one of them"

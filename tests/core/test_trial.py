"""Walks whose lock leaves a choice between entries, and the Pythons that a walk admits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from pytest_ofiuco.core.check import Subject, check
from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import AmbiguousError, NotLockedError
from tests import locks
from tests.locks import edge, package
from tests.targets import LINUX_X86_64, target


def bounded(name: str, specifiers: str) -> Dependency:
    return replace(edge(name), specifiers=(SpecifierSet(specifiers),))


def versions(lock: Lock) -> Mapping[str, str | None]:
    lock = replace(lock, takes_highest=True)
    return resolve(lock, LINUX_X86_64, lock.selection()).versions()


def test_the_highest_version() -> None:
    a = [package("a", version) for version in ("1.9", "1.10", "not a version", "1.2")]
    assert versions(locks.lock(*a, roots=(edge("a"),))) == {"a": "1.10"}
    assert versions(locks.lock(*a, roots=(bounded("a", "<1.5"),))) == {"a": "1.2"}


def test_of_one_version_the_first() -> None:
    lock = locks.lock(package("a", source="x"), package("a", source="y"), roots=(edge("a"),))
    assert versions(lock) == {"a": "1.0"}
    assert versions(replace(lock, groups={"main": (edge("a"), edge("a", source="y"))})) == {"a": "1.0"}


def test_what_only_another_choice_lacks() -> None:
    """The entry that is not taken in the end depends on what is not locked."""
    lock = locks.lock(
        package("a", "1.0"), package("a", "2.0", edge("missing")), package("b"), roots=(edge("a"), edge("b"))
    )
    assert versions(lock) == {"a": "1.0", "b": "1.0"}
    with pytest.raises(NotLockedError):
        versions(replace(lock, packages=lock.packages[1:]))


def test_a_check_tells_what_the_taken_entries_lack_alone() -> None:
    a = (package("a", "1.0"), package("a", "2.0", edge("missing")))
    lock = replace(locks.lock(*a, roots=(edge("a"),)), takes_highest=True)
    cell = Subject(name="here", target=LINUX_X86_64, selection=lock.selection())
    assert [each.code for each in check(lock, [cell]).findings if each.code == "not-locked"] == []
    lock = replace(lock, packages=a[1:])
    assert [each.code for each in check(lock, [cell]).findings if each.code == "not-locked"] == ["not-locked"]


def test_more_choices_than_are_tried() -> None:
    """Each of them leads to the same contradiction, which is met last."""
    several = [
        package(f"n{number}", version, edge(f"n{number + 1}")) for number in range(12) for version in ("1.0", "2.0")
    ]
    last = package("n12", "1.0", bounded("m", ">=2"))
    lock = locks.lock(*several, last, package("m", "1.0"), package("m", "2.0"), roots=(bounded("m", "<2"), edge("n0")))
    with pytest.raises(AmbiguousError) as caught:
        versions(lock)
    assert caught.value.package == "n0"


def test_a_prerelease_of_python_counts_as_its_release() -> None:
    """As pip has it: ``requires-python`` is asked about X.Y.Z. PEP 440 alone would refuse 3.13.0rc1."""
    made = locks.lock(package("a", requires_python=">=3.13"), requires_python=(">=3.13",))
    here = target("3.13.0rc1", "manylinux_2_28_x86_64")
    assert resolve(made, here, made.selection()).versions() == {"a": "1.0"}


def weighed(groups: tuple[str, ...], extras: tuple[str, ...] = (), *more: Package) -> Mapping[str, str | None]:
    """An extra that leads to ``a``, and a group that does not; ``a`` has several versions."""
    a = [package("a", version) for version in ("1.0", "2.0")]
    made = locks.lock(
        *a, package("b", "1.0", bounded("a", "<2")), *more, roots=(edge("a"),), extras={"b": (edge("b"),), "c": ()}
    )
    made = replace(made, takes_highest=True, groups={**made.groups, "dev": (edge("a"),)})
    return resolve(made, LINUX_X86_64, made.selection(groups=groups, extras=extras)).versions()


def test_the_highest_version_that_suits_every_extra() -> None:
    """Seen: urllib3 2 beside requests, where botocore, which only an extra brings, admits urllib3 1.26 alone."""
    assert weighed(("main",)) == {"a": "1.0"}
    assert weighed(("dev",)) == {"a": "2.0"}
    assert weighed(("main",), ("b",)) == weighed(("main",), ("b", "c")) == {"a": "1.0", "b": "1.0"}


def test_extras_that_contradict_each_other() -> None:
    """Poetry finds no versions for them; what is wanted has some."""
    made = locks.lock(
        package("a", "1.0"),
        package("a", "2.0"),
        roots=(edge("a"),),
        extras={"old": (bounded("a", "<2"),), "new": (bounded("a", ">=2"),)},
    )
    assert versions(made) == {"a": "2.0"}

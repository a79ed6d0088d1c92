"""Why a package comes or does not, and why this file of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.explain import Chain, Entry, Explanation, File, explain
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import PythonNotAdmittedError, UnknownPackageError
from tests.locks import edge, lock, package
from tests.targets import LINUX_X86_64, WINDOWS, target


def why(a_lock: Lock, name: str, here: Target = LINUX_X86_64, **selected: tuple[str, ...]) -> Explanation:
    return explain(a_lock, here, a_lock.selection(**selected), canonicalize_name(name))  # type: ignore[arg-type]


def ways(explanation: Explanation) -> list[str]:
    return [_shown(chain) for chain in explanation.chains]


def _shown(chain: Chain) -> str:
    steps = (step.name + (f" ({step.obstacle})" if step.obstacle else "") for step in chain)
    return " > ".join((chain[0].owner, *steps))


DIAMOND = lock(
    package("a", "1.0", edge("b"), edge("c")),
    package("b", "1.0", edge("d")),
    package("c", "1.0", edge("d", "sys_platform == 'win32'"), edge("e", extra="x")),
    package("d"),
    package("e"),
    package("f", "1.0", edge("e")),
    package("lonely"),
    roots=(edge("a"),),
    groups={"dev": (edge("f"),)},
    extras={"y": (edge("c", extras=("x",)),)},
)


def test_every_way_that_holds() -> None:
    assert ways(why(DIAMOND, "d")) == ["the project > a > b > d"]
    assert ways(why(DIAMOND, "d", WINDOWS)) == ["the project > a > b > d", "the project > a > c > d"]


def test_what_keeps_it_out() -> None:
    explanation = why(DIAMOND, "e")
    assert explanation.taken == ()
    assert ways(explanation) == [
        "group dev > f (group dev is not selected) > e",
        "the project > a > c > e (extra x of c is not requested)",
    ]
    assert explanation.entries == (
        Entry(
            version="1.0",
            at="package e 1.0",
            obstacles=("extra x of c is not requested", "f 1.0 is not reached"),
        ),
    )
    assert explanation.files == ()


def test_groups_and_extras() -> None:
    assert ways(why(DIAMOND, "e", groups=("main", "dev"))) == ["group dev > f > e"]
    assert ways(why(DIAMOND, "c", extras=("y",))) == ["extra y > c", "the project > a > c"]
    assert ways(why(DIAMOND, "e", extras=("y",))) == ["extra y > c > e"]


def test_a_marker() -> None:
    marked = lock(package("a"), roots=(edge("a", "sys_platform == 'win32'"),))
    ((step,),) = why(marked, "a").chains
    assert (step.marker, step.obstacle) == ('sys_platform == "win32"', 'marker sys_platform == "win32" does not hold')
    ((step,),) = why(marked, "a", WINDOWS).chains
    assert (step.at, step.marker, step.obstacle) == ("edge to a", 'sys_platform == "win32"', "")


def test_nothing_asks_for_it() -> None:
    explanation = why(DIAMOND, "lonely")
    assert explanation.chains == ()
    assert explanation.entries[0].obstacles == ("nothing asks for it",)


def test_the_project_itself() -> None:
    explanation = why(lock(package("project", None, is_virtual=True), roots=()), "project")
    assert explanation.entries[0].obstacles == ("it is the project's own",)


def test_the_extras_of_what_is_not_reached() -> None:
    unreached = lock(
        package("a", "1.0", edge("b", extras=("x",))),
        package("b", "1.0", edge("c", extra="x"), edge("d", extra="z")),
        package("c"),
        package("d"),
        roots=(edge("a", "sys_platform == 'win32'"),),
    )
    blocked = 'marker sys_platform == "win32" does not hold'
    assert ways(why(unreached, "c")) == [f"the project > a ({blocked}) > b > c"]
    assert ways(why(unreached, "d")) == [f"the project > a ({blocked}) > b > d (extra z of b is not requested)"]


def test_an_edge_that_leads_nowhere_is_no_way() -> None:
    incomplete = lock(
        package("a", "1.0", edge("gone", "sys_platform == 'win32'")), package("b"), roots=(edge("a"), edge("b"))
    )
    assert ways(why(incomplete, "b")) == ["the project > b"]


def test_a_cycle() -> None:
    cycle = lock(package("a", "1.0", edge("b")), package("b", "1.0", edge("a")), roots=(edge("a"),))
    assert ways(why(cycle, "a")) == ["the project > a"]
    assert ways(why(cycle, "b")) == ["the project > a > b"]


def test_a_star_is_told_by_who_needs_whom() -> None:
    """The project asks a star for each of its packages; edges between them tell more."""
    star = lock(
        package("a", "1.0", edge("b")),
        package("b", "1.0", edge("c", "sys_platform == 'win32'")),
        package("c"),
        shape="star",
        roots=(edge("a"), edge("b"), edge("c", "sys_platform == 'win32'")),
    )
    blocked = 'marker sys_platform == "win32" does not hold'
    assert ways(why(star, "b")) == ["the project > a > b"]
    explanation = why(star, "c")
    assert ways(explanation) == [f"the project > a > b > c ({blocked})"]
    assert explanation.entries[0].obstacles == (blocked,)


def test_a_cycle_in_a_star() -> None:
    star = lock(
        package("a", "1.0", edge("b")), package("b", "1.0", edge("a")), shape="star", roots=(edge("a"), edge("b"))
    )
    assert ways(why(star, "b")) == ["the project > a > b"]


def test_extras_that_packages_of_a_star_ask_of_each_other() -> None:
    star = lock(
        package("a", "1.0", edge("b", extras=("x",))),
        package("b", "1.0", edge("c", "'x' in extras")),
        package("c"),
        shape="star",
        roots=(edge("a"), edge("b"), edge("c")),
    )
    assert ways(why(star, "c")) == ["the project > a > b > c"]


def test_entries_of_one_name() -> None:
    forked = lock(
        package("a", "1.0"),
        package("a", "2.0"),
        roots=(
            edge("a", "python_version < '3.10'", version="1.0"),
            edge("a", "python_version >= '3.10'", version="2.0"),
        ),
    )
    explanation = why(forked, "a")
    assert [entry.version for entry in explanation.taken] == ["2.0"]
    assert explanation.entries[0].obstacles == ('marker python_version < "3.10" does not hold',)
    assert ways(explanation) == ["the project > a"]


def test_two_that_come_at_once() -> None:
    double = lock(package("a", "1.0"), package("a", "2.0"), roots=(edge("a", version="1.0"), edge("a", version="2.0")))
    explanation = why(double, "a")
    assert [entry.version for entry in explanation.taken] == ["1.0", "2.0"]
    assert explanation.files == ()


def test_many_ways_are_counted() -> None:
    many = [package(f"p{number}", "1.0", edge("z")) for number in range(12)]
    wide = lock(*many, package("z"), roots=tuple(edge(each.name) for each in many))
    explanation = why(wide, "z")
    assert (len(explanation.chains), explanation.others) == (8, 4)


WHEELS = package(
    "n",
    "1.0",
    wheels=(
        "n-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "n-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "n-1.0-1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "n-1.0-cp312-cp312-manylinux_2_34_x86_64.whl",
        "n-1.0-cp312-cp312-win_amd64.whl",
        "n-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "n-1.0-cp311-cp311-win_amd64.whl",
        "n-1.0.whl",
    ),
    sdist="n-1.0.tar.gz",
)
LATER = "comes later, or its build number is lower"


def test_files() -> None:
    assert why(lock(WHEELS), "n").files == (
        File(
            filename="n-1.0-1-cp312-cp312-manylinux_2_28_x86_64.whl",
            verdict="taken",
            reason="best tag cp312-cp312-manylinux_2_28_x86_64",
        ),
        File(
            filename="n-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
            verdict="fits",
            reason=f"tag cp312-cp312-manylinux_2_28_x86_64 {LATER}",
        ),
        File(
            filename="n-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
            verdict="fits",
            reason=f"tag cp312-cp312-manylinux_2_17_x86_64 {LATER}",
        ),
        File(filename="n-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", verdict="unfit", reason="for another Python"),
        File(filename="n-1.0-cp311-cp311-win_amd64.whl", verdict="unfit", reason="for another Python and platform"),
        File(
            filename="n-1.0-cp312-cp312-manylinux_2_34_x86_64.whl",
            verdict="unfit",
            reason="needs glibc ≥ 2.34, the platform has 2.28",
        ),
        File(filename="n-1.0-cp312-cp312-win_amd64.whl", verdict="unfit", reason="for another platform"),
        File(filename="n-1.0.whl", verdict="unfit", reason="its name is not a wheel's"),
        File(filename="n-1.0.tar.gz", verdict="fits", reason="a wheel comes first"),
    )


def _only(found: Package) -> tuple[File, ...]:
    return why(lock(found), "n").files


def test_an_sdist_where_no_wheel_fits() -> None:
    assert _only(package("n", "1.0", sdist="n-1.0.tar.gz")) == (
        File(filename="n-1.0.tar.gz", verdict="taken", reason="no wheel fits"),
    )


def test_a_source_that_is_no_file() -> None:
    assert _only(package("n", "1.0", direct=Directory(path="n"))) == (
        File(filename="n 1.0", verdict="taken", reason="a directory: there is no other"),
    )


def test_unknown() -> None:
    with pytest.raises(UnknownPackageError) as caught:
        why(DIAMOND, "lonly")
    assert caught.value.render() == "error: uv.lock: package lonly: not in this lock\nhint: did you mean lonely?"
    with pytest.raises(UnknownPackageError) as caught:
        why(DIAMOND, "quite-another")
    assert caught.value.hint == "name a package of the lock"


def test_a_lock_for_other_pythons() -> None:
    with pytest.raises(PythonNotAdmittedError):
        why(replace(lock(package("a"), requires_python=(">=3.13",))), "a", target("3.12", "win_amd64"))

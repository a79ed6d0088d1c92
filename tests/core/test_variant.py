"""Variants: what takes a package's place, what goes with it, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.lock import Dependency, Lock, Package
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Replacement, Variant, of_another_lock
from pytest_ofiuco.errors import (
    AmbiguousError,
    NoArtifactError,
    NoReplacementError,
    NothingToReplaceError,
    OfiucoError,
    UnmetDependencyError,
)
from tests.locks import edge, lock, package
from tests.targets import LINUX_X86_64, WINDOWS, target

ADD = "add {} to the project's dependencies, and lock it again"
EXCLUDE = "leave this cell out with `exclude` in [tool.ofiuco]"


def needs(name: str, *specifiers: str, extra: str | None = None) -> Dependency:
    """An edge that says which versions it admits."""
    return replace(edge(name, extra=extra), specifiers=tuple(SpecifierSet(each) for each in specifiers))


def by(name: str, *entries: Package, is_told: bool = True) -> Replacement:
    return Replacement(
        name=canonicalize_name(name), at=f"replace.{name}", entries=entries, origin="old/uv.lock", is_told=is_told
    )


def variant(*replacements: Replacement) -> Variant:
    return Variant(name="v", file="pyproject.toml", replacements=replacements)


def resolved(
    a_lock: Lock, *replacements: Replacement, here: Target = LINUX_X86_64, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(a_lock, here, a_lock.selection(extras=extras), variant(*replacements))


def versions(a_lock: Lock, *replacements: Replacement, here: Target = LINUX_X86_64) -> dict[str, str | None]:
    return resolved(a_lock, *replacements, here=here).versions()


def refused(
    a_lock: Lock, *replacements: Replacement, here: Target = LINUX_X86_64
) -> tuple[type[OfiucoError], str, str]:
    """The kind, the message and the one remedy."""
    with pytest.raises(OfiucoError) as caught:
        resolved(a_lock, *replacements, here=here)
    assert caught.value.hint
    return type(caught.value), str(caught.value), caught.value.hint


GRAPH = lock(
    package("flask", "3.0", edge("click"), edge("werkzeug", version="3.0")),
    package("click", "8.2"),
    package("werkzeug", "3.0"),
    package("attrs", "25"),
    roots=(edge("flask", version="3.0"),),
)
STAR = lock(*GRAPH.packages, shape="star")


# What takes its place


@pytest.mark.parametrize("a_lock", [GRAPH, lock(*GRAPH.packages[:3], shape="star")], ids=["graph", "star"])
def test_another_version(a_lock: Lock) -> None:
    resolution = resolved(a_lock, by("werkzeug", package("werkzeug", "2.0")))
    assert resolution.versions() == {"click": "8.2", "flask": "3.0", "werkzeug": "2.0"}
    assert [pin.dependencies for pin in resolution.packages] == [(), ("click", "werkzeug"), ()]
    assert resolution.variant is not None
    assert resolution.variant.name == "v"
    assert resolution.replaced == {"werkzeug": "3.0"}


def test_without_a_variant_nothing_is_replaced() -> None:
    resolution = resolve(GRAPH, LINUX_X86_64, GRAPH.selection())
    assert (resolution.variant, resolution.replaced) == (None, {})


def test_several() -> None:
    assert versions(GRAPH, by("werkzeug", package("werkzeug", "2.0")), by("click", package("click", "7"))) == {
        "click": "7",
        "flask": "3.0",
        "werkzeug": "2.0",
    }


def test_what_only_the_replaced_one_needs_goes_with_it() -> None:
    """In a graph: a star says of each package by itself that it is wanted."""
    flask = by("flask", package("flask", "2.0", edge("click")))
    assert versions(GRAPH, flask) == {"click": "8.2", "flask": "2.0"}
    assert versions(STAR, flask) == {"attrs": "25", "click": "8.2", "flask": "2.0", "werkzeug": "3.0"}


def test_what_the_replacement_alone_needs_comes_from_the_lock() -> None:
    assert versions(GRAPH, by("click", package("click", "9", edge("attrs")))) == {
        "attrs": "25",
        "click": "9",
        "flask": "3.0",
        "werkzeug": "3.0",
    }


@pytest.mark.parametrize("shape", ["graph", "star"])
def test_what_is_dropped_is_asked_for_by_nobody(shape: str) -> None:
    a_lock = lock(*GRAPH.packages[:3], roots=GRAPH.groups["main"] if shape == "graph" else None, shape=shape)  # type: ignore[arg-type]
    resolution = resolved(a_lock, by("werkzeug"))
    assert resolution.versions() == {"click": "8.2", "flask": "3.0"}
    assert resolution.packages[1].dependencies == ("click",)


def test_roots_of_every_kind_lead_on() -> None:
    a_lock = replace(
        lock(
            package("a", "1"),
            package("b", "1"),
            package("c", "1"),
            package("d", "1"),
            roots=(edge("a", version="1"),),
            extras={"x": (edge("b", version="1"), edge("d"))},
        ),
        always=(edge("c", version="1"),),
    )
    replacements = [by(name, package(name, "2")) for name in "abc"]
    assert resolved(a_lock, *replacements, by("d"), extras=("x",)).versions() == {"a": "2", "b": "2", "c": "2"}


def test_entries_by_marker_have_one_replacement() -> None:
    a_lock = lock(
        package("numpy", "1.26"),
        package("numpy", "2.1"),
        roots=(
            edge("numpy", "python_version < '3.11'", version="1.26"),
            edge("numpy", "python_version >= '3.11'", version="2.1"),
        ),
    )
    for python in ("3.10", "3.12"):
        assert versions(a_lock, by("numpy", package("numpy", "2.0")), here=target(python, "win_amd64")) == {
            "numpy": "2.0"
        }


def test_extras_are_asked_of_the_replacement() -> None:
    a_lock = lock(
        package("a", "1", edge("b", extra="x")), package("b", "1"), package("c", "1"), roots=(edge("a", extras=("x",)),)
    )
    resolution = resolved(a_lock, by("a", package("a", "2", edge("c", extra="x"), edge("b", extra="y"))))
    assert resolution.versions() == {"a": "2", "c": "1"}
    assert resolution.packages[0].extras == ("x",)


FORKS = (
    package("click", "7", forks=("sys_platform == 'win32'",)),
    package("click", "8", forks=("sys_platform != 'win32'",)),
)


@pytest.mark.parametrize(("here", "version"), [(LINUX_X86_64, "8"), (WINDOWS, "7")], ids=["linux", "windows"])
def test_the_fork_of_the_target_is_taken(here: Target, version: str) -> None:
    assert versions(GRAPH, by("click", *FORKS), here=here)["click"] == version


def test_a_single_entry_is_what_was_asked_for() -> None:
    assert versions(GRAPH, by("click", FORKS[0]))["click"] == "7"


def test_no_fork_is_for_the_target() -> None:
    forks = [replace(each, forks=(Marker("sys_platform == 'darwin'"),)) for each in FORKS]
    assert refused(GRAPH, by("click", *forks)) == (
        NoReplacementError,
        "pyproject.toml: replace.click: variant v: click for Python 3.12 on manylinux_2_28_x86_64"
        " is not in old/uv.lock",
        'lock it in a lock of its own, and name that with `lock = "…"`',
    )


def test_several_entries_are_for_the_target() -> None:
    several = (FORKS[1], package("click", "9"), replace(FORKS[1], version=None))
    assert refused(GRAPH, by("click", *several)) == (
        AmbiguousError,
        "old/uv.lock: package click: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        " 8 at package click 8 and 9 at package click 9 and no version at package click 8",
        "name the version that is meant: click = { version = …, lock = … }",
    )


# Where nothing tells what the replacement depends on


def test_it_depends_on_what_the_replaced_one_does() -> None:
    a_lock = lock(
        package("a", "1", needs("b", "==1"), edge("c", "sys_platform == 'win32'", version="1"), edge("d", extra="x")),
        package("b", "1"),
        package("b", "2"),
        package("c", "1"),
        package("d", "1"),
        roots=(edge("a", extras=("x",)), edge("b", version="1")),
    )
    replacement = by("a", package("a", "2"), is_told=False)
    b = by("b", package("b", "3"))
    assert versions(a_lock, replacement, b) == {"a": "2", "b": "3", "d": "1"}
    assert versions(a_lock, replacement, b, here=WINDOWS) == {"a": "2", "b": "3", "c": "1", "d": "1"}


def test_it_depends_on_what_the_entry_of_the_target_does() -> None:
    a_lock = lock(
        package("a", "1", edge("b")),
        package("a", "2", edge("c")),
        package("b"),
        package("c"),
        roots=(edge("a", "sys_platform == 'win32'", version="1"), edge("a", "os_name == 'posix'", version="2")),
    )
    replacement = by("a", package("a", "3"), is_told=False)
    assert versions(a_lock, replacement) == {"a": "3", "c": "1.0"}
    assert versions(a_lock, replacement, here=WINDOWS) == {"a": "3", "b": "1.0"}


def test_edges_that_only_inform_are_not_needs() -> None:
    """A requirements.txt says that click asks for colorama, and not where."""
    a_lock = lock(
        package("click", "8", edge("colorama")),
        package("colorama"),
        roots=(edge("click"), edge("colorama", "sys_platform == 'win32'")),
        shape="star",
    )
    assert versions(a_lock, by("click", package("click", "7"), is_told=False)) == {"click": "7"}


def test_edges_of_another_lock_name_nothing_of_it() -> None:
    entry = package("a", "1", edge("b", "os_name == 'posix'", version="2", source="index", extras=("x",)))
    (found,) = of_another_lock(entry).dependencies
    assert found == edge("b", "os_name == 'posix'", extras=("x",))


# Nothing to replace


def test_a_package_that_is_not_in_the_lock() -> None:
    member = package("member", is_virtual=True)
    a_lock = lock(*GRAPH.packages, member, roots=(edge("flask"), edge("member")))
    for name in ("clikc", "member"):
        assert refused(a_lock, by(name)) == (
            NothingToReplaceError,
            f"pyproject.toml: replace.{name}: variant v replaces {name}: uv.lock does not have it",
            "name a package of the lock",
        )


def test_a_package_that_only_some_targets_get() -> None:
    a_lock = lock(package("a"), package("b"), roots=(edge("a"), edge("b", "sys_platform == 'win32'")))
    assert versions(a_lock, by("b", package("b", "2")), here=WINDOWS) == {"a": "1.0", "b": "2"}
    assert refused(a_lock, by("b")) == (
        NothingToReplaceError,
        "pyproject.toml: replace.b: variant v replaces b: uv.lock has it,"
        " and Python 3.12 on manylinux_2_28_x86_64 does not get it",
        EXCLUDE,
    )


def test_a_package_that_goes_with_another_that_is_dropped() -> None:
    assert refused(GRAPH, by("flask"), by("click", package("click", "7"))) == (
        NothingToReplaceError,
        "pyproject.toml: replace.click: variant v replaces click: nothing in this variant needs it any more",
        "leave it out of `replace`",
    )


# Unmet dependencies


def test_the_replacement_needs_what_is_not_locked() -> None:
    assert refused(GRAPH, by("click", package("click", "9", edge("rich")))) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: click 9 depends on rich, and nothing of that name is in this resolution",
        ADD.format("rich"),
    )


def test_the_replacement_needs_what_the_target_does_not_get() -> None:
    star = lock(
        *(package(name) for name in ("click", "rich")),
        roots=(edge("click"), edge("rich", "sys_platform == 'win32'")),
        shape="star",
    )
    click = by("click", package("click", "9", needs("rich", ">=1,<2", ">=3"), needs("gone", extra="x")))
    assert versions(star, click, here=WINDOWS) == {"click": "9", "rich": "1.0"}
    assert refused(star, click) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: click 9 depends on rich <2,>=1 || >=3, and nothing of that name is in this"
        " resolution",
        ADD.format("rich <2,>=1 || >=3"),
    )


def test_the_replacement_needs_another_version() -> None:
    old = package("flask", "2.0", needs("werkzeug", "<3"))
    assert refused(GRAPH, by("flask", old)) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: flask 2.0 depends on werkzeug <3, and werkzeug 3.0 is in this resolution",
        "let variant v replace werkzeug by a version that suits",
    )
    assert versions(GRAPH, by("flask", old), by("werkzeug", package("werkzeug", "2"))) == {
        "flask": "2.0",
        "werkzeug": "2",
    }


def test_what_is_locked_needs_another_version() -> None:
    a_lock = lock(package("flask", "3.0", needs("werkzeug", ">=3")), package("werkzeug", "3.0"))
    assert refused(a_lock, by("werkzeug", package("werkzeug", "2.0"))) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: flask 3.0 depends on werkzeug >=3, and werkzeug 2.0 is in this resolution",
        "let variant v replace flask by a version that suits",
    )


def test_the_project_may_be_gone_against() -> None:
    project = package("project", None, needs("flask", ">=3"), is_virtual=True)
    roots = (needs("flask", ">=3"), edge("project"))
    a_lock = lock(package("flask", "3.0"), project, roots=roots)
    assert versions(a_lock, by("flask", package("flask", "2.0"))) == {"flask": "2.0"}


def test_what_was_unmet_before_is_not_asked_for() -> None:
    """A lock may override what packages say."""
    a_lock = lock(
        package("flask", "3.0", needs("werkzeug", "<3"), needs("click", "<8")),
        package("werkzeug", "3.0"),
        package("click", "8"),
    )
    assert versions(a_lock, by("werkzeug", package("werkzeug", "3.1")))["werkzeug"] == "3.1"
    assert versions(a_lock, by("flask", package("flask", "3.1", needs("werkzeug", "<2"))))["flask"] == "3.1"


def test_what_has_no_version_suits() -> None:
    a_lock = lock(package("flask", "3.0", needs("werkzeug", ">=3")), package("werkzeug", "3.0"))
    assert versions(a_lock, by("werkzeug", replace(package("werkzeug", "2"), version=None)))["werkzeug"] is None


def test_a_replacement_that_has_no_file_that_fits() -> None:
    entry = package("click", "7", wheels=("click-7-cp312-cp312-win_amd64.whl",))
    kind, message, _ = refused(GRAPH, by("click", entry))
    assert kind is NoArtifactError
    assert message == (
        "uv.lock: pyproject.toml: replace.click: no file of click 7 fits Python 3.12 on manylinux_2_28_x86_64 (every"
        " wheel is for another platform or Python, and there is no sdist); the lock offers"
        " click-7-cp312-cp312-win_amd64.whl"
    )

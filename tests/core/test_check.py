"""Everything that is wrong with a lock, of every cell, and nothing that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.check import Report, Subject, check
from pytest_ofiuco.core.finding import Finding, in_order
from pytest_ofiuco.core.lock import Lock, Package, Selection
from pytest_ofiuco.core.pythons import as_meant, pythons_of
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.core.variant import Replacement, Variant
from pytest_ofiuco.errors import OfiucoError, UsageError
from tests.locks import SHA256, edge, lock, package, read_lock
from tests.targets import target

OLD = Subject(name="old", target=target("3.9", "manylinux_2_17_x86_64"), selection=Selection())
NEW = Subject(name="new", target=target("3.13", "manylinux_2_34_x86_64"), selection=Selection())
ARM = Subject(name="arm", target=target("3.13", "manylinux_2_34_aarch64"), selection=Selection(), is_foreign=True)


def checked(lock: Lock, *subjects: Subject, locked: bool = False) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    """Severity, code, package, message and cells of the findings; all have a hint and say where."""
    findings = check(lock, subjects or (OLD, NEW), locked=locked).findings
    assert all(finding.hint and finding.file for finding in findings)
    return [(each.severity, each.code, each.subject, each.message, each.cells) for each in findings]


def test_nothing_is_wrong() -> None:
    report = check(lock(package("b", "1.0", edge("a")), package("a"), roots=(edge("b"),)), (OLD, NEW))
    assert isinstance(report, Report)
    assert (report.findings, report.cells) == ((), ("old", "new"))
    assert [(str(taken.package), taken.cells) for taken in report.taken] == [
        ("b 1.0", ("old", "new")),
        ("a 1.0", ("old", "new")),
    ]


def test_no_file_fits() -> None:
    """All packages of a cell are told, and a cell's trouble is not another's."""
    a = package(
        "a", wheels=("a-1.0-cp39-cp39-manylinux_2_28_x86_64.whl", "a-1.0-cp313-cp313-manylinux_2_34_x86_64.whl")
    )
    b = package("b", wheels=("b-1.0-cp39-cp39-win_amd64.whl",))
    assert checked(lock(a, b)) == [
        ("error", "unfit", "a 1.0", "no file fits old (needs glibc ≥ 2.28, the platform has 2.17)", ("old",)),
        (
            "error",
            "unfit",
            "b 1.0",
            "no file fits any cell (every wheel is for another platform or Python, and there is no sdist)",
            ("old", "new"),
        ),
    ]


def test_many_cells_are_counted() -> None:
    subjects = [replace(NEW, name=f"cell{number}") for number in range(6)]
    ((_, _, _, message, cells),) = checked(lock(package("a", wheels=("a-1-cp39-cp39-win32.whl",))), *subjects[:1])
    assert (message.startswith("no file fits cell0 ("), cells) == (True, ("cell0",))
    markers = edge("a", 'python_version == "3.13"')
    a = package("a", wheels=("a-1-cp39-cp39-win32.whl",))
    ((_, _, _, message, _),) = checked(lock(a, roots=(markers,)), OLD, *subjects)
    assert message.startswith("no file fits cell0, cell1, cell2, cell3 and 2 more (")


def test_two_entries_at_once() -> None:
    one = package("a", "1.0", source="one")
    two = package("a", "2.0", source="two")
    first = edge("a", 'python_version < "3.13"', source="one")
    second = edge("a", 'python_version >= "3.9"', source="two")
    assert checked(lock(one, two, roots=(first, second))) == [
        (
            "error",
            "conflicting",
            "a 1.0",
            'several entries hold in old: 1.0 at package a 1.0 (python_version < "3.13") and'
            ' 2.0 at package a 2.0 (python_version >= "3.9")',
            ("old",),
        )
    ]


def test_an_edge_that_leads_nowhere() -> None:
    a = package(
        "a", "1.0", edge("gone"), edge("gone-too", 'python_version >= "3.13"'), edge("never", 'os_name == "nt"')
    )
    assert checked(lock(a)) == [
        ("error", "not-locked", "", "a 1.0 depends on gone, which is not locked, in every cell", ("old", "new")),
        ("error", "not-locked", "", "a 1.0 depends on gone-too, which is not locked, in new", ("new",)),
    ]


def test_a_python_that_is_not_admitted() -> None:
    made = lock(package("a", wheels=("a-1.0-cp39-cp39-win32.whl",)), requires_python=(">=3.10",))
    found = checked(made)
    assert found[0] == (
        "error",
        "not-admitted",
        "",
        "old: Python 3.9.0 is not admitted by '>=3.10'",
        ("old",),
    )
    assert [code for _, code, *_ in found] == ["not-admitted", "unfit"]
    assert check(replace(made, requires_python_file="pyproject.toml"), [OLD]).findings[0].file == "pyproject.toml"


def test_a_python_that_a_package_does_not_admit() -> None:
    assert checked(lock(package("a", requires_python=">=3.14"))) == [
        ("error", "not-admitted", "a 1.0", "new: Python 3.13.0 is not admitted by '>=3.14'", ("new",)),
        ("error", "not-admitted", "a 1.0", "old: Python 3.9.0 is not admitted by '>=3.14'", ("old",)),
    ]


def test_a_platform_that_is_not_admitted() -> None:
    made = lock(package("a"), environments=('platform_machine == "x86_64"',))
    assert checked(made, NEW, ARM) == [
        ("error", "not-admitted", "", 'arm: none of these holds there: platform_machine == "x86_64"', ("arm",))
    ]


@pytest.mark.parametrize(
    ("source", "is_told"),
    [
        pytest.param(Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", SHA256),)), True, id="sdist"),
        pytest.param(Archive(filename="a.zip", hashes=(("sha256", SHA256),)), True, id="archive"),
        pytest.param(Vcs(type="git", url="https://git.example.org/a", commit="0" * 40), True, id="vcs"),
        pytest.param(Directory(path="../a"), False, id="directory"),
    ],
)
def test_sources_only(source: Sdist | Archive | Vcs | Directory, is_told: bool) -> None:
    """What is built natively is no trouble; a directory is the project's own, and ships as it is."""
    if isinstance(source, Sdist):
        a = replace(package("a"), wheels=(), sdist=source)
    else:
        a = replace(package("a"), wheels=(), direct=source)
    message = "there is no wheel, only what must be built natively, for arm"
    expected = [("warning", "source-only", "a 1.0", message, ("arm",))] if is_told else []
    assert checked(lock(a), NEW, ARM) == expected


def test_sources_only_because_the_libc_is_too_old() -> None:
    a = package("a", wheels=("a-1.0-py3-none-manylinux_2_99_aarch64.whl",), sdist="a-1.0.tar.gz")
    message = "there is no wheel, only what must be built natively, for arm (needs glibc ≥ 2.99, the platform has 2.34)"
    assert checked(lock(a), ARM) == [("warning", "source-only", "a 1.0", message, ("arm",))]


def test_nothing_is_asked_of_the_project_itself() -> None:
    assert checked(lock(package("project", None, edge("a"), is_virtual=True), package("a"))) == []


# Hashes


def unhashed(name: str, *hashes: tuple[str, str]) -> Package:
    made = package(name)
    return replace(made, wheels=(replace(made.wheels[0], hashes=hashes),))


@pytest.mark.parametrize(
    ("hashes", "reason"),
    [
        pytest.param((), "no hash", id="none"),
        pytest.param((("md5", "0" * 32), ("sha512", "0" * 128)), "no sha256, only md5, sha512", id="others"),
        pytest.param((("sha256", "00"),), "'00' is no sha256", id="short"),
        pytest.param((("sha256", "x" * 64),), f"'{'x' * 64}' is no sha256", id="no digits"),
    ],
)
def test_hashes(hashes: tuple[tuple[str, str], ...], reason: str) -> None:
    """An error where a cell takes the file, since installing refuses it; a warning elsewhere."""
    name = "a-1.0-py3-none-any.whl"
    assert checked(lock(unhashed("a", *hashes)), NEW) == [
        ("error", "unhashed", "a 1.0", f"refused in new: {name}: {reason}", ("new",))
    ]
    assert checked(lock(unhashed("a", *hashes), roots=()), NEW) == [
        ("warning", "unhashed", "a 1.0", f"{name}: {reason}", ())
    ]


def test_hashes_that_need_not_be() -> None:
    assert check(lock(unhashed("a"), package("b")), [NEW], unhashed=("a",)).findings == ()


def test_every_kind_of_file_has_a_hash() -> None:
    a = replace(package("a"), sdist=Sdist(filename="a-1.0.tar.gz"))
    b = package("b", direct=Archive(filename="b.zip"))
    c = package("c", direct=Vcs(type="git", url="https://git.example.org/c", commit="0" * 40))
    assert [finding[2:4] for finding in checked(lock(a, b, c), NEW)] == [
        ("b 1.0", "refused in new: b.zip: no hash"),
        ("a 1.0", "a-1.0.tar.gz: no hash"),
    ]


# Markers that never hold

NEVER = 'sys_platform == "linux" and os_name == "nt"'


def test_markers_that_never_hold() -> None:
    """Of an entry, of an edge from the project, of an edge of a package; one finding each."""
    star = replace(edge("a", NEVER), at="package a 1.0")
    own = replace(edge("b", NEVER), at="package[0].dependencies[0]")
    theirs = edge("a", NEVER)
    made = lock(package("a"), package("b", "1.0", theirs, theirs), roots=(star, star, own, edge("b")))
    sentence = f"under a marker that can never hold: {NEVER!r}"
    found = check(made, [NEW]).findings
    assert [(each.subject, each.at, each.message, each.hint) for each in found] == [
        ("b 1.0", "edge to a", f"the dependency on a is {sentence}", "tell the publisher of b: it is never installed"),
        ("a 1.0", "package a 1.0", f"it is wanted {sentence}", "correct it in pyproject.toml, and lock again"),
        (
            "",
            "package[0].dependencies[0]",
            f"the dependency on b is {sentence}",
            "correct it in pyproject.toml, and lock again",
        ),
    ]
    assert {(each.severity, each.code, each.cells) for each in found} == {("warning", "never", ())}


@pytest.mark.parametrize(
    ("marker", "is_told"),
    [
        pytest.param('sys_platform == "linux-x86_64"', False, id="it is met"),
        pytest.param('sys_platform == "linux-x86_64" and python_version < "3.13"', True, id="not by this Python"),
        pytest.param('sys_platform == "linux-arm"', True, id="another name"),
        pytest.param('sys_platform == "linux-arm" and "dev" in extras', True, id="of extras"),
    ],
)
def test_a_platform_that_no_machine_is(marker: str, is_told: bool) -> None:
    """Its ``markers`` are the user's own: what holds there is meant."""
    platform = replace(NEW.target.platform, markers=(("sys_platform", "linux-x86_64"),))
    own = replace(NEW, target=replace(NEW.target, platform=platform))
    made = lock(package("a"), package("b"), roots=(edge("a", marker), edge("b")))
    assert [code for _, code, *_ in checked(made, NEW, own)] == ["never"] * is_told
    assert [code for _, code, *_ in checked(made, NEW)] == ["never"]


def test_markers_that_no_python_of_the_lock_meets() -> None:
    """A package may have dependencies for Pythons that this lock is not for."""
    old = 'python_version < "3.9"'
    made = lock(
        package("a", "1.0", edge("b", old)),
        package("b"),
        roots=(edge("a"), edge("b", old)),
        extras={"x": (edge("b", 'python_version >= "3.12"'),)},
        requires_python=(">=3.9",),
    )
    assert checked(made, NEW) == [
        (
            "warning",
            "never",
            "",
            f"the dependency on b is under a marker that no Python of '>=3.9' meets: {old!r}",
            (),
        )
    ]


def test_forks_and_environments_that_never_hold() -> None:
    made = lock(package("a", forks=(NEVER, 'os_name == "nt"')), environments=('os_name == "posix"', NEVER))
    assert checked(made, NEW) == [
        ("warning", "never", "", f"one of them is a marker that can never hold: {NEVER!r}", ()),
        ("warning", "never", "a 1.0", f"it is for a fork whose marker can never hold: {NEVER!r}", ()),
    ]


# The lock's age


@pytest.mark.parametrize(("locked", "severity"), [(False, "warning"), (True, "error")])
def test_a_stale_lock(locked: bool, severity: str) -> None:
    made = replace(lock(package("a")), stale="out of date with pyproject.toml", relock="uv lock")
    assert checked(made, locked=locked) == [(severity, "stale", "", "out of date with pyproject.toml", ())]
    assert check(made, [NEW]).findings[0].hint == "lock again: `uv lock`"


# Variants


def variant(*replacements: tuple[str, tuple[Package, ...]]) -> Variant:
    return Variant(
        name="v",
        file="pyproject.toml",
        replacements=tuple(
            Replacement(name=canonicalize_name(name), at=f"tool.ofiuco.variants.v.replace.{name}", entries=entries)
            for name, entries in replacements
        ),
    )


def with_variant(*replacements: tuple[str, tuple[Package, ...]]) -> Subject:
    return replace(NEW, name="new-v", variant=variant(*replacements))


BASE = lock(package("a", "1.0", edge("b")), package("b"), package("c"), roots=(edge("a"),))


def test_a_variant_is_checked_with_what_it_brings() -> None:
    """An entry that stays is the same one in both cells."""
    two = replace(unhashed("b"), version="2.0", wheels=(Wheel(filename="b-2.0-py3-none-any.whl"),))
    report = check(BASE, (NEW, with_variant(("b", (two,)))))
    assert [(str(taken.package), taken.package.at, taken.cells) for taken in report.taken] == [
        ("a 1.0", "package a 1.0", ("new", "new-v")),
        ("b 1.0", "package b 1.0", ("new",)),
        ("b 2.0", "pyproject.toml: tool.ofiuco.variants.v.replace.b", ("new-v",)),
    ]
    (finding,) = report.findings
    assert finding.message == "refused in new-v: b-2.0-py3-none-any.whl: no hash"
    assert (finding.file, finding.at) == ("pyproject.toml", "tool.ofiuco.variants.v.replace.b")


def test_a_variant_that_does_not_fit() -> None:
    """Not reached, not there, without what it depends on: told of the cell, in the words of a resolution."""
    for replaced, at in (
        (("z", ()), "tool.ofiuco.variants.v.replace.z"),
        (("c", ()), "tool.ofiuco.variants.v.replace.c"),
        (("b", (package("b", "2.0", edge("z")),)), ""),
    ):
        subject = with_variant(replaced)
        with pytest.raises(OfiucoError) as caught:
            resolve(BASE, subject.target, subject.selection, subject.variant)
        (finding,) = check(BASE, (NEW, subject)).findings
        assert (finding.severity, finding.code, finding.cells) == ("error", "variant", ("new-v",))
        assert (finding.file, finding.at, finding.hint) == ("pyproject.toml", at, caught.value.hint)
        told = ": ".join(filter(None, (finding.file, finding.at, finding.message.removeprefix("new-v: "))))
        assert told == str(caught.value)


def test_a_variant_of_a_lock_that_is_incomplete() -> None:
    made = replace(BASE, packages=BASE.packages[:1])
    assert [finding.code for finding in check(made, [with_variant(("b", ()))]).findings] == ["not-locked"]


# The Pythons that a lock is for


def test_pythons_of_a_lock() -> None:
    assert list(map(str, pythons_of(lock(package("a"))))) == [f"3.{minor}" for minor in range(8, 16)]
    assert list(map(str, pythons_of(lock(package("a"), requires_python=("<3,>=2.7", ">=3.9.2,<3.11"))))) == [
        "3.9",
        "3.10",
    ]
    with pytest.raises(UsageError, match=r"'<3' admits no Python from 3\.8 to 3\.15$") as caught:
        pythons_of(lock(package("a"), requires_python=("<3",)))
    assert caught.value.hint == "name one with --python"


def test_pythons_of_the_environments_of_a_lock() -> None:
    markers = ('python_full_version >= "3.10.4" and os_name == "nt"', 'python_version == "3.12" and os_name == "posix"')
    made = lock(package("a"), requires_python=(">=3.9,<3.12",), environments=markers)
    assert list(map(str, pythons_of(made))) == ["3.10", "3.11"]
    assert list(map(str, pythons_of(replace(made, environments=made.environments[1:], requires_python=())))) == ["3.12"]


@pytest.mark.parametrize(
    ("python", "full_version"),
    [("3.9", "3.9.2"), ("3.9.1", "3.9.1"), ("3.10", "3.10.0"), ("3.8", "3.8.0"), ("pypy3.9", "3.9.2")],
)
def test_a_minor_version_is_the_lowest_that_is_admitted(python: str, full_version: str) -> None:
    meant = as_meant(lock(package("a"), requires_python=(">=3.9.2",)), Python.parse(python))
    assert (meant.full_version, str(meant)) == (full_version, python)


def test_the_order_of_findings() -> None:
    """Errors first, then by code, then as in the lock, where 10 comes after 9."""
    ats = ["package[10]", "package[9]", "package[9].wheels[2]", "", "1" * 20]
    findings = [Finding(severity="warning", code="never", message="m", file="uv.lock", at=at) for at in ats]
    found = in_order([*findings, replace(findings[0], code="a"), replace(findings[0], severity="error", code="z")])
    assert [(each.code, each.at) for each in found] == [
        ("z", "package[10]"),
        ("a", "package[10]"),
        ("never", ""),
        ("never", "1" * 20),
        ("never", "package[9]"),
        ("never", "package[9].wheels[2]"),
        ("never", "package[10]"),
    ]


def test_a_lock_that_poetry_wrote() -> None:
    """The marker of an entry is told at the entry, once for all of its groups."""
    text = (
        '[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["main", "dev"]\n'
        'markers = "platform_system == \\"Linux\\" and sys_platform == \\"darwin\\""\nfiles = []\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\ncontent-hash = "0"\n'
    )
    (finding,) = check(read_lock("poetry.lock", text), [NEW]).findings
    assert (finding.code, finding.at, finding.subject) == ("never", "package[0]", "a 1.0")

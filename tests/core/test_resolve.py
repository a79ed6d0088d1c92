"""Resolution: reachability, one version each, the file that fits; numbers are of cases that other systems get wrong."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Vcs, Wheel, hashes_of
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import (
    AmbiguousError,
    InputError,
    NoArtifactError,
    NotLockedError,
    PlatformNotAdmittedError,
    PythonNotAdmittedError,
)
from tests.locks import edge, lock, package
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target

LINUX = "sys_platform == 'linux'"
NOT_LINUX = "sys_platform != 'linux'"


def resolved(
    a_lock: Lock, here: Target = LINUX_X86_64, *, groups: list[str] | None = None, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(a_lock, here, a_lock.selection(groups=groups, extras=extras))


def names(a_lock: Lock, here: Target = LINUX_X86_64, **options: object) -> list[str]:
    return [pin.name for pin in resolved(a_lock, here, **options).packages]  # type: ignore[arg-type]


def chosen(here: Target, *wheels: str, sdist: str | None = None) -> str:
    """The file that is chosen of a package that has these."""
    name = (wheels or (sdist or "",))[0].partition("-")[0]
    (pin,) = resolved(lock(package(name, wheels=wheels, sdist=sdist)), here).packages
    found = getattr(pin.artifact, "filename", None)
    assert isinstance(found, str)
    return found


# Reachability


def test_what_is_reachable_sorted() -> None:
    a_lock = lock(
        package("c"), package("b", "1.0", edge("c")), package("a", "1.0", edge("b")), package("d"), roots=(edge("a"),)
    )
    resolution = resolved(a_lock)
    assert resolution.versions() == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert list(resolution.versions()) == ["a", "b", "c"]
    assert [pin.dependencies for pin in resolution.packages] == [("b",), ("c",), ()]
    assert resolution.target is LINUX_X86_64


def test_nothing() -> None:
    assert names(lock()) == []


@pytest.mark.parametrize(
    ("here", "expected"),
    [pytest.param(LINUX_X86_64, ["a", "b"], id="holds"), pytest.param(WINDOWS, ["a", "c"], id="does not")],
)
def test_markers(here: Target, expected: list[str]) -> None:
    a_lock = lock(
        package("a", "1.0", edge("b", LINUX), edge("c", NOT_LINUX)), package("b"), package("c"), roots=(edge("a"),)
    )
    assert names(a_lock, here) == expected


def test_alternatives_of_which_one_holds() -> None:
    """Case 5."""
    a_lock = lock(package("a", "1.0", edge("b", NOT_LINUX), edge("b", LINUX)), package("b"), roots=(edge("a"),))
    assert names(a_lock) == ["a", "b"]


def test_a_marker_that_no_platform_meets() -> None:
    """Case 6."""
    a_lock = lock(
        package("a"), roots=(edge("a", "platform_system == 'Linux' and sys_platform == 'darwin'"),), shape="star"
    )
    assert not any(names(a_lock, here) for here in (LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64, WINDOWS))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param("torch", ["torch", "triton"], id="torch and triton"),
        pytest.param("triton", ["torch", "triton"], id="from the other end"),
        pytest.param("sphinx", ["sphinx", "sphinxcontrib-serializinghtml"], id="sphinx"),
        pytest.param("core", ["core", "task-sdk"], id="through another"),
        pytest.param("self", ["self"], id="itself"),
    ],
)
def test_cycles(root: str, expected: list[str]) -> None:
    a_lock = lock(
        package("torch", "2.0.0", edge("triton")),
        package("triton", "2.0.0", edge("torch")),
        package("sphinx", "7.1.0", edge("sphinxcontrib-serializinghtml")),
        package("sphinxcontrib-serializinghtml", "1.1.9", edge("sphinx")),
        package("core", "1.0", edge("task-sdk")),
        package("task-sdk", "1.0", edge("core")),
        package("self", "1.0", edge("self")),
        roots=(edge(root),),
    )
    resolution = resolved(a_lock)
    assert list(resolution.versions()) == expected
    assert all(pin.name not in pin.dependencies for pin in resolution.packages)


def test_a_chain_longer_than_the_stack() -> None:
    count = 5_000
    packages = [package(f"p{number}", "1.0", edge(f"p{number + 1}")) for number in range(count)]
    assert len(names(lock(*packages, package(f"p{count}"), roots=(edge("p0"),)))) == count + 1


# Extras and groups


EXTRAS = lock(
    package("a", "1.0", edge("b", extras=("x",))),
    package("b", "1.0", edge("c", extra="x"), edge("d", extra="y"), edge("e", "'x' in extras")),
    package("c", "1.0", edge("b", extras=("y",))),
    package("d"),
    package("e"),
    roots=(edge("b"),),
    groups={"dev": (edge("a"),), "by-marker": (edge("d", "'y' in extras"),)},
    extras={"y": (edge("d"),)},
)


def test_an_extra_that_nobody_asks_for() -> None:
    assert names(EXTRAS) == ["b"]


def test_extras_are_asked_for_along_the_way() -> None:
    """b is first reached without extras, then with x; x brings c, which asks b for y, which brings d."""
    assert names(EXTRAS, groups=["main", "dev"]) == ["a", "b", "c", "d", "e"]
    pins = {pin.name: pin.dependencies for pin in resolved(EXTRAS, groups=["main", "dev"]).packages}
    assert pins == {"a": ("b",), "b": ("c", "d", "e"), "c": ("b",), "d": (), "e": ()}


def test_a_group_alone() -> None:
    assert names(EXTRAS, groups=["by-marker"]) == []


def test_an_extra_of_the_project() -> None:
    assert names(EXTRAS, groups=["by-marker"], extras=("y",)) == ["d"]
    assert names(EXTRAS, groups=["main"], extras=("y",)) == ["b", "d"]


def test_extras_of_one_package_are_not_those_of_another() -> None:
    a_lock = lock(
        package("a", "1.0", edge("c", extra="x")),
        package("b", "1.0", edge("d", extra="x")),
        package("c"),
        package("d"),
        roots=(edge("a", extras=("x",)), edge("b")),
    )
    assert names(a_lock) == ["a", "b", "c"]


def test_a_cycle_of_extras() -> None:
    """``markdown-it-py[plugins]`` asks for ``mdit-py-plugins``, which asks for ``markdown-it-py``."""
    a_lock = lock(
        package("markdown-it-py", "1.0", edge("mdit-py-plugins", extra="plugins")),
        package("mdit-py-plugins", "1.0", edge("markdown-it-py", extras=("plugins",))),
        roots=(edge("markdown-it-py", extras=("plugins",)),),
    )
    assert names(a_lock) == ["markdown-it-py", "mdit-py-plugins"]


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        pytest.param(("cpu",), {"torch": "2.0+cpu"}, id="15: cpu"),
        pytest.param(("gpu",), {"torch": "2.0"}, id="15: gpu"),
    ],
)
def test_encoded_extras(extras: tuple[str, ...], expected: dict[str, str]) -> None:
    a_lock = lock(
        package("torch", "2.0", source="gpu"),
        package("torch", "2.0+cpu", source="cpu"),
        roots=(),
        extras={
            "cpu": (edge("torch", "'extra-7-project-cpu' in extras", version="2.0+cpu"),),
            "gpu": (edge("torch", "'extra-7-project-gpu' in extras", version="2.0"),),
        },
        activates={
            ("extra", "cpu"): frozenset({"extra-7-project-cpu"}),
            ("extra", "gpu"): frozenset({"extra-7-project-gpu"}),
        },
    )
    assert resolved(a_lock, extras=extras).versions() == expected


# Stars


def test_a_star_follows_no_edge_between_packages() -> None:
    a_lock = lock(
        package("a", "1.0", edge("b"), edge("c")),
        package("b"),
        package("c"),
        roots=(edge("a"), edge("c")),
        shape="star",
    )
    assert {pin.name: pin.dependencies for pin in resolved(a_lock).packages} == {"a": ("c",), "c": ()}


def test_extras_in_a_star() -> None:
    """An extra that one package asks of another decides what that one depends on, as in a graph."""
    a_lock = lock(
        package("c", "1.0", edge("d", "'y' in extras")),
        package("d"),
        package("b", "1.0", edge("c", "'x' in extras", extras=("y",))),
        package("a", "1.0", edge("b", extras=("x",))),
        shape="star",
    )
    pins = {pin.name: pin.dependencies for pin in resolved(a_lock).packages}
    assert pins == {"a": ("b",), "b": ("c",), "c": ("d",), "d": ()}


# Entries of one name


FLASKS = (package("flask", "2.2.5"), package("flask", "3.1.1"))


@pytest.mark.parametrize(
    ("python", "version"), [pytest.param("3.13", "2.2.5", id="3.13"), pytest.param("3.12", "3.1.1", id="3.12")]
)
def test_versions_by_marker(python: str, version: str) -> None:
    """Case 4."""
    a_lock = lock(
        *FLASKS,
        roots=(
            edge("flask", "python_version >= '3.13'", version="2.2.5"),
            edge("flask", "python_version == '3.12'", version="3.1.1"),
        ),
    )
    assert resolved(a_lock, target(python, "win_amd64")).versions() == {"flask": version}


def test_two_at_once_are_refused_with_both_markers() -> None:
    """Case 1."""
    a_lock = lock(
        *FLASKS,
        roots=(
            edge("flask", "python_version >= '3.12'", version="2.2.5"),
            edge("flask", "python_version < '4'", version="3.1.1"),
        ),
    )
    with pytest.raises(AmbiguousError) as caught:
        resolved(a_lock)
    assert str(caught.value) == (
        "uv.lock: package flask: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        ' 2.2.5 at package flask 2.2.5 (python_version >= "3.12") and'
        ' 3.1.1 at package flask 3.1.1 (python_version < "4")'
    )
    assert caught.value.exit_code == 1
    assert caught.value.hint


@pytest.mark.parametrize(
    ("python", "filename"),
    [
        pytest.param("3.11", "a-1.0-py3-none-any.whl", id="one fork"),
        pytest.param("3.12", "a-1.0-1-py3-none-any.whl", id="another"),
        pytest.param("3.13", "a-1.0-2-py3-none-any.whl", id="the third"),
    ],
)
def test_one_version_in_forks(python: str, filename: str) -> None:
    """Case 12: the wheels of the fork that holds."""
    forks = ("python_version < '3.12'", "python_version == '3.12'", "python_version > '3.12'")
    files = ("a-1.0-py3-none-any.whl", "a-1.0-1-py3-none-any.whl", "a-1.0-2-py3-none-any.whl")
    a_lock = lock(
        *(package("a", wheels=(file,), forks=(fork,)) for file, fork in zip(files, forks, strict=True)),
        roots=(edge("a"),),
    )
    (pin,) = resolved(a_lock, target(python, "win_amd64")).packages
    assert getattr(pin.artifact, "filename", None) == filename


def test_edges_are_told_apart_by_version_and_source() -> None:
    """Case 13."""
    a_lock = lock(
        package("numpy", "2.0.2"),
        package("numpy", "2.1.0", source="index"),
        package("numpy", "2.1.0", source="mirror"),
        roots=(
            edge("numpy", "python_version < '3.10'", version="2.0.2"),
            edge("numpy", "python_version >= '3.10'", version="2.1.0", source="mirror"),
        ),
    )
    assert [pin.version for pin in resolved(a_lock).packages] == ["2.1.0"]
    assert [pin.version for pin in resolved(a_lock, target("3.9", "win_amd64")).packages] == ["2.0.2"]


# What is not locked or not admitted


def test_a_dependency_that_is_not_locked() -> None:
    """Case 11: an error only if its marker holds."""
    a_lock = lock(package("a", "1.0", edge("b", NOT_LINUX)), roots=(edge("a"),))
    assert names(a_lock) == ["a"]
    with pytest.raises(NotLockedError) as caught:
        names(a_lock, WINDOWS)
    assert str(caught.value) == "uv.lock: edge to b: a 1.0 depends on b, which is not locked"
    assert (caught.value.exit_code, caught.value.hint) == (2, "lock the project again: this lock is incomplete")


def test_a_version_that_is_not_locked() -> None:
    with pytest.raises(NotLockedError, match=r"the project depends on a 2\.0, which is not locked"):
        names(lock(package("a"), roots=(edge("a", version="2.0"),)))


@pytest.mark.parametrize(
    ("requires_python", "python", "admitted"),
    [
        pytest.param((">=3.10",), "3.10", True, id="admitted"),
        pytest.param((">=3.10",), "3.9", False, id="older"),
        pytest.param((">=3.8,<3.9", ">=3.12"), "3.12", True, id="8: the second alternative"),
        pytest.param((">=3.8,<3.9", ">=3.12"), "3.10", False, id="8: between alternatives"),
        pytest.param((">=3.13",), "3.14.0rc1", True, id="a prerelease"),
        pytest.param((), "3.6", True, id="nothing said"),
    ],
)
def test_python(requires_python: tuple[str, ...], python: str, admitted: bool) -> None:
    a_lock = lock(package("a"), requires_python=requires_python)
    here = target(python, "win_amd64")
    if admitted:
        assert names(a_lock, here) == ["a"]
        return
    with pytest.raises(PythonNotAdmittedError) as caught:
        names(a_lock, here)
    asked = f"{' || '.join(requires_python)!r}"
    assert str(caught.value) == f"uv.lock: requires-python: Python {python}.0 is not admitted by {asked}"
    assert caught.value.exit_code == 1
    assert caught.value.hint


def test_python_of_a_package() -> None:
    a_lock = lock(package("a", requires_python=">=3.13"))
    assert names(a_lock, target("3.13", "win_amd64")) == ["a"]
    with pytest.raises(PythonNotAdmittedError, match=r"package a 1\.0 \(a 1\.0\): Python 3\.12\.0 is not admitted"):
        names(a_lock)


def test_environments() -> None:
    a_lock = lock(package("a"), environments=("sys_platform == 'darwin'", "sys_platform == 'win32'"))
    assert names(a_lock, WINDOWS) == names(a_lock, MACOS_ARM64) == ["a"]
    with pytest.raises(PlatformNotAdmittedError) as caught:
        names(a_lock)
    assert str(caught.value) == (
        "uv.lock: environments: none holds for Python 3.12 on manylinux_2_28_x86_64:"
        ' sys_platform == "darwin"; sys_platform == "win32"'
    )
    assert (caught.value.exit_code, bool(caught.value.hint)) == (1, True)


def test_a_marker_that_cannot_be_evaluated() -> None:
    a_lock = lock(package("a"), roots=(edge("a", "python_version ~= 'x'"),))
    with pytest.raises(InputError, match='marker python_version ~= "x": cannot be evaluated'):
        names(a_lock)


# Artifacts


@pytest.mark.parametrize(
    "direct",
    [
        pytest.param(Archive(filename="a-1.0.tar.xz", path="a-1.0.tar.xz"), id="archive"),
        pytest.param(Vcs(type="git", url="https://example.org/a", commit="abc"), id="vcs"),
        pytest.param(Directory(path="a"), id="directory"),
    ],
)
def test_direct(direct: Archive | Vcs | Directory) -> None:
    (pin,) = resolved(lock(package("a", direct=direct))).packages
    assert pin.artifact is direct


def test_a_virtual_package_is_followed_and_left_out() -> None:
    """Case 16."""
    a_lock = lock(package("project", None, edge("a"), is_virtual=True), package("a"), roots=(edge("project"),))
    assert names(a_lock) == ["a"]


@pytest.mark.parametrize(
    ("here", "wheels", "expected"),
    [
        pytest.param(
            target("3.12", "manylinux_2_26_aarch64"),
            ("numpy-1-cp312-cp312-manylinux_2_28_aarch64.whl", "numpy-1-cp312-cp312-manylinux_2_17_aarch64.whl"),
            "numpy-1-cp312-cp312-manylinux_2_17_aarch64.whl",
            id="18: glibc 2.26",
        ),
        pytest.param(
            target("3.12", "manylinux_2_34_aarch64"),
            ("numpy-1-cp312-cp312-manylinux_2_17_aarch64.whl", "numpy-1-cp312-cp312-manylinux_2_28_aarch64.whl"),
            "numpy-1-cp312-cp312-manylinux_2_28_aarch64.whl",
            id="18: glibc 2.34",
        ),
        pytest.param(
            target("3.10", "manylinux_2_28_x86_64"),
            ("c-1-cp37-abi3-manylinux_2_28_x86_64.whl", "c-1-cp311-abi3-manylinux_2_17_x86_64.whl"),
            "c-1-cp37-abi3-manylinux_2_28_x86_64.whl",
            id="19: 3.10",
        ),
        pytest.param(
            target("3.12", "manylinux_2_28_x86_64"),
            ("c-1-cp37-abi3-manylinux_2_28_x86_64.whl", "c-1-cp311-abi3-manylinux_2_17_x86_64.whl"),
            "c-1-cp311-abi3-manylinux_2_17_x86_64.whl",
            id="19: 3.12",
        ),
        pytest.param(
            target("3.13", "macosx_14_0_arm64"),
            ("c-1-cp38-abi3-macosx_10_9_universal2.whl", "c-1-cp311-abi3-macosx_10_9_universal2.whl"),
            "c-1-cp311-abi3-macosx_10_9_universal2.whl",
            id="20: the newer abi3",
        ),
        pytest.param(
            LINUX_X86_64,
            ("c-1-py3-none-any.whl", "c-1-cp38-abi3-manylinux_2_17_x86_64.whl"),
            "c-1-cp38-abi3-manylinux_2_17_x86_64.whl",
            id="20: a platform wheel before any",
        ),
        pytest.param(
            target("3.13t", "manylinux_2_28_x86_64"),
            ("c-1-cp313-cp313-manylinux_2_28_x86_64.whl", "c-1-cp313-cp313t-manylinux_2_28_x86_64.whl"),
            "c-1-cp313-cp313t-manylinux_2_28_x86_64.whl",
            id="21: free-threaded",
        ),
        pytest.param(
            target("3.13", "manylinux_2_28_x86_64"),
            ("c-1-cp313-cp313t-manylinux_2_28_x86_64.whl", "c-1-cp313-cp313-manylinux_2_28_x86_64.whl"),
            "c-1-cp313-cp313-manylinux_2_28_x86_64.whl",
            id="21: with the GIL",
        ),
        pytest.param(
            MACOS_ARM64,
            ("c-1-cp312-cp312-macosx_10_9_universal2.whl", "c-1-cp312-cp312-macosx_11_0_arm64.whl"),
            "c-1-cp312-cp312-macosx_11_0_arm64.whl",
            id="22: its own architecture",
        ),
        pytest.param(
            target("3.12", "macosx_14_0_x86_64"),
            ("c-1-cp312-cp312-macosx_10_9_universal2.whl", "c-1-cp312-cp312-macosx_11_0_arm64.whl"),
            "c-1-cp312-cp312-macosx_10_9_universal2.whl",
            id="22: universal on x86_64",
        ),
        pytest.param(
            target("3.12", "musllinux_1_2_x86_64"),
            ("c-1-cp312-cp312-manylinux_2_5_x86_64.whl", "c-1-cp312-cp312-musllinux_1_2_x86_64.whl"),
            "c-1-cp312-cp312-musllinux_1_2_x86_64.whl",
            id="23: musl",
        ),
        pytest.param(
            LINUX_X86_64,
            ("c-1-cp312-cp312-musllinux_1_1_x86_64.whl", "c-1-cp312-cp312-manylinux1_x86_64.whl"),
            "c-1-cp312-cp312-manylinux1_x86_64.whl",
            id="23, 24: glibc by its oldest name",
        ),
        pytest.param(
            target("3.12", "manylinux_2_17_x86_64"),
            (
                "c-1-cp312-cp312-manylinux2010_x86_64.whl",
                "c-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ),
            "c-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            id="24: compressed tags",
        ),
        pytest.param(
            LINUX_X86_64,
            ("torch-2.2.1+cu121-cp311-cp311-linux_x86_64.whl", "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl"),
            "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl",
            id="24: bare linux",
        ),
        pytest.param(
            LINUX_X86_64,
            ("c-1-cp312-cp312-linux_x86_64.whl", "c-1-cp312-cp312-manylinux_2_17_x86_64.whl"),
            "c-1-cp312-cp312-manylinux_2_17_x86_64.whl",
            id="24: a known libc before bare linux",
        ),
        pytest.param(
            WINDOWS,
            ("six-1.16.0-py2.py3-none-any.whl", "six-1.16.0-1-py2.py3-none-any.whl"),
            "six-1.16.0-1-py2.py3-none-any.whl",
            id="25: build tag",
        ),
        pytest.param(
            WINDOWS,
            ("six-1.16.0-9-py2.py3-none-any.whl", "six-1.16.0-10-py2.py3-none-any.whl"),
            "six-1.16.0-10-py2.py3-none-any.whl",
            id="25: build tags are numbers",
        ),
        pytest.param(
            WINDOWS,
            ("six-1-2-py3-none-any.whl", "six-1-py3-none-win_amd64.whl"),
            "six-1-py3-none-win_amd64.whl",
            id="25: the tag before the build tag",
        ),
        pytest.param(
            WINDOWS, ("InquirerPy-0.3.4-py3-none-any.whl",), "InquirerPy-0.3.4-py3-none-any.whl", id="25: upper case"
        ),
        pytest.param(
            WINDOWS, ("ruamel.yaml-0.18-py3-none-any.whl",), "ruamel.yaml-0.18-py3-none-any.whl", id="25: a dot"
        ),
        pytest.param(
            WINDOWS,
            (
                "c-1-cp312-cp312-amiga_68k.whl",
                "c-1-py27-none-any.whl",
                "c-1-pp310-pypy310_pp73-win_amd64.whl",
                "c.whl",
                "c-1-cp312-cp312-win_amd64.whl",
            ),
            "c-1-cp312-cp312-win_amd64.whl",
            id="25: unknown tags and names are passed over",
        ),
    ],
)
def test_wheel(here: Target, wheels: tuple[str, ...], expected: str) -> None:
    assert chosen(here, *wheels) == expected
    assert chosen(here, *reversed(wheels)) == expected
    assert chosen(here, *wheels, sdist="c-1.tar.gz") == expected


@pytest.mark.parametrize(
    ("here", "wheel", "reason"),
    [
        pytest.param(
            target("3.12", "manylinux_2_26_aarch64"),
            "c-1-cp312-cp312-manylinux_2_34_aarch64.whl",
            "needs glibc ≥ 2.34, the platform has 2.26",
            id="18: a newer glibc",
        ),
        pytest.param(
            target("3.12", "musllinux_1_1_x86_64"),
            "c-1-cp312-cp312-musllinux_1_2_x86_64.whl",
            "needs musl ≥ 1.2, the platform has 1.1",
            id="23: a newer musl",
        ),
        pytest.param(
            target("3.12", "musllinux_1_2_x86_64"),
            "c-1-cp312-cp312-manylinux_2_5_x86_64.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="23: glibc on musl",
        ),
        pytest.param(
            target("3.13t", "manylinux_2_28_x86_64"),
            "c-1-cp39-abi3-manylinux_2_28_x86_64.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="21: abi3 on a free-threaded build",
        ),
        pytest.param(
            MACOS_ARM64,
            "c-1-cp312-cp312-macosx_26_0_arm64.whl",
            "needs macOS ≥ 26.0, the platform has 14.0",
            id="22: a later macOS",
        ),
        pytest.param(
            WINDOWS,
            "c-1-cp312-cp312-macosx_11_0_arm64.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="another system",
        ),
        pytest.param(
            target("3.11", "win_amd64"),
            "c-1-py312-none-any.whl",
            "every wheel is for another platform or Python, and there is no sdist",
            id="25: a later Python",
        ),
    ],
)
def test_no_wheel(here: Target, wheel: str, reason: str) -> None:
    assert chosen(here, wheel, sdist="c-1.tar.gz") == "c-1.tar.gz"
    with pytest.raises(NoArtifactError) as caught:
        chosen(here, wheel)
    assert str(caught.value) == (
        f"uv.lock: package c 1.0: no file of c 1.0 fits {here} ({reason}); the lock offers {wheel}"
    )
    assert caught.value.exit_code == 1
    assert caught.value.hint == "lock a version of c that has a file for this platform, or leave this cell out"


def test_no_file_at_all() -> None:
    hollow = Package(name=package("a").name, version="1.0", at="packages[0]")
    with pytest.raises(NoArtifactError, match=r"\(nothing to install\); the lock offers no files at all"):
        names(lock(hollow))


def test_many_files_of_which_none_fits() -> None:
    wheels = tuple(f"c-1-cp312-cp312-macosx_{number}_0_arm64.whl" for number in range(11, 21))
    with pytest.raises(NoArtifactError, match=r"macosx_16_0_arm64\.whl, and 4 more$"):
        chosen(WINDOWS, *wheels)


def test_an_sdist_for_want_of_a_wheel_is_remarked() -> None:
    """What other tools take without a word: numpy's sdist on AWS Lambda's older glibc."""
    numpy = package(
        "numpy", "2.4.6", wheels=("numpy-2.4.6-cp312-cp312-manylinux_2_34_x86_64.whl",), sdist="numpy-2.4.6.tar.gz"
    )
    other = package("other", "1.0", wheels=("other-1.0-cp312-cp312-win32.whl",), sdist="other-1.0.tar.gz")
    source = package("source", "1.0", sdist="source-1.0.tar.gz")
    made = lock(numpy, other, source)
    assert resolve(made, LINUX_X86_64, made.selection()).remarks == (
        "numpy 2.4.6: no wheel fits (needs glibc ≥ 2.34, the platform has 2.28):"
        " numpy-2.4.6.tar.gz must be built on such a platform",
        "other 1.0: no wheel fits (each is for another platform or Python):"
        " other-1.0.tar.gz must be built on such a platform",
    )


@pytest.mark.parametrize("digest", ["73", "g" * 64, "0" * 63, "", "a" * 65])
def test_a_malformed_sha256_is_remarked(digest: str) -> None:
    """The answer quotes the lock, as uv does; the store refuses to install by it, `ofiuco check` calls it an error."""
    wheel = Wheel(filename="a-1.0-py3-none-any.whl", hashes=hashes_of({"sha256": digest}))
    fine = Wheel(filename="b-1.0-py3-none-any.whl", hashes=hashes_of({"sha256": "0A" * 32}))
    made = lock(
        Package(name=package("a").name, version="1.0", wheels=(wheel,), at="packages[0]"),
        Package(name=package("b").name, version="1.0", wheels=(fine,), at="packages[1]"),
    )
    (remark,) = resolve(made, LINUX_X86_64, made.selection()).remarks
    assert remark.startswith("a 1.0: a-1.0-py3-none-any.whl: ")
    assert remark.endswith(" is no sha256: no file can be installed by it")


def test_a_package_that_depends_on_the_project() -> None:
    """What is virtual is not in a resolution, and so no dependency in it."""
    a_lock = lock(
        package("project", "0", edge("docs"), is_virtual=True),
        package("docs", "1.0", edge("project"), edge("b")),
        package("b"),
        roots=(edge("docs"),),
    )
    found = resolve(a_lock, LINUX_X86_64, a_lock.selection())
    assert {pin.name: pin.dependencies for pin in found.packages} == {"b": (), "docs": ("b",)}

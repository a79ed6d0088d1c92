"""requirements.txt: a line for each package of a target, markers in that of a matrix."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import IndistinctCellsError, InputError, UnhashedError
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.requirements import requirements_txt, unhashable
from tests.export.cells import cell, resolved, resolved_all
from tests.locks import SHA256, edge, lock, package
from tests.targets import LINUX_X86_64, WINDOWS, target

HASHES = (("md5", "0"), ("sha256", SHA256))
COMMAND = "ofiuco export --format requirements"


def pinned(
    here: Target, artifact: Artifact, *, version: str | None = "1.0", variant: str | None = None
) -> ResolvedCell:
    a_lock = lock()
    pins = (Pin(name=canonicalize_name("a"), version=version, artifact=artifact),)
    resolution = Resolution(lock=a_lock, target=here, selection=a_lock.selection(), packages=pins)
    return ResolvedCell(cell=cell(here, variant), resolution=resolution)


def lines(*cells: ResolvedCell, public_index: str = "") -> str:
    """What is written below the two lines of comment."""
    text = requirements_txt(lock(), cells, command=COMMAND, public_index=public_index)
    return text.split("\n", 2)[2]


def wheel(*, url: str | None = None, path: str | None = None, index: str | None = None) -> Wheel:
    return Wheel(filename="a-1.0-py3-none-any.whl", hashes=HASHES, url=url, path=path, index=index)


def test_a_target() -> None:
    a_lock = lock(package("b", "2.0"), package("a-b", "1.0", edge("b"), sdist="a-b-1.0.tar.gz"))
    cells = [resolved(a_lock, LINUX_X86_64)]
    # Where the lock tells no place, an index knows; that of these cells is their own.
    packages = tuple(
        replace(pin, artifact=replace(pin.artifact, index="https://index.example.org/simple/"))
        for pin in cells[0].resolution.packages
        if isinstance(pin.artifact, Wheel | Sdist)
    )
    cells = [replace(cells[0], resolution=replace(cells[0].resolution, packages=packages))]
    public = "https://index.example.org/simple"
    assert requirements_txt(a_lock, cells, command=COMMAND, public_index=public) == (
        "# uv.lock (uv 1.3) for Python 3.12 on manylinux_2_28_x86_64\n"
        "# made by: ofiuco export --format requirements\n"
        f"a-b==1.0 --hash=sha256:{SHA256}\n"
        f"b==2.0 --hash=sha256:{SHA256}\n"
    )


def test_a_matrix() -> None:
    """One line for what is one package, with the hashes of all cells where it holds."""
    one, other = "1" * 64, "2" * 64
    windows = pinned(WINDOWS, Wheel(filename="a-1.0-cp312-cp312-win_amd64.whl", hashes=(("sha256", other),)))
    linux = pinned(LINUX_X86_64, Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", one),)))
    new = pinned(target("3.13", "win_amd64"), wheel(), version="2.0")
    assert requirements_txt(lock(), [windows, linux, new], command=COMMAND) == (
        "# uv.lock (uv 1.3) for 3 cells: py312-win_amd64, py312-manylinux_2_28_x86_64, py313-win_amd64\n"
        "# made by: ofiuco export --format requirements\n"
        'a==1.0 ; python_version < "3.13" \\\n'
        f"    --hash=sha256:{one} \\\n"
        f"    --hash=sha256:{other}\n"
        f'a==2.0 ; python_version >= "3.13" --hash=sha256:{SHA256}\n'
    )


def test_a_package_of_some_cells() -> None:
    a_lock = lock(package("a"), package("b"), roots=(edge("a"), edge("b", 'sys_platform == "win32"')))
    cells = resolved_all(a_lock, [WINDOWS, LINUX_X86_64])
    packages = requirements_txt(a_lock, cells, command=COMMAND).splitlines()[2:]
    assert [line.partition(" --hash")[0] for line in packages] == [
        "a @ https://files.example.org/a-1.0-py3-none-any.whl",
        'b @ https://files.example.org/b-1.0-py3-none-any.whl ; sys_platform == "win32"',
    ]


def test_indexes_that_need_to_be_named() -> None:
    own = pinned(
        WINDOWS, wheel(url="https://files.example.org/a.whl", index="https://user:password@index.example.org/x")
    )
    assert lines(own) == f"--extra-index-url https://index.example.org/x\na==1.0 --hash=sha256:{SHA256}\n"
    assert lines(own, public_index="https://index.example.org/x/") == f"a==1.0 --hash=sha256:{SHA256}\n"


@pytest.mark.parametrize(
    ("artifact", "named"),
    [
        pytest.param(
            wheel(), ["https://cuda.example.org/simple", "https://index.example.org/simple"], id="it is there"
        ),
        pytest.param(wheel(index="https://own.example.org"), ["https://own.example.org"], id="an index of its own"),
        pytest.param(wheel(url="https://files.example.org/a.whl"), [], id="a URL"),
        pytest.param(wheel(path="a.whl"), [], id="a path"),
    ],
)
def test_indexes_of_the_lock(artifact: Artifact, named: list[str]) -> None:
    """pdm's sources and those of a requirements.txt are asked for what has no place of its own."""
    indexes = ("https://user:password@index.example.org/simple", "https://cuda.example.org/simple", "../wheels")
    text = requirements_txt(replace(lock(), indexes=indexes), [pinned(WINDOWS, artifact)], command=COMMAND)
    assert [line.split()[1] for line in text.splitlines() if line.startswith("--extra-index-url")] == named


def test_a_comment_is_a_line() -> None:
    a_lock = replace(lock(), path="a\nb.lock")
    text = requirements_txt(a_lock, [pinned(WINDOWS, wheel())], command="ofiuco export --lock 'a\nb.lock'")
    assert text.splitlines()[:2] == [
        "# a b.lock (uv 1.3) for Python 3.12 on win_amd64",
        "# made by: ofiuco export --lock 'a b.lock'",
    ]


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        pytest.param(
            wheel(url="https://u:p@files.example.org/a.whl#x"), "a @ https://files.example.org/a.whl", id="url"
        ),
        pytest.param(wheel(path="wheels/a.whl", index="wheels"), "./wheels/a.whl", id="path"),
        pytest.param(wheel(path="/wheels/a.whl"), "/wheels/a.whl", id="absolute path"),
        pytest.param(wheel(path="C:/wheels/a.whl"), "C:/wheels/a.whl", id="absolute path on Windows"),
        pytest.param(
            Archive(filename="a.zip", hashes=HASHES, url="https://files.example.org/a.zip", subdirectory="s"),
            "a @ https://files.example.org/a.zip#subdirectory=s",
            id="archive",
        ),
        pytest.param(Archive(filename="a.zip", hashes=HASHES, path="../a.zip"), "../a.zip", id="archive at a path"),
    ],
)
def test_direct_file(artifact: Artifact, expected: str) -> None:
    assert lines(pinned(WINDOWS, artifact)) == f"{expected} --hash=sha256:{SHA256}\n"


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        pytest.param(
            Vcs(type="git", url="https://u:p@example.org/a.git", commit="c0", subdirectory="s"),
            "a @ git+https://example.org/a.git@c0#subdirectory=s",
            id="vcs",
        ),
        pytest.param(Directory(path="."), ".", id="directory"),
        pytest.param(Directory(path="libs/a", editable=True), "-e ./libs/a", id="editable directory"),
        pytest.param(Directory(path="../a", subdirectory="s"), "../a/s", id="part of a directory"),
    ],
)
def test_source(artifact: Artifact, expected: str) -> None:
    source = pinned(WINDOWS, artifact)
    assert lines(source) == f"{expected}\n"
    assert unhashable([source]) == ["a"]
    assert unhashable([pinned(WINDOWS, wheel())]) == []


@pytest.mark.parametrize("artifact", [wheel(), Sdist(filename="a-1.0.tar.gz", hashes=HASHES)], ids=["wheel", "sdist"])
def test_a_version_that_only_the_name_tells(artifact: Artifact) -> None:
    assert lines(pinned(WINDOWS, artifact, version=None)) == f"a==1.0 --hash=sha256:{SHA256}\n"


# What is refused


def test_a_file_that_tells_no_version() -> None:
    with pytest.raises(InputError) as caught:
        lines(pinned(WINDOWS, Sdist(filename="a.tgz", hashes=HASHES), version=None))
    assert caught.value.render() == (
        "error: uv.lock: package a: a.tgz: tells no version\n"
        "hint: lock the project again with a tool that records versions"
    )


def test_a_file_without_a_hash() -> None:
    with pytest.raises(UnhashedError) as caught:
        lines(pinned(WINDOWS, Wheel(filename="a-1.0-py3-none-any.whl")))
    assert str(caught.value) == "uv.lock: package a: a-1.0-py3-none-any.whl: the lock has no sha256 for this file"


def test_a_repository_at_a_path() -> None:
    with pytest.raises(InputError) as caught:
        lines(pinned(WINDOWS, Vcs(type="git", path="../a", commit="c0")))
    assert caught.value.render() == (
        "error: uv.lock: package a: a repository at a path has no place in requirements.txt\n"
        "hint: lock it by its URL, or leave it out of the selection"
    )


def test_cells_that_no_marker_tells_apart() -> None:
    with pytest.raises(IndistinctCellsError) as caught:
        lines(pinned(WINDOWS, wheel()), pinned(WINDOWS, wheel(), version="2.0", variant="new"))
    assert (caught.value.package, caught.value.first, caught.value.second) == (
        "a",
        "py312-win_amd64",
        "py312-win_amd64-new",
    )

"""pylock.toml: what is written of each kind of artifact, of a target and of a matrix, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import IndistinctCellsError, InputError, NoLocationError, UnhashedError
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.pylock import pylock_toml, requires_python
from tests.export.cells import cell, resolved, resolved_all
from tests.locks import SHA256, edge, lock, package, read_lock
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target

HASHES = (("sha256", SHA256),)
CPYTHON = ' and implementation_name == "cpython"'


def pinned(here: Target, *pins: Pin, variant: str | None = None) -> ResolvedCell:
    a_lock = lock()
    resolution = Resolution(lock=a_lock, target=here, selection=a_lock.selection(), packages=pins)
    return ResolvedCell(cell=cell(here, variant), resolution=resolution)


def pin(name: str, artifact: Artifact, *dependencies: str, version: str | None = "1.0") -> Pin:
    names = tuple(canonicalize_name(each) for each in dependencies)
    return Pin(name=canonicalize_name(name), version=version, artifact=artifact, dependencies=names)


def wheel(
    name: str = "a",
    version: str = "1.0",
    tag: str = "py3-none-any",
    *,
    url: str | None = None,
    index: str | None = None,
) -> Wheel:
    filename = f"{name}-{version}-{tag}.whl"
    return Wheel(filename=filename, hashes=HASHES, url=url or f"https://files.example.org/{filename}", index=index)


def packages(cells: Sequence[ResolvedCell], a_lock: Lock | None = None) -> str:
    """What is written below the head."""
    return pylock_toml(a_lock or lock(), cells).partition("[[packages]]\n")[2]


def test_a_target() -> None:
    a_lock = lock(package("b", "2.0"), package("a", "1.0", edge("b"), sdist="a-1.0.tar.gz"))
    assert (
        pylock_toml(a_lock, [resolved(a_lock, LINUX_AARCH64)])
        == f"""\
lock-version = "1.0"
environments = [
    'python_version == "3.12" and sys_platform == "linux" and platform_machine == "aarch64"{CPYTHON}',
]
requires-python = ">=3.12,<3.13"
created-by = "pytest-ofiuco"

[[packages]]
name = "a"
version = "1.0"
dependencies = [
    {{ name = "b" }},
]
sdist = {{ url = "https://files.example.org/a-1.0.tar.gz", hashes = {{ sha256 = "{SHA256}" }} }}

[[packages]]
name = "b"
version = "2.0"
wheels = [
    {{ url = "https://files.example.org/b-2.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA256}" }} }},
]
"""
    )


def test_a_matrix() -> None:
    """Each cell's own wheel of one entry, a marker where some cells lack a package, two versions told apart."""
    linux, windows = ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1.0-cp312-cp312-win_amd64.whl")
    a_lock = lock(
        package("a", "1.0", edge("b", version="1.0"), edge("b", version="2.0"), wheels=(linux, windows)),
        package("b", "1.0"),
        package("b", "2.0"),
        package("c", "1.0"),
        roots=(
            edge("a"),
            edge("b", 'sys_platform == "linux"', version="1.0"),
            edge("b", 'sys_platform != "linux"', version="2.0"),
            edge("c", 'sys_platform == "win32"'),
        ),
    )
    a_lock = replace(
        a_lock,
        packages=(
            replace(
                a_lock.packages[0],
                dependencies=(
                    edge("b", 'sys_platform == "linux"', version="1.0"),
                    edge("b", 'sys_platform != "linux"', version="2.0"),
                ),
            ),
            *a_lock.packages[1:],
        ),
    )
    text = pylock_toml(a_lock, resolved_all(a_lock, [WINDOWS, LINUX_X86_64, LINUX_X86_64]))
    assert (
        text
        == f"""\
lock-version = "1.0"
environments = [
    'python_version == "3.12" and sys_platform == "win32" and platform_machine == "AMD64"{CPYTHON}',
    'python_version == "3.12" and sys_platform == "linux" and platform_machine == "x86_64"{CPYTHON}',
]
requires-python = ">=3.12,<3.13"
created-by = "pytest-ofiuco"

[[packages]]
name = "a"
version = "1.0"
dependencies = [
    {{ name = "b", version = "1.0" }},
    {{ name = "b", version = "2.0" }},
]
wheels = [
    {{ url = "https://files.example.org/{linux}", hashes = {{ sha256 = "{SHA256}" }} }},
    {{ url = "https://files.example.org/{windows}", hashes = {{ sha256 = "{SHA256}" }} }},
]

[[packages]]
name = "b"
version = "1.0"
marker = 'sys_platform == "linux"'
wheels = [
    {{ url = "https://files.example.org/b-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA256}" }} }},
]

[[packages]]
name = "b"
version = "2.0"
marker = 'sys_platform == "win32"'
wheels = [
    {{ url = "https://files.example.org/b-2.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA256}" }} }},
]

[[packages]]
name = "c"
version = "1.0"
marker = 'sys_platform == "win32"'
wheels = [
    {{ url = "https://files.example.org/c-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA256}" }} }},
]
"""
    )


def test_nothing() -> None:
    """``packages`` is required, of a project that depends on nothing too."""
    written = pylock_toml(lock(), [resolved(lock(), LINUX_X86_64)])
    assert written.endswith('created-by = "pytest-ofiuco"\npackages = []\n')
    assert read_lock("pylock.toml", written).packages == ()


def test_the_order_of_cells_is_irrelevant_to_packages() -> None:
    a_lock = lock(package("a", wheels=("a-1.0-cp312-cp312-win_amd64.whl",), sdist="a-1.0.zip"), package("b"))
    cells = resolved_all(a_lock, [WINDOWS, LINUX_X86_64, MACOS_ARM64])
    assert packages(cells, a_lock) == packages(cells[::-1], a_lock)


SOURCES = [
    pytest.param(
        wheel(
            url="https://user:password@files.example.org/a-1.0-py3-none-any.whl?x=1#sha256=0", index="https://u:p@i/s"
        ),
        'version = "1.0"\nindex = "https://i/s"\nwheels = [\n    { url ='
        f' "https://files.example.org/a-1.0-py3-none-any.whl?x=1", hashes = {{ sha256 = "{SHA256}" }} }},\n]\n',
        id="no password",
    ),
    pytest.param(
        wheel(version="1.0+cu121", url="https://files.example.org/a-1.0%2Bcu121-py3-none-any.whl"),
        'version = "1.0+cu121"\nwheels = [\n    { url ='
        f' "https://files.example.org/a-1.0%2Bcu121-py3-none-any.whl", hashes = {{ sha256 = "{SHA256}" }} }},\n]\n',
        id="a quoted URL",
    ),
    pytest.param(
        wheel(url="https://files.example.org/download/17"),
        'version = "1.0"\nwheels = [\n    { name = "a-1.0-py3-none-any.whl", url ='
        f' "https://files.example.org/download/17", hashes = {{ sha256 = "{SHA256}" }} }},\n]\n',
        id="a URL that does not end in the name",
    ),
    pytest.param(
        Wheel(filename="a-1.0-py3-none-any.whl", hashes=HASHES, path="wheels/a-1.0-py3-none-any.whl", index="wheels"),
        'version = "1.0"\nwheels = [\n    { path = "wheels/a-1.0-py3-none-any.whl", hashes ='
        f' {{ sha256 = "{SHA256}" }} }},\n]\n',
        id="a path",
    ),
    pytest.param(
        Sdist(filename="a-1.0.tar.gz", hashes=(("md5", "1"), *HASHES), url="https://files.example.org/a-1.0.tar.gz"),
        'version = "1.0"\nsdist = { url = "https://files.example.org/a-1.0.tar.gz", hashes ='
        f' {{ md5 = "1", sha256 = "{SHA256}" }} }}\n',
        id="sdist",
    ),
    pytest.param(
        Sdist(filename="a-1.0.tar.bz2", hashes=HASHES, url="https://files.example.org/a-1.0.tar.bz2"),
        'version = "1.0"\narchive = { url = "https://files.example.org/a-1.0.tar.bz2", hashes ='
        f' {{ sha256 = "{SHA256}" }} }}\n',
        id="an sdist of an old kind",
    ),
    pytest.param(
        wheel(name="another"),
        'version = "1.0"\narchive = { url = "https://files.example.org/another-1.0-py3-none-any.whl", hashes ='
        f' {{ sha256 = "{SHA256}" }} }}\n',
        id="a wheel of another name",
    ),
    pytest.param(
        Archive(filename="a.zip", hashes=HASHES, path="a.zip", subdirectory="python"),
        'version = "1.0"\narchive = { path = "a.zip", hashes ='
        f' {{ sha256 = "{SHA256}" }}, subdirectory = "python" }}\n',
        id="archive",
    ),
    pytest.param(
        Vcs(type="git", url="ssh://git:password@example.org/a", commit="c0", requested_revision="v1", subdirectory="s"),
        'version = "1.0"\nvcs = { type = "git", url = "ssh://git@example.org/a", requested-revision = "v1",'
        ' commit-id = "c0", subdirectory = "s" }\n',
        id="vcs",
    ),
    pytest.param(
        Vcs(type="git", path="../a", commit="c0"),
        'version = "1.0"\nvcs = { type = "git", path = "../a", commit-id = "c0" }\n',
        id="a repository at a path",
    ),
    pytest.param(
        Directory(path="../a", editable=True, subdirectory="s"),
        'directory = { path = "../a", editable = true, subdirectory = "s" }\n',
        id="directory",
    ),
    pytest.param(Directory(path="."), 'directory = { path = "." }\n', id="a directory that is not editable"),
]


@pytest.mark.parametrize(("artifact", "expected"), SOURCES)
def test_source(artifact: Artifact, expected: str) -> None:
    version = "1.0+cu121" if isinstance(artifact, Wheel) and "+" in artifact.filename else "1.0"
    assert packages([pinned(WINDOWS, pin("a", artifact, version=version))]) == f'name = "a"\n{expected}'


def test_no_version() -> None:
    assert packages([pinned(WINDOWS, pin("a", wheel(), version=None))]).startswith('name = "a"\nwheels = [')


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(wheel(), wheel(index="https://index.example.org/simple"), id="two indexes"),
        pytest.param(wheel(), replace(wheel(), hashes=(("sha256", "1" * 64),)), id="one name, two files"),
        pytest.param(wheel(), wheel(tag="py3-none-win_amd64"), id="a wheel that the other cell would take"),
        pytest.param(
            Sdist(filename="a-1.0.zip", hashes=HASHES, url="u"),
            Sdist(filename="a-1.0.tar.gz", hashes=HASHES, url="u"),
            id="two source distributions",
        ),
        pytest.param(wheel(), Directory(path="a"), id="a file and a folder"),
        pytest.param(Vcs(type="git", url="u", commit="0"), Vcs(type="git", url="u", commit="1"), id="two commits"),
    ],
)
def test_two_sources_of_one_version(first: Artifact, second: Artifact) -> None:
    """They are two entries; whoever depends on the package tells them by their markers."""
    user = wheel(name="user")
    cells = [
        pinned(target("3.12", "win_amd64"), pin("a", first), pin("user", user, "a")),
        pinned(target("3.13", "win_amd64"), pin("a", second), pin("user", user, "a")),
    ]
    text = packages(cells)
    assert text.count('name = "a"\n') == 2
    told = 'version = "1.0", ' if not isinstance(second, Directory) else ""
    assert f"""    {{ name = "a", {told}marker = 'python_version >= "3.13"' }},\n""" in text


def test_cells_that_take_different_files_share_an_entry() -> None:
    """A free-threaded Python, and an older glibc, are no variables of markers: tags tell which file is whose."""
    names = ("cp313-cp313t-win_amd64", "cp313-cp313-win_amd64")
    cells = [
        pinned(target(python, "win_amd64"), pin("a", wheel(tag=tag)))
        for python, tag in zip(("3.13t", "3.13"), names, strict=True)
    ]
    text = pylock_toml(lock(), cells)
    assert text.count('name = "a"\n') == text.count("python_version") == 1
    assert [line.count("files.example.org") for line in text.splitlines() if ".whl" in line] == [1, 1]


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        pytest.param(["3.12"], ">=3.12,<3.13", id="one"),
        pytest.param(["3.13", "3.9", "3.10"], ">=3.9,<3.14", id="several"),
        pytest.param(["3.12.4"], ">=3.12.4,<3.13", id="an exact one"),
        pytest.param(["3.15.0rc1", "3.15t"], ">=3.15.0rc1,<3.16", id="a prerelease"),
    ],
)
def test_requires_python(pythons: list[str], expected: str) -> None:
    assert requires_python([Python.parse(each) for each in pythons]) == expected


# What is refused


def test_a_file_without_a_place() -> None:
    with pytest.raises(NoLocationError) as caught:
        packages([pinned(WINDOWS, pin("a", Wheel(filename="a-1.0-py3-none-any.whl", hashes=HASHES)))])
    assert caught.value.render() == (
        "error: uv.lock: package a: nothing says where a-1.0-py3-none-any.whl is\n"
        "hint: lock again with a tool that records URLs, or configure the index that has it"
    )


def test_a_file_without_a_hash() -> None:
    with pytest.raises(UnhashedError) as caught:
        packages([pinned(WINDOWS, pin("a", Archive(filename="x.zip", hashes=(("md5", "0"),), url="u")))])
    assert str(caught.value) == "uv.lock: package a: x.zip: the lock has no sha256 for this file"


def test_cells_that_no_marker_tells_apart() -> None:
    cells = [pinned(WINDOWS, pin("a", wheel())), pinned(WINDOWS, variant="slim")]
    with pytest.raises(IndistinctCellsError) as caught:
        packages(cells)
    assert caught.value.render() == (
        "error: uv.lock: package a: no marker tells cell py312-win_amd64 from cell py312-win_amd64-slim, and they do"
        " not get the same of it\nhint: export one of them alone, with --python, --platform and --variant"
    )


def test_what_a_pylock_cannot_hold() -> None:
    with pytest.raises(InputError) as caught:
        packages(
            [
                pinned(
                    WINDOWS,
                    pin("a", Directory(path="a")),
                    pin("b", Archive(filename="b.zip", hashes=HASHES, url="u"), version="one"),
                )
            ]
        )
    assert caught.value.render() == (
        "error: uv.lock: package b: Invalid version: 'one'\n"
        "hint: leave it out of the selection: a pylock.toml cannot hold it"
    )

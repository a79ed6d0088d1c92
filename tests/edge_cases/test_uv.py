"""Cases 12–17: uv.lock, version 1 with any revision."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import ConflictError, InputError, LockVersionError, UnhashedError
from pytest_ofiuco.export.published import required_sha256
from tests.edge_cases.reading import FILES, INDEX, SHA256, artifacts, file_of, pins
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

PROJECT = '[project]\nname = "project"\nversion = "0"\n'


def entry(name: str, version: str = "1.0", more: str = "", *, source: str = f'registry = "{INDEX}"') -> str:
    """An entry with one pure wheel, where its source is an index and no files are given."""
    text = f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ {source} }}\n'
    if source.startswith("registry") and "wheels = " not in more:
        text += f'wheels = [{{ url = "{FILES}/{name}-{version}-py3-none-any.whl", hash = "sha256:{SHA256}" }}]\n'
    return text + more + "\n"


def read(*entries: str, head: str = "", pyproject: str = PROJECT, revision: int = 3) -> Lock:
    text = f'version = 1\nrevision = {revision}\nrequires-python = ">=3.8"\n{head}\n'
    return read_lock("uv.lock", text + "\n".join(entries), pyproject)


def root(more: str) -> str:
    return entry("project", "0", more, source='virtual = "."')


FORKS = {"cp311": "< '3.12'", "cp312": "== '3.12.*'", "cp313": ">= '3.13'"}


@pytest.mark.parametrize("revision", [1, 2, 3, 9])
@pytest.mark.parametrize(
    ("python", "tag"),
    [
        pytest.param("3.11", "cp311", id="12: the first fork"),
        pytest.param("3.12.9", "cp312", id="12: the second"),
        pytest.param("3.13", "cp313", id="12: the third"),
    ],
)
def test_one_version_in_three_forks(python: str, tag: str, revision: int) -> None:
    """Seen: the first entry of a name and version taken for the only one."""
    forks = [
        entry(
            "a",
            more=f'resolution-markers = ["python_full_version {marker}"]\n'
            f'wheels = [{{ url = "{FILES}/a-1.0-{each}-{each}-win_amd64.whl", hash = "sha256:{SHA256}" }}]',
        )
        for each, marker in FORKS.items()
    ]
    for ordered in (forks, forks[::-1]):
        lock = read(root('dependencies = [{ name = "a" }]'), *ordered, revision=revision)
        assert file_of(lock, "a", target(python, "win_amd64")) == f"a-1.0-{tag}-{tag}-win_amd64.whl"


@pytest.mark.parametrize(
    ("python", "version"),
    [pytest.param("3.9", "2.0.2", id="13: one edge"), pytest.param("3.12", "2.2.0", id="13: the other")],
)
def test_one_name_twice_in_a_list(python: str, version: str) -> None:
    """Seen: edges kept in a table by name, of which the last is left."""
    edges = (
        '{ name = "numpy", version = "2.0.2", marker = "python_full_version < \'3.10\'" }',
        '{ name = "numpy", version = "2.2.0", marker = "python_full_version >= \'3.10\'" }',
    )
    for ordered in (edges, edges[::-1]):
        lock = read(
            root('dependencies = [{ name = "a" }]'),
            entry("a", more=f"dependencies = [{', '.join(ordered)}]"),
            entry("numpy", "2.0.2"),
            entry("numpy", "2.2.0"),
        )
        assert pins(lock, target(python, "win_amd64")) == {"a": "1.0", "numpy": version}


@pytest.mark.parametrize(
    ("here", "url"),
    [
        pytest.param(LINUX_X86_64, f"{FILES}/torch-2.0-py3-none-any.whl", id="13: by source, one"),
        pytest.param(WINDOWS, f"{FILES}/cpu/torch-2.0-py3-none-any.whl", id="13: by source, the other"),
    ],
)
def test_one_version_from_two_sources(here: Target, url: str) -> None:
    cpu = 'registry = "https://index.example.org/cpu"'
    lock = read(
        root(
            f"dependencies = [\n"
            f'{{ name = "torch", version = "2.0", source = {{ registry = "{INDEX}" }},'
            " marker = \"sys_platform == 'linux'\" },\n"
            f'{{ name = "torch", version = "2.0", source = {{ {cpu} }}, marker = "sys_platform != \'linux\'" }},\n]'
        ),
        entry("torch", "2.0"),
        entry(
            "torch",
            "2.0",
            f'wheels = [{{ url = "{FILES}/cpu/torch-2.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]',
            source=cpu,
        ),
    )
    found = artifacts(lock, here)["torch"]
    assert isinstance(found, Wheel)
    assert found.url == url


EXTRAS = read(
    root(
        'dependencies = [{ name = "a", extra = ["async", "sync"] }, { name = "plain" }]\n'
        '[package.optional-dependencies]\nmore = [{ name = "d" }]\nBuild_It = [{ name = "e" }]\n'
        '[package.metadata]\nprovides-extras = ["more", "build-it", "empty"]'
    ),
    entry(
        "a",
        more="[package.optional-dependencies]\n"
        'async = [{ name = "b", marker = "extra == \'async\'" }]\n'
        'sync = [{ name = "c" }]\n'
        'other = [{ name = "d" }]',
    ),
    entry("plain", more='[package.optional-dependencies]\nasync = [{ name = "e" }]'),
    *(entry(each) for each in "bcde"),
)


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        pytest.param((), ["a", "b", "c", "plain"], id="14: of an edge"),
        pytest.param(("more",), ["a", "b", "c", "d", "plain"], id="14: of the project"),
        pytest.param(("build.it",), ["a", "b", "c", "e", "plain"], id="14: however it is written"),
        pytest.param(("empty",), ["a", "b", "c", "plain"], id="14: without dependencies"),
    ],
)
def test_extras(extras: tuple[str, ...], expected: list[str]) -> None:
    assert list(pins(EXTRAS, extras=extras)) == expected


CONFLICTS = read(
    root(
        'dependencies = [{ name = "a", marker = "extra == \'extra-7-project-cpu\'" },\n'
        "{ name = \"b\", marker = \"extra != 'extra-7-project-cpu' and extra != 'group-7-project-old'\" }]\n"
        "[package.optional-dependencies]\n"
        'cpu = [{ name = "torch", version = "2.0+cpu" }]\ngpu = [{ name = "torch", version = "2.0" }]\n'
        '[package.dev-dependencies]\nold = [{ name = "torch", version = "1.0" }]\ndev = [{ name = "c" }]'
    ),
    entry("torch", "1.0"),
    entry("torch", "2.0"),
    entry("torch", "2.0+cpu"),
    *(entry(each) for each in "abc"),
    head='conflicts = [[{ package = "project", extra = "cpu" }, { package = "project", extra = "gpu" },'
    ' { package = "project", group = "old" }]]',
)


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(("main",), (), {"b": "1.0"}, id="15: neither"),
        pytest.param(("main",), ("cpu",), {"a": "1.0", "torch": "2.0+cpu"}, id="15: an extra"),
        pytest.param(("main",), ("gpu",), {"b": "1.0", "torch": "2.0"}, id="15: the other"),
        pytest.param(("main", "old"), (), {"torch": "1.0"}, id="15: a group"),
        pytest.param(("main", "dev"), ("cpu",), {"a": "1.0", "c": "1.0", "torch": "2.0+cpu"}, id="15: and one more"),
    ],
)
def test_conflicts(groups: tuple[str, ...], extras: tuple[str, ...], expected: dict[str, str]) -> None:
    assert pins(CONFLICTS, groups=groups, extras=extras) == expected


@pytest.mark.parametrize(
    ("groups", "extras", "message"),
    [
        pytest.param(("main",), ("cpu", "gpu"), "extra cpu and extra gpu", id="15: two extras"),
        pytest.param(("main", "old"), ("gpu",), "extra gpu and group old", id="15: a group and an extra"),
    ],
)
def test_conflicting_selections(groups: tuple[str, ...], extras: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConflictError) as caught:
        pins(CONFLICTS, groups=groups, extras=extras)
    assert str(caught.value) == f"uv.lock: {message} conflict and cannot be selected together"
    assert caught.value.hint == "select one of them"


def test_sources() -> None:
    """16: what each kind of source installs; a virtual one nothing but its dependencies."""
    commit = "0123456789" * 4
    edges = [f'{{ name = "{each}" }}' for each in "abcdefg"]
    lock = read(
        root(f"dependencies = [{', '.join(edges)}]"),
        entry("a", more='dependencies = [{ name = "h" }]', source='virtual = "libs/a"'),
        entry("b", source='editable = "libs/b"'),
        entry("c", source='directory = "libs/c"'),
        entry("d", source=f'git = "https://example.org/d?subdirectory=sub&rev=main#{commit}"'),
        entry(
            "e",
            more=f'wheels = [{{ filename = "e-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]',
            source='path = "files/e-1.0-py3-none-any.whl"',
        ),
        entry("f", more=f'sdist = {{ hash = "sha256:{SHA256}" }}', source=f'url = "{FILES}/f-1.0.tar.gz"'),
        entry(
            "g",
            more=f'wheels = [{{ url = "{FILES}/g-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]',
            source=f'url = "{FILES}/g-1.0-py3-none-any.whl"',
        ),
        entry("h"),
    )
    hashes = (("sha256", SHA256),)
    found = artifacts(lock)
    assert sorted(found) == ["b", "c", "d", "e", "f", "g", "h"]
    assert found["b"] == Directory(path="libs/b", editable=True)
    assert found["c"] == Directory(path="libs/c")
    assert found["d"] == Vcs(
        type="git",
        url="https://example.org/d",
        commit=commit,
        requested_revision="main",
        subdirectory="sub",
    )
    assert found["e"] == Wheel(filename="e-1.0-py3-none-any.whl", path="files/e-1.0-py3-none-any.whl", hashes=hashes)
    assert found["f"] == Archive(filename="f-1.0.tar.gz", url=f"{FILES}/f-1.0.tar.gz", hashes=hashes)
    assert found["g"] == Wheel(filename="g-1.0-py3-none-any.whl", url=f"{FILES}/g-1.0-py3-none-any.whl", hashes=hashes)


WORKSPACE = (
    entry("one", "0", 'dependencies = [{ name = "a" }, { name = "two" }]', source='editable = "."'),
    entry("two", "0", 'dependencies = [{ name = "b" }]', source='editable = "packages/two"'),
    entry("three", "0", 'dependencies = [{ name = "c" }]', source='virtual = "packages/three"'),
    *(entry(each) for each in "abc"),
)
MEMBERS = '[manifest]\nmembers = ["one", "two", "three"]'


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("one", ["a", "b", "two"], id="16: the root"),
        pytest.param("two", ["b"], id="16: a member"),
        pytest.param("three", ["c"], id="16: a virtual member"),
    ],
)
def test_workspaces(name: str, expected: list[str]) -> None:
    """One lock, several members: each gets what is its own."""
    lock = read(*WORKSPACE, head=MEMBERS, pyproject=f'[project]\nname = "{name}"\nversion = "0"\n')
    assert list(pins(lock)) == expected


def test_a_file_without_a_hash() -> None:
    """17: it is resolved, so that it can be told which; and refused where it is fetched or exported."""
    wheel = "a-1.0-py3-none-any.whl"
    lock = read(root('dependencies = [{ name = "a" }]'), entry("a", more=f'wheels = [{{ url = "{FILES}/{wheel}" }}]'))
    found = artifacts(lock)["a"]
    assert isinstance(found, Wheel)
    assert found.hashes == ()
    (pin,) = resolve(lock, LINUX_X86_64, lock.selection()).packages
    with pytest.raises(UnhashedError) as caught:
        required_sha256(lock, pin, found)
    assert str(caught.value) == f"uv.lock: package a: {wheel}: the lock has no sha256 for this file"


@pytest.mark.parametrize(
    "suffix",
    [
        pytest.param("?signature=a%2Fb&expires=1", id="17: a query"),
        pytest.param("?a=1#sha256=00", id="17: a query and a fragment"),
        pytest.param("#sha256=00", id="17: a fragment"),
    ],
)
def test_urls_with_a_query(suffix: str) -> None:
    """Seen: the query taken for a part of the file's name."""
    wheel, sdist = f"{FILES}/a-1.0-cp312-cp312-win_amd64.whl{suffix}", f"{FILES}/a-1.0.tar.gz{suffix}"
    lock = read(
        root('dependencies = [{ name = "a" }]'),
        entry(
            "a",
            more=f'sdist = {{ url = "{sdist}", hash = "sha256:{SHA256}" }}\n'
            f'wheels = [{{ url = "{wheel}", hash = "sha256:{SHA256}" }}]',
        ),
    )
    found, source = artifacts(lock, WINDOWS)["a"], artifacts(lock, MACOS_ARM64)["a"]
    assert isinstance(found, Wheel)
    assert isinstance(source, Sdist)
    assert (found.filename, found.url) == ("a-1.0-cp312-cp312-win_amd64.whl", wheel)
    assert (source.filename, source.url) == ("a-1.0.tar.gz", sdist)


def test_an_unknown_version() -> None:
    with pytest.raises(LockVersionError):
        read_lock("uv.lock", "version = 2\n")


def test_an_unknown_source() -> None:
    with pytest.raises(InputError, match="not a source that is known"):
        read(root(""), entry("a", source='ftp = "x"'))

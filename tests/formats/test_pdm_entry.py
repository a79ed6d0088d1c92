"""Entries of a pdm.lock: those of one package are one, wherever it comes from."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError
from tests.formats.pdm_locks import HASHES, entry, names, read, resolved
from tests.targets import target

# Entries of one name


@pytest.mark.parametrize(
    ("here", "version"),
    [
        pytest.param(target("3.11", "win_amd64"), "1.26.4", id="the one"),
        pytest.param(target("3.12", "win_amd64"), "2.5.5", id="the other"),
    ],
)
def test_versions_by_marker(here: Target, version: str) -> None:
    lock = read(
        entry("numpy", "1.26.4", "marker = \"python_version < '3.12'\""),
        entry("numpy", "2.5.5", "marker = \"python_version >= '3.12'\""),
    )
    assert resolved(lock, here).versions() == {"numpy": version}


def test_two_entries_at_once() -> None:
    lock = read(entry("a", "1.0", "marker = \"os_name == 'posix'\""), entry("a", "2.0"))
    with pytest.raises(AmbiguousError) as caught:
        resolved(lock)
    assert str(caught.value) == (
        "pdm.lock: package a: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        ' 1.0 at package[0] (os_name == "posix") and 2.0 at package[1] (always)'
    )


def test_a_marker_that_nothing_meets() -> None:
    assert names(read(entry("a", more='marker = "<empty>"'), entry("b"))) == ["b"]


REQUESTS = (
    entry(
        "requests", more='dependencies = ["idna<4", "certifi; sys_platform == \'linux\'"]', groups='["default", "test"]'
    ),
    entry("requests", more='extras = ["socks"]\ndependencies = ["PySocks>=1", "requests==1.0"]'),
    entry(
        "requests", more='extras = ["all"]\ndependencies = ["requests[socks]==1.0", "requests[all]"]', groups='["all"]'
    ),
    entry("requests", more='extras = ["A", "b"]\ndependencies = ["both", "requests==1.0"]', groups='["both"]'),
    entry("idna", groups='["default", "test"]'),
    entry("certifi", groups='["default", "test"]', more="marker = \"sys_platform == 'linux'\""),
    entry("pysocks", groups='["default", "all"]'),
    entry("both", groups='["both"]'),
)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param(["test"], ["certifi", "idna"], id="none"),
        pytest.param(["main"], ["certifi", "idna", "pysocks"], id="one"),
        pytest.param(["all", "test"], ["certifi", "idna", "pysocks"], id="one that asks for another"),
        pytest.param(["both", "test"], ["both", "certifi", "idna"], id="two together"),
    ],
)
def test_extras_of_a_package_are_edges(groups: list[str], expected: list[str]) -> None:
    lock = read(*REQUESTS)
    assert [str(each) for each in lock.packages].count("requests 1.0") == 1
    (pin,) = (pin for pin in resolved(lock, groups=groups).packages if pin.name == "requests")
    assert list(pin.dependencies) == expected


def test_two_extras_together_are_asked_for_both() -> None:
    edge = next(each for each in read(*REQUESTS).packages[0].dependencies if each.name == "both")
    assert (edge.extra, str(edge.marker)) == ("a", '"b" in extras')


def test_files_of_all_entries_are_the_packages() -> None:
    lock = read(
        entry("a", files=""),
        entry("a", more='extras = ["x"]', files='{file = "a-1.0.zip", hash = "sha256:0a"}'),
        entry("a", more='extras = ["y"]', files='{file = "a-1.0.tar.gz"}, {file = "a-1.0.exe"}'),
    )
    assert resolved(lock).packages[0].artifact == Sdist(filename="a-1.0.tar.gz")


# Sources

GIT = partial(Vcs, type="git", url="https://example.org/a.git")


@pytest.mark.parametrize(
    ("more", "files", "expected"),
    [
        pytest.param(
            "",
            '{file = "a-1.0.tar.gz", hash = "sha256:0A"}',
            Sdist(filename="a-1.0.tar.gz", hashes=HASHES),
            id="an index",
        ),
        pytest.param(
            "",
            '{url = "https://files.example.org/a-1.0%2Bcpu-py3-none-any.whl#x", hash = "sha256:0a"}',
            Wheel(
                filename="a-1.0+cpu-py3-none-any.whl",
                hashes=HASHES,
                url="https://files.example.org/a-1.0%2Bcpu-py3-none-any.whl",
            ),
            id="static URLs",
        ),
        pytest.param(
            'git = "https://example.org/a.git"\nref = "main"\nrevision = "abc"\nsubdirectory = "sub"',
            "",
            GIT(commit="abc", requested_revision="main", subdirectory="sub"),
            id="git",
        ),
        pytest.param(
            'git = "https://example.org/a.git"\nref = "main"\neditable = true',
            "",
            GIT(commit="main", requested_revision="main"),
            id="an editable checkout has no revision",
        ),
        pytest.param(
            'hg = "https://example.org/a"\nrevision = "abc"',
            "",
            Vcs(type="hg", url="https://example.org/a", commit="abc"),
            id="hg",
        ),
        pytest.param('path = "./a"', "", Directory(path="a"), id="a folder"),
        pytest.param(
            'path = "../a"\neditable = true\nsubdirectory = "sub"',
            "",
            Directory(path="../a", editable=True, subdirectory="sub"),
            id="an editable folder",
        ),
        pytest.param('path = "."', "", Directory(path="."), id="the project's folder"),
        pytest.param(
            'path = "./dist/a-1.0.zip"',
            '{file = "a-1.0.zip", hash = "sha256:0a"}',
            Archive(filename="a-1.0.zip", hashes=HASHES, path="dist/a-1.0.zip"),
            id="a file",
        ),
        pytest.param(
            'path = "./a-1.0-py3-none-any.whl"',
            '{file = "other.whl", hash = "sha256:0a"}',
            Wheel(filename="a-1.0-py3-none-any.whl", hashes=HASHES, path="a-1.0-py3-none-any.whl"),
            id="a wheel, hashed under another name",
        ),
        pytest.param(
            'url = "https://files.example.org/a-1.0.tar.gz"\nsubdirectory = "sub"',
            '{url = "https://files.example.org/a-1.0.tar.gz", hash = "sha256:0a"}',
            Archive(
                filename="a-1.0.tar.gz",
                hashes=HASHES,
                url="https://files.example.org/a-1.0.tar.gz",
                subdirectory="sub",
            ),
            id="a URL",
        ),
        pytest.param(
            'url = "https://files.example.org/a-1.0-py3-none-any.whl#sha256=0a"',
            "",
            Wheel(
                filename="a-1.0-py3-none-any.whl",
                hashes=HASHES,
                url="https://files.example.org/a-1.0-py3-none-any.whl",
            ),
            id="a URL with a hash",
        ),
        pytest.param('url = "file:///${PROJECT_ROOT}/a%20b"', "", Directory(path="a b"), id="a URL below the project"),
        pytest.param('url = "{root:uri}/a"', "", Directory(path="a"), id="a URL as Hatch writes it"),
    ],
)
def test_sources(more: str, files: str, expected: object) -> None:
    (pin,) = resolved(read(entry("a", more=more, files=files))).packages
    assert pin.artifact == expected


@pytest.mark.parametrize("key", ["a 1.0", "A 1.0"])
def test_hashes_of_the_first_formats(key: str) -> None:
    name = key.partition(" ")[0]
    files = f'[metadata.files]\n"{key}" = [{{url = "https://files.example.org/a-1.0.tar.gz", hash = "sha256:0a"}}]'
    head = f'[metadata]\nlock_version = "4.1"\n{files}'
    lock = read(
        f'[[package]]\nname = "{name}"\nversion = "1.0"', head=head, pyproject='[project]\ndependencies = ["a"]'
    )
    (pin,) = resolved(lock).packages
    assert pin.artifact == Sdist(filename="a-1.0.tar.gz", hashes=HASHES, url="https://files.example.org/a-1.0.tar.gz")

"""The table for people."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.export.table import resolution_table, source_of
from tests.locks import lock, package
from tests.targets import LINUX_X86_64


def test_table() -> None:
    a_lock = lock(
        package("typing-extensions", "4.15.0"),
        package("a", None, direct=Directory(path="../a", editable=True)),
        package("six", "1.17", sdist="six-1.17.tar.gz"),
    )
    assert resolution_table(resolve(a_lock, LINUX_X86_64, a_lock.selection())) == (
        "uv.lock (uv 1.3) for Python 3.12 on manylinux_2_28_x86_64: 3 packages\n"
        "package            version  kind       file\n"
        "a                  -        directory  ../a\n"
        "six                1.17     sdist      six-1.17.tar.gz\n"
        "typing-extensions  4.15.0   wheel      typing_extensions-4.15.0-py3-none-any.whl\n"
    )


@pytest.mark.parametrize(
    ("count", "expected"), [pytest.param(0, "0 packages", id="none"), pytest.param(1, "1 package", id="one")]
)
def test_how_many(count: int, expected: str) -> None:
    a_lock = lock(*(package(f"p{number}") for number in range(count)))
    headline = resolution_table(resolve(a_lock, LINUX_X86_64, a_lock.selection())).partition("\n")[0]
    assert headline.endswith(f": {expected}")


def test_a_variant_is_named() -> None:
    a_lock = lock(package("a"))
    variant = Variant(name="bare", file="pyproject.toml", replacements=())
    headline = resolution_table(resolve(a_lock, LINUX_X86_64, a_lock.selection(), variant)).partition("\n")[0]
    assert headline.endswith(" for Python 3.12 on manylinux_2_28_x86_64, variant bare: 1 package")


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        pytest.param(Wheel(filename="a.whl"), "a.whl", id="wheel"),
        pytest.param(Sdist(filename="a.tar.gz"), "a.tar.gz", id="sdist"),
        pytest.param(Archive(filename="a.zip"), "a.zip", id="archive"),
        pytest.param(Vcs(type="git", url="https://example.org/a", commit="c"), "git+https://example.org/a@c", id="vcs"),
        pytest.param(Vcs(type="git", path="../a", commit="c"), "git+../a@c", id="a local repository"),
        pytest.param(Directory(path="../a"), "../a", id="directory"),
    ],
)
def test_source(artifact: Artifact, expected: str) -> None:
    assert source_of(artifact) == expected

"""requirements.txt as pip-compile and ``uv pip compile --universal`` write it."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import InputError
from tests.edge_cases.reading import FILES, SHA256, artifacts, pins
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, WINDOWS, target

HASH = f"--hash=sha256:{SHA256}"


def read(text: str, **files: str) -> Lock:
    return read_lock("requirements.txt", text, files={name.replace("_", "."): each for name, each in files.items()})


def url(name: str, version: str = "1.0") -> str:
    return f"{name} @ {FILES}/{name}-{version}-py3-none-any.whl"


UNIVERSAL = read(
    f"{url('numpy', '2.0.2')} ; python_full_version < '3.10' \\\n    {HASH}\n    # via -r requirements.in\n"
    f"{url('numpy', '2.2.0')} ; python_full_version >= '3.10' \\\n    {HASH}\n    # via -r requirements.in\n"
    f"{url('colorama')} ; sys_platform == 'win32' \\\n    {HASH}\n    # via\n    #   click\n"
)


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        pytest.param(LINUX_X86_64, {"numpy": "2.2.0"}, id="requirements: one of two"),
        pytest.param(target("3.9", "win_amd64"), {"colorama": "1.0", "numpy": "2.0.2"}, id="requirements: the other"),
    ],
)
def test_universal(here: Target, expected: dict[str, str]) -> None:
    found = artifacts(UNIVERSAL, here)
    assert sorted(found) == sorted(expected)
    for name, version in expected.items():
        artifact = found[name]
        assert isinstance(artifact, Wheel)
        assert artifact.filename == f"{name}-{version}-py3-none-any.whl"


def test_several_files() -> None:
    """requirements: -r is read, -c wants nothing, --index-url is where files are"""
    lock = read(
        f"--index-url https://index.example.org/simple\n-r more.txt\n-c limits.txt\n{url('a')} {HASH}\n",
        more_txt=f"{url('b')} {HASH}\n",
        limits_txt=f"c==1.0 {HASH}\n",
    )
    assert list(pins(lock)) == ["a", "b"]
    assert lock.indexes == ("https://index.example.org/simple",)


def test_hashes_of_files_without_names() -> None:
    """requirements: a pin tells hashes, and an index which files they are"""
    lock = read(f"A.b==1.0 \\\n    {HASH} \\\n    --hash=sha256:{'0' * 64}  # both\n")
    (package,) = lock.packages
    assert (package.name, package.version) == ("a-b", "1.0")
    assert package.unnamed == (("sha256", "0" * 64), ("sha256", SHA256))


def test_a_source_archive() -> None:
    """requirements: a source by its address"""
    found = artifacts(read(f"a @ {FILES}/a-1.0.tar.gz {HASH}\n"), WINDOWS)["a"]
    assert found == Archive(filename="a-1.0.tar.gz", url=f"{FILES}/a-1.0.tar.gz", hashes=(("sha256", SHA256),))


def test_a_range_is_no_lock() -> None:
    """requirements: what is not pinned is refused, not chosen"""
    with pytest.raises(InputError) as caught:
        read(f"a>=1.0 {HASH}\n")
    assert "a" in str(caught.value)
    assert "requirements.txt" in str(caught.value)

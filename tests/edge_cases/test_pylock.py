"""pylock.toml (PEP 751) beyond what ``packaging`` selects for one environment."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, InputError, PlatformNotAdmittedError, PythonNotAdmittedError
from tests.edge_cases.reading import FILES, INDEX, SHA256, artifacts, pins
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target


def entry(name: str, more: str = "", version: str = "1.0") -> str:
    url = f"{FILES}/{name}-{version}-py3-none-any.whl"
    return (
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}\n'
        f'wheels = [{{url = "{url}", hashes = {{sha256 = "{SHA256}"}}}}]\n'
    )


def read(*entries: str, head: str = "", name: str = "pylock.toml") -> Lock:
    return read_lock(name, "\n".join(('lock-version = "1.0"\ncreated-by = "hand"', head, *entries)))


SELECTED = read(
    entry("plain"),
    entry("extra", "marker = \"'cpu' in extras\""),
    entry("without", "marker = \"'cpu' not in extras\""),
    entry("group", "marker = \"'dev' in dependency_groups\""),
    entry("default", "marker = \"'default' in dependency_groups or 'docs' in dependency_groups\""),
    head='extras = ["cpu"]\ndependency-groups = ["dev", "docs"]\ndefault-groups = ["default"]',
)


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(None, (), ["default", "plain", "without"], id="pylock: default-groups"),
        pytest.param(("main",), (), ["plain", "without"], id="pylock: none of them"),
        pytest.param(("main", "dev"), (), ["group", "plain", "without"], id="pylock: a group"),
        pytest.param(("docs",), ("cpu",), ["default", "extra", "plain"], id="pylock: a group and an extra"),
    ],
)
def test_marker_variables(groups: tuple[str, ...] | None, extras: tuple[str, ...], expected: list[str]) -> None:
    assert list(pins(SELECTED, groups=groups, extras=extras)) == expected


def test_environments() -> None:
    """pylock: environments"""
    lock = read(entry("a"), head="environments = [\"sys_platform == 'linux'\", \"python_version >= '3.13'\"]")
    assert pins(lock) == {"a": "1.0"}
    assert pins(lock, target("3.13", "win_amd64")) == {"a": "1.0"}
    with pytest.raises(PlatformNotAdmittedError):
        pins(lock, WINDOWS)


@pytest.mark.parametrize("at", ["head", "entry"])
def test_requires_python(at: str) -> None:
    """pylock: requires-python, of the lock and of a package"""
    text = 'requires-python = ">=3.12"'
    lock = read(entry("a"), head=text) if at == "head" else read(entry("a", text))
    assert pins(lock) == {"a": "1.0"}
    assert pins(lock, target("3.13.0rc1", "win_amd64")) == {"a": "1.0"}
    with pytest.raises(PythonNotAdmittedError):
        pins(lock, target("3.11", "win_amd64"))


@pytest.mark.parametrize(
    ("here", "version"),
    [pytest.param(LINUX_X86_64, "1.0", id="pylock: one"), pytest.param(WINDOWS, "2.0", id="pylock: the other")],
)
def test_two_entries_of_one_name(here: Target, version: str) -> None:
    lock = read(
        entry("a", "marker = \"sys_platform != 'win32'\""),
        entry("a", "marker = \"sys_platform != 'linux'\"", "2.0"),
    )
    assert pins(lock, here) == {"a": version}
    with pytest.raises(AmbiguousError) as caught:
        pins(lock, MACOS_ARM64)
    assert 'sys_platform != "win32"' in str(caught.value)
    assert 'sys_platform != "linux"' in str(caught.value)


def test_sources() -> None:
    """pylock: index, vcs, directory, archive, sdist, wheels"""
    hashes = f'hashes = {{sha256 = "{SHA256}"}}'
    lock = read(
        entry("a", f'index = "{INDEX}"'),
        '[[packages]]\nname = "b"\n[packages.vcs]\ntype = "git"\nurl = "https://example.org/b"\n'
        'requested-revision = "main"\ncommit-id = "abc"\nsubdirectory = "sub"\n',
        '[[packages]]\nname = "c"\n[packages.directory]\npath = "libs/c"\neditable = true\n',
        f'[[packages]]\nname = "d"\n[packages.archive]\nurl = "{FILES}/d-1.0.tar.gz"\n{hashes}\n',
        f'[[packages]]\nname = "e"\n[packages.archive]\npath = "files/e-1.0-py3-none-any.whl"\n{hashes}\n',
        '[[packages]]\nname = "f"\nversion = "1.0"\n'
        f'[packages.sdist]\nname = "f-1.0.zip"\nurl = "{FILES}/f"\n{hashes}\n',
    )
    digest = (("sha256", SHA256),)
    assert artifacts(lock) == {
        "a": Wheel(
            filename="a-1.0-py3-none-any.whl", url=f"{FILES}/a-1.0-py3-none-any.whl", index=INDEX, hashes=digest
        ),
        "b": Vcs(type="git", url="https://example.org/b", commit="abc", requested_revision="main", subdirectory="sub"),
        "c": Directory(path="libs/c", editable=True),
        "d": Archive(filename="d-1.0.tar.gz", url=f"{FILES}/d-1.0.tar.gz", hashes=digest),
        "e": Wheel(filename="e-1.0-py3-none-any.whl", path="files/e-1.0-py3-none-any.whl", hashes=digest),
        "f": Sdist(filename="f-1.0.zip", url=f"{FILES}/f", hashes=digest),
    }


def test_named() -> None:
    """pylock: pylock.NAME.toml is one too"""
    assert read(entry("a"), name="deploy/pylock.lambda.toml").format == "pylock"


def test_a_file_without_a_hash() -> None:
    """pylock: the specification requires hashes"""
    with pytest.raises(InputError) as caught:
        read(
            f'[[packages]]\nname = "a"\nwheels = [{{url = "{FILES}/a-1.0-py3-none-any.whl"}}]\n',
        )
    assert caught.value.at == "packages[0].wheels[0].hashes"
    assert caught.value.package == "a"

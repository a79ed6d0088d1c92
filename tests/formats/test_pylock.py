"""PEP 751."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import (
    AmbiguousError,
    InputError,
    LockVersionError,
    NoArtifactError,
    NotLockedError,
    PlatformNotAdmittedError,
    PythonNotAdmittedError,
)
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

FILES = "https://files.example.org"


def entry(name: str, more: str = "", *, version: str = "1.0", files: bool = True) -> str:
    """A [[packages]] with one pure wheel, unless it is said to have no files."""
    text = f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
    if files:
        text += f'wheels = [{{ url = "{FILES}/{name}-{version}-py3-none-any.whl", hashes = {{ sha256 = "0A" }} }}]\n'
    return text + more + "\n"


def read(*entries: str, head: str = "") -> Lock:
    packages = "" if entries else "packages = []"
    return read_lock("pylock.toml", "\n".join(('lock-version = "1.0"\ncreated-by = "hand"', packages, head, *entries)))


def resolved(
    lock: Lock, here: Target = LINUX_X86_64, groups: list[str] | None = None, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(lock, here, lock.selection(groups=groups, extras=extras))


def names(lock: Lock, here: Target = LINUX_X86_64, **options: object) -> list[str]:
    return list(resolved(lock, here, **options).versions())  # type: ignore[arg-type]


SELECTABLE = read(
    entry("always"),
    entry("gpu", "marker = \"'gpu' in extras\""),
    entry("tool", "marker = \"'dev' in dependency_groups\""),
    entry("printer", "marker = \"'docs' in dependency_groups or 'all' in extras\""),
    entry("windows", "marker = \"sys_platform == 'win32' and 'dev' not in dependency_groups\""),
    head='extras = ["gpu", "all"]\ndependency-groups = ["dev", "docs"]\ndefault-groups = ["dev"]',
)


@pytest.mark.parametrize(
    ("here", "groups", "extras", "expected"),
    [
        pytest.param(LINUX_X86_64, None, (), ["always", "tool"], id="the default groups"),
        pytest.param(LINUX_X86_64, ["main"], (), ["always"], id="main alone"),
        pytest.param(WINDOWS, ["main"], (), ["always", "windows"], id="no group"),
        pytest.param(LINUX_X86_64, ["main"], ("gpu",), ["always", "gpu"], id="an extra"),
        pytest.param(LINUX_X86_64, ["main", "docs"], ("gpu",), ["always", "gpu", "printer"], id="a group and an extra"),
        pytest.param(LINUX_X86_64, ["main"], ("all", "gpu"), ["always", "gpu", "printer"], id="several extras"),
    ],
)
def test_extras_and_groups(
    here: Target, groups: list[str] | None, extras: tuple[str, ...], expected: list[str]
) -> None:
    assert names(SELECTABLE, here, groups=groups, extras=extras) == expected


def test_whether_groups_were_exported_with_it() -> None:
    assert not SELECTABLE.flat
    assert read(entry("a")).flat


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(
            f'index = "https://index.example.org/simple"\nwheels = [{{ name = "a-1.0-py3-none-any.whl", '
            f'url = "{FILES}/1", hashes = {{ sha256 = "0A", md5 = "0b" }} }}]',
            Wheel(
                filename="a-1.0-py3-none-any.whl",
                hashes=(("md5", "0b"), ("sha256", "0a")),
                url=f"{FILES}/1",
                index="https://index.example.org/simple",
            ),
            id="wheel",
        ),
        pytest.param(
            'sdist = { path = "files/a-1.0.tar.gz", hashes = { sha256 = "0a" } }',
            Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", "0a"),), path="files/a-1.0.tar.gz"),
            id="sdist",
        ),
        pytest.param(
            f'archive = {{ url = "{FILES}/a%2B1.zip?x#y", hashes = {{ sha256 = "0a" }}, subdirectory = "sub" }}',
            Archive(filename="a+1.zip", hashes=(("sha256", "0a"),), url=f"{FILES}/a%2B1.zip?x#y", subdirectory="sub"),
            id="archive",
        ),
        pytest.param(
            'archive = { path = "a-1.0-py3-none-any.whl", hashes = { sha256 = "0a" } }',
            Wheel(filename="a-1.0-py3-none-any.whl", hashes=(("sha256", "0a"),), path="a-1.0-py3-none-any.whl"),
            id="a wheel as archive",
        ),
        pytest.param(
            'vcs = { type = "hg", url = "https://example.org/a", requested-revision = "main", commit-id = "abc", '
            'subdirectory = "sub" }',
            Vcs(
                type="hg",
                url="https://example.org/a",
                commit="abc",
                requested_revision="main",
                subdirectory="sub",
            ),
            id="vcs",
        ),
        pytest.param(
            'directory = { path = "../a", editable = true, subdirectory = "sub" }',
            Directory(path="../a", editable=True, subdirectory="sub"),
            id="directory",
        ),
    ],
)
def test_sources(more: str, expected: object) -> None:
    (pin,) = resolved(read(entry("a", more, files=False))).packages
    assert pin.artifact == expected


def test_a_wheel_as_archive_for_another_platform() -> None:
    archive = 'archive = { path = "a-1.0-cp312-cp312-win_amd64.whl", hashes = { sha256 = "0a" } }'
    lock = read(entry("a", archive, files=False))
    assert names(lock, WINDOWS) == ["a"]
    with pytest.raises(NoArtifactError, match=r"the lock offers a-1\.0-cp312-cp312-win_amd64\.whl$"):
        resolved(lock)


def test_a_directory_has_no_version() -> None:
    lock = read('[[packages]]\nname = "a"\ndirectory = { path = "a" }\n')
    assert resolved(lock).versions() == {"a": None}


def test_two_active_entries() -> None:
    lock = read(
        entry("a", "marker = \"sys_platform == 'linux'\""), entry("a", "marker = \"os_name == 'posix'\"", version="2.0")
    )
    assert resolved(lock, MACOS_ARM64).versions() == {"a": "2.0"}
    with pytest.raises(AmbiguousError) as caught:
        resolved(lock)
    assert 'packages[0] (sys_platform == "linux") and 2.0 at packages[1] (os_name == "posix")' in str(caught.value)


def test_requires_python() -> None:
    lock = read(entry("a", 'requires-python = ">=3.12"'), head='requires-python = ">=3.10"')
    assert names(lock) == ["a"]
    with pytest.raises(PythonNotAdmittedError, match=r"pylock\.toml: requires-python: Python 3\.9\.0"):
        resolved(lock, target("3.9", "win_amd64"))
    with pytest.raises(PythonNotAdmittedError, match=r"pylock\.toml: packages\[0\] \(a 1\.0\): Python 3\.10\.0"):
        resolved(lock, target("3.10", "win_amd64"))


def test_environments() -> None:
    lock = read(entry("a"), head="environments = [\"sys_platform == 'linux'\", \"sys_platform == 'win32'\"]")
    assert names(lock) == names(lock, WINDOWS) == ["a"]
    with pytest.raises(PlatformNotAdmittedError, match=r"environments: none holds for Python 3\.12 on macosx"):
        resolved(lock, MACOS_ARM64)


def test_dependencies_only_inform() -> None:
    lock = read(
        entry("a", 'dependencies = [{ name = "b" }, { name = "c" }]'),
        entry("b"),
        entry("c", "marker = \"sys_platform == 'win32'\""),
    )
    assert {pin.name: pin.dependencies for pin in resolved(lock).packages} == {"a": ("b",), "b": ()}


def test_a_dependency_that_is_not_locked() -> None:
    """ "Records the other entries in [[packages]] which are direct dependencies": one that is none is lost."""
    with pytest.raises(NotLockedError) as caught:
        resolved(read(entry("a", 'dependencies = [{ name = "not-locked" }]')))
    assert caught.value.render() == (
        "error: pylock.toml: packages[0].dependencies[0]: a 1.0 depends on not-locked, which is not locked\n"
        "hint: lock the project again: this lock is incomplete"
    )


def test_an_entry_without_a_file() -> None:
    """uv has written them for packages whose marker no platform meets: an error only where one is selected."""
    lock = read(entry("a"), entry("b", "marker = \"sys_platform == 'win32'\"", files=False))
    assert names(lock) == ["a"]
    with pytest.raises(
        NoArtifactError, match=r"packages\[1\]: no file of b 1\.0 fits .* the lock offers no files at all"
    ):
        resolved(lock, WINDOWS)


@pytest.mark.parametrize(
    "version", [pytest.param("2.0", id="newer"), pytest.param("0.9", id="older"), pytest.param("10.0", id="much newer")]
)
def test_versions_that_are_not_known(version: str) -> None:
    with pytest.raises(LockVersionError) as caught:
        read_lock("pylock.toml", f'lock-version = "{version}"\ncreated-by = "hand"\npackages = []')
    assert str(caught.value) == (
        f"pylock.toml: lock-version: version {version} of this format is not known (known: pylock.toml 1.x)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("packages = []", "lock-version: Missing required value", id="no version"),
        pytest.param("lock-version = 1.0", "lock-version: ", id="a version that is a number"),
        pytest.param('lock-version = "1.0"\npackages = []', "created-by", id="nobody made it"),
        pytest.param('lock-version = "1.0"\ncreated-by = "hand"', "packages", id="no packages"),
        pytest.param(
            'lock-version = "1.0"\ncreated-by = "hand"\npackages = 1',
            "packages: expected an array, found an integer",
            id="packages",
        ),
        pytest.param(
            'lock-version = "1.0"\ncreated-by = "hand"\n' + entry("a") + entry("b", "marker = 'x'"),
            "packages[1].marker: ",
            id="a marker",
        ),
        pytest.param(
            'lock-version = "1.0"\ncreated-by = "hand"\n'
            + entry("a", f"wheels = [{{ url = '{FILES}/a-1.0-py3-none-any.whl' }}]", files=False),
            "packages[0].wheels[0]",
            id="a wheel without hashes",
        ),
        pytest.param(
            'lock-version = "1.0"\ncreated-by = "hand"\n' + entry("a", "dependencies = [{ version = '1' }]"),
            "packages[0].dependencies[0].name: required, and missing",
            id="a dependency without a name",
        ),
        pytest.param(
            'lock-version = "1.0"\ncreated-by = "hand"\n' + entry("a", f'marker = "{"(" * 3000}"'),
            "packages[0].marker: package a: cannot read '((((",
            id="a marker without end",
        ),
        pytest.param(
            f'lock-version = "1.0"\ncreated-by = "hand"\nenvironments = ["os_name == \'a\\\\n\'"]\n{entry("a")}',
            "environments[0]: cannot read ",
            id="an environment with an escape",
        ),
    ],
)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_lock("pylock.toml", text)
    assert str(caught.value).startswith("pylock.toml: ")
    assert message in str(caught.value)


def test_a_number_of_more_digits_than_python_reads_is_no_requirement() -> None:
    lock = read(entry("a"), head=f'requires-python = ">=3.{"1" * 5000}"')
    with pytest.raises(InputError, match="requires-python: cannot be compared"):
        resolved(lock)


def test_groups_and_extras_are_one_however_they_are_spelt() -> None:
    lock = read(
        entry("a", more="marker = \"'Dev_Tools' in dependency_groups\""),
        entry("b", more="marker = \"'Cpu.X' in extras\""),
        entry("c", more="marker = \"'By_Default' in dependency_groups\""),
        head='extras = ["cpu-x"]\ndependency-groups = ["dev_tools"]\ndefault-groups = ["by_default"]',
    )
    assert (sorted(lock.groups), sorted(lock.extras)) == (["by-default", "dev-tools", "main"], ["cpu-x"])
    assert names(lock) == ["c"]
    assert names(lock, groups=["Dev-Tools"], extras=("cpu_x",)) == ["a", "b"]

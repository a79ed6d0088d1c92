"""Cases 1–11: poetry.lock, 1.0 to 2.1."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from pytest_ofiuco.core.artifact import Archive, Directory, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.satisfiable import can_hold
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, NotLockedError, PythonNotAdmittedError
from tests.edge_cases.reading import FILES, artifacts, file_of, pins
from tests.locks import read_lock
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target


def entry(name: str, version: str = "1.0", more: str = "", *, files: tuple[str, ...] | None = None) -> str:
    """An entry with one pure wheel, where no files are given."""
    names = (f"{name}-{version}-py3-none-any.whl",) if files is None else files
    listed = ", ".join(f'{{file = "{each}", hash = "sha256:{number:064x}"}}' for number, each in enumerate(names))
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nfiles = [{listed}]\n{more}\n'


def star(*entries: str, python: str = "*", pyproject: str = "") -> Lock:
    """A poetry.lock 2.1."""
    metadata = f'[metadata]\nlock-version = "2.1"\npython-versions = "{python}"\n'
    with_groups = [
        each if "\ngroups = " in each else each.replace("\nfiles", '\ngroups = ["main"]\nfiles', 1) for each in entries
    ]
    return read_lock("poetry.lock", "\n".join((*with_groups, metadata)), pyproject)


def graph(*entries: str, wanted: str, more: str = "", version: str = "2.0", python: str = "*") -> Lock:
    """An older poetry.lock, beside a pyproject.toml that depends on ``wanted``."""
    metadata = f'[metadata]\nlock-version = "{version}"\npython-versions = "{python}"\n{more}'
    pyproject = f'[tool.poetry]\nname = "project"\n[tool.poetry.dependencies]\npython = "*"\n{wanted}\n'
    return read_lock("poetry.lock", "\n".join((*entries, metadata)), pyproject)


CU121 = "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl"
CU121_URL = f"{FILES}/whl/cu121/{CU121.replace('+', '%2B')}#sha256={'f' * 64}"
# Seen in ofiuco's torch example: the index decides by platform.
TORCH = (
    entry(
        "torch",
        "2.2.1",
        "markers = \"sys_platform == 'darwin'\"",
        files=("torch-2.2.1-cp312-none-macosx_11_0_arm64.whl",),
    ),
    entry(
        "torch",
        "2.2.1+cpu",
        "markers = \"sys_platform != 'darwin' and (sys_platform != 'linux' or platform_machine != 'x86_64')\"\n"
        '[package.source]\ntype = "legacy"\nurl = "https://index.example.org/whl/cpu"\nreference = "pytorch"',
        files=("torch-2.2.1+cpu-cp312-cp312-win_amd64.whl", "torch-2.2.1+cpu-cp312-cp312-manylinux_2_17_aarch64.whl"),
    ),
    entry(
        "torch",
        "2.2.1+cu121",
        "markers = \"sys_platform == 'linux' and platform_machine == 'x86_64'\"\n"
        f'[package.source]\ntype = "url"\nurl = "{CU121_URL}"',
        files=(CU121,),
    ),
)


@pytest.mark.parametrize(
    ("here", "version", "filename"),
    [
        pytest.param(MACOS_ARM64, "2.2.1", "torch-2.2.1-cp312-none-macosx_11_0_arm64.whl", id="1: the primary index"),
        pytest.param(LINUX_X86_64, "2.2.1+cu121", CU121, id="1: a url"),
        pytest.param(WINDOWS, "2.2.1+cpu", "torch-2.2.1+cpu-cp312-cp312-win_amd64.whl", id="1: another index"),
        pytest.param(
            LINUX_AARCH64,
            "2.2.1+cpu",
            "torch-2.2.1+cpu-cp312-cp312-manylinux_2_17_aarch64.whl",
            id="1: another index, on arm64",
        ),
    ],
)
def test_one_of_several_entries(here: Target, version: str, filename: str) -> None:
    for entries in (TORCH, TORCH[::-1]):
        assert pins(star(*entries), here) == {"torch": version}
        assert file_of(star(*entries), "torch", here) == filename
    found = artifacts(star(*TORCH), here)["torch"]
    assert isinstance(found, Wheel)
    assert found.index == ("https://index.example.org/whl/cpu" if version == "2.2.1+cpu" else None)


def test_two_entries_at_once() -> None:
    """1"""
    lock = star(
        entry("torch", "2.2.1", "markers = \"sys_platform == 'linux'\""),
        entry("torch", "2.2.1+cpu", "markers = \"platform_machine == 'x86_64'\""),
    )
    with pytest.raises(AmbiguousError) as caught:
        pins(lock)
    assert 'sys_platform == "linux"' in str(caught.value)
    assert 'platform_machine == "x86_64"' in str(caught.value)
    assert pins(lock, LINUX_AARCH64) == {"torch": "2.2.1"}
    assert pins(lock, target("3.12", "macosx_14_0_x86_64")) == {"torch": "2.2.1+cpu"}


def test_a_url_with_percent_signs_and_a_fragment() -> None:
    """2. Seen in ofiuco's rules, which looked for the encoded name among the files."""
    found = artifacts(star(*TORCH))["torch"]
    assert isinstance(found, Wheel)
    assert (found.filename, found.url) == (CU121, CU121_URL.partition("#")[0])
    assert found.hashes == (("sha256", f"{0:064x}"),)


# Poetry's own way with several groups: it evaluates the marker of each and takes what any wants.
MARKED = star(
    entry("text", more='groups = ["main", "dev"]\nmarkers = "sys_platform == \'linux\'"'),
    entry(
        "table",
        more='groups = ["main", "dev", "docs"]\n'
        "markers = {main = \"sys_platform == 'win32'\", dev = \"sys_platform == 'linux'\"}",
    ),
    entry("bare", more='groups = ["dev"]'),
)


@pytest.mark.parametrize(
    ("here", "groups", "expected"),
    [
        pytest.param(LINUX_X86_64, ("main",), ["text"], id="3: main on Linux"),
        pytest.param(WINDOWS, ("main",), ["table"], id="3: main on Windows"),
        pytest.param(LINUX_X86_64, ("dev",), ["bare", "table", "text"], id="3: dev on Linux"),
        pytest.param(WINDOWS, ("dev",), ["bare"], id="3: dev on Windows"),
        pytest.param(MACOS_ARM64, ("main", "dev"), ["bare"], id="3: neither marker"),
        pytest.param(WINDOWS, ("main", "dev"), ["bare", "table"], id="3: either marker"),
        pytest.param(MACOS_ARM64, ("docs",), ["table"], id="3: no key for the group is always"),
    ],
)
def test_markers_by_group(here: Target, groups: tuple[str, ...], expected: list[str]) -> None:
    assert list(pins(MARKED, here, groups=groups)) == expected


@pytest.mark.parametrize(
    ("python", "version"),
    [
        pytest.param("3.13", "2.2.5", id="4: 3.13"),
        pytest.param("3.14.0rc1", "2.2.5", id="4: a later prerelease"),
        pytest.param("3.12", "3.1.1", id="4: 3.12"),
        pytest.param("3.12.9", "3.1.1", id="4: 3.12.9"),
    ],
)
def test_versions_by_python(python: str, version: str) -> None:
    lock = star(
        entry("flask", "2.2.5", "markers = \"python_version >= '3.13'\""),
        entry("flask", "3.1.1", "markers = \"python_version == '3.12'\""),
    )
    assert pins(lock, target(python, "win_amd64")) == {"flask": version}
    assert pins(lock, target("3.11", "win_amd64")) == {}


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        pytest.param(LINUX_X86_64, {"a": "1.0", "b": "1.0"}, id="5: the first"),
        pytest.param(WINDOWS, {"a": "1.0", "b": "2.0"}, id="5: the second"),
        pytest.param(MACOS_ARM64, {"a": "1.0"}, id="5: none"),
    ],
)
def test_alternatives(here: Target, expected: dict[str, str]) -> None:
    dependencies = (
        '[package.dependencies]\nb = [\n    {version = "<2", markers = "sys_platform == \'linux\'"},\n'
        '    {version = ">=2", markers = "sys_platform == \'win32\'"},\n]'
    )
    lock = graph(entry("a", more=dependencies), entry("b"), entry("b", "2.0"), wanted='a = "*"')
    assert pins(lock, here) == expected


NEVER = [
    # Seen in real locks: what poetry writes of packages that ask for platforms that there are not.
    pytest.param("platform_system == 'Linux' and sys_platform == 'darwin'", id="6: of two systems"),
    pytest.param("sys_platform == 'linux-x86_64'", id="6: of none"),
]


@pytest.mark.parametrize("marker", NEVER)
@pytest.mark.parametrize("here", [LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64, WINDOWS], ids=str)
def test_markers_that_nothing_meets(marker: str, here: Target) -> None:
    assert pins(star(entry("a", more=f'markers = "{marker}"'), entry("b")), here) == {"b": "1.0"}


@pytest.mark.parametrize("marker", NEVER)
def test_markers_that_nothing_meets_are_known(marker: str) -> None:
    """What ``ofiuco check`` warns of."""
    assert not can_hold(Marker(marker))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_files_that_versions_share(version: str) -> None:
    """7. Seen: every file of the name, the wrong version's wheel among them."""
    entries = [
        f'[[package]]\nname = "a"\nversion = "{each}"\ncategory = "main"\noptional = false\n' for each in ("1.0", "2.0")
    ]
    files = ", ".join(
        f'{{file = "a-{each}-py3-none-any.whl", hash = "sha256:{number:064x}"}}'
        for number, each in enumerate(("1.0", "2.0", "1.0.post1", "11.0"))
    )
    wanted = "a = [{version = '<2', python = '<3.12'}, {version = '>=2', python = '>=3.12'}]"
    lock = graph(*entries, wanted=wanted, more=f"[metadata.files]\na = [{files}]\n", version=version)
    for each in lock.packages:
        assert [wheel.filename for wheel in each.wheels] == [f"a-{each.version}-py3-none-any.whl"]
    assert file_of(lock, "a", target("3.11", "win_amd64")) == "a-1.0-py3-none-any.whl"
    assert file_of(lock, "a", target("3.12", "win_amd64")) == "a-2.0-py3-none-any.whl"


def test_the_category_dev() -> None:
    """7. Without a word in pyproject.toml of what is wanted, the categories say it."""
    text = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\ncategory = "{category}"\noptional = false\n'
        for name, category in (("a", "main"), ("b", "dev"))
    )
    files = "".join(f'{name} = [{{file = "{name}-1.0-py3-none-any.whl", hash = "sha256:00"}}]\n' for name in "ab")
    metadata = f'[metadata]\nlock-version = "1.1"\npython-versions = "*"\n[metadata.files]\n{files}'
    lock = read_lock("poetry.lock", text + metadata)
    assert pins(lock, groups=("main",)) == {"a": "1.0"}
    assert pins(lock, groups=("dev",)) == {"b": "1.0"}
    assert pins(lock) == {"a": "1.0", "b": "1.0"}


@pytest.mark.parametrize(
    ("text", "admitted", "refused"),
    [
        pytest.param("^3.8", ("3.8", "3.14.1"), ("3.7",), id="8: caret"),
        pytest.param("~3.9", ("3.9.20",), ("3.10", "3.8"), id="8: tilde"),
        pytest.param("~3.8 || ^3.10", ("3.8", "3.10"), ("3.9",), id="8: alternatives"),
        pytest.param(">=3.8,<3.9 || >=3.12", ("3.8", "3.13"), ("3.9", "3.11"), id="8: alternatives of ranges"),
        pytest.param("3.12.*", ("3.12.4",), ("3.13",), id="8: a prefix"),
        pytest.param(">=3.10, <4.0", ("3.10", "3.14.0rc1"), ("3.9",), id="8: a space"),
    ],
)
def test_python_versions(text: str, admitted: tuple[str, ...], refused: tuple[str, ...]) -> None:
    for lock in (star(entry("a"), python=text), graph(entry("a"), wanted='a = "*"', python=text)):
        for python in admitted:
            assert pins(lock, target(python, "win_amd64")) == {"a": "1.0"}
        for python in refused:
            with pytest.raises(PythonNotAdmittedError):
                pins(lock, target(python, "win_amd64"))


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_optional_packages_and_invalid_requirements(version: str) -> None:
    """9. Old locks have requirements among their extras that PEP 508 does not know."""
    extras = '[package.extras]\nhttp2 = ["h2 (>=4,<5)"]\nodd = ["h2 (>=3.*)", "!!", "x (==1.0.*,<=y)"]'
    entries = [
        entry("httpx", more='[package.dependencies]\nh2 = {version = ">=4,<5", optional = true}\n' + extras),
        entry("h2", "4.1.0", "optional = true"),
    ]
    assert pins(graph(*entries, wanted='httpx = "*"', version=version)) == {"httpx": "1.0"}
    with_extra = graph(*entries, wanted="httpx = {version = '*', extras = ['http2']}", version=version)
    assert pins(with_extra) == {"h2": "4.1.0", "httpx": "1.0"}


def test_sources() -> None:
    """10"""
    lock = star(
        entry(
            "a",
            more='[package.source]\ntype = "git"\nurl = "https://example.org/a.git"\nreference = "main"\n'
            'resolved_reference = "abc"\nsubdirectory = "sub"',
            files=(),
        ),
        entry("b", more='develop = true\n[package.source]\ntype = "directory"\nurl = "libs/b"', files=()),
        entry("c", more='[package.source]\ntype = "file"\nurl = "files/c-1.0.tar.xz"', files=("c-1.0.tar.xz",)),
        entry("d", more=f'[package.source]\ntype = "url"\nurl = "{FILES}/d-1.0.zip"', files=("d-1.0.zip",)),
    )
    assert artifacts(lock) == {
        "a": Vcs(
            type="git", url="https://example.org/a.git", commit="abc", requested_revision="main", subdirectory="sub"
        ),
        "b": Directory(path="libs/b", editable=True),
        "c": Archive(filename="c-1.0.tar.xz", path="files/c-1.0.tar.xz", hashes=(("sha256", f"{0:064x}"),)),
        "d": Archive(filename="d-1.0.zip", url=f"{FILES}/d-1.0.zip", hashes=(("sha256", f"{0:064x}"),)),
    }


def test_a_lock_older_than_the_project() -> None:
    """10: told, and an error on demand, which is for the command to raise."""
    metadata = '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n'
    lock = read_lock("poetry.lock", metadata, '[project]\nname = "project"\ndependencies = ["a"]\n')
    assert lock.remarks == ("poetry.lock: out of date with pyproject.toml: lock again (`poetry lock`)",)


def test_a_dependency_that_is_not_locked() -> None:
    """11"""
    lock = graph(
        entry("a", more='[package.dependencies]\nb = {version = "*", markers = "sys_platform == \'win32\'"}'),
        wanted='a = "*"',
    )
    assert pins(lock) == {"a": "1.0"}
    with pytest.raises(NotLockedError) as caught:
        pins(lock, WINDOWS)
    assert str(caught.value) == "poetry.lock: package[0].dependencies.b: a 1.0 depends on b, which is not locked"

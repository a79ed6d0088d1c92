"""poetry.lock 2.1; numbers name cases that other systems get wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, InputError, LockVersionError, PythonNotAdmittedError
from tests.locks import read_lock
from tests.targets import LINUX_AARCH64, LINUX_X86_64, MACOS_ARM64, WINDOWS, target

METADATA = '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.8"\ncontent-hash = "00"\n'


def entry(
    name: str, version: str = "1.0", more: str = "", *, groups: str = '["main"]', files: str | None = None
) -> str:
    """A [[package]] with one pure wheel, where no files are given."""
    if files is None:
        files = f'{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:{version.replace(".", "")}"}}'
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\ndescription = ""\noptional = false\n'
        f'python-versions = "*"\ngroups = {groups}\nfiles = [{files}]\n{more}\n'
    )


def read(*entries: str, metadata: str = METADATA, pyproject: str = "") -> Lock:
    return read_lock("poetry.lock", "\n".join((*entries, metadata)), pyproject)


def resolved(
    lock: Lock, here: Target = LINUX_X86_64, groups: list[str] | None = None, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(lock, here, lock.selection(groups=groups, extras=extras))


def names(lock: Lock, here: Target = LINUX_X86_64, **options: object) -> list[str]:
    return list(resolved(lock, here, **options).versions())  # type: ignore[arg-type]


# Entries of one name, and their sources

CU121 = "https://files.example.org/whl/cu121/torch-2.2.1%2Bcu121-cp312-cp312-linux_x86_64.whl#sha256=0b"
TORCH = (
    entry(
        "torch",
        "2.2.1",
        "markers = \"sys_platform == 'darwin'\"",
        files='{file = "torch-2.2.1-cp312-none-macosx_11_0_arm64.whl", hash = "sha256:0a"}',
    ),
    entry(
        "torch",
        "2.2.1+cu121",
        "markers = \"sys_platform == 'linux' and platform_machine == 'x86_64'\"\n"
        f'[package.source]\ntype = "url"\nurl = "{CU121}"',
        files='{file = "torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl", hash = "sha256:0b"}',
    ),
    entry(
        "torch",
        "2.2.1+cpu",
        "markers = \"sys_platform != 'darwin' and platform_machine != 'x86_64'\"\n"
        '[package.source]\ntype = "legacy"\nurl = "https://files.example.org/whl/cpu"\nreference = "pytorch"',
        files='{file = "torch-2.2.1+cpu-cp312-cp312-manylinux2014_aarch64.whl", hash = "sha256:0c"},'
        '{file = "torch-2.2.1+cpu-cp312-cp312-win_amd64.whl", hash = "sha256:0d"}',
    ),
)


@pytest.mark.parametrize(
    ("here", "version", "artifact"),
    [
        pytest.param(
            MACOS_ARM64,
            "2.2.1",
            Wheel(filename="torch-2.2.1-cp312-none-macosx_11_0_arm64.whl", hashes=(("sha256", "0a"),)),
            id="1: the primary index",
        ),
        pytest.param(
            LINUX_X86_64,
            "2.2.1+cu121",
            Wheel(
                filename="torch-2.2.1+cu121-cp312-cp312-linux_x86_64.whl",
                hashes=(("sha256", "0b"),),
                url=CU121.partition("#")[0],
            ),
            id="1, 2: a URL, percent-encoded, with a fragment",
        ),
        pytest.param(
            LINUX_AARCH64,
            "2.2.1+cpu",
            Wheel(
                filename="torch-2.2.1+cpu-cp312-cp312-manylinux2014_aarch64.whl",
                hashes=(("sha256", "0c"),),
                index="https://files.example.org/whl/cpu",
            ),
            id="1: another index",
        ),
        pytest.param(
            WINDOWS,
            "2.2.1+cpu",
            Wheel(
                filename="torch-2.2.1+cpu-cp312-cp312-win_amd64.whl",
                hashes=(("sha256", "0d"),),
                index="https://files.example.org/whl/cpu",
            ),
            id="1: another system's file of it",
        ),
    ],
)
def test_one_entry_a_target(here: Target, version: str, artifact: Wheel) -> None:
    (pin,) = resolved(read(*TORCH), here).packages
    assert (pin.version, pin.artifact) == (version, artifact)


def test_two_entries_at_once() -> None:
    """Case 1: an error naming both markers."""
    lock = read(
        entry("torch", "1.0", "markers = \"sys_platform == 'linux'\""),
        entry("torch", "2.0", "markers = \"python_version >= '3.12'\""),
    )
    assert resolved(lock, WINDOWS).versions() == {"torch": "2.0"}
    with pytest.raises(AmbiguousError) as caught:
        resolved(lock)
    assert 'package[0] (sys_platform == "linux")' in str(caught.value)
    assert 'package[1] (python_version >= "3.12")' in str(caught.value)


def test_a_hash_that_the_url_alone_has() -> None:
    """Case 2."""
    source = '[package.source]\ntype = "url"\nurl = "https://files.example.org/a%2Bb-1.0.tar.gz#sha256=AB"'
    (pin,) = resolved(read(entry("a", more=source, files=""))).packages
    assert pin.artifact == Archive(
        filename="a+b-1.0.tar.gz", hashes=(("sha256", "ab"),), url="https://files.example.org/a%2Bb-1.0.tar.gz"
    )


@pytest.mark.parametrize(
    ("source", "files", "expected"),
    [
        pytest.param(
            'type = "git"\nurl = "https://example.org/a"\nreference = "HEAD"\nresolved_reference = "abc"\n'
            'subdirectory = "sub"',
            "",
            Vcs(
                type="git",
                url="https://example.org/a",
                commit="abc",
                requested_revision="HEAD",
                subdirectory="sub",
            ),
            id="10: git",
        ),
        pytest.param('type = "directory"\nurl = "../a"', "", Directory(path="../a", editable=True), id="10: directory"),
        pytest.param(
            'type = "file"\nurl = "a.tar.xz"',
            '{file = "a.tar.xz", hash = "sha256:0a"}',
            Archive(filename="a.tar.xz", hashes=(("sha256", "0a"),), path="a.tar.xz"),
            id="10: file",
        ),
        pytest.param(
            'type = "file"\nurl = "wheels/a-1.0-py3-none-any.whl"',
            '{file = "a-1.0-py3-none-any.whl", hash = "sha256:0a"}',
            Wheel(filename="a-1.0-py3-none-any.whl", hashes=(("sha256", "0a"),), path="wheels/a-1.0-py3-none-any.whl"),
            id="10: a wheel file",
        ),
        pytest.param(
            'type = "url"\nurl = "https://files.example.org/a.zip"',
            '{file = "a.zip", hash = "sha256:0a"}',
            Archive(filename="a.zip", hashes=(("sha256", "0a"),), url="https://files.example.org/a.zip"),
            id="10: url",
        ),
        pytest.param(
            'type = "legacy"\nurl = "https://files.example.org/simple"\nreference = "own"',
            '{file = "a-1.0.tar.gz", hash = "sha256:0a"}',
            Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", "0a"),), index="https://files.example.org/simple"),
            id="10: legacy",
        ),
    ],
)
def test_sources(source: str, files: str, expected: object) -> None:
    lock = read(entry("a", more=f"develop = true\n[package.source]\n{source}", files=files))
    (pin,) = resolved(lock).packages
    assert pin.artifact == expected


def test_a_zip_and_a_tar_ball() -> None:
    files = ", ".join(f'{{file = "a-1.0{suffix}", hash = "sha256:0a"}}' for suffix in (".zip", ".tar.gz", ".exe"))
    (pin,) = resolved(read(entry("a", files=files))).packages
    assert pin.artifact == Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", "0a"),))


# Groups, markers and extras


GROUPS = read(
    entry("always"),
    entry("shared", groups='["main", "dev"]', more="markers = \"sys_platform == 'linux'\""),
    entry(
        "either",
        groups='["main", "dev", "docs"]',
        more="[package.markers]\nmain = \"sys_platform == 'win32'\"\ndev = \"sys_platform == 'linux'\"",
    ),
    entry("tool", groups='["dev"]'),
    entry("printer", groups='["docs"]'),
    pyproject="[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.empty.dependencies]\n",
)


@pytest.mark.parametrize(
    ("here", "groups", "expected"),
    [
        pytest.param(LINUX_X86_64, ["main"], ["always", "shared"], id="3: main"),
        pytest.param(WINDOWS, ["main"], ["always", "either"], id="3: main elsewhere"),
        pytest.param(LINUX_X86_64, ["dev"], ["either", "shared", "tool"], id="3: dev alone"),
        pytest.param(LINUX_X86_64, ["main", "dev"], ["always", "either", "shared", "tool"], id="3: either marker"),
        pytest.param(MACOS_ARM64, ["main", "dev"], ["always", "tool"], id="3: neither marker"),
        pytest.param(MACOS_ARM64, ["docs"], ["either", "printer"], id="3: a group without a key means always"),
        pytest.param(MACOS_ARM64, ["empty"], [], id="a group of nothing"),
        pytest.param(MACOS_ARM64, None, ["always", "tool"], id="those that are not optional"),
    ],
)
def test_groups(here: Target, groups: list[str] | None, expected: list[str]) -> None:
    assert names(GROUPS, here, groups=groups) == expected


def test_default_groups() -> None:
    assert sorted(GROUPS.groups) == ["dev", "docs", "empty", "main"]
    assert GROUPS.selection().groups == ("dev", "empty", "main")


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        pytest.param("", ("dev", "main"), id="nothing said"),
        pytest.param("[tool.poetry.dev-dependencies]\ntool = '*'", ("dev", "main"), id="the old table"),
        pytest.param("[dependency-groups]\ndev = ['tool']\nmore = []", ("dev", "main", "more"), id="PEP 735"),
        pytest.param(
            "[dependency-groups]\ndev = ['tool']\n[tool.poetry.group.dev]\noptional = true",
            ("main",),
            id="PEP 735, optional",
        ),
    ],
)
def test_groups_of_the_project(pyproject: str, expected: tuple[str, ...]) -> None:
    lock = read(entry("a"), entry("tool", groups='["dev"]'), pyproject=pyproject)
    assert lock.selection().groups == expected


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        pytest.param((), ["a"], id="9: none"),
        pytest.param(("http2",), ["a", "h2"], id="9: one"),
        pytest.param(("http2", "gpu"), ["a", "cuda", "h2"], id="9: both"),
    ],
)
def test_extras(extras: tuple[str, ...], expected: list[str]) -> None:
    lock = read(
        entry("a"),
        entry("h2", more="markers = \"extra == 'http2' or extra == 'all'\""),
        entry("cuda", more="markers = \"extra == 'gpu' and sys_platform == 'linux'\""),
        '[extras]\nhttp2 = ["h2"]\nGPU = ["cuda"]\nall = ["h2"]\n',
    )
    assert names(lock, extras=extras) == expected


def test_constraints_of_dependencies() -> None:
    """They tell which entry is meant; one that cannot be read tells nothing."""
    lock = read(
        entry("a", more="[package.dependencies]\nb = '^1.2 || >=3'\nc = {version = '<2'}\nd = '*'\ne = '<empty>'"),
    )
    assert [[str(each) for each in edge.specifiers] for edge in lock.packages[0].dependencies] == [
        ["<2,>=1.2", ">=3"],
        ["<2"],
        [],
        [],
    ]


def test_an_extra_that_asks_for_others_of_its_package() -> None:
    lock = read(
        entry(
            "a",
            more="[package.dependencies]\nb = {version = '*', optional = true, markers = \"extra == 'x'\"}\n"
            "[package.extras]\nx = ['b']\nall = ['a[x]']",
        ),
        entry("b"),
        pyproject="[project]\ndependencies = ['a[all]']",
    )
    assert {pin.name: pin.dependencies for pin in resolved(lock).packages} == {"a": ("b",), "b": ()}


def test_requirements_that_no_standard_knows() -> None:
    """Case 9: [package.extras] of old locks; they decide nothing."""
    assert names(read(entry("a", more='[package.extras]\nh2 = ["h2 (>=4,<5", "=> nonsense"]'))) == ["a"]


def test_a_marker_that_no_platform_meets() -> None:
    """Case 6."""
    lock = read(
        entry("a", more="markers = \"platform_system == 'Linux' and sys_platform == 'darwin'\""),
        entry("b", more="markers = \"sys_platform == 'linux-x86_64'\""),
    )
    assert [names(lock, here) for here in (LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64, WINDOWS)] == [[], [], [], []]


@pytest.mark.parametrize(
    ("python", "version"), [pytest.param("3.13", "2.2.5", id="3.13"), pytest.param("3.12", "3.1.1", id="3.12")]
)
def test_versions_by_python(python: str, version: str) -> None:
    """Case 4."""
    lock = read(
        entry("flask", "2.2.5", "markers = \"python_version >= '3.13'\""),
        entry("flask", "3.1.1", "markers = \"python_version == '3.12'\""),
    )
    assert resolved(lock, target(python, "win_amd64")).versions() == {"flask": version}


# What depends on what


def test_dependencies() -> None:
    """Case 5: a string, a table, and alternatives of which one holds; case 11: one not locked."""
    lock = read(
        entry(
            "a",
            more="[package.dependencies]\nB_B = '>=1'\nc = {version = '*', markers = \"sys_platform == 'win32'\"}\n"
            "d = [{version = '<1', markers = \"sys_platform == 'win32'\"}, {version = '>=1', markers = "
            "\"sys_platform == 'linux'\"}]\nnot-locked = {version = '*', markers = \"sys_platform == 'darwin'\"}",
        ),
        entry("b_b"),
        entry("c"),
        entry("d"),
    )
    assert [pin.dependencies for pin in resolved(lock).packages] == [("b-b", "d"), (), (), ()]
    assert [pin.dependencies for pin in resolved(lock, WINDOWS).packages] == [("b-b", "c", "d"), (), (), ()]


@pytest.mark.parametrize(
    "pyproject",
    [
        pytest.param("[project]\ndependencies = ['a[x]>=1', 'not a requirement!']", id="project"),
        pytest.param("[project.optional-dependencies]\nall = ['a[x]']", id="an extra"),
        pytest.param("[dependency-groups]\ndev = [{include-group = 'docs'}, 'a[X]']", id="a group"),
        pytest.param("[tool.poetry.dependencies]\npython = '^3.8'\na = {version = '*', extras = ['x']}", id="poetry"),
        pytest.param("[tool.poetry.dependencies]\na = [{version = '*', extras = ['x']}]", id="alternatives"),
        pytest.param("[tool.poetry.group.dev.dependencies]\nA = {version = '*', extras = ['x']}", id="poetry's group"),
    ],
)
def test_extras_that_the_project_asks_for(pyproject: str) -> None:
    """They decide which optional dependencies of a package are its dependencies here."""
    lock = read(
        entry("a", more="[package.dependencies]\nb = {version = '*', optional = true, markers = \"extra == 'x'\"}"),
        entry("b"),
        pyproject=pyproject,
    )
    assert {pin.name: pin.dependencies for pin in resolved(lock).packages} == {"a": ("b",), "b": ()}
    without = read_lock("poetry.lock", "\n".join((entry("a"), entry("b"), METADATA)))
    assert {pin.name: pin.dependencies for pin in resolved(without).packages} == {"a": (), "b": ()}


# Versions


@pytest.mark.parametrize(
    ("constraint", "python", "admitted"),
    [
        pytest.param("^3.8", "3.13", True, id="8: caret"),
        pytest.param("~3.8", "3.9", False, id="8: tilde"),
        pytest.param("~3.8 || ^3.12", "3.12", True, id="8: the second alternative"),
        pytest.param("~3.8 || ^3.12", "3.10", False, id="8: no alternative"),
        pytest.param("*", "3.8", True, id="any"),
    ],
)
def test_python_versions(constraint: str, python: str, admitted: bool) -> None:
    lock = read(entry("a"), metadata=f'[metadata]\nlock-version = "2.1"\npython-versions = "{constraint}"\n')
    here = target(python, "win_amd64")
    if admitted:
        assert names(lock, here) == ["a"]
        return
    with pytest.raises(PythonNotAdmittedError) as caught:
        resolved(lock, here)
    assert str(caught.value).endswith(f"Python {python}.0 is not admitted by {constraint!r}")


@pytest.mark.parametrize("version", ["0.9", "3.0", "1!2.1"])
def test_versions_that_are_not_known(version: str) -> None:
    with pytest.raises(LockVersionError) as caught:
        read(metadata=f'[metadata]\nlock-version = "{version}"\n')
    assert str(caught.value) == (
        f"poetry.lock: metadata.lock-version: version {version} of this format is not known"
        " (known: poetry.lock 1.x and 2.x)"
    )
    assert caught.value.hint == (
        "lock the project again with a tool that writes poetry.lock 1.x and 2.x, or update pytest-ofiuco"
    )


def test_a_newer_minor_version_is_read_with_a_warning() -> None:
    lock = read(entry("a"), metadata='[metadata]\nlock-version = "2.2"\n')
    assert lock.warnings == ("poetry.lock: lock-version 2.2 is newer than 2.1, read as 2.1",)
    assert (lock.version, names(lock)) == ("2.2", ["a"])
    assert replace(lock, warnings=()).warnings == read(entry("a")).warnings


# What is not as Poetry writes it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(entry("a", groups="[]"), "package[0].groups: package a: required, and missing", id="no groups"),
        pytest.param(
            entry("a", groups="'main'"), "package[0].groups: package a: expected an array, found a string", id="groups"
        ),
        pytest.param(
            entry("a") + entry("b", more="markers = 1"),
            "package[1].markers: package b: expected a table, found an integer",
            id="markers",
        ),
        pytest.param(
            entry("a", more="markers = {main = 1}"),
            "package[0].markers.main: package a: expected a string, found an integer",
            id="a marker",
        ),
        pytest.param(
            entry("a", files="{file = 1}"),
            "package[0].files[0].file: package a: expected a string, found an integer",
            id="file",
        ),
        pytest.param(
            entry("a", files="1"), "package[0].files[0]: package a: expected a table, found an integer", id="files"
        ),
        pytest.param(
            entry("a", more='[package.source]\ntype = "svn"\nurl = "x"'),
            "package[0].source.type: package a: 'svn' is not a source that is known"
            " (git, url, file, directory, legacy)",
            id="source",
        ),
        pytest.param(
            entry("a", more='[package.source]\ntype = "url"'),
            "package[0].source.url: package a: required, and missing",
            id="a source without a place",
        ),
        pytest.param(
            entry("a", more="[package.dependencies]\nb = [{markers = 'x'}]"),
            "package[0].dependencies.b[0].markers: package a: cannot read 'x':"
            " Expected a marker variable or quoted string",
            id="a dependency's marker",
        ),
        pytest.param(
            entry("a", more="[package.dependencies]\nb = 1"),
            "package[0].dependencies.b: package a: expected a version constraint or a table",
            id="a dependency",
        ),
        pytest.param("package = 1", "package: expected an array, found an integer", id="packages"),
    ],
)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert str(caught.value) == f"poetry.lock: {message}"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        pytest.param(
            'lock-version = "two"', "metadata.lock-version: 'two' is not a version", id="a version that is none"
        ),
        pytest.param("lock-version = 2.1", "metadata.lock-version: expected a string, found a float", id="a number"),
        pytest.param(
            'lock-version = "2.1"\npython-versions = "three"',
            "metadata.python-versions: 'three' is not a version constraint",
            id="python-versions",
        ),
    ],
)
def test_wrong_metadata(metadata: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(metadata=f"[metadata]\n{metadata}\n")
    assert str(caught.value) == f"poetry.lock: {message}"


def test_groups_are_one_however_they_are_spelt() -> None:
    lock = read(
        entry("tool", groups='["dev-tools"]'),
        entry("doc", groups='["opt-docs"]'),
        pyproject="[tool.poetry.group.dev_tools.dependencies]\ntool = '*'\n"
        "[tool.poetry.group.Opt_Docs]\noptional = true\n[dependency-groups]\n'Dev.Tools' = []",
    )
    assert sorted(lock.groups) == ["dev-tools", "main", "opt-docs"]
    assert names(lock) == ["tool"]
    assert names(lock, groups=["Opt_Docs", "dev_tools"]) == ["doc", "tool"]


NEST = "[dependency-groups]\ndev = ['c']\n[tool.poetry.group.x.dependencies]\nd = '*'\n"
PROJECT_TABLE = "[project]\ndependencies = ['a']\n"


@pytest.mark.parametrize(
    ("writer", "pyproject", "content_hash"),
    [
        # poetry.packages.locker.Locker(path, pyproject)._get_content_hash(), Poetry 2.5.1
        pytest.param(
            "2.5.1",
            PROJECT_TABLE + NEST,
            "0a2d790724cdf4ab1a0cf96087cce88b884a09017b37b85b4431895cb4733666",
            id="everything",
        ),
        pytest.param(
            "2.1.3",
            PROJECT_TABLE + NEST,
            "36ed7dbff389f18aec35cbe6c4998b4aa0263077da5f92b1adf56e9b1ee29403",
            id="before groups counted",
        ),
        pytest.param(
            "2.5.1",
            "[tool.poetry.dependencies]\na = 'é'\n",
            "39885fec603b8c9289eb3d1553af47d309f2238a6f0948b90bf39836f098d075",
            id="Poetry alone",
        ),
        pytest.param(
            "2.5.1",
            NEST,
            "e5013a928e8941328aef9578ab5f53354cfa246cd7ce24cd8d862f12fe04b00d",
            id="groups alone",
        ),
    ],
)
def test_content_hash(writer: str, pyproject: str, content_hash: str) -> None:
    head = f"# This file is automatically @generated by Poetry {writer} and should not be changed by hand.\n"
    metadata = f'[metadata]\nlock-version = "2.1"\ncontent-hash = "{content_hash}"\n'
    assert read(head, metadata=metadata, pyproject=pyproject).remarks == ()
    stale = ("poetry.lock: out of date with pyproject.toml: lock again (`poetry lock`)",)
    changed = pyproject + "[tool.poetry.group.another.dependencies]\nrich = '*'\n"
    assert read(head, metadata=metadata, pyproject=changed).remarks == stale


def test_a_hash_that_nobody_can_make() -> None:
    metadata = '[metadata]\nlock-version = "2.1"\ncontent-hash = "0"\n'
    assert read(metadata=metadata, pyproject="[tool.poetry.dependencies]\na = 2020-01-01\n").remarks == ()
    assert read(metadata=metadata).remarks == ()


OLD = "[tool.poetry.dependencies]\npython = '^3.8'\n"
OLD_GROUP = OLD + "[tool.poetry.group.dev.dependencies]\nb = '*'\n"
UNNAMED = "# This file is automatically @generated by Poetry and should not be changed by hand.\n"
NAMED = UNNAMED.replace("Poetry", "Poetry 1.8.5")
ALONE = "935b488be9f11b23f14aa1ce3bed4013d88bd77462534b5e4fe5bb82b485bfe9"
WITH_GROUP = "71140a7a0ccca44198e881e6fdc94fd1daad4822c126ba0b4a9b9b279e45daf1"


@pytest.mark.parametrize(
    ("head", "version", "pyproject", "content_hash"),
    [
        # poetry.packages.locker.Locker(path, content)._get_content_hash(), of the Poetry that is named
        pytest.param(
            "",
            "1.0",
            OLD + "[tool.poetry.dev-dependencies]\nb = '*'\n",
            "3797ddf065c30a62d68f67d8dbeca8603b37c1f81692671125e33cdb198b4fbf",
            id="1.0.10, 1.1.15, 1.2.2, 1.8.5, 2.0.1",
        ),
        pytest.param("", "1.1", OLD_GROUP, ALONE, id="1.0.10, 1.1.15: they know no groups"),
        pytest.param(UNNAMED, "1.1", OLD_GROUP, WITH_GROUP, id="1.2.2"),
        pytest.param(NAMED, "2.0", OLD_GROUP, WITH_GROUP, id="1.8.5"),
        pytest.param(NAMED.replace("1.8.5", "2.0.1"), "2.1", OLD_GROUP, WITH_GROUP, id="2.0.1"),
        pytest.param(
            NAMED, "2.0", "[project]\ndependencies = ['c']\n" + OLD, ALONE, id="1.8.5: it knows nothing but its own"
        ),
        pytest.param(
            UNNAMED,
            "2.1",
            PROJECT_TABLE + NEST,
            "36ed7dbff389f18aec35cbe6c4998b4aa0263077da5f92b1adf56e9b1ee29403",
            id="a Poetry that did not leave its version",
        ),
    ],
)
def test_content_hash_of_old_locks(head: str, version: str, pyproject: str, content_hash: str) -> None:
    metadata = f'[metadata]\nlock-version = "{version}"\ncontent-hash = "{content_hash}"\n'
    assert read(head, metadata=metadata, pyproject=pyproject).remarks == ()
    changed = pyproject.replace("^3.8", "^3.9").replace("'a'", "'b'")
    stale = ("poetry.lock: out of date with pyproject.toml: lock again (`poetry lock`)",)
    assert read(head, metadata=metadata, pyproject=changed).remarks == stale

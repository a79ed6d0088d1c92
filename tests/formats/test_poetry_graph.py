"""poetry.lock 1.0, 1.1 and 2.0; numbers name cases that other systems get wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, InputError, NotLockedError
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

PYTHON_3_8 = target("3.8", "manylinux_2_28_x86_64")


def entry(name: str, more: str = "", *, version: str = "1.0", pythons: str = "*", files: str | None = None) -> str:
    """A [[package]] of 2.0 with one pure wheel, where no files are given."""
    if files is None:
        files = f"{{file = '{name.replace('-', '_')}-{version}-py3-none-any.whl', hash = 'sha256:0a'}}"
    return (
        f"[[package]]\nname = '{name}'\nversion = '{version}'\noptional = false\npython-versions = '{pythons}'\n"
        f"files = [{files}]\n{more}\n"
    )


def old_entry(
    name: str, more: str = "", *, version: str = "1.0", category: str = "main", optional: str = "false"
) -> str:
    """A [[package]] of 1.0 and 1.1, whose files are elsewhere."""
    return (
        f"[[package]]\nname = '{name}'\nversion = '{version}'\ncategory = '{category}'\noptional = {optional}\n"
        f"python-versions = '*'\n{more}\n"
    )


def files_of(*names: str) -> str:
    """[metadata.files] with one pure wheel of 1.0 each."""
    return "[metadata.files]\n" + "\n".join(
        f"{name} = [{{file = '{name}-1.0-py3-none-any.whl', hash = 'sha256:0a'}}]" for name in names
    )


def read(*entries: str, wants: str = "", pyproject: str | None = None, version: str = "2.0", more: str = "") -> Lock:
    """A lock, and a project that wants main dependencies: TOML of [tool.poetry.dependencies]."""
    metadata = f"[metadata]\nlock-version = '{version}'\npython-versions = '*'\ncontent-hash = '0'\n{more}"
    if pyproject is None:
        pyproject = f"[tool.poetry.dependencies]\npython = '*'\n{wants}"
    return read_lock("poetry.lock", "\n".join((*entries, metadata)), pyproject)


def resolved(
    lock: Lock, here: Target = LINUX_X86_64, groups: Sequence[str] | None = None, extras: Sequence[str] = ()
) -> Resolution:
    return resolve(lock, here, lock.selection(groups=groups, extras=extras))


def versions(lock: Lock, here: Target = LINUX_X86_64, groups: Sequence[str] | None = None, *extras: str) -> list[str]:
    return [f"{name} {version}" for name, version in resolved(lock, here, groups, extras).versions().items()]


def names(lock: Lock, here: Target = LINUX_X86_64, groups: Sequence[str] | None = None, *extras: str) -> list[str]:
    return list(resolved(lock, here, groups, extras).versions())


# Where to start


PROJECT = """
[tool.poetry.dependencies]
python = "^3.8"
A_A = "*"
win = { version = "*", platform = "win32" }
opt = { version = "*", optional = true }
[tool.poetry.extras]
Big = ["opt"]
[tool.poetry.dev-dependencies]
tool = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
doc = "*"
"""
LOCKED = read(
    entry("a-a", "[package.dependencies]\nInner = '*'"),
    *(entry(name) for name in ("doc", "inner", "not-wanted", "opt", "tool", "win")),
    pyproject=PROJECT,
    more="[extras]\nbig = ['opt']\n",
)


@pytest.mark.parametrize(
    ("here", "groups", "extras", "expected"),
    [
        pytest.param(LINUX_X86_64, None, [], ["a-a", "inner", "tool"], id="groups that are not optional"),
        pytest.param(LINUX_X86_64, ["main"], [], ["a-a", "inner"], id="main"),
        pytest.param(WINDOWS, ["main"], [], ["a-a", "inner", "win"], id="a platform"),
        pytest.param(LINUX_X86_64, ["docs", "dev"], [], ["doc", "tool"], id="two groups"),
        pytest.param(LINUX_X86_64, ["main"], ["BIG"], ["a-a", "inner", "opt"], id="an extra"),
    ],
)
def test_roots(here: Target, groups: list[str] | None, extras: list[str], expected: list[str]) -> None:
    assert names(LOCKED, here, groups, *extras) == expected


def test_the_lock() -> None:
    assert (LOCKED.format, LOCKED.version, LOCKED.shape, LOCKED.default_groups) == (
        "poetry",
        "2.0",
        "graph",
        ("main", "dev"),
    )
    assert sorted(LOCKED.groups) == ["dev", "docs", "main"]
    assert sorted(LOCKED.extras) == ["big"]


def test_the_first_locks_tell_no_version() -> None:
    text = old_entry("a") + "[metadata]\npython-versions = '*'\n" + files_of("a")
    lock = read_lock("poetry.lock", text, "[tool.poetry.dependencies]\na = '*'")
    assert (lock.version, names(lock)) == ("1.0", ["a"])


@pytest.mark.parametrize(
    ("version", "newest"), [pytest.param("1.2", "1.1", id="1"), pytest.param("2.2", "2.1", id="2")]
)
def test_a_newer_minor_version_is_read_with_a_warning(version: str, newest: str) -> None:
    assert read(version=version).warnings == (
        f"poetry.lock: lock-version {version} is newer than {newest}, read as {newest}",
    )


def test_extras_that_ask_for_other_extras_of_the_project() -> None:
    pyproject = (
        "[project]\nname = 'Own'\n[project.optional-dependencies]\na = ['a']\nb = ['b', 'own[a]']\n"
        "all = ['own[b]', 'own[all]', 'own[unknown]']"
    )
    lock = read(entry("a"), entry("b"), pyproject=pyproject)
    assert [names(lock, LINUX_X86_64, None, extra) for extra in ("a", "b", "all")] == [["a"], ["a", "b"], ["a", "b"]]


def test_an_extra_that_only_the_lock_names() -> None:
    lock = read(entry("a"), wants="", more="[extras]\nx = ['A']\n")
    assert (names(lock), names(lock, LINUX_X86_64, None, "x")) == ([], ["a"])


def test_a_package_that_depends_on_the_project() -> None:
    pyproject = "[tool.poetry]\nname = 'Own'\n[tool.poetry.dependencies]\nplugin = '*'"
    assert names(read(entry("plugin", "[package.dependencies]\nown = '*'"), pyproject=pyproject)) == ["plugin"]


def test_what_the_first_poetries_left_out() -> None:
    lock = read(entry("a", "[package.dependencies]\nsetuptools = '*'\npip = '*'"), wants="a = '*'")
    assert names(lock) == ["a"]
    lock = read(entry("a", "[package.dependencies]\nsetuptools = '*'"), entry("setuptools"), wants="a = '*'")
    assert names(lock) == ["a", "setuptools"]


def test_what_is_not_locked() -> None:
    """Case 11."""
    lock = read(wants="a = {version = '*', platform = 'win32'}")
    assert names(lock) == []
    with pytest.raises(NotLockedError) as caught:
        resolved(lock, WINDOWS)
    assert str(caught.value) == (
        "poetry.lock: pyproject.toml: tool.poetry.dependencies.a: the project depends on a, which is not locked"
    )


# With no word of what is wanted


def test_categories() -> None:
    lock = read(
        old_entry("a", "[package.dependencies]\nc = '*'"),
        old_entry("b", category="dev"),
        old_entry("c", category="dev"),
        old_entry("opt", optional="true"),
        version="1.1",
        pyproject="",
        more="[extras]\nx = ['opt']\n" + files_of("a", "b", "c", "opt"),
    )
    assert lock.warnings == (
        "poetry.lock: pyproject.toml names no dependencies: every entry of a category is taken for wanted",
    )
    assert names(lock) == ["a", "b", "c"]
    assert names(lock, LINUX_X86_64, ["main"]) == ["a", "c"]
    assert names(lock, LINUX_X86_64, ["main"], "x") == ["a", "c", "opt"]


def test_nothing_says_what_is_wanted() -> None:
    with pytest.raises(InputError) as caught:
        read(entry("a"), pyproject="[project]\nname = 'own'")
    assert caught.value.render() == (
        "error: poetry.lock: metadata.lock-version: this format does not say what is wanted,"
        " and pyproject.toml names no dependencies\n"
        "hint: put the project's pyproject.toml beside it, or lock the project again with Poetry 2"
    )
    assert names(read(pyproject="")) == []


# Files


def test_files_of_all_versions_in_one_place() -> None:
    """Case 7."""
    files = (
        "[metadata.files]\nA_a = [\n"
        + "".join(
            f"{{file = '{name}', hash = 'sha256:0{number}'}},\n"
            for number, name in enumerate(
                (
                    "a_a-1.0-py3-none-any.whl",
                    "a_a-1.0.0.tar.gz",
                    "a_a-1.1-py3-none-any.whl",
                    "A-a-1.1.zip",
                    "not a wheel.whl",
                    "a_a-1.1-py2.tar.bz2",
                    "A.tar.xz",
                )
            )
        )
        + "]\n"
    )
    lock = read(old_entry("a-a"), old_entry("a-a", version="1.1"), wants="", version="1.1", more=files)
    assert [
        ([file.filename for file in each.wheels], each.sdist and each.sdist.filename) for each in lock.packages
    ] == [
        (["a_a-1.0-py3-none-any.whl"], "a_a-1.0.0.tar.gz"),
        (["a_a-1.1-py3-none-any.whl"], "a_a-1.1-py2.tar.bz2"),
    ]


def test_files_of_a_version_that_is_none() -> None:
    files = "[metadata.files]\na = [{file = 'a-x.y.tar.gz', hash = 'sha256:0a'}, {file = 'a-z.tar.gz', hash = ''}]\n"
    (package,) = read(old_entry("a", version="x.y"), version="1.1", more=files).packages
    assert package.sdist == Sdist(filename="a-x.y.tar.gz", hashes=(("sha256", "0a"),))


def test_hashes_without_names() -> None:
    """Before there were [metadata.files]."""
    (package,) = read(old_entry("a"), version="1.0", more="[metadata.hashes]\nA = ['0b', '0a']\n").packages
    assert package.unnamed == (("sha256", "0a"), ("sha256", "0b"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "type = 'git'\nurl = 'https://example.org/a'\nreference = 'main'\nresolved_reference = 'abc'",
            Vcs(type="git", url="https://example.org/a", commit="abc", requested_revision="main"),
            id="10: git",
        ),
        pytest.param(
            "type = 'directory'\nurl = '../a'\nreference = ''",
            Directory(path="../a", editable=True),
            id="10: directory",
        ),
        pytest.param(
            "type = 'file'\nurl = 'down/a.tar.xz'",
            Archive(filename="a.tar.xz", hashes=(("sha256", "0b"),), path="down/a.tar.xz"),
            id="10: file",
        ),
        pytest.param(
            "type = 'url'\nurl = 'https://files.example.org/a%2Bb.zip'",
            Archive(filename="a+b.zip", hashes=(("sha256", "0c"),), url="https://files.example.org/a%2Bb.zip"),
            id="2, 10: url",
        ),
        pytest.param(
            "type = 'url'\nurl = 'https://files.example.org/other.zip'",
            Archive(filename="other.zip", url="https://files.example.org/other.zip"),
            id="10: a url whose file is not there",
        ),
        pytest.param(
            "type = 'legacy'\nurl = 'https://files.example.org/simple'\nreference = 'own'",
            Wheel(
                filename="a-1.0-py3-none-any.whl",
                hashes=(("sha256", "0a"),),
                index="https://files.example.org/simple",
            ),
            id="10: legacy",
        ),
    ],
)
def test_sources(source: str, expected: object) -> None:
    files = (
        "[metadata.files]\na = [{file = 'a-1.0-py3-none-any.whl', hash = 'sha256:0a'},"
        "{file = 'a.tar.xz', hash = 'sha256:0b'}, {file = 'a+b.zip', hash = 'sha256:0c'}]\n"
    )
    entries = old_entry("a", f"develop = true\n[package.source]\n{source}")
    (pin,) = resolved(read(entries, wants="a = '*'", version="1.1", more=files)).packages
    assert pin.artifact == expected


# Edges


def test_edges() -> None:
    """Case 5: a string, a table, alternatives; ``python`` and ``platform`` as markers."""
    lock = read(
        entry(
            "a",
            "[package.dependencies]\nB_b = '^1.0'\nc = {version = '*', platform = 'win32'}\n"
            "d = [{version = '*', python = '<3.9'}, {version = '*', markers = \"sys_platform == 'darwin'\"}]\n"
            "e = {version = '*', python = '<empty>'}",
        ),
        *(entry(name) for name in ("b-b", "c", "d", "e")),
        wants="a = '*'",
    )
    assert names(lock) == ["a", "b-b"]
    assert names(lock, WINDOWS) == ["a", "b-b", "c"]
    assert names(lock, MACOS_ARM64) == ["a", "b-b", "d"]
    assert names(lock, PYTHON_3_8) == ["a", "b-b", "d"]


EXTRAS = (
    entry(
        "a",
        "[package.dependencies]\nsocks = {version = '*', optional = true}\n"
        "h2 = {version = '*', optional = true, markers = \"extra == 'http2'\"}\n"
        "both = {version = '*', optional = true, markers = \"sys_platform == 'linux'\"}\n"
        "own = {version = '*', optional = true, markers = \"extra == 'own'\"}\n"
        "never = {version = '*', optional = true}\n"
        "[package.extras]\nSocks = ['Socks (>=1.5.6,<1.5.7 || >1.5.7)', '=> nonsense', '']\n"
        "http2 = ['h2[x] (>=4,<5']\nx = ['both>=1']\ny = ['both; python_version > \"3\"']\n"
        "all = ['A[socks,http2]', 'a [x]', 'a']",
    ),
    *(entry(name) for name in ("both", "h2", "never", "own", "socks")),
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("[]", [], id="9: none"),
        pytest.param("['SOCKS']", ["socks"], id="9: one that lists what no standard knows"),
        pytest.param("['http2']", ["h2"], id="9: a marker too"),
        pytest.param("['x']", ["both"], id="9: one of two"),
        pytest.param("['y']", ["both"], id="9: the other of two"),
        pytest.param("['own']", ["own"], id="9: a marker alone"),
        pytest.param("['all']", ["both", "h2", "socks"], id="9: an extra of extras"),
    ],
)
def test_extras_of_a_package(asked: str, expected: list[str]) -> None:
    assert names(read(*EXTRAS, wants=f"a = {{version = '*', extras = {asked}}}")) == ["a", *expected]


def test_a_circle_of_extras() -> None:
    """Each asks for an extra of the other, once it is asked itself."""
    lock = read(
        entry("a", "[package.dependencies]\nb = {version = '*', extras = ['y']}\n[package.extras]\nx = ['c']"),
        entry(
            "b",
            "[package.dependencies]\na = {version = '*', extras = ['x'], optional = true}\n"
            "d = {version = '*', optional = true}\n[package.extras]\ny = ['a[x]', 'd']",
        ),
        entry("d"),
        wants="a = '*'",
    )
    assert [(pin.name, pin.dependencies) for pin in resolved(lock).packages] == [
        ("a", ("b",)),
        ("b", ("a", "d")),
        ("d", ()),
    ]


# Entries of one name


def source(kind: str, url: str, reference: str = "") -> str:
    return f"[package.source]\ntype = '{kind}'\nurl = '{url}'\nreference = '{reference}'\n"


NUMPY = (
    entry("numpy", version="1.24", pythons=">=3.8"),
    entry("numpy", version="2.1", pythons=">=3.10"),
    entry("numpy", version="2.2", pythons=">=3.10"),
)


@pytest.mark.parametrize(
    ("wants", "here", "expected"),
    [
        pytest.param("numpy = '*'", LINUX_X86_64, "2.2", id="the highest"),
        pytest.param("numpy = '<2.2'", LINUX_X86_64, "2.1", id="the highest that the constraint admits"),
        pytest.param("numpy = '*'", PYTHON_3_8, "1.24", id="the one for this Python"),
        pytest.param("numpy = '^1.0 || 2.1'", LINUX_X86_64, "2.1", id="alternatives"),
        pytest.param(
            "numpy = [{version = '<2', platform = 'linux'}, {version = '>=2', platform = 'win32'}]",
            LINUX_X86_64,
            "1.24",
            id="4: by marker",
        ),
        pytest.param("numpy = '<1'", LINUX_X86_64, "2.2", id="a constraint that none meets is no reason"),
    ],
)
def test_entries_of_one_name(wants: str, here: Target, expected: str) -> None:
    assert versions(read(*NUMPY, wants=wants), here) == [f"numpy {expected}"]


def test_constraints_of_all_that_lead_there() -> None:
    user = "[package.dependencies]\nnumpy = '{}'"
    lock = read(*NUMPY, entry("a", user.format("<2.2")), entry("b", user.format(">=2")), wants="a = '*'\nb = '*'")
    assert versions(lock) == ["a 1.0", "b 1.0", "numpy 2.1"]


def test_the_highest_does_not_suit_the_rest() -> None:
    """``b`` 2 needs an ``a`` that the project does not want: it is taken back, as is what only it needs."""
    lock = read(
        entry("a", version="1.0"),
        entry("a", version="2.0"),
        entry("b", version="1.0"),
        entry("b", "[package.dependencies]\na = '>=2'\nc = '*'", version="2.0"),
        entry("c"),
        wants="b = '*'\na = '<2'",
    )
    assert versions(lock) == ["a 1.0", "b 1.0"]


def test_an_extra_that_is_not_wanted_decides_a_version_too() -> None:
    """Poetry takes versions that suit every optional dependency, then leaves those out that nobody asked for."""
    lock = read(
        entry("urllib3", version="1.26.20"),
        entry("urllib3", version="2.0.7"),
        entry("botocore", "[package.dependencies]\nurllib3 = '<1.27'").replace("optional = false", "optional = true"),
        wants="urllib3 = '*'\nbotocore = {version = '*', optional = true}\n[tool.poetry.extras]\ns3 = ['botocore']",
    )
    assert versions(lock) == ["urllib3 1.26.20"]
    assert versions(lock, LINUX_X86_64, None, "s3") == ["botocore 1.0", "urllib3 1.26.20"]


def test_nothing_suits() -> None:
    """Case 1: an error naming both."""
    lock = read(
        entry("a", version="1.0"),
        entry("a", version="2.0"),
        entry("b", "[package.dependencies]\na = '>=2'"),
        wants="b = '*'\na = '<2'",
    )
    with pytest.raises(AmbiguousError) as caught:
        resolved(lock)
    assert str(caught.value) == (
        "poetry.lock: package a: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        " 1.0 at package[0] (always) and 2.0 at package[1] (always)"
    )


SOURCES = (
    entry("a"),
    entry("a", source("legacy", "https://index.example.org/own", "Own")),
    entry("a", source("git", "https://example.org/a.git", "main")),
    entry("a", source("git", "https://example.org/a.git", "v1")),
    entry("a", source("url", "https://files.example.org/a-1.0.zip")),
    entry("a", source("directory", "../a")),
)


@pytest.mark.parametrize(
    ("wants", "expected"),
    [
        pytest.param("source = 'PyPI'", "package[0]", id="the primary index"),
        pytest.param("source = 'own'", "package[1]", id="another index"),
        pytest.param("git = 'https://example.org/a', branch = 'main'", "package[2]", id="git"),
        pytest.param("git = 'https://example.org/a', tag = 'v1'", "package[3]", id="git, another reference"),
        pytest.param("url = 'https://files.example.org/a-1.0.zip#sha256=0a'", "package[4]", id="url"),
        pytest.param("path = './../a/'", "package[5]", id="path"),
    ],
)
def test_where_a_direct_dependency_comes_from(wants: str, expected: str) -> None:
    lock = read(*SOURCES, wants=f"a = {{{wants}}}")
    (edge,) = lock.groups["main"]
    assert [each.at for each in lock.packages if each.source == edge.source] == [expected]


def test_where_it_comes_from_is_not_locked() -> None:
    assert names(read(entry("a"), wants="a = {source = 'elsewhere'}")) == ["a"]


# Markers of entries (1.0)


def test_one_marker_for_all_entries() -> None:
    marked = "marker = \"sys_platform == 'win32'\""
    lock = read(old_entry("a", marked), wants="a = '*'", version="1.0", more=files_of("a"))
    assert (names(lock), names(lock, WINDOWS)) == ([], ["a"])


def test_the_markers_before_those() -> None:
    marked = "requirements = {python = '>=3.9', platform = 'win32'}"
    lock = read(old_entry("a", marked), wants="a = '*'", version="1.0", more=files_of("a"))
    assert (names(lock), names(lock, WINDOWS)) == ([], ["a"])


def test_a_marker_for_each_entry() -> None:
    files = "[metadata.files]\n" + "".join(
        f"{name} = ["
        + ",".join(f"{{file = '{name}-{version}-py3-none-any.whl', hash = ''}}" for version in (1, 2))
        + "]\n"
        for name in ("a", "b")
    )
    lock = read(
        old_entry("a", "marker = \"python_version < '3.9'\""),
        old_entry("a", "marker = \"python_version >= '3.9' or sys_platform == 'linux'\"", version="2.0"),
        old_entry("b", "[package.dependencies]\na = '<2'"),
        pyproject="[tool.poetry.dependencies]\na = '*'\n[tool.poetry.group.old.dependencies]\nb = '*'\n"
        "[tool.poetry.group.none.dependencies]\na = {version = '>3', source = 'elsewhere'}",
        version="1.0",
        more=files,
    )
    assert versions(lock, LINUX_X86_64, ["main"]) == ["a 2.0"]
    assert versions(lock, PYTHON_3_8, ["main"]) == ["a 2.0"]
    assert versions(lock, target("3.8", "win_amd64"), ["main"]) == ["a 1.0"]
    assert versions(lock, PYTHON_3_8, ["old"]) == ["a 1.0", "b 1.0"]
    assert versions(lock, LINUX_X86_64, ["none"]) == ["a 2.0"]

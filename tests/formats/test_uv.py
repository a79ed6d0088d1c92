"""uv.lock; numbers name cases that other systems get wrong."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import AmbiguousError, ConflictError, InputError, LockVersionError, PlatformNotAdmittedError
from tests.locks import read_lock
from tests.targets import LINUX_X86_64, MACOS_ARM64, WINDOWS, target

INDEX = "https://index.example.org/simple"
FILES = "https://files.example.org"
PYPROJECT = '[project]\nname = "Project"\n'


def entry(name: str, version: str = "1.0", more: str = "", *, source: str = f'registry = "{INDEX}"') -> str:
    """A [[package]] with one pure wheel, where its source is the index and nothing else is said of files."""
    text = f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ {source} }}\n'
    if source.startswith("registry") and "wheels =" not in more and "sdist =" not in more:
        wheel = f"{FILES}/{name}-{version}-py3-none-any.whl"
        text += f'wheels = [{{ url = "{wheel}", hash = "sha256:{version.replace(".", "")}" }}]\n'
    return text + more + "\n"


def project(more: str) -> str:
    return entry("project", "0", more, source='virtual = "."')


def read(*entries: str, head: str = "", pyproject: str = PYPROJECT) -> Lock:
    text = "\n".join(('version = 1\nrevision = 3\nrequires-python = ">=3.8"', head, *entries))
    return read_lock("uv.lock", text, pyproject)


def resolved(
    lock: Lock, here: Target = LINUX_X86_64, groups: list[str] | None = None, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(lock, here, lock.selection(groups=groups, extras=extras))


def names(lock: Lock, here: Target = LINUX_X86_64, **options: object) -> list[str]:
    return list(resolved(lock, here, **options).versions())  # type: ignore[arg-type]


# Versions and forks


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        pytest.param("3.11", "a-1.0-cp311-cp311-win_amd64.whl", id="12: one fork"),
        pytest.param("3.12", "a-1.0-cp312-cp312-win_amd64.whl", id="12: another"),
        pytest.param("3.13", "a-1.0-cp313-cp313-win_amd64.whl", id="12: the third"),
    ],
)
def test_one_version_in_three_forks(python: str, expected: str) -> None:
    forks = {"311": "< '3.12'", "312": "== '3.12.*'", "313": ">= '3.13'"}
    lock = read(
        project('dependencies = [{ name = "a" }]'),
        *(
            entry(
                "a",
                more=f'resolution-markers = ["python_full_version {marker}"]\n'
                f'wheels = [{{ url = "{FILES}/a-1.0-cp{tag}-cp{tag}-win_amd64.whl", hash = "sha256:{tag}" }}]',
            )
            for tag, marker in forks.items()
        ),
    )
    (pin,) = resolved(lock, target(python, "win_amd64")).packages
    assert isinstance(pin.artifact, Wheel)
    assert pin.artifact.filename == expected


def test_forks_that_hold_at_once() -> None:
    lock = read(
        project('dependencies = [{ name = "a" }]'),
        entry("a", "1.0", "resolution-markers = [\"sys_platform == 'linux'\"]"),
        entry("a", "2.0", "resolution-markers = [\"python_version >= '3.12'\"]"),
    )
    assert resolved(lock, WINDOWS).versions() == {"a": "2.0"}
    with pytest.raises(AmbiguousError, match=r"1\.0 at package\[1\].* and 2\.0 at package\[2\]"):
        resolved(lock)


def test_one_name_twice_in_one_list() -> None:
    """Case 13: told apart by version and source."""
    lock = read(
        project(
            f"""dependencies = [
    {{ name = "numpy", version = "2.0.2", source = {{ registry = "{INDEX}" }}, marker = "python_version < '3.10'" }},
    {{ name = "numpy", version = "2.1.0", source = {{ registry = "{INDEX}" }}, marker = "python_version == '3.10'" }},
    {{ name = "numpy", version = "2.1.0", source = {{ registry = "{INDEX}/own" }}, marker = "python_version > '3.10'"}},
]"""
        ),
        entry("numpy", "2.0.2"),
        entry("numpy", "2.1.0"),
        entry("numpy", "2.1.0", source=f'registry = "{INDEX}/own"'),
    )
    found = {}
    for python in ("3.9", "3.10", "3.11"):
        (pin,) = resolved(lock, target(python, "win_amd64")).packages
        assert isinstance(pin.artifact, Wheel)
        found[python] = pin.version, pin.artifact.index
    assert found == {"3.9": ("2.0.2", INDEX), "3.10": ("2.1.0", INDEX), "3.11": ("2.1.0", f"{INDEX}/own")}


# Extras, groups and conflicts


EXTRAS = read(
    project(
        """dependencies = [{ name = "a", extra = ["async", "sync"] }]
[package.optional-dependencies]
Build = [{ name = "b", marker = "extra == 'build' and sys_platform == 'linux'" }]
more = [{ name = "project", extra = ["build"] }]
[package.dev-dependencies]
dev = [{ name = "c" }]
self = [{ name = "project", extra = ["build"] }]
[package.metadata]
provides-extras = ["build", "more", "empty"]
[package.metadata.requires-dev]
dev = []
none = []
"""
    ),
    entry(
        "a",
        more='[package.optional-dependencies]\nasync = [{ name = "d" }]\nsync = [{ name = "e" }]\n'
        'other = [{ name = "f" }]',
    ),
    *(entry(name) for name in "bcdef"),
)


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(None, (), ["a", "c", "d", "e"], id="14: main and dev"),
        pytest.param(["main"], (), ["a", "d", "e"], id="14: the extras of an edge"),
        pytest.param(["main"], ("build",), ["a", "b", "d", "e"], id="14: an extra of the project"),
        pytest.param(["main"], ("more",), ["a", "b", "d", "e"], id="14: an extra that asks for another"),
        pytest.param(["main"], ("empty",), ["a", "d", "e"], id="an extra of nothing"),
        pytest.param(["dev"], (), ["c"], id="a group alone"),
        pytest.param(["none"], (), [], id="a group of nothing"),
        pytest.param(["self"], (), ["a", "b", "d", "e"], id="14: a group that asks for the project"),
    ],
)
def test_extras_and_groups(groups: list[str] | None, extras: tuple[str, ...], expected: list[str]) -> None:
    assert names(EXTRAS, groups=groups, extras=extras) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("", ("dev", "main"), id="dev"),
        pytest.param('default-groups = ["self"]', ("main", "self"), id="named"),
        pytest.param("default-groups = []", ("main",), id="none"),
        pytest.param('default-groups = "all"', ("dev", "main", "none", "self"), id="all"),
        pytest.param('default-groups = ["Self", "SELF"]', ("main", "self"), id="spelt otherwise"),
        pytest.param('default-groups = ["new"]\n[dependency-groups]\nnew = []', ("main",), id="not locked yet"),
    ],
)
def test_default_groups(settings: str, expected: tuple[str, ...]) -> None:
    lock = read(
        project("[package.dev-dependencies]\ndev = []\nself = []\nnone = []"),
        pyproject=f"{PYPROJECT}[tool.uv]\n{settings}\n",
    )
    assert lock.selection().groups == expected


CONFLICTING = read(
    project(
        """[package.optional-dependencies]
cpu = [{ name = "torch", version = "2.0+cpu", marker = "extra == 'extra-7-project-cpu'" }]
gpu = [{ name = "torch", version = "2.0", marker = "extra == 'extra-7-project-gpu'" }]
[package.dev-dependencies]
dev = [{ name = "torch", version = "2.0", marker = "extra == 'group-7-project-dev' and extra != 'extra-7-project-cpu'"}]
"""
    ),
    entry("torch", "2.0"),
    entry("torch", "2.0+cpu"),
    head='conflicts = [[{ package = "project", extra = "cpu" }, { package = "project", extra = "gpu" }, '
    '{ package = "project", group = "dev" }], [{ package = "other", extra = "x" }]]',
)


@pytest.mark.parametrize(
    ("groups", "extras", "expected"),
    [
        pytest.param(["main"], ("cpu",), {"torch": "2.0+cpu"}, id="15: cpu"),
        pytest.param(["main"], ("gpu",), {"torch": "2.0"}, id="15: gpu"),
        pytest.param(["main", "dev"], (), {"torch": "2.0"}, id="15: a group"),
        pytest.param(["main"], (), {}, id="15: none"),
    ],
)
def test_encoded_names(groups: list[str], extras: tuple[str, ...], expected: dict[str, str]) -> None:
    assert resolved(CONFLICTING, groups=groups, extras=extras).versions() == expected


@pytest.mark.parametrize(
    ("groups", "extras", "message"),
    [
        pytest.param(["main"], ("cpu", "gpu"), "extra cpu and extra gpu conflict", id="15: extras"),
        pytest.param(["dev"], ("cpu",), "extra cpu and group dev conflict", id="15: an extra and a group"),
    ],
)
def test_conflicts(groups: list[str], extras: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConflictError, match=message):
        CONFLICTING.selection(groups=groups, extras=extras)


MEMBER = read(
    project(
        """dependencies = [{ name = "m" }]
[package.optional-dependencies]
a = [{ name = "m" }, { name = "m", extra = ["x"], marker = "extra == 'extra-1-m-x'" }]
b = [{ name = "m" }, { name = "m", extra = ["y"], marker = "extra == 'extra-1-m-y'" }]
"""
    ),
    entry(
        "m",
        more="""dependencies = [{ name = "d", marker = "extra == 'extra-1-m-x'" }]
[package.optional-dependencies]
x = [{ name = "six", version = "1.16.0" }]
y = [{ name = "six", version = "1.15.0" }]
""",
        source='editable = "m"',
    ),
    entry("d"),
    entry("six", "1.15.0"),
    entry("six", "1.16.0"),
    head='conflicts = [[{ package = "m", extra = "x" }, { package = "m", extra = "y" }]]',
)


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        pytest.param((), {"m": "1.0"}, id="15: nothing activates"),
        pytest.param(("a",), {"d": "1.0", "m": "1.0", "six": "1.16.0"}, id="15: one, on edges already passed too"),
        pytest.param(("b",), {"m": "1.0", "six": "1.15.0"}, id="15: the other"),
    ],
)
def test_extras_of_members_are_activated_by_the_edges_that_ask_for_them(
    extras: tuple[str, ...], expected: dict[str, str]
) -> None:
    """As uv does: the edge that requests the extra has a marker that tests whether it is requested."""
    assert resolved(MEMBER, extras=extras).versions() == expected


def test_conflicting_extras_of_a_member() -> None:
    with pytest.raises(AmbiguousError, match=r"1\.16\.0 .* and 1\.15\.0"):
        resolved(MEMBER, extras=("a", "b"))


# Sources


@pytest.mark.parametrize(
    ("source", "more", "expected"),
    [
        pytest.param(
            f'registry = "{INDEX}"',
            f'wheels = [{{ url = "{FILES}/a-1.0-py3-none-any.whl?token=1", hash = "sha256:0A" }}]',
            Wheel(
                filename="a-1.0-py3-none-any.whl",
                hashes=(("sha256", "0a"),),
                url=f"{FILES}/a-1.0-py3-none-any.whl?token=1",
                index=INDEX,
            ),
            id="17: a URL with a query",
        ),
        pytest.param(
            f'registry = "{INDEX}"',
            f'wheels = [{{ url = "{FILES}/a-1.0%2Bcpu-py3-none-any.whl" }}]',
            Wheel(filename="a-1.0+cpu-py3-none-any.whl", url=f"{FILES}/a-1.0%2Bcpu-py3-none-any.whl", index=INDEX),
            id="17: a wheel without a hash",
        ),
        pytest.param(
            f'registry = "{INDEX}"',
            f'sdist = {{ url = "{FILES}/a-1.0.tar.gz", hash = "sha256:0a" }}',
            Sdist(filename="a-1.0.tar.gz", hashes=(("sha256", "0a"),), url=f"{FILES}/a-1.0.tar.gz", index=INDEX),
            id="an sdist",
        ),
        pytest.param(
            'registry = "../wheels"',
            'wheels = [{ path = "a-1.0-py3-none-any.whl" }]',
            Wheel(filename="a-1.0-py3-none-any.whl", path="../wheels/a-1.0-py3-none-any.whl", index="../wheels"),
            id="a flat index",
        ),
        pytest.param(
            'registry = "../files"',
            'sdist = { path = "a-1.0.tar.gz" }',
            Sdist(filename="a-1.0.tar.gz", path="../files/a-1.0.tar.gz", index="../files"),
            id="an sdist of a flat index",
        ),
        pytest.param(
            f'url = "{FILES}/a-1.0-py3-none-any.whl"',
            'wheels = [{ filename = "a-1.0-py3-none-any.whl", hash = "sha256:0a" }]',
            Wheel(filename="a-1.0-py3-none-any.whl", hashes=(("sha256", "0a"),), url=f"{FILES}/a-1.0-py3-none-any.whl"),
            id="16: a wheel by URL",
        ),
        pytest.param(
            f'url = "{FILES}/a.zip", subdirectory = "sub"',
            'sdist = { hash = "sha256:0a" }',
            Archive(filename="a.zip", hashes=(("sha256", "0a"),), url=f"{FILES}/a.zip", subdirectory="sub"),
            id="16: an archive by URL",
        ),
        pytest.param(
            'path = "wheels/a-1.0-py3-none-any.whl"',
            'wheels = [{ filename = "a-1.0-py3-none-any.whl", hash = "sha256:0a" }]',
            Wheel(filename="a-1.0-py3-none-any.whl", hashes=(("sha256", "0a"),), path="wheels/a-1.0-py3-none-any.whl"),
            id="16: a wheel by path",
        ),
        pytest.param(
            'path = "a.tar.gz"',
            'sdist = { hash = "sha256:0a" }',
            Archive(filename="a.tar.gz", hashes=(("sha256", "0a"),), path="a.tar.gz"),
            id="16: an archive by path",
        ),
        pytest.param(
            'git = "https://example.org/a?subdirectory=sub&rev=main#abc"',
            "",
            Vcs(
                type="git",
                url="https://example.org/a",
                commit="abc",
                requested_revision="main",
                subdirectory="sub",
            ),
            id="16: git",
        ),
        pytest.param(
            'git = "https://example.org/a#abc"',
            "",
            Vcs(type="git", url="https://example.org/a", commit="abc"),
            id="16: git without a revision",
        ),
        pytest.param('directory = "../a"', "", Directory(path="../a"), id="16: directory"),
        pytest.param('editable = "../a"', "", Directory(path="../a", editable=True), id="16: editable"),
    ],
)
def test_sources(source: str, more: str, expected: object) -> None:
    lock = read(project('dependencies = [{ name = "a" }]'), entry("a", more=more, source=source))
    (pin,) = resolved(lock).packages
    assert pin.artifact == expected


@pytest.mark.parametrize("root", ["virtual", "editable", "directory"])
def test_the_project_itself_is_not_installed(root: str) -> None:
    """Case 16: its dependencies count."""
    lock = read(entry("project", "0", 'dependencies = [{ name = "a" }]', source=f'{root} = "."'), entry("a"))
    assert names(lock) == ["a"]


MEMBERS = (
    entry("member-a", "0", 'dependencies = [{ name = "a" }]', source='editable = "packages/a"'),
    entry("member-b", "0", 'dependencies = [{ name = "b" }, { name = "member-a" }]', source='virtual = "packages/b"'),
    entry("a"),
    entry("b"),
)
WORKSPACE = '[manifest]\nmembers = ["member-a", "member-b"]\n'


@pytest.mark.parametrize(
    ("pyproject", "entries", "expected"),
    [
        pytest.param('[project]\nname = "member-a"', MEMBERS, ["a"], id="16: one member"),
        pytest.param(
            '[project]\nname = "Member_B"', MEMBERS, ["a", "b", "member-a"], id="16: a member that needs another"
        ),
        pytest.param(
            "[tool.uv.workspace]", MEMBERS, ["a", "b", "member-a"], id="16: all of a workspace without a project"
        ),
        pytest.param(
            "[tool.uv.workspace]",
            (MEMBERS[0], entry("member-b", "0", source='directory = "packages/b"'), entry("a")),
            ["a", "member-a", "member-b"],
            id="16: members that nothing needs",
        ),
        pytest.param(
            "", (*MEMBERS, project('dependencies = [{ name = "b" }]')), ["b"], id="16: the one in the lock's folder"
        ),
    ],
)
def test_workspace(pyproject: str, entries: tuple[str, ...], expected: list[str]) -> None:
    lock = read(*entries, head=WORKSPACE, pyproject=pyproject)
    assert names(lock) == expected


def test_groups_without_a_project() -> None:
    lock = read(entry("a"), head='[manifest.dependency-groups]\ndev = [{ name = "a" }]', pyproject="[tool.uv]")
    assert names(lock) == ["a"]
    assert names(lock, groups=["main"]) == []


# Targets


def test_supported_markers() -> None:
    lock = read(project(""), head="supported-markers = [\"sys_platform == 'linux'\", \"sys_platform == 'darwin'\"]")
    assert names(lock) == names(lock, MACOS_ARM64) == []
    with pytest.raises(PlatformNotAdmittedError):
        resolved(lock, WINDOWS)


# What is not as uv writes it


@pytest.mark.parametrize(("version", "shown"), [("2", "2"), ("0", "0")])
def test_versions_that_are_not_known(version: str, shown: str) -> None:
    with pytest.raises(LockVersionError) as caught:
        read_lock("uv.lock", f"version = {version}")
    assert str(caught.value) == (
        f"uv.lock: version: version {shown} of this format is not known (known: uv.lock version 1)"
    )


@pytest.mark.parametrize("revision", ["0", "3", "99"])
def test_any_revision_is_read(revision: str) -> None:
    assert read_lock("uv.lock", f"version = 1\nrevision = {revision}").version == f"1.{revision}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            entry("a", source='svn = "x"'),
            "package[0].source: package a: not a source that is known (registry, git, url, path, directory, …)",
            id="source",
        ),
        pytest.param(
            entry("a", source="registry = 1"),
            "package[0].source.registry: package a: expected a string, found an integer",
            id="index",
        ),
        pytest.param(
            entry("a", more='wheels = [{ hash = "sha256:0a" }]'),
            "package[0].wheels[0].url: package a: required, and missing",
            id="a wheel without a place",
        ),
        pytest.param(
            entry("a", more="sdist = { size = 1 }"),
            "package[0].sdist.url: package a: required, and missing",
            id="an sdist without",
        ),
        pytest.param(
            entry("a", more="dependencies = [{}]"),
            "package[0].dependencies[0].name: package a: required, and missing",
            id="an edge",
        ),
        pytest.param(
            entry("a", more="dependencies = ['b']"),
            "package[0].dependencies[0]: package a: expected a table, found a string",
            id="a dependency",
        ),
        pytest.param(
            entry("a", more='dependencies = [{ name = "b", marker = "?" }]'),
            "package[0].dependencies[0].marker: package a: cannot read '?':"
            " Expected a marker variable or quoted string",
            id="a marker",
        ),
        pytest.param("package = 1", "package: expected an array, found an integer", id="packages"),
        pytest.param("conflicts = 1", "conflicts: expected an array, found an integer", id="conflicts"),
        pytest.param("conflicts = [1]", "conflicts[0].set: expected an array, found an integer", id="a conflict"),
        pytest.param(
            entry("a", source=f'url = "{FILES}/a-1.0-py3-none-any.whl"'),
            "package[0].wheels: package a: the wheel a-1.0-py3-none-any.whl is named as source and not listed",
            id="a wheel that is not listed",
        ),
        pytest.param(
            entry("a", more=f'wheels = [{{ url = "{FILES}/a.whl" }}]'),
            "package[0].wheels[0]: package a: 'a.whl' is not the name of a wheel",
            id="a wheel's name",
        ),
        pytest.param(
            entry("a", more=f'wheels = [{{ url = "{FILES}/a-1.1-py3-none-any.whl" }}]'),
            "package[0].wheels[0]: package a: 'a-1.1-py3-none-any.whl' is of another version than '1.0'",
            id="a wheel of another version",
        ),
        pytest.param(
            entry("a", "old", more=f'wheels = [{{ url = "{FILES}/a-1.1-py3-none-any.whl" }}]'),
            "package[0].wheels[0]: package a: 'a-1.1-py3-none-any.whl' is of another version than 'old'",
            id="a wheel of no version",
        ),
    ],
)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert str(caught.value) == f"uv.lock: {message}"


@pytest.mark.parametrize(
    "name", ["a-1.0-1-py3-none-any.whl", "a-1.0.0-py3-none-any.whl", "a-1.0%2Bcpu-py3-none-any.whl"]
)
def test_wheels_of_its_version(name: str) -> None:
    """Written otherwise, with a build number, or built for a purpose."""
    read(project('dependencies = [{ name = "a" }]'), entry("a", more=f'wheels = [{{ url = "{FILES}/{name}" }}]'))


def test_no_version() -> None:
    with pytest.raises(InputError) as caught:
        read_lock("uv.lock", "revision = 3", PYPROJECT)
    assert str(caught.value) == "uv.lock: version: required, and missing"


def test_a_default_group_that_nobody_knows() -> None:
    with pytest.raises(InputError) as caught:
        read(project("[package.dev-dependencies]\ndev = []"), pyproject=f'{PYPROJECT}[tool.uv]\ndefault-groups = ["x"]')
    assert str(caught.value) == "pyproject.toml: tool.uv.default-groups[0]: 'x' is not a group of the project"
    assert caught.value.hint == "name one of: dev"


def test_names_are_normalized() -> None:
    lock = read(
        project(
            '[package.optional-dependencies]\nCpu_X = [{ name = "a" }]\n'
            '[package.dev-dependencies]\nTest_Tools = [{ name = "b" }]'
        ),
        entry("a"),
        entry("b"),
        head='conflicts = [[{ package = "project", extra = "Cpu_X" }, { package = "project", group = "Test_Tools" }]]',
        pyproject=f'{PYPROJECT}[tool.uv]\ndefault-groups = ["test.tools"]',
    )
    assert lock.default_groups == ("main", "test-tools")
    assert lock.activates["group", "test-tools"] == {"group-7-project-test-tools"}
    assert lock.conflicts == (frozenset({("extra", "cpu-x"), ("group", "test-tools")}),)
    assert names(lock) == ["b"]
    assert names(lock, groups=["TEST_TOOLS"]) == ["b"]
    assert names(lock, groups=["main"], extras=("cpu.x",)) == ["a"]


METADATA = """[package.metadata]
requires-dist = [
    { name = "a", specifier = ">=1.0" },
    { name = "b", marker = "extra == 'x'" },
    { name = "project", extras = ["x"] },
]
[package.metadata.requires-dev]
dev = [{ name = "c" }]
"""
FRESH = """dependencies = ["A>=1", "project[x]"]
optional-dependencies = { x = ["b"] }
[dependency-groups]
dev = [{ include-group = "more" }]
more = ["c"]
"""


@pytest.mark.parametrize(
    ("metadata", "pyproject", "differing"),
    [
        pytest.param(METADATA.replace("dev = ", 'more = [{ name = "c" }]\ndev = '), FRESH, "", id="fresh"),
        pytest.param(METADATA, "", "a, b, c", id="nothing left"),
        pytest.param(METADATA, FRESH.replace('"A', '"rich", "A'), "c, rich", id="added"),
        pytest.param(METADATA, FRESH.replace("A>=1", "A>=2"), "a, c", id="another version"),
        pytest.param(METADATA, FRESH.replace("A>=1", "A[x]>=1"), "a, c", id="other extras"),
        pytest.param(METADATA, FRESH.replace("A>=1", "a @ https://example.org/a.zip"), "a, c", id="a URL"),
        pytest.param(
            METADATA.replace('specifier = ">=1.0"', 'git = "https://example.org/a"'),
            FRESH + "[tool.uv.sources]\na = { git = 'https://example.org/a' }",
            "c",
            id="from elsewhere",
        ),
        pytest.param(METADATA, 'requires-python = ">=3.9"\n' + FRESH, "c, requires-python", id="other Pythons"),
        pytest.param(METADATA, 'requires-python = ">=3.8"\n' + FRESH, "c", id="the same Pythons"),
        pytest.param("", 'dependencies = ["rich"]', "rich", id="the first one"),
        pytest.param("", 'dynamic = ["dependencies"]', "", id="nothing to compare"),
        pytest.param(METADATA, 'dynamic = ["dependencies"]', "", id="dynamic"),
        pytest.param(METADATA, 'dependencies = ["?"]', "", id="not requirements"),
        pytest.param(METADATA, '[dependency-groups]\ndev = [{ include-group = "dev" }]', "", id="a cycle"),
        pytest.param(METADATA, "[dependency-groups]\ndev = [1]", "", id="no group"),
        pytest.param(METADATA, '[dependency-groups]\ndev = [{ include-group = "x" }]', "", id="an unknown group"),
        pytest.param(METADATA, "[dependency-groups]\ndev = []\nDev = []", "", id="two groups of one name"),
        pytest.param(
            '[package.metadata.requires-dev]\ndev = [{ name = "c" }]',
            '[tool.uv]\ndev-dependencies = ["c"]',
            "",
            id="old",
        ),
    ],
)
def test_out_of_date(metadata: str, pyproject: str, differing: str) -> None:
    lock = read(project(metadata), pyproject=PYPROJECT + pyproject)
    expected = f"uv.lock: out of date with pyproject.toml ({differing}): lock again (`uv lock`)"
    assert lock.remarks == ((expected,) if differing else ())


@pytest.mark.parametrize(
    ("head", "pyproject", "differing"),
    [
        pytest.param("", 'name = "project"\nversion = "0.0"', "", id="alike"),
        pytest.param("", 'name = "project"\nversion = "1"', "version", id="another version"),
        pytest.param("", 'name = "project"\nversion = "one"', "version", id="no version"),
        pytest.param("", 'name = "renamed"', "name", id="another name"),
        pytest.param(
            "", 'name = "project"\n[tool.uv]\noverride-dependencies = ["a==1"]', "override-dependencies", id="override"
        ),
        pytest.param(
            '[manifest]\noverrides = [{ name = "a", specifier = "==1" }]\n'
            'constraints = [{ name = "b", specifier = "<2" }]',
            'name = "project"\n[tool.uv]\noverride-dependencies = ["A==1.0"]\nconstraint-dependencies = ["b<2"]',
            "",
            id="the same versions imposed",
        ),
        pytest.param(
            '[manifest]\nconstraints = [{ name = "b", specifier = "<2" }]',
            'name = "project"',
            "constraint-dependencies",
            id="a constraint gone",
        ),
        pytest.param("", 'name = "project"\n[tool.uv]\noverride-dependencies = ["?"]', "", id="not requirements"),
        pytest.param(
            '[manifest]\nmembers = ["project"]',
            'name = "project"\nrequires-python = ">=3.12"\n[tool.uv]\noverride-dependencies = ["a==1"]',
            "",
            id="a workspace",
        ),
    ],
)
def test_out_of_date_otherwise(head: str, pyproject: str, differing: str) -> None:
    lock = read(project(""), head=head, pyproject=f"[project]\n{pyproject}\n")
    assert lock.stale == (f"out of date with pyproject.toml ({differing})" if differing else "")

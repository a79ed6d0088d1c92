"""requirements.txt: what each line pins, and what no lock may hold."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Vcs, Wheel
from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import AmbiguousError, InputError, NotLockedError, OfiucoError
from pytest_ofiuco.formats import read
from pytest_ofiuco.formats.requirements import has_hashes, looks_like
from tests.formats.examples import INCLUDED, REQUIREMENTS
from tests.locks import included, read_lock, table
from tests.targets import LINUX_X86_64, WINDOWS

DATA = Path(__file__).parents[1] / "data" / "requirements"
COMPILE = "compile it with hashes: `uv pip compile --universal --generate-hashes`, or pip-compile --generate-hashes"
COMMIT = "abcdef0123" * 4
ONE, TWO, THREE = (("sha256", digit * 64) for digit in "123")


def hashes(*pairs: tuple[str, str]) -> str:
    return "".join(f" --hash={algorithm}:{digest}" for algorithm, digest in pairs)


def of(text: str, files: Mapping[str, str] | None = None, name: str = "requirements.txt") -> Lock:
    return read_lock(name, text, files=files)


def only(text: str, files: Mapping[str, str] | None = None, name: str = "requirements.txt") -> Package:
    (package,) = of(text, files, name).packages
    return package


def refused(text: str, files: Mapping[str, str] | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        of(text, files)
    return caught.value


# The example


def test_the_example() -> None:
    lock = of(REQUIREMENTS, INCLUDED)
    assert (lock.format, lock.version, lock.path, lock.shape, lock.flat) == (
        "requirements",
        "1",
        "requirements.txt",
        "star",
        True,
    )
    assert lock.indexes == ("https://index.example.org/simple", "https://more.example.org/simple")
    assert lock.find_links == ("wheels",)
    assert lock.warnings == ("requirements.txt: line 6: --trusted-host is not followed: trust hosts in pip's settings",)
    assert [(each.name, each.version, each.at) for each in lock.packages] == [
        ("c", "1.0", "more.txt line 1"),
        ("a", "1.0", "line 12"),
        ("b", "1.0", "line 18"),
        ("e", "1.0", "line 19"),
        ("f", "1.0", "line 20"),
        ("g", "1.0", "line 21"),
        ("h", None, "line 22"),
        ("i", None, "line 23"),
    ]
    c, a, b, e, f, g, h, i = lock.packages
    assert lock.unnamed == (c, a, b)
    assert (a.is_unnamed, a.unnamed) == (True, (("sha256", "0" * 64), ("sha256", "1" * 64)))
    assert [edge.name for edge in b.dependencies] == ["a"]
    assert [edge.name for edge in c.dependencies] == ["b"]
    assert c.unnamed == (("sha512", "7" * 128),)
    assert [sorted(each.excluded) for each in (a, c)] == [[], ["sdist"]]
    (wheel,) = e.wheels
    assert (wheel.url, wheel.hashes) == ("https://files.example.org/e-1.0-py3-none-any.whl", (("sha256", "3" * 64),))
    assert f.direct == Archive(
        filename="f-1.0.tar.gz",
        url="https://files.example.org/f-1.0.tar.gz",
        hashes=(("sha256", "4" * 64),),
        subdirectory="sub",
    )
    assert g.wheels == (
        Wheel(filename="g-1.0-py3-none-any.whl", path="g-1.0-py3-none-any.whl", hashes=(("sha256", "5" * 64),)),
    )
    assert h.direct == Vcs(type="git", url="https://example.org/h", commit="6" * 40, subdirectory="sub")
    assert i.direct == Directory(path="libs/i", editable=True)


def test_the_example_as_edges() -> None:
    edges = of(REQUIREMENTS, INCLUDED).groups["main"]
    assert [(each.name, str(each.marker), each.extras) for each in edges[:4]] == [
        ("c", "None", ()),
        ("a", 'python_version >= "3.8"', ("x", "y")),
        ("b", "None", ()),
        ("e", 'sys_platform == "linux"', ()),
    ]


WRONG = (
    "",
    "\x00",
    "é ≥",
    "==",
    "[",
    "http://[",
    "--hash",
    "-r",
    "'",
    "${X}",
    ";",
    "@",
    "-e",
    "a==2 ; (",
    "[x]==1",
    "\\",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_words_are_an_answer_or_an_error_of_ours(wrong: str) -> None:
    words = REQUIREMENTS.split(" ")
    for position in range(len(words)):
        text = " ".join([*words[:position], wrong, *words[position + 1 :]])
        rendered = ""
        try:
            of(text, INCLUDED)
        except OfiucoError as error:
            rendered = error.render()
        assert not rendered or "\nhint: " in rendered


# Real files


@pytest.mark.parametrize(
    ("name", "count", "parents"),
    [
        pytest.param("uv-universal.txt", 19, {"requests", "pytest", "exceptiongroup"}, id="uv pip compile"),
        pytest.param("pip-compile.txt", 13, {"requests", "pytest"}, id="pip-compile"),
        pytest.param("uv-export.txt", 33, {"tox", "pytest", "virtualenv"}, id="uv export"),
        pytest.param("poetry-export.txt", 4, set(), id="poetry export"),
        pytest.param("pdm-export.txt", 10, set(), id="pdm export"),
    ],
)
def test_real_files(name: str, count: int, parents: set[str]) -> None:
    lock = read((DATA / name).read_bytes(), name, table(""), included({}))
    assert len(lock.packages) == count
    assert parents <= {each.name for each in lock.packages if each.dependencies}
    assert all(package.unnamed and not package.direct for package in lock.packages)


def test_an_entry_for_each_fork() -> None:
    lock = read((DATA / "uv-universal.txt").read_bytes(), "r.txt", table(""), included({}))
    found = [each for each in lock.packages if each.name == "numpy"]
    markers = [str(edge.marker) for edge in lock.groups["main"] if edge.name == "numpy"]
    assert len({each.version for each in found}) == len(found) == len(set(markers)) == 3


# Lines


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a==1.0", id="plain"),
        pytest.param("# b==1\na==1.0 # c==1\n#d==1\n\n", id="comments"),
        pytest.param("a==\\\n1.0", id="a backslash"),
        pytest.param("a==1.0 \\\n # said\n", id="a comment ends what goes on"),
        pytest.param("A ==1.0", id="not normalized"),
        pytest.param("a==1.0\r\n", id="Windows"),
        pytest.param("a==1.0\na==1.0", id="twice"),
        pytest.param("--prefer-binary --no-index\na==1.0", id="options in one line"),
        pytest.param("--use-feature fast-deps\na==1.0", id="a feature of pip's"),
        pytest.param("-c constraints.txt\na==1.0", id="constrained"),
        pytest.param("-c./constraints.txt\na==1.0", id="without a space"),
        pytest.param("-r sub/../sub/one.txt", id="included"),
    ],
)
def test_what_is_the_same(text: str) -> None:
    files = {"constraints.txt": "a==1.0\nb<2\n", "sub/one.txt": "-r two.txt", "sub/two.txt": "a==1.0"}
    package = only(text, files)
    assert (package.name, package.version, package.is_unnamed, package.unnamed) == ("a", "1.0", True, ())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(codecs.BOM_UTF8 + b"a==1.0", id="UTF-8 with a mark"),
        pytest.param("a==1.0".encode("utf-16"), id="PowerShell"),
    ],
)
def test_encodings(content: bytes) -> None:
    assert [str(each) for each in read(content, "requirements.txt", table(""), included({})).packages] == ["a 1.0"]


def test_no_text() -> None:
    with pytest.raises(InputError) as caught:
        read(b"a==1\xff", "requirements.txt", table(""), included({}))
    assert str(caught.value) == "requirements.txt: byte 4: not UTF-8"
    with pytest.raises(InputError) as caught:
        read(b"-r b.txt", "requirements.txt", table(""), lambda _: b"\xff")
    assert str(caught.value) == "requirements.txt: b.txt byte 0: not UTF-8"


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        pytest.param("  # via b", ["b"], id="in the line"),
        pytest.param("\n    # via b, c", ["b", "c"], id="in one line"),
        pytest.param("\n    # via\n    #   b\n    #   c[x]", ["b", "c"], id="a list"),
        pytest.param("\n    # via\n    #   -r x.in\n    #   project (pyproject.toml)", [], id="files"),
        pytest.param("\n    # via\n    # b\n    #   c", [], id="the list is over"),
        pytest.param("\n\n    # via b", [], id="after an empty line"),
        pytest.param("\n    # because of b", [], id="something else"),
    ],
)
def test_who_wants_it(comments: str, expected: list[str]) -> None:
    lock = of(f"a==1.0{comments}\nb==1.0\nc==1.0")
    assert [each.name for each in lock.packages if each.dependencies] == expected
    pins = {pin.name: pin.dependencies for pin in resolve(named(lock), LINUX_X86_64, lock.selection()).packages}
    assert [name for name in pins if pins[name]] == expected


def named(lock: Lock) -> Lock:
    """The lock with a wheel of each package."""
    packages = tuple(
        replace(each, wheels=(Wheel(filename=f"{each.name}-{each.version}-py3-none-any.whl"),))
        for each in lock.packages
    )
    return replace(lock, packages=packages)


def test_two_that_hold_at_once() -> None:
    lock = named(of("a==1.0 ; python_version >= '3.8'\na==2.0"))
    with pytest.raises(AmbiguousError) as caught:
        resolve(lock, LINUX_X86_64, lock.selection())
    assert str(caught.value) == (
        "requirements.txt: package a: several entries hold for Python 3.12 on manylinux_2_28_x86_64:"
        ' 1.0 at line 1 (python_version >= "3.8") and 2.0 at line 2 (always)'
    )


# Hashes


@pytest.mark.parametrize(
    ("text", "constraints", "expected"),
    [
        pytest.param(f"a==1{hashes(TWO, ONE, TWO)}", "", (ONE, TWO), id="sorted, once"),
        pytest.param(f"a==1{hashes(ONE)}\na==1{hashes(ONE, TWO)}", "", (ONE,), id="those that lines share"),
        pytest.param(f"a==1{hashes(ONE)}\na==1", "", (ONE,), id="a line without"),
        pytest.param("a==1", f"a==1{hashes(ONE)}", (ONE,), id="of a constraint"),
        pytest.param(f"a==1{hashes(ONE, TWO)}", f"a==1{hashes(TWO, THREE)}", (TWO,), id="shared with a constraint"),
        pytest.param(
            f"a==1{hashes(ONE, TWO)}",
            f"a==1 ; os_name == 'nt'{hashes(ONE)}\na==1 ; os_name != 'nt'{hashes(TWO)}",
            (ONE, TWO),
            id="shared with constraints for some targets",
        ),
        pytest.param(
            "a==1",
            f"a==1 ; os_name == 'nt'{hashes(ONE)}\na<3{hashes(TWO)}\nb==1{hashes(TWO)}",
            (ONE,),
            id="of that version only",
        ),
    ],
)
def test_hashes(text: str, constraints: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert only(f"-c c.txt\n{text}", {"c.txt": constraints}).unnamed == expected


def test_no_hash_in_common() -> None:
    error = refused(f"a==1{hashes(ONE)}\na==1{hashes(TWO)}")
    assert str(error) == "requirements.txt: line 1: package a: it has other hashes in another line or constraint"
    assert error.hint == "compile the file again"


@pytest.mark.parametrize(
    "text", ["a==1", "a @ https://files.example.org/a-1.tar.gz", f"a @ git+https://x.org/a@{COMMIT}"]
)
def test_hashes_required(text: str) -> None:
    error = refused(f"--require-hashes\n{text}")
    assert str(error) == "requirements.txt: line 2: package a: it has no hash, and --require-hashes is given"


def test_hashes_required_and_there() -> None:
    whole = f"--require-hashes\na==1{hashes(ONE)}\nb @ https://files.example.org/b-1.tar.gz#sha256={'1' * 64}"
    assert len(of(whole).packages) == 2


# Which kinds of files


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--only-binary :all:", {"sdist"}),
        ("--only-binary=A,b", {"sdist"}),
        ("--no-binary a", {"wheel"}),
        ("--no-binary b", set()),
        ("--no-binary :all:", {"wheel"}),
        ("--no-binary :all:\n--only-binary a", {"sdist"}),
        ("--only-binary :all:\n--no-binary a", {"wheel"}),
        ("--no-binary a\n--only-binary :all:", {"sdist"}),
        ("--no-binary a\n--no-binary :none:", set()),
        ("--no-binary a\n--only-binary a", {"sdist"}),
    ],
)
def test_kinds_of_files(options: str, expected: set[str]) -> None:
    assert only(f"{options}\na==1").excluded == expected


# Constraints


@pytest.mark.parametrize(
    ("line", "constraint", "offends"),
    [
        pytest.param("a==1", "a<1", True, id="always"),
        pytest.param("a==1 ; os_name == 'posix'", "a<1", True, id="the line's marker holds"),
        pytest.param("a==1", "a<1 ; os_name == 'posix'", True, id="the constraint's marker holds"),
        pytest.param("a==1 ; os_name == 'posix'", "a<1 ; os_name == 'nt'", False, id="never both"),
        pytest.param("a==1", "a", False, id="nothing said"),
        pytest.param("a==1rc1", "a<2", False, id="a prerelease"),
        pytest.param(f"a @ git+https://x.org/a@{COMMIT}", "a<1", False, id="a commit, whose version nobody knows"),
    ],
)
def test_contradictions(line: str, constraint: str, offends: bool) -> None:
    lock = named(of(f"{line}\n-c c.txt", {"c.txt": f"\n{constraint}"}))
    if not offends:
        assert resolve(lock, LINUX_X86_64, lock.selection()).packages
        return
    with pytest.raises(NotLockedError) as caught:
        resolve(lock, LINUX_X86_64, lock.selection())
    assert str(caught.value) == "requirements.txt: c.txt line 2: the project depends on a <1, which is not locked"


def test_no_contradiction_where_a_marker_does_not_hold() -> None:
    lock = named(of("a==1\n-c c.txt", {"c.txt": "a<1 ; os_name == 'posix'"}))
    assert resolve(lock, WINDOWS, lock.selection()).packages


# Places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"git+https://user@example.org/a.git@{COMMIT}#egg=A[x]&subdirectory=s",
            Vcs(type="git", url="https://user@example.org/a.git", commit=COMMIT, subdirectory="s"),
            id="a commit with an egg",
        ),
        pytest.param(
            f"-e git+ssh://git@example.org/a@{COMMIT}#egg=a",
            Vcs(type="git", url="ssh://git@example.org/a", commit=COMMIT),
            id="an editable commit",
        ),
        pytest.param(
            "a @ svn+https://example.org/a@12",
            Vcs(type="svn", url="https://example.org/a", commit="12"),
            id="a revision",
        ),
        pytest.param("./libs/a", Directory(path="libs/a"), id="a folder"),
        pytest.param(
            "--editable=libs/a[x] ; os_name == 'posix'",
            Directory(path="libs/a", editable=True),
            id="editable, a marker",
        ),
        pytest.param("-e ./b#egg=a", Directory(path="b", editable=True), id="a folder with an egg"),
        pytest.param("a @ file:///work/a", Directory(path="/work/a"), id="a file URL of a folder"),
        pytest.param("a @ file:///C:/work/a%20b", Directory(path="C:/work/a b"), id="a file URL on Windows"),
        pytest.param(
            "a @ ../a-1.tar.gz", Archive(filename="a-1.tar.gz", path="../a-1.tar.gz"), id="a path of an archive"
        ),
        pytest.param("a-1.zip", Archive(filename="a-1.zip", path="a-1.zip"), id="a file"),
        pytest.param(
            "a @ https://x.org/b.tar.xz",
            Archive(filename="b.tar.xz", url="https://x.org/b.tar.xz"),
            id="an archive of any name",
        ),
    ],
)
def test_places(text: str, expected: Archive | Vcs | Directory) -> None:
    package = only(text, {"libs/a/pyproject.toml": '[tool.poetry]\nname = "A"'})
    assert (package.name, package.direct) == ("a", expected)
    assert not package.is_unnamed


@pytest.mark.parametrize("text", ["-e .", ".", "-e .[dev]", "-e ./", "project @ ."])
def test_the_project_itself_is_not_in_its_lock(text: str) -> None:
    assert of(text).packages == ()


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        pytest.param("requirements/dev.txt", "-e libs/a", "../libs/a", id="a folder deep"),
        pytest.param("./requirements/dev.txt", "-e libs/a", "../libs/a", id="with a dot"),
        pytest.param("requirements\\dev.txt", "-e libs/a", "../libs/a", id="Windows"),
        pytest.param("/elsewhere/dev.txt", "-e libs/a", "libs/a", id="elsewhere"),
        pytest.param("../dev.txt", "-e libs/a", "libs/a", id="above"),
        pytest.param("requirements/dev.txt", "-e /libs/a", "/libs/a", id="an absolute path"),
    ],
)
def test_folders_are_those_of_the_project(name: str, text: str, path: str) -> None:
    direct = (
        only(f"{text}#egg=a\n-e .", name=name).direct
        if name.startswith("req")
        else only(f"{text}#egg=a", name=name).direct
    )
    assert direct == Directory(path=path, editable=True)


# Indexes and links


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("-i https://one.org\n--index-url https://two.org", ("https://two.org",)),
        ("-ihttps://one.org --extra-index-url https://two.org", ("https://one.org", "https://two.org")),
        ("-i https://${TOKEN}@one.org", ("https://${TOKEN}@one.org",)),
        ("-i https://one.org\n--no-index\n--extra-index-url https://two.org\n-i https://three.org", ()),
    ],
)
def test_indexes(text: str, indexes: tuple[str, ...]) -> None:
    assert of(f"{text}\na==1").indexes == indexes


def test_links() -> None:
    text = "-f https://files.example.org/\n-f ./wheels\n-f file:///wheels\n-r sub/more.txt"
    assert of(text, {"sub/more.txt": "-f ../wheels/two"}).find_links == (
        "https://files.example.org/",
        "wheels",
        "file:///wheels",
        "wheels/two",
    )


# What is refused


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        pytest.param(
            "flask>=2", "line 1: package flask: 'flask>=2' is not pinned to one version", COMPILE, id="a range"
        ),
        pytest.param("flask", "line 1: package flask: 'flask' is not pinned to one version", COMPILE, id="anything"),
        pytest.param("a==1.*", "line 1: package a: 'a==1.*' is not pinned to one version", COMPILE, id="a wildcard"),
        pytest.param("a==1,<2", "line 1: package a: 'a<2,==1' is not pinned to one version", COMPILE, id="two"),
        pytest.param("a===new", "line 1: package a: 'new' is no version", "pin one by `==`", id="no version"),
        pytest.param(
            "\na=1",
            "line 2: 'a=1' is neither a requirement nor a URL or path",
            "write `name==version`, and the markers that PEP 508 knows",
            id="no requirement",
        ),
        pytest.param(
            "a==1 ; x >",
            "line 1: 'a==1 ; x >' is neither a requirement nor a URL or path",
            "write `name==version`, and the markers that PEP 508 knows",
            id="no marker",
        ),
        pytest.param(
            "./a ; x >",
            "line 1: cannot read './a ; x >': Expected a marker variable or quoted string",
            "correct it there, or compile it again",
            id="no marker of a path",
        ),
        pytest.param(
            "-x",
            "line 1: -x is no option that is known in a requirements file",
            "take it out, or give it to the tool that needs it on its command line",
            id="an option",
        ),
        pytest.param(
            "a==1 --pre=1",
            "line 1: --pre=1 is no option that is known in a requirements file",
            "take it out, or give it to the tool that needs it on its command line",
            id="a switch with a value",
        ),
        pytest.param("-r", "line 1: --requirement lacks its value", "give it one", id="no value"),
        pytest.param(
            "-r 'b", "line 1: cannot read the options: No closing quotation", "close the quotes there", id="quotes"
        ),
        pytest.param(
            "a==1 --hash=md5:00",
            "line 1: 'md5:00' is no sha256, sha384 or sha512 as pip takes them",
            "compile the file again",
            id="md5",
        ),
        pytest.param(
            "a==1 --hash=sha256:00",
            "line 1: 'sha256:00' is no sha256, sha384 or sha512 as pip takes them",
            "compile the file again",
            id="a short hash",
        ),
        pytest.param(
            "--hash=sha256:" + "0" * 64,
            "line 1: nothing to install in this line",
            "complete it",
            id="a hash of nothing",
        ),
        pytest.param(
            "a==1 --config-settings x=1",
            "line 1: --config-settings is not followed",
            "take it out: builds have no options here",
            id="an option of builds",
        ),
        pytest.param(
            "-r https://x.org/b.txt",
            "line 1: 'https://x.org/b.txt' is elsewhere",
            "keep the file beside the lock, and include it from there",
            id="from elsewhere",
        ),
        pytest.param(
            "-r ${X}.txt",
            "line 1: ${X} is another thing on each machine",
            "write its value there; only the URL of an index may have variables",
            id="a variable in a path",
        ),
        pytest.param(
            "a @ https://${X}.org/a-1.zip",
            "line 1: ${X} is another thing on each machine",
            "write its value there; only the URL of an index may have variables",
            id="a variable",
        ),
        pytest.param(
            "--no-binary a,,b", "line 1: 'a,,b' names no packages", "name them, or write :all: or :none:", id="no names"
        ),
        pytest.param(
            "a @ git+https://x.org/a@main",
            "line 1: 'git+https://x.org/a@main' is not pinned to a commit",
            "write its full hash: `…@COMMIT`",
            id="a branch",
        ),
        pytest.param(
            "a @ git+https://u:p@x.org/a",
            "line 1: 'git+https://x.org/a' is not pinned to a commit",
            "write its full hash: `…@COMMIT`",
            id="no commit, a password",
        ),
        pytest.param(
            f"a @ git+https://x.org/a@{COMMIT} --hash=sha256:{'0' * 64}",
            "line 1: a commit has no hash",
            "take the hash away there",
            id="a commit with a hash",
        ),
        pytest.param(
            f"./a --hash=sha256:{'0' * 64}",
            "line 1: a folder has no hash",
            "take the hash away there",
            id="a folder with a hash",
        ),
        pytest.param(
            f"a-1.zip{hashes(ONE, TWO)}",
            "line 1: several hashes for one file",
            "keep the one that is right",
            id="one file, two hashes",
        ),
        pytest.param(
            "a @ http://[", "line 1: cannot read 'http://[': Invalid IPv6 URL", "correct it there", id="no URL"
        ),
        pytest.param("https://x.org/b.whl", "line 1: 'b.whl' is no name of a wheel", "correct it there", id="no wheel"),
        pytest.param(
            "https://x.org/b.tar.gz",
            "line 1: 'https://x.org/b.tar.gz': what it is called is not known",
            "write it as `name @ URL`",
            id="an archive without a name",
        ),
        pytest.param(
            f"git+https://x.org/b@{COMMIT}",
            f"line 1: 'git+https://x.org/b@{COMMIT}': what it is called is not known",
            "write it as `name @ URL`",
            id="a commit without a name",
        ),
        pytest.param(
            "-e libs/b",
            "line 1: 'libs/b': what it is called is not known",
            "write it as `name @ URL`",
            id="a folder without a name",
        ),
        pytest.param(
            "-e libs/c",
            "line 1: 'libs/c': what it is called is not known",
            "write it as `name @ URL`",
            id="a folder whose pyproject.toml has none",
        ),
        pytest.param(
            "./a[b/]",
            "line 1: cannot read './a[b/]': name is invalid: 'b/'",
            "correct it there, or compile it again",
            id="no extra",
        ),
        pytest.param(
            "-c c.txt",
            "c.txt line 1: './a' is no constraint that can be checked",
            "constrain by a version",
            id="no constraint",
        ),
    ],
)
def test_what_no_lock_may_hold(text: str, said: str, hint: str) -> None:
    error = refused(text, {"c.txt": "./a", "libs/c/pyproject.toml": "[project]"})
    assert str(error) == f"requirements.txt: {said}"
    assert error.hint == hint


def test_files_that_include_each_other() -> None:
    error = refused("-r a.txt", {"a.txt": "\n-r sub/b.txt", "sub/b.txt": "-c ../a.txt"})
    assert str(error) == (
        "requirements.txt: sub/b.txt line 1: files that include each other: a.txt → sub/b.txt → a.txt"
    )
    assert error.hint == "take one of the inclusions out"


def test_a_file_that_includes_itself() -> None:
    assert str(refused("-r requirements.txt")) == (
        "requirements.txt: line 1: files that include each other: requirements.txt → requirements.txt"
    )


def test_no_such_file() -> None:
    assert str(refused("-r a.txt")) == "a.txt: cannot be read: No such file or directory"


# What is one


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a==1", False),
        (b"# --hash=sha256:00\na>=1", False),
        (b"a==1 \\\n  --hash=sha256:00", True),
        (b"-x", False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_has_hashes(content: bytes, expected: bool) -> None:
    assert has_hashes(content) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"# said\na==1", True),
        (b"-r b.txt", True),
        (b"<<<<<<< HEAD", False),
        (b"[[package]]", False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_looks_like(content: bytes, expected: bool) -> None:
    assert looks_like(content) is expected


@pytest.mark.parametrize("name", ["requirements.txt", "deploy/locked.txt", "dev.in", "pins", "my.lock"])
def test_told_by_name_or_content(name: str) -> None:
    assert of("a==1", name=name).format == "requirements"


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml", "other.toml"])
def test_names_of_other_formats(name: str) -> None:
    with pytest.raises(InputError, match="not valid TOML"):
        of("a==1", name=name)

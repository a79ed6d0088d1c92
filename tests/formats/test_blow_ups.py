"""Locks of which a part asks for more than anybody would write: an answer or an error of ours, soon."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time

import pytest

from pytest_ofiuco.core.check import Subject, check
from pytest_ofiuco.core.explain import explain
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import InputError, OfiucoError, shown
from tests.edge_cases.reading import GRAPHS, of_graph
from tests.locks import read_lock
from tests.targets import LINUX_X86_64

SECONDS = 10
"""Of the processor: ten times what the longest takes."""

LONGEST_MESSAGE = 3000
SHA256 = "0" * 64
FILES = "https://files.example.org"
PROJECT = '[[package]]\nname = "project"\nversion = "0"\nsource = { virtual = "." }\n'
UV = f"version = 1\nrevision = 1\n{PROJECT}"
NAMED = '[project]\nname = "project"\n'
POETRY = '[metadata]\nlock-version = "2.0"\npython-versions = "*"\n'
PDM = '[metadata]\ngroups = ["default"]\nstrategy = []\nlock_version = "4.5.0"\n'
INCLUDED_TWICE = "".join(
    f'g{n} = [{{ include-group = "g{n + 1}" }}, {{ include-group = "g{n + 1}" }}]\n' for n in range(40)
)
GROUPS = f"[dependency-groups]\n{INCLUDED_TWICE}g40 = []\n"
CHAIN = "".join(f'g{n} = [{{ include-group = "g{n + 1}" }}]\n' for n in range(400))
LONG_GROUPS = f"[dependency-groups]\n{CHAIN}g400 = []\n"
OWN = ['[project]\nname = "p"\n[project.optional-dependencies]\n']
EXTRAS = "".join(
    [*OWN, *(f'e{n} = ["p[{",".join(f"e{m}" for m in range(n + 1, 40))}]"]\n' for n in range(39)), "e39 = []"]
)


def entry(name: str, version: str = "1", more: str = "") -> str:
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://index.example.org" }}\n'
        f'wheels = [{{ url = "{FILES}/{name}-{version}-py3-none-any.whl", hash = "sha256:{SHA256}" }}]\n'
        f"{more}"
    )


def graph(kind: str, edges: Callable[[int], list[str]], size: int) -> Lock:
    return of_graph(kind, {f"p{n}": edges(n) for n in range(size)}, "p0")


def under(marker: str) -> Lock:
    """A package under a marker."""
    return read_lock(
        "uv.lock", f"version = 1\n{PROJECT}dependencies = [{{ name = 'a', marker = '''{marker}''' }}]\n{entry('a')}"
    )


def conflicting() -> Lock:
    """Extras of a package that ask for each other, each by a marker that conflicts."""
    sets = ",".join(
        f'[{{ package = "project", extra = "e{n}" }}, {{ package = "a", extra = "e{n}" }}]' for n in range(200)
    )
    own = "".join(f'e{n} = [{{ name = "a", extra = ["e{n}"] }}]\n' for n in range(200))
    each = "".join(
        f"e{n} = [{{ name = 'a', extra = ['e{n + 1}'], marker = \"extra == 'extra-1-a-e{n}'\" }}]\n" for n in range(200)
    )
    optional = "[package.optional-dependencies]\n"
    return read_lock(
        "uv.lock", f"version = 1\nconflicts = [{sets}]\n{PROJECT}{optional}{own}{entry('a', more=optional + each)}"
    )


def forks() -> Lock:
    markers = [f"python_full_version == '3.{n}'" for n in range(500)]
    edges = ",".join(f'{{ name = "a", version = "1.{n}", marker = "{marker}" }}' for n, marker in enumerate(markers))
    entries = "".join(entry("a", f"1.{n}", f'resolution-markers = ["{each}"]\n') for n, each in enumerate(markers))
    return read_lock("uv.lock", f"version = 1\n{PROJECT}dependencies = [{edges}]\n{entries}")


def parts(asks: Callable[[int], list[int]]) -> Lock:
    """Entries of pdm's for the extras of one package, which ask for each other."""
    text = '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
    for n in range(30):
        needs = ", ".join(f'"a[e{each}]==1"' for each in asks(n))
        text += f'[[package]]\nname = "a"\nversion = "1"\nextras = ["e{n}"]\ngroups = ["default"]\n'
        text += f"dependencies = [{needs}]\n"
        text += f'files = [{{file = "a-1-py3-none-any.whl", hash = "sha256:{SHA256}"}}]\n'
    return read_lock("pdm.lock", text)


def requirements(line: str, files: dict[str, str] | None = None) -> Lock:
    return read_lock("requirements.txt", f"{line}\n", files=files)


def highest() -> Lock:
    """Versions of which none suits the last edge: Poetry would try all."""
    entries = "".join(
        f'[[package]]\nname = "p{n}"\nversion = "1.{m}"\noptional = false\npython-versions = "*"\n'
        f'files = [{{file = "p{n}-1.{m}-py3-none-any.whl", hash = "sha256:{SHA256}"}}]\n'
        f'[package.dependencies]\n{f"p{n + 1}" if n < 29 else "p0"} = "{">=1" if n < 29 else "<1"}"\n'
        for n in range(30)
        for m in range(5)
    )
    return read_lock(
        "poetry.lock", entries + POETRY, '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\np0 = "*"\n'
    )


def pylock(wheel: str) -> Lock:
    head = 'lock-version = "1.0"\ncreated-by = "hand"\n[[packages]]\nname = "a"\nversion = "1"\n'
    return read_lock(
        "pylock.toml", f'{head}wheels = [{{ name = "{wheel}", path = "{wheel}", hashes = {{ sha256 = "{SHA256}" }} }}]'
    )


TAGS = ".".join(f"x{n}" for n in range(300))
MANY_TAGS = f"a-1-{TAGS}-{TAGS}-{TAGS}.whl"
CASES: dict[str, Callable[[], Lock]] = {
    **{f"chain, {kind}": partial(graph, kind, lambda n: [f"p{n + 1}"] if n < 999 else [], 1000) for kind in GRAPHS},
    **{f"dense, {kind}": partial(graph, kind, lambda n: [f"p{m}" for m in range(80)], 80) for kind in GRAPHS},
    "forks": forks,
    "conflicts": conflicting,
    "versions of Python": lambda: under(" or ".join(f"python_version == '4.{n}'" for n in range(150))),
    "comparisons": lambda: under(" and ".join(f"python_full_version != '3.1.{n}'" for n in range(3000))),
    "extras in a marker": lambda: under(" and ".join(f"(extra == 'x{n}' or extra != 'y{n}')" for n in range(1500))),
    "families": lambda: under(" and ".join(f"(extra == '{n}' or python_version > '{n}')" for n in range(140))),
    "machines": lambda: under(f"platform_machine in '{' '.join(f'm{n}' for n in range(5000))}'"),
    "parentheses": lambda: under("(" * 50 + "os_name == 'posix'" + ")" * 50),
    "groups, poetry": lambda: read_lock("poetry.lock", POETRY, GROUPS),
    "groups, pdm": lambda: read_lock("pdm.lock", PDM, GROUPS),
    "groups, uv": lambda: read_lock("uv.lock", UV, NAMED + GROUPS),
    "long groups, poetry": lambda: read_lock("poetry.lock", POETRY, LONG_GROUPS),
    "long groups, pdm": lambda: read_lock("pdm.lock", PDM, LONG_GROUPS),
    "long groups, uv": lambda: read_lock("uv.lock", UV, NAMED + LONG_GROUPS),
    "extras, poetry": lambda: read_lock("poetry.lock", POETRY, EXTRAS),
    "extras, pdm": lambda: read_lock("pdm.lock", PDM, EXTRAS),
    "parts": lambda: parts(lambda n: [m for m in range(30) if m != n]),
    "parts twice": lambda: parts(lambda n: [n + 1, n + 1]),
    "highest": highest,
    "constraints": lambda: requirements(
        "-c c.txt\n" + "\n".join(f"a{n}==1" for n in range(1000)), {"c.txt": "\n".join(f"a{n}==1" for n in range(1000))}
    ),
    "spaces": lambda: requirements(f"a==1{' ' * 200_000}x"),
    "brackets": lambda: requirements(f"./a-1.zip{'[' * 200_000}"),
    "backslashes": lambda: requirements("\\\n" * 50_000 + "a==1"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_time(case: str) -> None:
    start, message = process_time(), ""
    try:
        lock = CASES[case]()
        selection = lock.selection(all_groups=True, all_extras=not lock.conflicts)
        check(lock, [Subject(name="x", target=LINUX_X86_64, selection=selection)])
        resolve(lock, LINUX_X86_64, selection)
        for package in lock.packages[-1:]:
            explain(lock, LINUX_X86_64, selection, package.name)
    except OfiucoError as error:
        message = error.render()
    assert process_time() - start < SECONDS
    assert len(message) < LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(
            lambda: requirements("-r f0.txt", {f"f{n}.txt": f"-r f{n + 1}.txt" for n in range(60)}),
            "error: requirements.txt: f49.txt line 1: files that include others without end\n"
            "hint: put what they say into fewer files",
            id="a chain of files",
        ),
        pytest.param(
            lambda: requirements(
                "-r f0.txt", {f"f{n}.txt": f"-r f{n + 1}.txt\n" * 2 for n in range(20)} | {"f20.txt": ""}
            ),
            "error: requirements.txt: f18.txt line 2: files that include others without end\n"
            "hint: put what they say into fewer files",
            id="files included twice",
        ),
        pytest.param(
            lambda: pylock(MANY_TAGS),
            f"error: pylock.toml: packages[0].wheels[0].name: package a: {shown(MANY_TAGS)} stands for too many tags\n"
            "hint: correct it there, or restore the file from version control",
            id="tags",
        ),
    ],
)
def test_refused(make: Callable[[], Lock], message: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.render() == message

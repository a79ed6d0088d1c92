"""What an index says of locked files, asked where they would be fetched."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Artifact, Directory
from pytest_ofiuco.core.check import Taken
from pytest_ofiuco.core.finding import Finding
from pytest_ofiuco.core.lock import Package
from pytest_ofiuco.store.lookup.yanked import ask
from pytest_ofiuco.store.settings import IndexSettings
from tests.locks import lock
from tests.store.makers import NOWHERE, File, wheel
from tests.store.serving import Index, serving

A = wheel("a", {"a.py": ""})
A_FOR_312 = wheel("a", {"a.py": ""}, tag="py312-none-any")
B = wheel("b", {"b.py": ""})
OTHER = "f" * 64


def taken(artifact: Artifact, name: str = "a", *, at: str = "package[0]", cells: tuple[str, ...] = ("one",)) -> Taken:
    return Taken(package=Package(name=canonicalize_name(name), version="1.0", at=at), artifact=artifact, cells=cells)


def asked(*files: Taken, settings: IndexSettings = NOWHERE, directory: Path = Path()) -> list[Finding]:
    findings = list(ask(lock(), directory, files, settings))
    assert all(finding.hint for finding in findings)
    return findings


def told(findings: list[Finding]) -> list[tuple[str, str, str, str, str, tuple[str, ...]]]:
    return [(each.severity, each.code, each.at, each.subject, each.message, each.cells) for each in findings]


def silent_index() -> str:
    """The base of an index that is down."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/simple"


@pytest.fixture(params=[True, False], ids=["json", "html"])
def index(request: pytest.FixtureRequest) -> Iterator[Index]:
    with serving(with_json=request.param) as server:
        server.add("a", A, A_FOR_312)
        server.add("b", B)
        yield server


def test_nothing_is_wrong(index: Index) -> None:
    """A page is read once, however many files of it are asked about."""
    files = [taken(A.wheel(index=index.simple)), taken(A_FOR_312.wheel(index=index.simple), cells=("two",))]
    assert asked(*files, taken(B.wheel(index=index.simple), "b")) == []
    assert sorted(index.asked) == ["/simple/a/", "/simple/b/"]


def test_yanked(index: Index) -> None:
    """What the index says is shown as it is, on one line; the files of one entry are one finding."""
    index.yanked = {A.filename: "broken \x1b on\n Windows", A_FOR_312.filename: "broken \x1b on\n Windows"}
    files = [taken(A.wheel(index=index.simple)), taken(A_FOR_312.wheel(index=index.simple), cells=("two",))]
    assert told(asked(*files)) == [
        (
            "warning",
            "yanked",
            "package[0]",
            "a 1.0",
            r"yanked from the index: 'broken \x1b on Windows'",
            ("one", "two"),
        )
    ]


def test_another_file_of_that_name(index: Index) -> None:
    index.listed = {A.filename: OTHER}
    (finding,) = asked(taken(A.wheel(index=index.simple)))
    host = index.base.removeprefix("http://")
    assert told([finding]) == [
        (
            "error",
            "hash-differs",
            "package[0]",
            "a 1.0",
            f"the index has another file: {A.filename}: the lock has {A.sha256}, {host} has {OTHER}",
            ("one",),
        )
    ]


def test_another_index_has_the_right_one(index: Index) -> None:
    """As when it is fetched: any place will do."""
    index.listed = {A.filename: OTHER}
    with serving() as second:
        second.add("a", A)
        assert asked(taken(A.wheel(index=index.simple)), settings=IndexSettings(default_index=second.simple)) == []


def test_without_a_hash_nothing_is_compared(index: Index) -> None:
    assert asked(taken(replace(A.wheel(index=index.simple), hashes=()))) == []


def test_not_found(index: Index) -> None:
    missing = File("a-2.0-py3-none-any.whl", b"")
    (finding,) = asked(taken(missing.wheel(index=index.simple)))
    host = index.base.removeprefix("http://")
    assert (finding.severity, finding.code) == ("warning", "not-found")
    assert finding.message == f"not found on the index: {missing.filename}: {host}: has no such file"


def test_a_file_that_need_not_be_on_an_index(index: Index, tmp_path: Path) -> None:
    """By its URL alone, by its path, or no file at all."""
    missing = File("a-2.0-py3-none-any.whl", b"")
    settings = IndexSettings(default_index=index.simple)
    files = [taken(missing.wheel(url="https://files.example.org/a-2.0-py3-none-any.whl")), taken(Directory(path="."))]
    assert asked(*files, taken(missing.wheel(path="a.whl")), settings=settings) == []
    assert asked(taken(missing.wheel())) == []


def test_a_folder_as_an_index(tmp_path: Path) -> None:
    """Seen from where the lock lies; a folder says nothing of withdrawal."""
    A.write(tmp_path / "simple" / "a")
    assert asked(taken(A.wheel(index="simple")), directory=tmp_path) == []


def test_an_index_that_is_down() -> None:
    """One warning for all that it would have been asked about."""
    base = silent_index()
    host = base.removeprefix("http://").removesuffix("/simple")
    files = [taken(A.wheel(index=base)), taken(B.wheel(index=base), "b")]
    (finding,) = asked(*files)
    assert (finding.severity, finding.code, finding.package, finding.cells) == ("warning", "unasked", "", ())
    assert finding.message == (
        f"cannot ask whether files of 2 packages were yanked: {host}: cannot be reached: Connection refused"
        " (tried 4 times)"
    )
    (finding,) = asked(files[0])
    assert finding.message.startswith("cannot ask whether files of a were yanked: ")


def test_what_a_variant_brings(index: Index) -> None:
    index.yanked = {A.filename: "broken"}
    at = "pyproject.toml: tool.ofiuco.variants.v.replace.a"
    (finding,) = asked(taken(A.wheel(index=index.simple), at=at))
    assert (finding.file, finding.at) == ("pyproject.toml", "tool.ofiuco.variants.v.replace.a")

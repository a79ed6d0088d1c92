"""Where files are that a lock only names: asked of the indexes, compared with the locked hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Wheel
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.errors import FetchError, HashMismatchError
from pytest_ofiuco.store.lookup.location import located
from pytest_ofiuco.store.project import LocalProject, load
from tests.locks import lock
from tests.store.makers import File, wheel
from tests.store.serving import Index, closed_port
from tests.targets import WINDOWS

DEMO = wheel("demo", {"demo.py": ""})
OTHER = wheel("other", {"other.py": ""})


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    """A project whose lock nobody reads."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "uv.lock").write_text('version = 1\nrequires-python = ">=3.8"\n', encoding="utf-8")
    return load(folder)


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null", **more}


def resolution(*artifacts: tuple[str, Artifact]) -> Resolution:
    a_lock = lock()
    pins = tuple(Pin(name=name, version="1.0", artifact=artifact) for name, artifact in artifacts)  # type: ignore[arg-type]
    return Resolution(lock=a_lock, target=WINDOWS, selection=a_lock.selection(), packages=pins)


def urls(found: Resolution) -> list[str | None]:
    return [None if isinstance(pin.artifact, Directory) else pin.artifact.url for pin in found.packages]


def test_asked_of_the_index(project: LocalProject, index: Index, tmp_path: Path) -> None:
    """Only for what has no place yet, and once a page."""
    index.add("demo", DEMO)
    index.add("other", OTHER)
    known = resolution(
        ("placed", Wheel(filename="placed-1.0-py3-none-any.whl", url="https://files.example.org/x")),
        ("kept", Wheel(filename="kept-1.0-py3-none-any.whl", path="x")),
        ("archive", Archive(filename="a.zip", url="https://files.example.org/a.zip")),
        ("directory", Directory(path=".")),
        ("demo", DEMO.wheel()),
    )
    asked = [known, resolution(("demo", DEMO.wheel()), ("other", OTHER.wheel()))]
    found = located(project, asked, environ(tmp_path, PIP_INDEX_URL=index.simple), offline=False)
    assert urls(found[0]) == [
        "https://files.example.org/x",
        None,
        "https://files.example.org/a.zip",
        None,
        index.url(DEMO),
    ]
    assert urls(found[1]) == [index.url(DEMO), index.url(OTHER)]
    assert sorted(index.asked) == ["/simple/demo/", "/simple/other/"]
    assert replace(found[1], packages=asked[1].packages) == asked[1]


def test_the_locks_own_index_may_be_out_of_reach(project: LocalProject, index: Index, tmp_path: Path) -> None:
    index.add("demo", DEMO)
    file = DEMO.wheel(index=f"http://127.0.0.1:{closed_port()}/simple")
    (found,) = located(
        project, [resolution(("demo", file))], environ(tmp_path, PIP_INDEX_URL=index.simple), offline=False
    )
    assert urls(found) == [index.url(DEMO)]


def test_an_index_in_a_folder_beside_the_lock(project: LocalProject, tmp_path: Path) -> None:
    DEMO.write(project.directory / "wheels")
    (found,) = located(project, [resolution(("demo", DEMO.wheel(index="wheels")))], environ(tmp_path), offline=True)
    assert urls(found) == [(project.directory / "wheels" / DEMO.filename).as_uri()]


def test_nothing_to_ask(project: LocalProject, tmp_path: Path) -> None:
    known = resolution(("kept", Wheel(filename="kept-1.0-py3-none-any.whl", path="x")))
    assert located(project, [known], {}, offline=True) == [known]


# What is refused


def test_another_file_of_that_name(project: LocalProject, index: Index, tmp_path: Path) -> None:
    index.add("demo", DEMO)
    index.listed[DEMO.filename] = "1" * 64
    with pytest.raises(HashMismatchError) as caught:
        located(
            project,
            [resolution(("demo", DEMO.wheel()))],
            environ(tmp_path, PIP_INDEX_URL=index.simple),
            offline=False,
        )
    assert str(caught.value) == (
        f"{DEMO.filename}: hash differs: the lock has {DEMO.sha256}, {index.url(DEMO)} gave {'1' * 64}"
    )


def test_no_index_has_it(project: LocalProject, index: Index, tmp_path: Path) -> None:
    index.add("demo", File("demo-2.0-py3-none-any.whl", b""))
    with pytest.raises(FetchError) as caught:
        located(
            project,
            [resolution(("demo", DEMO.wheel()))],
            environ(tmp_path, PIP_INDEX_URL=index.simple),
            offline=False,
        )
    host = index.base.removeprefix("http://")
    assert str(caught.value) == f"{DEMO.filename}: cannot be fetched: {host}: has no such file"


def test_no_index_at_all(project: LocalProject, tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        located(project, [resolution(("demo", DEMO.wheel()))], environ(tmp_path, PIP_NO_INDEX="1"), offline=False)
    assert str(caught.value) == f"{DEMO.filename}: cannot be fetched: no index is configured"


def test_offline(project: LocalProject, index: Index, tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        located(
            project,
            [resolution(("demo", DEMO.wheel()))],
            environ(tmp_path, PIP_INDEX_URL=index.simple),
            offline=True,
        )
    assert caught.value.render() == (
        f"error: {DEMO.filename}: cannot be fetched: the lock tells no URL for it, and offline no index may be asked\n"
        "hint: leave --offline out, or lock with a tool that records URLs (uv, pylock)"
    )
    assert index.asked == []


def test_an_index_that_refuses(project: LocalProject, tmp_path: Path, index: Index) -> None:
    index.authorization = "Basic x"
    with pytest.raises(FetchError) as caught:
        located(
            project,
            [resolution(("demo", DEMO.wheel()))],
            environ(tmp_path, PIP_INDEX_URL=index.simple),
            offline=False,
        )
    assert caught.value.render().startswith(
        f"error: {DEMO.filename}: cannot be fetched: {index.host}: HTTP status 401 (Unauthorized)\n"
        f"hint: give user name and password for {index.host} in netrc"
    )

"""What a session makes of another machine's answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import HostError, MissingThereError
from pytest_ofiuco.run.hosts.connection import Address
from pytest_ofiuco.run.hosts.host import Host, _with_paths
from pytest_ofiuco.run.hosts.paths import Paths
from tests.locks import lock, package
from tests.run.fakes import make_cell

LINUX = Platform.parse("manylinux_2_28_aarch64")


class Channel:
    """Says what it was told to."""

    def __init__(self, *replies: Any) -> None:
        self.replies, self.asked, self.is_closed = list(replies), list[Any](), False

    def send(self, message: Any) -> None:
        self.asked.append(message)

    def receive(self) -> Any:
        if not self.replies:
            raise EOFError
        return self.replies.pop(0)

    def close(self) -> None:
        self.is_closed = True


class Connection:
    """One that is there."""

    def __init__(self, channel: Channel) -> None:
        self.channel: Callable[[], Channel] = lambda: channel

    def lost(self) -> HostError:
        return HostError("far", "the connection was lost", "run again")


def _host(*replies: Any, root: Path = Path("/project")) -> tuple[Host, Channel]:
    host, channel = Host(Address(words=("far",), interpreters=("~/python3",)), root), Channel(*replies)
    host.__dict__["connect"] = lambda: Connection(channel)
    return host, channel


def _found(platform: str) -> list[Any]:
    return ["done", {"path": "/usr/bin/python3.12", "python": "3.12.4", "platform": platform, "identity": "x"}]


def test_an_interpreter_there() -> None:
    host, channel = _host(_found("manylinux_2_39_aarch64"))
    found = host.find(Python.parse("3.12"), LINUX)
    assert (str(found.python), str(found.platform), found.host) == ("3.12.4", "manylinux_2_39_aarch64", host)
    assert channel.asked == [["find", ["3.12", ["~/python3"]]]]
    assert channel.is_closed


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(
            _found("manylinux_2_26_aarch64"),
            "error: far: its /usr/bin/python3.12 is for manylinux_2_26_aarch64, not for manylinux_2_28_aarch64\n"
            "hint: correct `tag` of its platform in [tool.ofiuco]",
            id="another platform",
        ),
        pytest.param(
            ["missing", ["Python 3.12: no such interpreter found (looked in PATH)", "install it (`uv …`)"]],
            "error: far: Python 3.12: no such interpreter found (looked in PATH)\n"
            'hint: install it (`uv …`), or leave the cell out with `missing-python = "skip"` in [tool.ofiuco]',
            id="no such Python",
        ),
        pytest.param(
            ["failed", ["/cache: the cache cannot be used: No space left on device", "free the disk"]],
            "error: far: /cache: the cache cannot be used: No space left on device\nhint: free the disk",
            id="a full disk",
        ),
        pytest.param(None, "error: far: the connection was lost\nhint: run again", id="nothing"),
    ],
)
def test_refusals(reply: Any, message: str) -> None:
    host, channel = _host(*([reply] if reply else []))
    with pytest.raises(HostError) as caught:
        host.find(Python.parse("3.12"), LINUX)
    assert caught.value.render() == message
    assert isinstance(caught.value, MissingThereError) == ("uv" in message)
    assert channel.is_closed


def test_a_project_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.hosts.host._LARGEST", 5)
    (tmp_path / "data").write_text("123456")
    host, _ = _host(root=tmp_path)
    with pytest.raises(HostError) as caught:
        host.carry_project()
    assert caught.value.render() == (
        f"error: far: {tmp_path} is too large to be carried over: 0.0 GB in 1 files\n"
        "hint: leave out what tests do not need, in .gitignore"
    )


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("../lib", "/work/lib", id="beside the project"),
        pytest.param("/elsewhere/lib", "/elsewhere/lib", id="elsewhere"),
    ],
)
def test_a_folder_that_is_not_carried_over(path: str, place: str) -> None:
    known = lock(package("lib", "1", direct=Directory(path=path)))
    resolution = resolve(known, make_cell("py312").target, known.selection())
    with pytest.raises(HostError) as caught:
        _with_paths(resolution, Paths(near="/work/project", far="/far"), Path("/work/project"), "far")
    assert caught.value.render() == (
        f"error: far: package lib: {place} is not carried over: it is not below /work/project\n"
        "hint: keep it in the project"
    )


@pytest.mark.parametrize("path", ["lib", "/work/project/lib"])
def test_a_folder_of_the_project(path: str) -> None:
    known = lock(package("lib", "1", direct=Directory(path=path)))
    resolution = resolve(known, make_cell("py312").target, known.selection())
    there = _with_paths(resolution, Paths(near="/work/project", far="/far"), Path("/work/project"), "far")
    assert there.packages[0].artifact == Directory(path=path.replace("/work/project", "/far"))


def test_a_host_that_has_been_let_go() -> None:
    host = Host(Address(words=("far",)), Path())
    host.close()
    with pytest.raises(HostError, match="far: the session is over"):
        host.connect()

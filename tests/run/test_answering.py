"""Questions of workers: each is answered, whatever it is."""

from __future__ import annotations

import base64
import json
import math
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_ofiuco.errors import BundleError
from pytest_ofiuco.run.answering import Answering
from pytest_ofiuco.run.gateway import Gateway
from pytest_ofiuco.run.limits import Limits
from pytest_ofiuco.run.messages import Asked
from pytest_ofiuco.run.planner import Planner
from pytest_ofiuco.run.workers import State, Worker
from pytest_ofiuco.run.zips import CellZip, Zips
from tests.run.fakes import make_cell


class Mailbox:
    def __init__(self) -> None:
        self.text, self.came = "", threading.Event()

    def send(self, text: str) -> None:
        self.text = text
        self.came.set()


def answer(what: str, notes: list[str] | None = None, **about: Any) -> tuple[dict[str, Any], Worker]:
    mailbox = Mailbox()
    worker = Worker(name="py310-host", number=1, gateway=cast(Gateway, mailbox), state=State.RUNNING)
    answering = Answering(Zips(cast(Planner, None), Path("zips")), [] if notes is None else notes)
    answering.answer(make_cell(), worker, Asked(number=7, what=what, about=about))
    assert mailbox.came.wait(10)
    return json.loads(mailbox.text), worker


@pytest.fixture
def zips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cells whose zips are made."""
    file, made = tmp_path / "x.zip", list[str]()
    file.write_bytes(b"0123456789")

    def make(_: Zips, cell: Any) -> CellZip:
        made.append(cell.name)
        return CellZip(file=file, sha256="0", manifest={}, provided=("a",), remedy="uv add", warnings=("odd",))

    monkeypatch.setattr(Zips, "_make", make)
    return made


def test_a_zip(zips: list[str], tmp_path: Path) -> None:
    notes: list[str] = []
    message, worker = answer("zip", notes)
    assert message == {
        "kind": "answer",
        "number": 7,
        "path": str(tmp_path / "x.zip"),
        "sha256": "0",
        "manifest": {},
        "provided": ["a"],
        "remedy": "uv add",
    }
    assert notes == ["the zip of py310-host: odd"]
    assert worker.since < math.inf


@pytest.mark.parametrize(
    ("offset", "content"), [pytest.param(4, b"456789", id="a part"), pytest.param(10, b"", id="the end")]
)
def test_a_piece(zips: list[str], offset: int, content: bytes) -> None:
    message, _ = answer("piece", offset=offset)
    assert base64.b64decode(message["content"]) == content


def test_modules() -> None:
    message, _ = answer("modules")
    names = [name for name, _ in message["texts"]]
    assert names[0] == "_ofiuco_worker.aws_lambda"
    assert {name.rpartition(".")[2] for name in names[1:]} == {
        path.stem
        for path in (Path(__file__).parents[2] / "pytest_ofiuco" / "worker" / "aws_lambda").glob("*.py")
        if path.stem != "__init__"
    }


def test_what_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object) -> CellZip:
        raise BundleError("too big", "leave something out")

    monkeypatch.setattr(Zips, "_make", make)
    message, _ = answer("zip")
    assert message["error"] == "error: too big\nhint: leave something out"


def test_a_question_that_nobody_knows_is_answered() -> None:
    message, _ = answer("surprise")
    assert message["error"].startswith("error: Traceback")
    assert message["error"].endswith("ValueError: unknown question 'surprise'\nhint: report it, with these lines")


def test_one_zip_is_made_for_all_who_ask(zips: list[str]) -> None:
    shared = Zips(cast(Planner, None), Path("zips"))
    threads = [threading.Thread(target=shared.of, args=(make_cell(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert zips == ["py310-host"]


def test_the_time_of_who_waits_stands_still() -> None:
    worker = Worker(name="py310-host", number=1, state=State.STARTING)
    worker.pause()
    limit = Limits(test=1.0).of(worker)
    assert limit is not None
    assert limit[0] == math.inf

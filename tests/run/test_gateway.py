"""The real gateway, to processes of the Python that runs these tests."""

from __future__ import annotations

import json
import os
import queue
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from pytest_ofiuco import worker
from pytest_ofiuco.run.gateway import ExecnetGateway, describe_exit
from pytest_ofiuco.run.messages import Bye, Collected, CollectFailed, Failed, Gone, Hello, Idle, Message, Ran, Running
from tests.run.fakes import start_message

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's")

Kind = TypeVar("Kind", bound=Message)
_PATIENCE = 20


class Mailbox:
    """Where a gateway's messages go."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def until(self, kind: type[Kind]) -> Kind:
        """The next message of a kind; what comes before is passed over."""
        while True:
            message = self.messages.get(timeout=_PATIENCE)
            if isinstance(message, kind):
                return message


class Connected:
    """A gateway, its mailbox and the file that its worker's output goes to."""

    def __init__(self, folder: Path, spool: Path | None, **variables: str) -> None:
        self.folder, self.spool, self.mailbox = folder, spool, Mailbox()
        command = [sys.executable]
        self.gateway = ExecnetGateway(command, variables, self.mailbox.messages.put, spool)
        self.gateway.open()

    def start(self, *arguments: str) -> None:
        spool = str(self.spool) if self.spool else None
        self.gateway.send(json.dumps(start_message(self.folder, "-p", "no:cacheprovider", *arguments, spool=spool)))

    def collect(self, text: str) -> Collected:
        (self.folder / "test_it.py").write_text(textwrap.dedent(text))
        self.start("-c", os.devnull)
        return self.mailbox.until(Collected)

    def run(self, *indices: int) -> None:
        self.gateway.send(json.dumps({"kind": "run", "indices": list(indices)}))


Connect = Callable[..., Connected]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    made: list[Connected] = []

    def make(*, catches: bool = True, **variables: str) -> Connected:
        made.append(Connected(tmp_path, tmp_path / "worker.log" if catches else None, **variables))
        return made[-1]

    yield make
    for each in made:
        each.gateway.close()


def test_a_session_from_start_to_end(connect: Connect) -> None:
    cell = connect(OFIUCO_CELL="py310-host")
    collected = cell.collect(
        """
        import os, sys

        def test_cell(ofiuco_cell):
            assert ofiuco_cell.name == os.environ["OFIUCO_CELL"] == "py310-host"

        def test_noise():
            os.write(1, b"to the pipe that execnet speaks through?")
            print("captured")
            sys.__stdout__.write("noise")
            assert False
        """
    )
    assert [item.nodeid for item in collected.items] == ["test_it.py::test_cell", "test_it.py::test_noise"]
    cell.run(1, 0)
    assert cell.mailbox.until(Running).index == 1
    noisy = cell.mailbox.until(Ran)
    assert [report["outcome"] for report in noisy.reports] == ["passed", "failed", "passed"]
    assert ["Captured stdout call", "captured\n"] in noisy.reports[1]["sections"] or "captured" in str(noisy.reports[1])
    assert cell.mailbox.until(Ran).index == 0
    cell.mailbox.until(Idle)
    cell.gateway.send(json.dumps({"kind": "stop"}))
    cell.mailbox.until(Bye)
    cell.mailbox.until(Gone)


def test_a_worker_says_who_it_is(connect: Connect) -> None:
    cell = connect()
    cell.start("-c", os.devnull)
    hello = cell.mailbox.until(Hello)
    assert hello.executable == sys.executable
    assert hello.prefix == sys.prefix
    assert hello.pytest == pytest.__version__
    assert hello.python == ".".join(map(str, sys.version_info[:3]))


def test_variables_that_make_another_interpreter_stay_outside(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "leaked")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("KEPT", "yes")
    cell = connect(GIVEN="this")
    cell.collect(
        """
        import os, sys

        def test_variables():
            assert "PYTHONPATH" not in os.environ
            assert not [entry for entry in sys.path if "leaked" in entry]
            assert not sys.dont_write_bytecode
            assert (os.environ["KEPT"], os.environ["GIVEN"]) == ("yes", "this")
        """
    )
    cell.run(0)
    assert [report["outcome"] for report in cell.mailbox.until(Ran).reports] == ["passed"] * 3


@pytest.mark.parametrize(
    ("ends", "how"),
    [
        ("os._exit(3)", "exited with 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was killed by SIGSEGV"),
        ("subprocess.Popen(['sleep', '60']); os._exit(3)", "exited with 3"),
    ],
    ids=["os._exit", "SIGKILL", "SIGSEGV", "a child holds the pipe"],
)
def test_a_lost_worker_is_described(connect: Connect, ends: str, how: str) -> None:
    cell = connect()
    cell.collect(
        f"""
        import os, signal, subprocess, sys

        def test_end():
            print("last words", file=sys.stderr, flush=True)
            {ends}
        """
    )
    cell.run(0)
    began = time.monotonic()
    gone = cell.mailbox.until(Gone)
    assert gone.how == how
    assert "last words" in gone.tail
    assert time.monotonic() - began < 5
    cell.gateway.send(json.dumps({"kind": "stop"}))  # nobody hears it, nothing happens


def test_without_a_spool_the_output_is_the_users(connect: Connect) -> None:
    cell = connect(catches=False)
    cell.collect("import os\n\ndef test():\n    os._exit(3)")
    cell.run(0)
    assert cell.mailbox.until(Gone).tail == ""


def test_closing_interrupts_the_test_and_ends_its_children(connect: Connect, tmp_path: Path) -> None:
    cell = connect()
    cell.collect(
        """
        import pathlib, subprocess, time, pytest

        @pytest.fixture
        def resource():
            yield
            pathlib.Path("finalized").touch()

        def test_hangs(resource):
            child = subprocess.Popen(["sleep", "60"])
            pathlib.Path("child").write_text(str(child.pid))
            time.sleep(60)
        """
    )
    cell.run(0)
    cell.mailbox.until(Running)
    child = tmp_path / "child"
    while not (child.is_file() and child.read_text()):
        time.sleep(0.01)
    began = time.monotonic()
    cell.gateway.close()
    assert time.monotonic() - began < 3
    assert (tmp_path / "finalized").exists()
    while _lives(int(child.read_text())):
        assert time.monotonic() - began < 3
        time.sleep(0.01)
    cell.gateway.close()


def test_closing_a_worker_that_ignores_it_takes_force(connect: Connect) -> None:
    cell = connect()
    cell.collect(
        """
        import signal, time

        def test_stubborn():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            time.sleep(60)
        """
    )
    cell.run(0)
    cell.mailbox.until(Running)
    time.sleep(0.2)
    began = time.monotonic()
    cell.gateway.close()
    assert time.monotonic() - began < 5
    assert cell.mailbox.until(Gone).how == "was killed by SIGKILL"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param('channel.send("not JSON")', "the worker does not keep to the protocol", id="not JSON"),
        pytest.param("channel.send(3)", "the worker does not keep to the protocol", id="not text"),
        pytest.param("""channel.send('{"kind": "surprise"}')""", "unknown message 'surprise'", id="unknown"),
        pytest.param("""channel.send('{"kind": "hello", "protocol": 99}')""", "its protocol is 99", id="version"),
        pytest.param("raise ValueError('broken')", "ValueError: broken", id="raises"),
    ],
)
def test_a_lying_worker_is_told(connect: Connect, monkeypatch: pytest.MonkeyPatch, source: str, reason: str) -> None:
    monkeypatch.setattr(worker, "source", lambda: source)
    cell = connect()
    assert reason in cell.mailbox.until(Failed).reason


def test_a_worker_that_closes_its_channel_is_gone(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "source", lambda: "channel.close()\nimport time\ntime.sleep(60)")
    assert connect().mailbox.until(Gone).how == "closed its connection"


def test_a_worker_that_is_told_another_protocol_refuses(connect: Connect, tmp_path: Path) -> None:
    cell = connect()
    cell.gateway.send(json.dumps(start_message(tmp_path, protocol=99)))
    assert "protocol 99 is not 1" in cell.mailbox.until(Failed).reason


def test_a_file_that_cannot_be_collected_is_told(connect: Connect) -> None:
    cell = connect()
    (cell.folder / "test_it.py").write_text("def test(:")
    cell.start("-c", os.devnull)
    report = cell.mailbox.until(CollectFailed).report
    assert report["outcome"] == "failed"
    assert "SyntaxError" in str(report["longrepr"])
    assert cell.mailbox.until(Collected).items == ()


def test_arguments_that_pytest_refuses_are_told(connect: Connect) -> None:
    cell = connect()
    cell.start("-c", os.devnull, "no_such_file.py")
    assert "no_such_file.py" in cell.mailbox.until(Collected).errors[0]


@pytest.mark.parametrize(
    "text",
    [None, "exit 3", "echo hello", "exec sleep 60"],
    ids=["nothing", "ends", "speaks", "is silent"],
)
def test_a_command_that_is_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.gateway.START_SECONDS", 1.0)
    command = tmp_path / "no_python"
    if text is not None:
        command.write_text(f"#!/bin/sh\n{text}\n")
        command.chmod(0o755)
    mailbox = Mailbox()
    gateway = ExecnetGateway([str(command)], {}, mailbox.messages.put, None)
    with pytest.raises((OSError, EOFError, AssertionError)):
        gateway.open()


def test_an_interpreter_whose_child_holds_the_pipe_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.gateway.START_SECONDS", 1.0)
    command = tmp_path / "no_python"
    command.write_text("#!/bin/sh\nsleep 4\n")
    command.chmod(0o755)
    mailbox = Mailbox()
    gateway = ExecnetGateway([str(command)], {}, mailbox.messages.put, None)
    with pytest.raises((OSError, EOFError, AssertionError)):
        gateway.open()
    assert mailbox.until(Failed).reason == "its interpreter did not answer within 1 s"


def test_an_interpreter_that_does_not_answer_can_be_closed(tmp_path: Path) -> None:
    command = tmp_path / "no_python"
    command.write_text("#!/bin/sh\nexec sleep 60\n")
    command.chmod(0o755)
    gateway = ExecnetGateway([str(command)], {}, Mailbox().messages.put, None)

    def refuse() -> None:
        with pytest.raises((OSError, EOFError, AssertionError)):
            gateway.open()

    opening = threading.Thread(target=refuse, daemon=True)
    opening.start()
    gateway.close()
    opening.join(_PATIENCE)
    assert not opening.is_alive()


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exited with 0"), (3, "exited with 3"), (-9, "was killed by SIGKILL"), (-200, "was killed by signal 200")],
)
def test_exits_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words
    assert describe_exit(None) == "closed its connection"


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        pass
    else:
        return state != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc").is_dir()

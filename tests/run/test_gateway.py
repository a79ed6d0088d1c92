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
from pytest_ofiuco.run.decoding import Decoder
from pytest_ofiuco.run.gateway import Gateway, Receive, WorkerProcess, describe_exit
from pytest_ofiuco.run.guard import Guard
from pytest_ofiuco.run.messages import (
    Alive,
    Begins,
    Bye,
    Collectable,
    Collected,
    CollectFailed,
    Failed,
    Given,
    Gone,
    Hello,
    Message,
    Ran,
)
from pytest_ofiuco.run.pipes import PipeGateway
from pytest_ofiuco.run.remote import ExecnetGateway
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


GUARD = Guard()


@pytest.fixture(autouse=True)
def _guarded() -> Iterator[None]:
    yield
    GUARD.close()


def over_pipes(process: WorkerProcess, receive: Receive) -> Gateway:
    return PipeGateway(process, receive, Decoder(), GUARD)


def over_execnet(process: WorkerProcess, receive: Receive) -> Gateway:
    return ExecnetGateway(process, receive, Decoder())


Way = Callable[[WorkerProcess, Receive], Gateway]


class Connected:
    """A gateway, its mailbox and the file that its worker's output goes to."""

    def __init__(self, way: Way, folder: Path, spool: Path | None, **variables: str) -> None:
        self.folder, self.spool, self.mailbox = folder, spool, Mailbox()
        process = WorkerProcess(command=[sys.executable], variables=variables, spool=spool)
        self.gateway = way(process, self.mailbox.messages.put)
        self.gateway.open()

    def start(self, *arguments: str) -> None:
        spool = str(self.spool) if self.spool else None
        self.gateway.send(json.dumps(start_message(self.folder, "-p", "no:cacheprovider", *arguments, spool=spool)))

    def collect(self, text: str) -> list[str]:
        (self.folder / "test_it.py").write_text(textwrap.dedent(text))
        self.start("-c", os.devnull)
        self.mailbox.until(Hello)
        found = []
        while not isinstance(message := self.mailbox.messages.get(timeout=_PATIENCE), Collected):
            assert isinstance(message, Collectable | Alive)
            if isinstance(message, Collectable):
                found.append(message.item.nodeid)
        assert message.total == len(found)
        return found

    def run(self, *indices: int) -> None:
        self.gateway.send(json.dumps({"kind": "run", "indices": list(indices), "ends": False}))

    def end(self) -> None:
        self.gateway.send(json.dumps({"kind": "end", "ends": True}))


Connect = Callable[..., Connected]


@pytest.fixture(params=[over_pipes, over_execnet], ids=["pipes", "execnet"])
def way(request: pytest.FixtureRequest) -> Way:
    way: Way = request.param
    return way


@pytest.fixture
def connect(tmp_path: Path, way: Way) -> Iterator[Connect]:
    made: list[Connected] = []

    def make(*, catches: bool = True, **variables: str) -> Connected:
        made.append(Connected(way, tmp_path, tmp_path / "worker.log" if catches else None, **variables))
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
    assert collected == ["test_it.py::test_cell", "test_it.py::test_noise"]
    cell.run(1, 0)
    cell.mailbox.until(Begins)
    noisy = cell.mailbox.until(Ran)
    assert noisy.test == 1
    outcomes = [report[0] if isinstance(report, list) else report["outcome"] for report in noisy.reports]
    assert outcomes == ["setup", "failed", "passed"]
    assert ["Captured stdout call", "captured\n"] in noisy.reports[1]["sections"] or "captured" in str(noisy.reports[1])
    cell.end()
    assert cell.mailbox.until(Ran).test == 0
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
    cell.end()
    assert [report[0] for report in cell.mailbox.until(Ran).reports] == ["setup", "call", "teardown"]


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
    cell.end()
    began = time.monotonic()
    gone = cell.mailbox.until(Gone)
    assert gone.how == how
    assert "last words" in gone.tail
    assert time.monotonic() - began < 5
    cell.end()  # nobody hears it, nothing happens


def test_without_a_spool_the_output_is_the_users(connect: Connect) -> None:
    cell = connect(catches=False)
    cell.collect("import os\n\ndef test():\n    os._exit(3)")
    cell.run(0)
    cell.end()
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
    cell.end()
    cell.mailbox.until(Begins)
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


def test_a_worker_says_what_keeps_it_from_ending(connect: Connect) -> None:
    cell = connect()
    cell.collect(
        """
        import multiprocessing, threading, time

        def test_leaves_them():
            threading.Thread(target=time.sleep, args=(60,), name="sleeper").start()
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,), name="child").start()
        """
    )
    cell.run(0)
    cell.end()
    said = cell.mailbox.until(Bye)
    assert (said.exitstatus, set(said.keepers)) == (0, {"thread sleeper", "process child"})
    assert not cell.gateway.close(0.1)


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
    cell.end()
    cell.mailbox.until(Begins)
    time.sleep(0.2)
    began = time.monotonic()
    cell.gateway.close()
    assert time.monotonic() - began < 5
    assert cell.mailbox.until(Gone).how == "was killed by SIGKILL"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param('channel.send("not JSON")', "the worker does not keep to the protocol", id="not JSON"),
        pytest.param("""channel.send('{"kind": "surprise"}')""", "unknown message 'surprise'", id="unknown"),
        pytest.param("""channel.send('{"kind": "hello", "protocol": 99}')""", "its protocol is 99", id="version"),
        pytest.param("raise ValueError('broken')", "ValueError: broken", id="raises"),
    ],
)
def test_a_lying_worker_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str) -> None:
    monkeypatch.setattr(worker, "source", lambda: source)
    cell = Connected(over_execnet, tmp_path, None)
    assert reason in cell.mailbox.until(Failed).reason
    cell.gateway.close()


def test_a_worker_that_closes_its_channel_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "source", lambda: "channel.close()\nimport time\ntime.sleep(60)")
    cell = Connected(over_execnet, tmp_path, None)
    assert cell.mailbox.until(Gone).how == "closed its connection"
    cell.gateway.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("os.write({}, b'not JSON\\n')", "the worker does not keep to the protocol", id="not JSON"),
        pytest.param("os.write({}, b'{{}}\\n')", "KeyError: 'kind'", id="no kind"),
    ],
)
def test_a_worker_that_lies_over_its_pipe_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    def lie(receives: int, sends: int, *, leads: bool) -> str:
        return "import os, time; " + code.format(sends) + "; time.sleep(60)"

    monkeypatch.setattr(worker, "command", lie)
    cell = Connected(over_pipes, tmp_path, None)
    assert reason in cell.mailbox.until(Failed).reason
    cell.gateway.close()


def test_a_worker_that_is_told_another_protocol_refuses(connect: Connect, tmp_path: Path) -> None:
    cell = connect()
    cell.gateway.send(json.dumps(start_message(tmp_path, protocol=99)))
    assert f"protocol 99 is not {worker.PROTOCOL}" in cell.mailbox.until(Failed).reason


def test_a_file_that_cannot_be_collected_is_told(connect: Connect) -> None:
    cell = connect()
    (cell.folder / "test_it.py").write_text("def test(:")
    cell.start("-c", os.devnull)
    report = cell.mailbox.until(CollectFailed).report
    assert report["outcome"] == "failed"
    assert "SyntaxError" in str(report["longrepr"])
    assert cell.mailbox.until(Collected).total == 0


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
    monkeypatch.setattr("pytest_ofiuco.run.remote._LATER", 0.0)
    command = tmp_path / "no_python"
    if text is not None:
        command.write_text(f"#!/bin/sh\n{text}\n")
        command.chmod(0o755)
    mailbox = Mailbox()
    process = WorkerProcess(command=[str(command)], variables={}, spool=None, start_seconds=1.0)
    gateway = over_execnet(process, mailbox.messages.put)
    with pytest.raises((OSError, EOFError, AssertionError)):
        gateway.open()


def test_an_interpreter_whose_child_holds_the_pipe_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.remote._LATER", 0.0)
    command = tmp_path / "no_python"
    command.write_text("#!/bin/sh\nsleep 4\n")
    command.chmod(0o755)
    mailbox = Mailbox()
    process = WorkerProcess(command=[str(command)], variables={}, spool=None, start_seconds=1.0)
    gateway = over_execnet(process, mailbox.messages.put)
    with pytest.raises((OSError, EOFError, AssertionError)):
        gateway.open()
    assert mailbox.until(Failed).reason == "its interpreter did not answer within 1 s"


def test_an_interpreter_that_does_not_answer_can_be_closed(tmp_path: Path) -> None:
    command = tmp_path / "no_python"
    command.write_text("#!/bin/sh\nexec sleep 60\n")
    command.chmod(0o755)
    gateway = over_execnet(WorkerProcess(command=[str(command)], variables={}, spool=None), Mailbox().messages.put)

    def refuse() -> None:
        with pytest.raises((OSError, EOFError, AssertionError)):
            gateway.open()

    opening = threading.Thread(target=refuse, daemon=True)
    opening.start()
    gateway.close()
    opening.join(_PATIENCE)
    assert not opening.is_alive()


def test_output_that_went_astray_is_cut(connect: Connect) -> None:
    cell = connect()
    cell.collect(
        """
        def test_prints():
            print("begins" + 9_000_000 * "x" + "ends")
        """
    )
    cell.run(0)
    cell.end()
    report = cell.mailbox.until(Ran).reports[1]
    assert isinstance(report, dict)
    ((title, text),) = report["sections"]
    assert title == "Captured stdout call"
    assert len(text) < 8_400_000
    assert text.startswith("beginsxxx")
    assert text.endswith("xxxends\n")
    assert "\n[... ofiuco has left out 611403 characters ...]\n" in text
    cell.mailbox.until(Bye)


def test_tests_are_given_back_in_whole_groups_but_for_the_next_one(connect: Connect) -> None:
    cell = connect()
    tests = "".join(f"def test_{number}(): pass\n" for number in range(1, 6))
    cell.collect(f"import time\n\ndef test_0(): time.sleep(1)\n{tests}")
    cell.run(0, 1, 2, 3, 4, 5)
    cell.mailbox.until(Begins)
    cell.gateway.send(json.dumps({"kind": "give", "groups": [[0], [1, 5], [2, 3], [4]]}))
    assert cell.mailbox.until(Ran).test == 0
    assert cell.mailbox.until(Given).indices == (2, 3, 4)
    assert cell.mailbox.until(Ran).test == 1
    cell.end()
    assert cell.mailbox.until(Ran).test == 5
    cell.mailbox.until(Bye)


def test_what_a_test_forks_says_nothing(tmp_path: Path) -> None:
    cell = Connected(over_pipes, tmp_path, tmp_path / "worker.log")
    cell.collect(
        """
        import os, sys, warnings

        def test_forks():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child:
                os.waitpid(child, 0)
            else:
                sys.exit(3)  # it goes on as a pytest of its own

        def test_other():
            pass
        """
    )
    cell.run(0, 1)
    cell.end()
    assert [cell.mailbox.until(Ran).test, cell.mailbox.until(Ran).test] == [0, 1]
    cell.mailbox.until(Bye)
    cell.gateway.close()


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


@pytest.mark.parametrize("pause", ["", "time.sleep(1.5)"], ids=["at once", "later"])
def test_a_worker_that_closes_its_descriptors_is_gone(tmp_path: Path, pause: str) -> None:
    """However long its process takes to end."""
    cell = Connected(over_pipes, tmp_path, None)
    cell.collect(f"import os, time\n\ndef test():\n    os.closerange(3, 1024)\n    {pause or 'pass'}")
    cell.run(0)
    cell.end()
    assert cell.mailbox.until(Gone).how == "closed its connection"
    cell.gateway.close()

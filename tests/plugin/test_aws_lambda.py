"""Handlers of a cell's zip, invoked in the real awslambdaric by tests in that cell."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters, host_platform
from tests.plugin.conftest import Project
from tests.run.hosts.machines import Machine, needs_sshd

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric is for Linux"),
]

_FUNCTION = Path(__file__).parents[1] / "data" / "projects" / "function"
APP = """\
import importlib
import logging
import os
import sys
import time

import idna

print("imported")
calls = []


def count(event, context):
    calls.append(event)
    return len(calls)


def tell(event, context):
    before = context.get_remaining_time_in_millis()
    time.sleep(0.05)
    return {
        "fell": before - context.get_remaining_time_in_millis(),
        "remaining": before,
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "client": context.client_context and context.client_context.custom,
        "identity": context.identity.cognito_identity_id,
        "environment": dict(os.environ),
        "cwd": os.getcwd(),
        "path": sys.path,
        "modules": {name: sys.modules[name].__file__ for name in ("idna", "awslambdaric", "app")},
    }


def say(event, context):
    print("printed")
    print("for errors", file=sys.stderr)
    logging.getLogger().warning("logged %s", event)


def fail(event, context):
    return event["nothing"]


def leave(event, context):
    sys.exit(event)


def die(event, context):
    os.kill(os.getpid(), event)


def hang(event, context):
    time.sleep(60)


def odd(event, context):
    return object()


def large(event, context):
    return "x" * event


def import_pytest(event, context):
    importlib.import_module("pytest")


def take(event, context):
    kept = bytearray(event << 20)
    time.sleep(30)
"""


@pytest.fixture
def function(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Project:
    """A copy of the function's project; its module is app.py."""
    folder = tmp_path_factory.mktemp("function") / "project"
    shutil.copytree(_FUNCTION, folder)
    (folder / "app.py").write_text(APP, encoding="utf-8")
    return Project(folder, cache)


TESTS = """\
import os
import signal
import socket
import time
import zipfile

import pytest


def test_the_zip(ofiuco_zip, ofiuco_cell):
    with zipfile.ZipFile(ofiuco_zip) as archive:
        names = archive.namelist()
    assert "app.py" in names and "idna/__init__.py" in names
    assert not [name for name in names if name.startswith(("awslambdaric", "pytest", "simplejson"))]
    assert ofiuco_zip.manifest["runtime"] == "python3.13"
    assert ofiuco_zip.manifest["left_out"]["provided"] == ["awslambdaric"]
    assert str(ofiuco_zip) == str(ofiuco_zip.path) == os.fspath(ofiuco_zip)
    with open("sha256.txt", "w") as file:
        file.write(ofiuco_zip.sha256)


def test_a_process_stays_warm(aws_lambda):
    first = aws_lambda.invoke("app.count", 1)
    assert (first.payload, first.is_cold, first.logs) == (1, True, "imported\\n")
    second = aws_lambda.invoke("app.count", 2)
    assert (second.payload, second.is_cold, second.logs, second.init_duration) == (2, False, "", 0.0)
    assert 0 < second.duration < 3 and second.error is None
    assert second.request_id != first.request_id
    aws_lambda.restart()
    assert aws_lambda.invoke("app.count", 3).payload == 1


def test_from_one_test_to_the_next(aws_lambda):
    assert aws_lambda.invoke("app.count").payload == 2
    aws_lambda.environment["STAGE"] = "test"
    assert aws_lambda.invoke("app.count").is_cold


def test_the_context(aws_lambda, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    aws_lambda.environment["STAGE"] = "test"
    told = aws_lambda.invoke(
        "app.tell",
        {},
        timeout=5,
        memory=256,
        client_context={"custom": {"a": "ü"}},
        identity={"cognitoIdentityId": "me", "cognitoIdentityPoolId": "us"},
    )
    about = told.payload
    assert 4000 < about["remaining"] <= 5000 and about["fell"] >= 50
    assert about["request"] == told.request_id
    assert about["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:function"
    assert (about["name"], about["memory"]) == ("function", "256")
    assert (about["client"], about["identity"]) == ({"a": "ü"}, "me")
    variables = about["environment"]
    task = variables["LAMBDA_TASK_ROOT"]
    assert variables["STAGE"] == "test" and "AWS_PROFILE" not in variables and "VIRTUAL_ENV" not in variables
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert variables["_HANDLER"] == "app.tell" and about["cwd"] == about["path"][0] == task
    assert about["path"][1] == variables["LAMBDA_RUNTIME_DIR"]
    assert not [each for each in about["path"] if "site-packages" in each]
    modules = about["modules"]
    assert modules["app"] == os.path.join(task, "app.py")
    assert modules["idna"].startswith(task) and not modules["awslambdaric"].startswith(task)


def test_logs(aws_lambda, capsys):
    said = aws_lambda.invoke("app.say", "ü").logs.splitlines()
    assert said[0:3] == ["imported", "printed", "for errors"]
    assert said[3].startswith("[WARNING]\\t") and said[3].endswith("\\tlogged ü")
    assert "printed" in capsys.readouterr().out


def test_an_error_of_the_handler(aws_lambda):
    with pytest.raises(aws_lambda.LambdaError) as caught:
        aws_lambda.invoke("app.fail", {})
    error = caught.value
    assert (error.error_type, error.error_message) == ("KeyError", "'nothing'")
    assert 'return event["nothing"]' in error.stack_trace[-1]
    assert "\\nin the function (most recent call last):\\n  File" in str(error)
    again = aws_lambda.invoke("app.fail", {"nothing": 1})
    assert (again.payload, again.is_cold) == (1, False)
    assert aws_lambda.invoke("app.fail", {}, check=False).error.error_type == "KeyError"


@pytest.mark.parametrize(
    ("handler", "event", "kind", "message"),
    [
        ("app.leave", 3, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("app.leave", 0, "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("app.die", signal.SIGSEGV, "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"),
        ("app.odd", None, "Runtime.MarshalError", "Unable to marshal response: "),
        ("app.large", 7_000_000, "Function.ResponseSizeTooLarge", "maximum allowed payload size (6291556 bytes)"),
        ("app.import_pytest", None, "ModuleNotFoundError", "No module named 'pytest'"),
        ("app.nothing", None, "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("nothing.handler", None, "Runtime.ImportModuleError", "No module named 'nothing'"),
        ("broken.handler", None, "ZeroDivisionError", "division by zero"),
        ("handler", None, "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
    ],
)
def test_errors(aws_lambda, handler, event, kind, message):
    error = aws_lambda.invoke(handler, event, check=False).error
    assert error.error_type == kind
    assert message in error.error_message
    assert aws_lambda.invoke("app.count").error is None


def test_time_is_up(aws_lambda):
    began = time.monotonic()
    done = aws_lambda.invoke("app.hang", timeout=0.5, check=False)
    assert 0.5 <= done.duration < 5 and time.monotonic() - began < 10
    assert done.error.error_type == "Sandbox.Timedout"
    assert done.error.error_message == f"RequestId: {done.request_id} Error: Task timed out after 0.50 seconds"
    assert aws_lambda.invoke("app.hang", timeout=0.1, check=False).is_cold


def test_memory(aws_lambda):
    done = aws_lambda.invoke("app.take", 200, timeout=20, memory=128, check=False)
    assert done.error.error_type == "Runtime.OutOfMemory"
    assert done.memory_used > 128
    assert aws_lambda.invoke("app.take", 200, timeout=0.5, check=False).error.error_type == "Sandbox.Timedout"


def test_events(aws_lambda):
    event = aws_lambda.events.sqs(["one", {"two": 2}], queue="jobs")
    assert [each["body"] for each in event["Records"]] == ["one", '{"two": 2}']
    assert event["Records"][0]["eventSourceARN"].endswith(":jobs")
    assert aws_lambda.invoke("app.fail", {"nothing": event}).payload == event


def test_the_import_that_fails_is_shown(aws_lambda):
    error = aws_lambda.invoke("deep.handler", check=False).error
    assert error.error_message == "Unable to import module 'deep': No module named 'nowhere'"
    (place, line) = error.stack_trace
    assert 'deep.py", line 1, in <module>' in place and line.strip() == "import nowhere"


def test_what_tests_put_in_place_of_clocks_and_sockets(aws_lambda, monkeypatch):
    class Guarded(socket.socket):
        def __new__(cls, *arguments, **keywords):
            raise RuntimeError("no network here")

    monkeypatch.setattr(socket, "socket", Guarded)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    told = aws_lambda.invoke("app.tell", timeout=5)
    assert 4000 < told.payload["remaining"] <= 5000
    assert told.duration > 0.05 and told.memory_used > 1
    assert aws_lambda.invoke("app.hang", timeout=0.1, check=False).error.error_type == "Sandbox.Timedout"


def test_a_variable_is_a_text(aws_lambda):
    aws_lambda.environment["STAGE"] = 1
    with pytest.raises(TypeError) as caught:
        aws_lambda.invoke("app.count")
    assert str(caught.value) == "environment['STAGE'] is 1, which is no text"


def test_shown(aws_lambda):
    aws_lambda.invoke("app.fail", {})


def test_no_handler(aws_lambda):
    aws_lambda.invoke(event=1)
"""


def test_a_function(function: Project) -> None:
    function.write({"test_app.py": TESTS, "broken.py": "1 / 0\n", "deep.py": "import nowhere\n"})
    result = function.matrix("-p", "no:cacheprovider", "--ofiuco-jobs", "1")
    assert result.parseoutcomes() == {"passed": 22, "failed": 2}
    said = result.stdout.str()
    assert "E       aws_lambda.LambdaError: KeyError: 'nothing'" in said
    assert 'return event["nothing"]' in said
    assert "invoking.py" not in said
    zipped = function.folder.parent / "x.zip"
    command = ["zip", "--platform", "host", "--python", "3.13", "--output", str(zipped)]
    assert function.run([sys.executable, "-m", "pytest_ofiuco", *command], {}).ret == 0
    assert (function.folder / "sha256.txt").read_text() == hashlib.sha256(zipped.read_bytes()).hexdigest()


SHARED = """\
import pytest


@pytest.mark.parametrize("number", range(6))
def test_it(number, aws_lambda, ofiuco_zip, ofiuco_cell, worker_id):
    assert aws_lambda.invoke("app.fail", {"nothing": number}).payload == number
    with open("seen.txt", "a") as file:
        print(ofiuco_cell.name, ofiuco_zip.path, file=file)
"""


def test_workers_share_the_zip_of_their_cell(function: Project) -> None:
    """Behind a launcher, the worker's modules come as texts."""
    box = f'[tool.ofiuco.platform.box]\ntag = "{host_platform()}"\nlauncher = ["env"]\nprovided = ["awslambdaric"]\n'
    settings = function.folder / "pyproject.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before.replace("[tool.ofiuco]\n", '[tool.ofiuco]\nplatforms = ["host", "box"]\n') + box)
    function.write({"tests/test_shared.py": SHARED, "app.py": APP})
    result = function.matrix("-p", "no:cacheprovider", "--ofiuco-jobs", "3")
    assert result.parseoutcomes() == {"passed": 13}  # with the inspection of the named platform
    seen = set((function.folder / "seen.txt").read_text(encoding="utf-8").splitlines())
    assert sorted(line.partition(" ")[0] for line in seen) == ["py313-box", "py313-host"]
    assert not [line for line in seen if Path(line.partition(" ")[2]).exists()]


ASKING = """\
def test_a_zip(ofiuco_zip): ...
def test_a_function(aws_lambda): ...
"""


def test_what_is_missing_is_said(project: Project) -> None:
    project.write({"test_app.py": ASKING})
    project.configure(python=["3.13"])
    result = project.matrix("-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    result.stdout.fnmatch_lines(
        [
            "error: the cell has no awslambdaric, which is AWS Lambda's runtime",
            "hint: `uv add --dev awslambdaric`, and name it in `provided` of the platform if the zip is to go without",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    project.configure(python=["3.13"], more='[tool.ofiuco.zip]\ninclude = ["nothing"]')
    refused = project.matrix("-p", "no:cacheprovider")
    assert refused.parseoutcomes() == {"errors": 2}
    refused.stdout.fnmatch_lines(
        [
            "error: include 'nothing': there is no such file or folder in the project",
            "hint: correct `include` in [[]tool.ofiuco.zip]",
        ]
    )
    plain = project.plain("-p", "no:cacheprovider", "-rs")
    assert plain.parseoutcomes() == {"skipped": 2}
    assert "runs in a cell only: pytest --ofiuco-matrix" in plain.stdout.str()


def test_the_guide(function: Project) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "lambda.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", guide, re.DOTALL)
    assert [name for name, _ in blocks] == ["app.py", "test_app.py", "conftest.py"]
    files = dict(blocks)
    conftest = files.pop("conftest.py")
    function.write(files)
    settings = function.folder / "pyproject.toml"
    before = settings.read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    project, _, _ = before.partition("[tool.ofiuco]")
    here = f'tag = "{host_platform()}"\n'  # so that it runs on this machine
    only_313 = shown.replace("[tool.ofiuco]\n", '[tool.ofiuco]\npython = ["3.13"]\n')
    settings.write_text(project + only_313 + here, encoding="utf-8")
    assert function.matrix("-p", "no:cacheprovider").parseoutcomes() == {"passed": 5 + 6 + 1}  # with an inspection
    settings.write_text(before, encoding="utf-8")
    configured = "def test_it(aws_lambda):\n    assert aws_lambda.invoke(event=1).payload['event'] == 1\n"
    function.write({"conftest.py": conftest, "test_app.py": configured})
    assert function.matrix("-p", "no:cacheprovider").parseoutcomes() == {"passed": 1}
    (function.folder / "conftest.py").unlink()
    settings.write_text(before + '[tool.ofiuco.zip]\nhandler = "app.handler"\n', encoding="utf-8")
    assert function.matrix("-p", "no:cacheprovider").parseoutcomes() == {"passed": 1}
    settings.write_text(before + '[tool.ofiuco.zip]\nhandler = "app.gone"\n', encoding="utf-8")
    refused = function.matrix("-p", "no:cacheprovider")
    assert refused.parseoutcomes() == {"errors": 1}
    refused.stdout.fnmatch_lines(
        [
            "error: handler app.gone: app does not define gone at its top; it has calls, failing, handler",
            "hint: name one of these, or define it there",
        ]
    )


KILLED = """\\
import os
import signal


def test_it(ofiuco_zip):
    with open("seen.txt", "w") as file:
        print(ofiuco_zip.path, file=file)
    os.kill(os.getppid(), signal.SIGKILL)
"""


def test_a_session_that_is_killed_leaves_no_zip(function: Project) -> None:
    function.write({"tests/test_killed.py": KILLED})
    function.matrix("-p", "no:cacheprovider")
    zipped = Path((function.folder / "seen.txt").read_text(encoding="utf-8").strip())
    deadline = time.monotonic() + 10
    while zipped.parent.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not zipped.parent.exists()


FAR = """\
import os


def test_it(aws_lambda, ofiuco_zip):
    assert "remote-v1" in os.getcwd()
    assert ofiuco_zip.manifest["platform"]["name"] == "box"
    assert aws_lambda.invoke("app.fail", {"nothing": 1}).payload == 1
"""


@needs_sshd
def test_on_another_machine(function: Project, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.start()
    try:
        settings = function.folder / "pyproject.toml"
        before = settings.read_text(encoding="utf-8").replace("[tool.ofiuco]\n", '[tool.ofiuco]\nplatforms = ["box"]\n')
        python = Interpreters(Store(tmp_path / "store"), os.environ).find(Python.parse("3.13")).path
        settings.write_text(before + machine.platform(python) + 'provided = ["awslambdaric"]\n', encoding="utf-8")
        function.write({"tests/test_far.py": FAR, "app.py": APP})
        result = function.matrix("-p", "no:cacheprovider", "-k", "test_it")
        assert result.parseoutcomes()["passed"] == 1
        assert not machine.processes()
    finally:
        machine.stop()


UNASKED = """\
import sys


def test_it():
    assert not [name for name in sys.modules if "aws_lambda" in name]
"""
LOADED = """\
import sys
import pytest

code = pytest.main(["--ofiuco-matrix", "-q"])
print("loaded:", *sorted(name for name in sys.modules if name.startswith("pytest_ofiuco")))
sys.exit(code)
"""


def test_a_session_that_asks_for_none_of_it_loads_none_of_it(project: Project) -> None:
    project.write({"test_app.py": UNASKED})
    for _ in range(2):
        result = project.run([sys.executable, "-c", LOADED], {})
        assert result.parseoutcomes() == {"passed": 2}
    (line,) = [line for line in result.outlines if line.startswith("loaded:")]
    names = line.split()
    assert "pytest_ofiuco.run.controller" in names
    assert not [name for name in names if name.startswith(("pytest_ofiuco.bundle", "pytest_ofiuco.run.zips"))]
    assert "pytest_ofiuco.run.answering" not in names

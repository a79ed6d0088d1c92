"""A function's process: awslambdaric in the cell's base interpreter, which sees the zip and the runtime alone.

It serves one invocation after another, until it fails in a way that AWS Lambda ends it for as well.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from typing import Any, Dict, Mapping

from .outcome import Invocation, readable
from .place import Place
from .processes import descendants, is_emulated, memory, started_with
from .runtime_api import INIT_ERROR, NEXT, VERSION, Request, RuntimeApi
from .variables import ADDRESS, arn, function_variables

Message = Dict[str, Any]

_SLICE = 0.02
"""How often it is looked whether a function that says nothing still is, in seconds."""

_END_SECONDS = 1.0
"""How long a function that cannot be started may take to end."""

_LARGEST = 6_291_556
"""The bytes of a result, at most: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

EMULATED = 10
"""How many times as long an emulated function may take."""

_START = """\
import runpy, site, sys
site.setquit()
site.setcopyright()
site.sethelper()
sys.path[0] = sys.argv[1]
del sys.argv[1]
"""
"""Python without its site-packages; what ``site`` adds to the builtins is there nevertheless."""

_RUN = 'runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)'

_NOT_STARTED = """\
error: {} cannot be started from a test: {}
hint: have a script start it, and name that with `interpreters` of the platform, without `launcher`"""

_OURS, _NO_IMPORT = "ofiuco: the import has failed", "Runtime.ImportModuleError"

_IMPORT = f"""\
import importlib, traceback
try:
    importlib.import_module(sys.argv[1].rpartition(".")[0].replace("/", "."))
except ImportError as error:
    trace = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in trace if "importlib" not in frame.filename and frame.filename != "<string>"]
    print({_OURS!r}, *traceback.format_list(own), sep="\\n", file=sys.stderr)
"""


class Limits:
    """What an invocation, and a start before it, may take: seconds, and MB if ``memory`` is limited."""

    def __init__(self, timeout: float, init: float, memory: int | None) -> None:
        self.timeout, self.init, self.memory = timeout, init, memory


class NotStarted(Exception):
    """The cell's interpreter cannot be started from here; the text says why, and what helps."""


class _Over(Exception):
    """The process has ended, or may not go on: the type and the message of AWS Lambda's error."""


class Function:
    """The process of one ``handler`` with these ``variables``; there is none before the first invocation."""

    def __init__(self, place: Place, handler: str, variables: Mapping[str, str], size: int) -> None:
        self.handler, self.variables, self.size = handler, dict(variables), size
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None
        self._api: RuntimeApi | None = None
        self._waiting: Request | None = None
        self._log = place.logs / f"{uuid.uuid4().hex}.log"
        self._heard = 0
        self._most = 0.0
        self._slowness = 1

    def invoke(self, event: bytes, about: Mapping[str, str], limits: Limits) -> Invocation:
        """Run the handler once; a process that is not there is started. ``about``: headers of the invocation.

        Raises:
            NotStarted: it cannot be.
        """
        invocation = Invocation(str(uuid.uuid4()))
        if self._process is not None and self._process.poll() is not None:
            self.end()
        invocation.is_cold = self._process is None
        self._most = 0.0
        began = _now()
        try:
            if invocation.is_cold:
                self._start()
            is_ready = self._is_ready(invocation, limits)
            if invocation.is_cold:
                invocation.init_duration = _now() - began
            if is_ready:
                began = _now()
                self._run(invocation, event, about, limits)
                invocation.duration = _now() - began
                self._sample(limits)
        except _Over as over:
            invocation.duration = _now() - began
            invocation.fail(over.args[0], f"RequestId: {invocation.request_id} Error: {over.args[1]}")
            self.end()
        except BaseException:
            self.end()
            raise
        invocation.memory_used = self._most if self._slowness == 1 and self._most else None
        invocation.logs = self._said()
        return invocation

    def end(self) -> None:
        """End the process, and those that it has started."""
        process, self._process = self._process, None
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
        if process is not None:
            own = started_with(f"{ADDRESS}={self._api.address}") if self._api is not None else ()
            for each in [*descendants(process.pid), process.pid, *own]:
                try:
                    os.kill(each, signal.SIGKILL)
                except OSError:
                    continue
            process.wait()
        if self._api is not None:
            self._api.close()
            self._api = None

    def _start(self) -> None:
        self._api = RuntimeApi()
        with self._log.open("ab") as log:
            self._process = self._started(_RUN, self._api.address, stdout=log, stderr=log)

    def _started(self, what: str, address: str, **streams: Any) -> subprocess.Popen[bytes]:
        python = getattr(sys, "_base_executable", None) or sys.executable
        try:
            return subprocess.Popen(
                [python, "-S", "-c", _START + what, str(self._place.task), self.handler],
                cwd=self._place.task,
                env=function_variables(self._place, address, self.handler, self.size, self.variables),
                stdin=subprocess.DEVNULL,
                **streams,
            )
        except OSError as error:
            raise NotStarted(_NOT_STARTED.format(python, error.strerror)) from error

    def _time(self) -> float:
        """The time of day, as the machine has it: a test may have another in its process."""
        os.utime(self._log)
        return os.stat(self._log).st_mtime

    def _is_ready(self, invocation: Invocation, limits: Limits) -> bool:
        """Whether the function has come to ask for an invocation; if not, the error is told."""
        if self._waiting is not None:
            return True
        deadline = _now() + limits.init
        while True:
            request = self._next_request(deadline, limits, "init", limits.init)
            if request.path == NEXT:
                self._waiting = request
                return True
            request.answer()
            if request.path == INIT_ERROR:
                document = json.loads(request.body)
                self._let_end()
                if document.get("errorType") == _NO_IMPORT and not document.get("stackTrace"):
                    document["stackTrace"] = self._import_once_more(limits.init * self._slowness)
                invocation.fail_with(document)
                return False

    def _run(self, invocation: Invocation, event: bytes, about: Mapping[str, str], limits: Limits) -> None:
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        timeout = limits.timeout * self._slowness
        waiting.answer(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int((self._time() + timeout) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": arn(self.variables),
                "Lambda-Runtime-Trace-Id": f"Root=1-00000000-{invocation.request_id.replace('-', '')[:24]};Sampled=0",
                **about,
            },
        )
        deadline, mine = _now() + limits.timeout, f"{VERSION}/invocation/{invocation.request_id}/"
        while True:
            request = self._next_request(deadline, limits, "Task", limits.timeout)
            request.answer()
            if request.path == f"{mine}error":
                invocation.fail_with(json.loads(request.body))
                return
            if request.path == f"{mine}response":
                self._take(invocation, request.body)
                return

    def _take(self, invocation: Invocation, body: bytes) -> None:
        if len(body) > _LARGEST:
            message = f"Response payload size exceeded maximum allowed payload size ({_LARGEST} bytes)."
            invocation.fail("Function.ResponseSizeTooLarge", message)
        else:
            invocation.payload = json.loads(body) if body else None

    def _next_request(self, deadline: float, limits: Limits, what: str, seconds: float) -> Request:
        """What the function says next.

        Raises:
            _Over: it has ended before, takes too long, or too much memory.
        """
        assert self._api is not None
        assert self._process is not None
        while True:
            request = self._api.take(_SLICE)
            if request is not None:
                return request
            code = self._process.poll()
            if code is not None:
                request = self._api.take(0)  # its last words
                if request is not None:
                    return request
                raise _Over("Runtime.ExitError", _ending(code))
            taken = self._sample(limits)
            if limits.memory is not None and taken > limits.memory and self._slowness == 1:
                raise _Over("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")
            if _now() > deadline + seconds * (self._slowness - 1):
                raise _Over("Sandbox.Timedout", f"{what} timed out after {seconds * self._slowness:.2f} seconds")

    def _sample(self, limits: Limits) -> float:
        """The memory that it takes now, in MB; where that is limited, with that of what it has started."""
        assert self._process is not None
        process = self._process.pid
        self._slowness = EMULATED if is_emulated(process) else 1
        taken = sum(map(memory, [process, *(descendants(process) if limits.memory is not None else ())]))
        self._most = max(self._most, taken)
        return taken

    def _let_end(self) -> None:
        """A function that has told of an error at its start ends by itself."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.end()

    def _import_once_more(self, seconds: float) -> list[str]:
        """The traceback of a module's import, which the runtime does not tell: that of a process of its own."""
        process = self._started(_IMPORT, "", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return []
        lines = said.decode("utf-8", "replace").splitlines()
        return [line for line in lines[lines.index(_OURS) + 1 :] if line] if _OURS in lines else []

    def _said(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._heard)
            content = log.read()
        self._heard += len(content)
        return readable(content.decode("utf-8", "replace"))


def _now() -> float:
    """The seconds of a clock that a test leaves alone which stops or shifts those of its process."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def _ending(code: int) -> str:
    """How a process has ended, in the words of AWS Lambda."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-code) or str(-code)).lower()}"

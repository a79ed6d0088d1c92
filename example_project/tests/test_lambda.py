"""The function as Lambda runs it: awslambdaric polls the Runtime API, which is a server on loopback here."""

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from geo_lookup.app import handler

SECONDS = 60
EVENT = {
    "requestContext": {"http": {"method": "GET"}},
    "queryStringParameters": {"lat": "47.141", "lon": "9.521"},
}


class RuntimeApi(ThreadingHTTPServer):
    """Hands out one event and takes what the function makes of it."""

    daemon_threads = True

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Runtime)
        self.events: Queue[dict[str, Any]] = Queue()
        self.events.put(event)
        self.outcomes: Queue[tuple[str, Any]] = Queue()


class _Runtime(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        event = json.dumps(self.server.events.get()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")  # without it, awslambdaric 4.2 dies of SIGSEGV
        self.send_header("Lambda-Runtime-Aws-Request-Id", "the-request")
        self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:0:function:geo")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = json.loads(self._content())
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.outcomes.put((self.path, body))

    def _content(self) -> bytes:
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    with RuntimeApi(EVENT) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.skipif(platform.system() != "Linux", reason="awslambdaric's client of the Runtime API is for Linux")
def test_an_invocation(api: RuntimeApi) -> None:
    environment = {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "geo-lookup",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    }
    command = [sys.executable, "-m", "awslambdaric", "geo_lookup.app.handler"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as function:
        threading.Thread(target=lambda: api.outcomes.put(("exit", function.wait())), daemon=True).start()
        try:
            path, outcome = api.outcomes.get(timeout=SECONDS)
        finally:
            function.kill()
    assert path == "/2018-06-01/runtime/invocation/the-request/response"
    assert outcome["statusCode"] == 200
    assert json.loads(outcome["body"])["region"]["code"] == "LI"


@pytest.mark.platform("aws_lambda")
def test_the_response_survives_the_runtimes_own_json() -> None:
    response = handler(EVENT, None)
    body, content_type = LambdaMarshaller().marshal_response(response)
    assert content_type == "application/json"
    assert json.loads(body) == response

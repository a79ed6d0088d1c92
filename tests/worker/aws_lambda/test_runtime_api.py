"""The Runtime API as clients speak to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pytest_ofiuco.worker.aws_lambda.runtime_api import NEXT, RuntimeApi


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    server = RuntimeApi()
    yield server
    server.close()


def connected(api: RuntimeApi) -> socket.socket:
    host, _, port = api.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_an_invocation_is_waited_for(api: RuntimeApi) -> None:
    with connected(api) as client:
        client.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        request = api.take(10)
        assert request is not None
        assert (request.path, request.body) == (NEXT, b"")
        request.answer(200, b"{}", {"Lambda-Runtime-Deadline-Ms": "1"})
        said = client.makefile("rb").read().decode()
    head, _, body = said.partition("\r\n\r\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert {"Content-Type: application/json", "Content-Length: 2", "Lambda-Runtime-Deadline-Ms: 1"} <= set(
        head.splitlines()
    )
    assert body == "{}"


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        pytest.param("Content-Length: 5", b"hello", id="a length"),
        pytest.param("Transfer-Encoding: chunked", b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", id="chunks"),
    ],
)
def test_bodies(api: RuntimeApi, headers: str, content: bytes) -> None:
    with connected(api) as client:
        client.sendall(f"POST /told HTTP/1.1\r\n{headers}\r\n\r\n".encode() + content)
        request = api.take(10)
        assert request is not None
        assert (request.path, request.body) == ("/told", b"hello")
        request.answer()


def test_who_waits_to_be_told_to_go_on_is_told(api: RuntimeApi) -> None:
    def tell() -> None:
        with connected(api) as client:
            client.sendall(b"POST /told HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            if client.recv(100).startswith(b"HTTP/1.1 100 "):
                client.sendall(b"hello")

    thread = threading.Thread(target=tell)
    thread.start()
    request = api.take(10)
    assert request is not None
    assert request.body == b"hello"
    request.answer()
    thread.join()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"nonsense\r\n\r\n", id="no request"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel", id="it ends early"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_request_is_passed_over(api: RuntimeApi, said: bytes) -> None:
    with connected(api) as client:
        client.sendall(said)
    assert api.take(10) is None


def test_nobody_asks(api: RuntimeApi) -> None:
    assert api.take(0.01) is None


def test_who_is_gone_is_not_answered(api: RuntimeApi) -> None:
    with connected(api) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        request = api.take(10)
    assert request is not None
    request.answer(200, b"x" * 10_000_000)
